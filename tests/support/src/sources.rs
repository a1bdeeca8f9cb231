//! The items of a crate's sources.

use std::fs;
use std::path::{Path, PathBuf};

use syn::Item;

/// Every source file of a folder and of those in it, with its items.
pub fn sources(folder: &Path) -> Vec<(PathBuf, Vec<Item>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            found.push((path, file.items));
        }
    }
    found
}
