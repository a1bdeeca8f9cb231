//! Metadata of a response.

use crate::models::record;

/// Metadata of a response: request id, page tokens, counts.
///
/// A part that cannot be read is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The server's id of the request, which the vendor's support asks for.
    pub request_id: Option<String>,
    /// Token of the next page, if there is one.
    pub next_page_token: Option<String>,
    /// Token of the previous page, if there is one.
    pub previous_page_token: Option<String>,
    /// Number of this page.
    pub page_number: Option<i64>,
    /// Number of items on all pages.
    pub total_items: Option<i64>,
    /// Number of pages.
    pub total_pages: Option<i64>,
    /// There is a token of the next page, but it cannot be read.
    pub(crate) next_is_unreadable: bool,
    /// The same of the previous page.
    pub(crate) previous_is_unreadable: bool,
}

record! { plain Metadata {
    request_id: "request_id" optional lenient, next_page_token: "next_page_token" optional lenient,
    previous_page_token: "previous_page_token" optional lenient, page_number: "page_number" optional lenient,
    total_items: "total_items" optional lenient, total_pages: "total_pages" optional lenient
} with {
    fn unreadable(&mut self, index: usize, _: &str) {
        match index {
            1 => self.next_is_unreadable = true,
            2 => self.previous_is_unreadable = true,
            _ => {}
        }
    }
} }
