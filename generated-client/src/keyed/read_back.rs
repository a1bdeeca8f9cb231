//! What is to be known of a kind of row to find it again.

use crate::operation::Operation;
use crate::record::Value;

/// A row that was submitted with a key, as the server has it.
///
/// Sealed: only this crate can name it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is the result of a keyed operation, but nothing says how to find it by its key",
    note = "write an implementation of `ReadBack` by hand"
)]
pub trait ReadBack: Value + Send + 'static {
    /// The operation that lists the rows; its path takes the same parameters.
    const LIST: &'static Operation;
    /// The parameter of it that leaves out what is older than an instant.
    const SINCE: Option<&'static str>;

    /// The key that it was submitted with.
    fn key(&self) -> &str;
    /// Whether the server refused it: it has no effect and never had.
    fn is_refused(&self) -> bool;
}
