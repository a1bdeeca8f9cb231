//! Walking lists that come in pages.

use crate::call::Call;
use std::marker::PhantomData;

/// Walks the pages of a list.
#[derive(Debug)]
pub struct Pages<T> {
    call: Call,
    item: PhantomData<fn() -> T>,
}

impl<T> Pages<T> {
    pub(crate) fn new(call: Call) -> Self {
        Self { call, item: PhantomData }
    }
}

/// Walks the items of all pages of a list.
#[derive(Debug)]
pub struct Items<T> {
    pages: Pages<T>,
}

impl<T> Items<T> {
    pub(crate) fn new(call: Call) -> Self {
        Self { pages: Pages::new(call) }
    }
}
