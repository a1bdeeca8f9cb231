//! Operations of the Studio API, by group.

mod accounts;
mod instruments;
mod locates;
pub(super) mod orders;
pub(super) mod positions;
mod terms;

use super::account_name;
use super::fact::Facts;
use super::visit::Handler;
use crate::book::Book;
use crate::book::account::AccountIx;

/// What answers which operation.
pub(super) fn handlers() -> Vec<(&'static str, Handler)> {
    let groups =
        [orders::HANDLERS, positions::HANDLERS, accounts::HANDLERS, instruments::HANDLERS, locates::HANDLERS];
    groups.concat()
}

/// What most models tell about their account. Its identifier here is its number as text, and its number
/// here is that with `CS` before it.
pub(super) fn account_facts(book: &Book, account: AccountIx) -> Facts {
    let number = book.account(account).map(|account| account.opening.number);
    Facts::new()
        .with("account_id", number.map(|number| number.to_string()))
        .with("account_number", number.map(account_name))
}
