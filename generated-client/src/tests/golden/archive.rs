//! An API without an envelope, `codegen/tests/golden/bare`, mounted.

use crate::client::Core;

#[derive(Clone, Debug)]
pub struct Client {
    pub(in crate::tests) core: Core,
}

#[rustfmt::skip]
#[path = "../../../../codegen/tests/golden/bare/expected/archive/mod.rs"]
mod generated;

pub use self::generated::*;
