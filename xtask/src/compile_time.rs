//! `cargo xtask compile-time`: what the crate costs its users to compile, next to the same models
//! with serde's derives.
//!
//! Everything is built once; then the one package in question is cleaned and built again with a
//! single job, so that the time on the clock is the processor's. The best of several runs counts:
//! other load only ever makes a run slower.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use clear_street_codegen::cases;
use clear_street_codegen::ir::Api;

/// The packages that are compared: ours and the yardstick.
const PAIRS: [(&str, &str, &str); 2] = [
    ("the crate alone", "clear-street", "yardstick"),
    ("a program that calls every operation", "program", "yardstick-program"),
];

const PROFILES: [(&str, &[&str]); 3] =
    [("check", &["check"]), ("debug", &["build"]), ("release", &["build", "--release"])];

/// Measures and prints a table.
pub(crate) fn run(root: &Path, apis: &[Api], runs: u32) -> Result<(), Box<dyn Error>> {
    let api = apis.first().ok_or("the spec has no API")?;
    let workspace = Workspace::write(root, api)?;
    println!("| what | profile | clear-street | derives | ratio |\n|---|---|---|---|---|");
    for (what, ours, theirs) in PAIRS {
        for (profile, arguments) in PROFILES {
            let ours = workspace.measure(ours, arguments, runs)?;
            let theirs = workspace.measure(theirs, arguments, runs)?;
            let (ours, theirs) = (ours.as_secs_f64(), theirs.as_secs_f64());
            println!("| {what} | {profile} | {ours:.2} s | {theirs:.2} s | {:.2} |", ours / theirs);
        }
    }
    Ok(())
}

/// A workspace below `target/` with the programs and the yardstick.
struct Workspace(PathBuf);

impl Workspace {
    fn write(root: &Path, api: &Api) -> Result<Self, Box<dyn Error>> {
        let dir = root.join("target/compile-time");
        let client = root.join("generated-client");
        let manifest =
            "[workspace]\nresolver = \"3\"\nmembers = [\"program\", \"yardstick\", \"yardstick-program\"]\n";
        write(&dir.join("Cargo.toml"), manifest)?;
        let client = format!("clear-street = {{ path = {:?} }}\n{VALUES}", client.display().to_string());
        package(&dir, "program", "main.rs", &client, &program(api))?;
        package(&dir, "yardstick", "lib.rs", VALUES, &cases::yardstick::library(api))?;
        let yardstick = format!("yardstick = {{ path = \"../yardstick\" }}\n{VALUES}");
        package(&dir, "yardstick-program", "main.rs", &yardstick, &cases::yardstick::program(api))?;
        // The versions that the repository is tested with.
        fs::copy(root.join("Cargo.lock"), dir.join("Cargo.lock"))?;
        Ok(Self(dir))
    }

    /// The best time of building one package anew with everything else in place.
    fn measure(&self, package: &str, arguments: &[&str], runs: u32) -> Result<Duration, Box<dyn Error>> {
        let build = |jobs: &[&str]| self.cargo(&[arguments, &["--quiet", "-p", package], jobs].concat());
        build(&[])?;
        let mut best = Duration::MAX;
        for _ in 0..runs.max(1) {
            self.cargo(&["clean", "--quiet", "-p", package])?;
            let start = Instant::now();
            build(&["--jobs", "1"])?;
            best = best.min(start.elapsed());
        }
        Ok(best)
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        let status = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            .status()?;
        if status.success() { Ok(()) } else { Err(format!("`cargo {}` failed", arguments.join(" ")).into()) }
    }
}

/// What both sides are built from besides.
const VALUES: &str = r#"jiff = { version = "0.2", features = ["serde"] }
reqwest = { version = "0.13", default-features = false, features = ["rustls", "http2", "gzip"] }
rust_decimal = { version = "1", features = ["serde"] }
serde = { version = "1", features = ["derive"] }
serde_json = { version = "1", features = ["raw_value"] }
tokio = { version = "1", features = ["rt-multi-thread", "macros", "net", "io-util", "time", "sync"] }
uuid = { version = "1", features = ["serde"] }
"#;

fn package(
    dir: &Path,
    name: &str,
    file: &str,
    dependencies: &str,
    source: &str,
) -> Result<(), Box<dyn Error>> {
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"
    );
    write(&dir.join(name).join("Cargo.toml"), &manifest)?;
    write(&dir.join(name).join("src").join(file), source)
}

fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    Ok(fs::write(path, text)?)
}

/// A program that makes every call that the tests make.
fn program(api: &Api) -> String {
    let cases = cases::source(api);
    format!(
        r#"#![allow(deprecated, dead_code)]
use std::{{future::Future, pin::Pin}};
type Answer<'a> = Pin<Box<dyn Future<Output = Result<(u16, String), clear_street::Error>> + Send + 'a>>;
pub struct OperationCase<C> {{
    operation: &'static str, group: &'static str, method: &'static str, path: &'static str,
    query: &'static [(&'static str, &'static str)], body: Option<&'static str>, status: u16,
    answer: &'static str, send: fn(&C) -> Answer<'_>,
}}
pub struct TypeCase {{ name: &'static str, recode: fn(&str) -> Result<String, serde_json::Error> }}
fn recode<T>(_: &str) -> Result<String, serde_json::Error> {{ Ok(String::new()) }}
{cases}
#[tokio::main]
async fn main() {{
    let client = clear_street::{}::Client::from_env().unwrap();
    for case in operations() {{
        println!("{{}} {{:?}}", case.operation, (case.send)(&client).await);
    }}
}}
"#,
        api.name
    )
}
