//! The walk from page to page, whatever the items are.

use std::fmt;

use crate::call::Call;
#[cfg(feature = "blocking")]
use crate::client::ClientInner;
use crate::error::{Delivery, ErrorKind, Result};
use crate::response::Metadata;

/// So many empty pages in a row are taken for a fault of the server: a few happen where a filter
/// is applied to pages that are cut already.
const EMPTY_PAGES: u32 = 100;

/// Where a walk is and where it goes.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    call: Call,
    backwards: bool,
    position: Position,
    /// Nothing more is fetched.
    over: bool,
    /// Tokens that were followed, in their order: a walk never goes in circles.
    seen: Vec<String>,
    /// Empty pages in a row.
    empty: u32,
}

#[derive(Clone)]
enum Position {
    Start,
    At(String),
    /// The tokens lead nowhere.
    Lost(&'static str),
    End,
}

impl Walk {
    pub(super) fn new(call: Call) -> Self {
        let seen = call.page_token().map(str::to_owned).into_iter().collect();
        Self { call, backwards: false, position: Position::Start, over: false, seen, empty: 0 }
    }

    pub(super) fn turn_back(&mut self) {
        self.backwards = true;
    }

    pub(super) fn is_backwards(&self) -> bool {
        self.backwards
    }

    /// The client that fetches.
    #[cfg(feature = "blocking")]
    pub(super) fn core(&self) -> &ClientInner {
        self.call.core()
    }

    /// The token of the page that comes next.
    pub(super) fn token(&self) -> Option<&str> {
        match &self.position {
            Position::At(token) => Some(token),
            _ => None,
        }
    }

    /// The request of the page that comes next.
    pub(super) fn next(&mut self) -> Option<Result<Call>> {
        if self.over {
            return None;
        }
        if self.backwards && self.call.operation().api.pagination.previous.is_none() {
            self.over = true;
            let message = "the pages of this API can be walked forwards only";
            return Some(Err(self.call.error(ErrorKind::Paging, message)));
        }
        match &self.position {
            Position::Start => Some(Ok(self.call.clone())),
            Position::At(token) => Some(Ok(self.turned_to(token))),
            Position::Lost(message) => {
                self.over = true;
                let error = self.call.error(ErrorKind::Paging, *message);
                Some(Err(error.delivered(Delivery::Answered)))
            }
            Position::End => None,
        }
    }

    /// The request of the page that comes next, if there is one to be sent.
    pub(super) fn ahead(&self) -> Option<Call> {
        let token = self.token().filter(|_| !self.over)?;
        Some(self.turned_to(token))
    }

    fn turned_to(&self, token: &str) -> Call {
        let mut call = self.call.clone();
        call.turn_to(token.to_owned());
        call
    }

    /// A page came with so many items.
    pub(super) fn arrived(&mut self, metadata: &Metadata, items: usize) {
        let (token, is_unreadable) = match self.backwards {
            true => (&metadata.previous_page_token, metadata.previous_is_unreadable),
            false => (&metadata.next_page_token, metadata.next_is_unreadable),
        };
        self.empty = if items == 0 { self.empty + 1 } else { 0 };
        self.position = match token.as_deref() {
            _ if is_unreadable => {
                Position::Lost("the server gave a page token that cannot be read: there may be more pages")
            }
            None | Some("") => Position::End,
            Some(token) if !self.is_new(token) => {
                Position::Lost("the server gave the same page token twice: the list would never end")
            }
            Some(_) if self.empty >= EMPTY_PAGES => {
                Position::Lost("the server gave 100 empty pages in a row, each with a token of another")
            }
            Some(token) => Position::At(token.to_owned()),
        };
    }

    /// Whether a token was not seen before; now it was.
    fn is_new(&mut self, token: &str) -> bool {
        match self.seen.binary_search_by(|seen| seen.as_str().cmp(token)) {
            Ok(_) => false,
            Err(place) => {
                self.seen.insert(place, token.to_owned());
                true
            }
        }
    }

    /// A page did not come: the walk is over, and stays where it was.
    pub(super) fn failed(&mut self) {
        self.over = true;
    }
}

/// Tokens are opaque and long.
impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::At(_) => "between pages",
            Self::Lost(_) => "lost",
            Self::End => "end",
        })
    }
}
