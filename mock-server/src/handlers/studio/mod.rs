//! Operations of the Studio API, by group.

mod accounts;
mod instruments;
mod locates;
pub(super) mod orders;
pub(super) mod positions;
mod terms;

use super::context::Handler;
use super::field_values::FieldValues;
use crate::exchange::Exchange;
use crate::exchange::index::AccountIx;

/// What answers which operation.
pub(super) const HANDLERS: [&[(&str, Handler)]; 5] =
    [orders::HANDLERS, positions::HANDLERS, accounts::HANDLERS, instruments::HANDLERS, locates::HANDLERS];

/// What most models tell about their account. Its identifier here is its number as text, and its number
/// here is that with `CS` before it.
pub(super) fn account_fields(exchange: &Exchange, account: AccountIx) -> FieldValues {
    let number = exchange.account(account).opening.number;
    FieldValues::new().with("account_id", number.to_string()).with("account_number", format!("CS{number:08}"))
}
