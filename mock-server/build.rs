//! Puts the spec into the program.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    // Packages have a folder `spec`. In the repository it is a link, which some checkouts cannot have.
    let spec =
        ["spec", "../spec"].into_iter().find(|dir| Path::new(dir).is_dir()).ok_or("there is no spec")?;
    println!("cargo::rerun-if-changed={spec}");
    let spec = env::current_dir()?.join(spec);
    let mut files = Vec::new();
    for api in entries(&spec)?.into_iter().filter(|path| path.is_dir()) {
        files.extend(entries(&api)?.into_iter().filter(|path| path.extension() == Some("yaml".as_ref())));
    }
    let mut source = "const FILES: &[(&str, &[u8])] = &[\n".to_owned();
    for path in files {
        let name = path.strip_prefix(&spec)?.display().to_string().replace('\\', "/");
        source.push_str(&format!("    ({name:?}, include_bytes!({:?})),\n", path.display().to_string()));
    }
    source.push_str("];\n");
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("files.rs"), source)?)
}

/// Sorted, so that the program is the same wherever it is built.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    paths.sort();
    Ok(paths)
}
