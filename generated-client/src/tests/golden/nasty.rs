//! `codegen/tests/golden/` mounted as an API.

use crate::client::Core;

#[derive(Clone, Debug)]
pub struct Client {
    core: Core,
}

#[rustfmt::skip]
#[path = "../../../../codegen/tests/golden/nasty/expected/nasty/mod.rs"]
mod generated;

pub use self::generated::*;
