//! From the checked spec to the IR: everything that is decided is decided here.

pub mod names;
