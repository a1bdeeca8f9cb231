//! Tests that span the crates of this workspace.
