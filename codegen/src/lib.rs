//! Turns the description of Clear Street's APIs in `spec/` into the crate `clear-street`.
//!
//! `load -> decode -> check -> lower -> emit -> compare or write`

pub mod cases;
pub mod check;
pub mod decode;
pub mod diagnostic;
pub mod emit;
pub mod format;
mod forms;
pub mod front;
pub mod ir;
pub mod language;
pub mod load;
pub mod lower;
pub mod source;
pub mod spec;
pub mod type_expr;
pub mod yaml;
