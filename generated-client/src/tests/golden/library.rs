//! `codegen/tests/golden/` mounted as an API.

use crate::client::Core;
use crate::keyed::ReadBack;
use crate::operation::Operation;

#[derive(Clone, Debug)]
pub struct Client {
    core: Core,
}

#[rustfmt::skip]
#[path = "../../../../codegen/tests/golden/small/expected/library/mod.rs"]
mod generated;

pub use self::generated::*;

impl ReadBack for loans::Loan {
    const LIST: &'static Operation = &members::FindLoans::OPERATION;
    const SINCE: Option<&'static str> = None;

    fn key(&self) -> &str {
        self.borrower_reference.as_deref().unwrap_or_default()
    }

    fn is_refused(&self) -> bool {
        false
    }
}
