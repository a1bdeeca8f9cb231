//! Answers.

/// The answer to a request that succeeded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response<T> {
    /// The result.
    pub data: T,
}
