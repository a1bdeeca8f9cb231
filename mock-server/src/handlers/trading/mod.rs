//! Operations of the Trading API, by group.

mod accounts;
mod calendar;
mod instructions;
mod instruments;
mod orders;
mod positions;
mod screeners;
mod terms;
mod threads;
mod watchlists;

use super::context::Handler;

/// What answers which operation.
pub(super) const HANDLERS: [&[(&str, Handler)]; 9] = [
    orders::HANDLERS,
    positions::HANDLERS,
    accounts::HANDLERS,
    instruments::HANDLERS,
    calendar::HANDLERS,
    instructions::HANDLERS,
    watchlists::HANDLERS,
    screeners::HANDLERS,
    threads::HANDLERS,
];
