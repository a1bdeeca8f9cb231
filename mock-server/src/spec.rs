//! The spec that this crate carries inside, so that it works without the repository.

use clear_street_spec::ir::Api;
use clear_street_spec::load::Files;
use clear_street_spec::{Unreadable, read_files};

// `FILES`: path below the spec folder and content of every file, written by the build script.
include!(concat!(env!("OUT_DIR"), "/files.rs"));

pub(crate) fn apis() -> Result<Vec<Api>, Unreadable> {
    let files = FILES.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec()));
    read_files(&Files::from_contents(files), "spec")
}
