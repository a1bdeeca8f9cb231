//! What the tests of several modules need.

use std::path::Path;

use clear_street_spec::ir;

/// An API of this repository's spec.
pub(crate) fn api(name: &str) -> ir::Api {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    clear_street_spec::read(&spec).unwrap().into_iter().find(|api| api.name == name).unwrap()
}
