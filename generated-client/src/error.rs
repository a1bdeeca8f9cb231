//! The one error type.

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
#[error("")]
pub struct Error {}
