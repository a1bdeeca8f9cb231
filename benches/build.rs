//! Writes the yardstick's models, and notes which compiler builds this program.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;

use clear_street_cases::yardstick;
use clear_street_spec::ir::{Api, Type};

/// The groups of the Trading API whose models are measured, and those that they refer to.
const GROUPS: [&str; 5] = ["accounts", "calendar", "instrument_data", "instruments", "orders"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../spec");
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = Command::new(env::var("RUSTC")?).arg("--version").output()?.stdout;
    println!("cargo::rustc-env=COMPILER={}", String::from_utf8(compiler)?.trim());
    println!("cargo::rustc-env=TARGET={}", env::var("TARGET")?);

    let apis = clear_street_spec::read(Path::new("../spec"))?;
    let mut api = apis.into_iter().find(|api| api.name == "trading").ok_or("no Trading API in the spec")?;
    api.groups.retain(|group| GROUPS.contains(&group.name.as_str()));
    let amounts = amounts(&api, "InstrumentBalanceSheetStatement");
    let source = format!("{}\npub const AMOUNTS: &[&str] = &{amounts:?};\n", yardstick::models(&api));
    fs::write(Path::new(&env::var("OUT_DIR")?).join("derives.rs"), source)?;
    Ok(())
}

/// Names of a model's optional decimals.
fn amounts<'a>(api: &'a Api, name: &str) -> Vec<&'a str> {
    let models = api.groups.iter().flat_map(|group| &group.models);
    models
        .filter(|model| model.rust == name)
        .flat_map(|model| &model.fields)
        .filter(|field| matches!(&field.ty, Type::Option(inner) if **inner == Type::Decimal))
        .map(|field| field.wire.as_str())
        .collect()
}
