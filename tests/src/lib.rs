//! Tests that span the crates of this workspace.
//!
//! The spec is the one source: from it the build script makes one call per operation and one entry
//! per type ([`cases`]), and [`arbitrary`] makes values of every type.

pub mod api;
pub mod arbitrary;
pub mod cases;
pub mod replay;
pub mod smoke;

/// The programs of the README, compiled as doc tests.
#[doc = include_str!("../../README.md")]
#[cfg(doctest)]
struct Readme;

/// The description that everything is made from.
///
/// # Panics
///
/// If `spec/` has errors.
#[allow(clippy::panic, reason = "only tests call it")]
pub fn apis() -> Vec<clear_street_spec::ir::Api> {
    let spec = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../spec"));
    match clear_street_spec::read(spec) {
        Ok(apis) => apis,
        Err(errors) => panic!("{errors}"),
    }
}
