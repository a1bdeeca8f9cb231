//! Makes one call per operation, one entry per type and one text per message from the spec.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../spec");
    let out = env::var("OUT_DIR")?;
    for api in clear_street_spec::read(Path::new("../spec"))? {
        let file = Path::new(&out).join(format!("{}.rs", api.name));
        fs::write(file, clear_street_cases::source(&api))?;
        let file = Path::new(&out).join(format!("{}_messages.rs", api.name));
        fs::write(file, clear_street_cases::messages::source(&api))?;
    }
    Ok(())
}
