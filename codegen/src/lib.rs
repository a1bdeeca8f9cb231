//! Turns the description of Clear Street's APIs in `spec/` into the crate `clear-street`.

pub mod lower;
