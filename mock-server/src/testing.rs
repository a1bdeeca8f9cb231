//! What the tests of several modules need.

use clear_street_spec::ir;

/// An API of the spec.
pub(crate) fn api(name: &str) -> ir::Api {
    crate::spec::apis().unwrap().into_iter().find(|api| api.name == name).unwrap()
}
