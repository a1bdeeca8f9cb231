//! `codegen/tests/golden/` mounted as an API.

use crate::client::Core;

#[derive(Clone, Debug)]
pub struct Client {
    core: Core,
}

#[rustfmt::skip]
#[path = "../../../../codegen/tests/golden/small/expected/library/mod.rs"]
mod generated;

pub use self::generated::*;
