//! What all clients are made of.

use std::sync::Arc;

/// The shared part of a client.
#[derive(Clone, Debug)]
pub(crate) struct Core {
    _inner: Arc<()>,
}
