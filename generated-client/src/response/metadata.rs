//! Metadata of a response.

use crate::record::{Encoding, Field, Record, Slot, Table, Value, View};

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

impl Record for Metadata {
    fn table(&self) -> &'static Table {
        const TABLE: &Table = &Table {
            name: "Metadata",
            encoding: &Encoding::TEXT,
            fields: &[
                Field::optional("request_id").lenient(),
                Field::optional("next_page_token").lenient(),
                Field::optional("previous_page_token").lenient(),
                Field::optional("page_number").lenient(),
                Field::optional("total_items").lenient(),
                Field::optional("total_pages").lenient(),
            ],
            rules: &[],
        };
        TABLE
    }

    fn slot_at(&mut self, index: usize) -> Option<Slot<'_>> {
        Some(match index {
            0 => self.request_id.slot(),
            1 => self.next_page_token.slot(),
            2 => self.previous_page_token.slot(),
            3 => self.page_number.slot(),
            4 => self.total_items.slot(),
            5 => self.total_pages.slot(),
            _ => return None,
        })
    }

    fn unreadable(&mut self, index: usize, _: &str) {
        match index {
            1 => self.next_is_unreadable = true,
            2 => self.previous_is_unreadable = true,
            _ => {}
        }
    }

    fn view_at(&self, index: usize) -> Option<View<'_>> {
        Some(match index {
            0 => self.request_id.view(),
            1 => self.next_page_token.view(),
            2 => self.previous_page_token.view(),
            3 => self.page_number.view(),
            4 => self.total_items.view(),
            5 => self.total_pages.view(),
            _ => return None,
        })
    }
}

impl Value for Metadata {
    fn blank() -> Self {
        Self::default()
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Record(self)
    }

    fn view(&self) -> View<'_> {
        View::Record(self)
    }
}
