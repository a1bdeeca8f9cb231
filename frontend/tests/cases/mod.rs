//! The specs of `tests/diagnostics` and what else there is to read.

#![allow(clippy::unwrap_used, reason = "a case that cannot be read fails its test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Path below the spec folder and content of every file.
pub(crate) type Contents = Vec<(String, Vec<u8>)>;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// Name and files of every case.
pub(crate) fn cases() -> Vec<(String, Contents)> {
    let folders = entries(&root()).into_iter().filter(|path| path.is_dir());
    folders.map(|path| (file_name(&path), contents(&path))).collect()
}

fn contents(case: &Path) -> Contents {
    let (folders, files): (Vec<_>, Vec<_>) = entries(case).into_iter().partition(|path| path.is_dir());
    if !folders.is_empty() {
        return folders.iter().flat_map(|folder| in_folder(&file_name(folder), entries(folder))).collect();
    }
    let mut files = in_folder("trading", files);
    if !files.is_empty() && !files.iter().any(|(path, _)| path == "trading/api.yaml") {
        files.extend(base());
    }
    files
}

/// What a case without an `api.yaml` of its own is given.
pub(crate) fn base() -> Contents {
    vec![("trading/api.yaml".to_owned(), fs::read(root().join("api.yaml")).unwrap())]
}

/// A spec folder as it is.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn spec(path: &str) -> Contents {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let folders = entries(&dir).into_iter().filter(|path| path.is_dir());
    folders.flat_map(|folder| in_folder(&file_name(&folder), entries(&folder))).collect()
}

fn in_folder(folder: &str, files: Vec<PathBuf>) -> Contents {
    let files = files.into_iter().filter(|path| !path.ends_with("expected.stderr"));
    files.map(|path| (format!("{folder}/{}", file_name(&path)), fs::read(&path).unwrap())).collect()
}

/// Sorted, so that no test depends on the order in which a system lists files.
fn entries(path: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
