//! Makes code of the specs of the generator's tests, to be compiled and run in `clear-street`.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const SPECS: [&str; 3] = ["golden/small/spec", "specs/bare", "specs/nasty"];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../codegen/tests");
    println!("cargo::rerun-if-changed={}", folder.display());
    let out = Path::new(&env::var("OUT_DIR")?).join("specs");
    let mut macros = String::new();
    for spec in SPECS {
        let apis = clear_street_spec::read(&folder.join(spec))?;
        clear_street_codegen::generate(&apis)?.write(&out.join(spec))?;
        for api in apis {
            let file = out.join(spec).join(&api.name).join("mod.rs");
            writeln!(macros, "/// The API `{}`, as a module `generated`.", api.name)?;
            writeln!(macros, "#[macro_export]")?;
            writeln!(macros, "macro_rules! {} {{", api.name)?;
            writeln!(macros, "    () => {{ #[path = {file:?}] mod generated; }};")?;
            writeln!(macros, "}}")?;
        }
    }
    fs::write(out.join("macros.rs"), macros)?;
    Ok(())
}
