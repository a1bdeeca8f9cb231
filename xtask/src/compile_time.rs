//! `cargo xtask compile-time`: what the crate costs its users to compile, next to the same models
//! with serde's derives.
//!
//! Everything is built once; then the one package in question is touched and built again. What
//! counts is the processor's time of the best of several runs: other load only ever adds to it.
//! Where the system does not tell, the time on the clock of a build with a single job stands for it.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use clear_street_cases::{program, yardstick};
use clear_street_spec::ir::Api;

/// The packages that are compared, ours and the yardstick, each with its root file as seen from
/// the workspace.
const PAIRS: [(&str, Package, Package); 2] = [
    (
        "the crate alone",
        Package("clear-street", "../../generated-client/src/lib.rs"),
        Package("yardstick", "yardstick/src/lib.rs"),
    ),
    (
        "a program that calls every operation",
        Package("program", "program/src/main.rs"),
        Package("yardstick-program", "yardstick-program/src/main.rs"),
    ),
];

#[derive(Clone, Copy)]
struct Package(&'static str, &'static str);

/// Name, command, and what says which build is meant.
const PROFILES: [(&str, &str, &[&str]); 3] =
    [("check", "check", &[]), ("debug", "build", &[]), ("release", "build", &["--release"])];

/// Measures and prints a table.
pub(crate) fn run(root: &Path, api: &Api, runs: u32) -> Result<(), Box<dyn Error>> {
    let workspace = Workspace::write(root, api)?;
    println!("| what | profile | clear-street | derives | ratio |\n|---|---|---|---|---|");
    for (what, ours, theirs) in PAIRS {
        for (profile, command, which) in PROFILES {
            let ours = workspace.measure(ours, command, which, runs)?;
            let theirs = workspace.measure(theirs, command, which, runs)?;
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
        // The yardstick has the models of one API, so the crate is built with that one.
        let client = format!(
            "clear-street = {{ path = {:?}, default-features = false, features = [{:?}] }}\n{VALUES}",
            client.display().to_string(),
            api.name
        );
        package(&dir, "program", "main.rs", &client, &program(api))?;
        package(&dir, "yardstick", "lib.rs", VALUES, &yardstick::library(api))?;
        let dependencies = format!("yardstick = {{ path = \"../yardstick\" }}\n{VALUES}");
        package(&dir, "yardstick-program", "main.rs", &dependencies, &yardstick::program(api))?;
        // The versions that the repository is tested with.
        fs::copy(root.join("Cargo.lock"), dir.join("Cargo.lock"))?;
        Ok(Self(dir))
    }

    /// The best time of building one package anew with everything else in place.
    fn measure(
        &self,
        Package(package, file): Package,
        command: &str,
        which: &[&str],
        runs: u32,
    ) -> Result<Duration, Box<dyn Error>> {
        let cargo = |command: &str| {
            let arguments = [&[command, "--quiet", "--jobs", "1", "-p", package], which].concat();
            self.cargo(&arguments)
        };
        cargo(command)?;
        let mut best = Duration::MAX;
        for _ in 0..runs.max(1) {
            fs::File::options().append(true).open(self.0.join(file))?.set_modified(SystemTime::now())?;
            let (clock, before) = (Instant::now(), processor_time_of_children());
            cargo(command)?;
            let elapsed = match (before, processor_time_of_children()) {
                (Some(before), Some(after)) => after.saturating_sub(before),
                _ => clock.elapsed(),
            };
            best = best.min(elapsed);
        }
        Ok(best)
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
        let status = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", self.0.join("target"))
            // A dependency from the registry is never compiled incrementally.
            .env("CARGO_INCREMENTAL", "0")
            .status()?;
        if status.success() { Ok(()) } else { Err(format!("`cargo {}` failed", arguments.join(" ")).into()) }
    }
}

/// The processor's time of all programs that this one has started and waited for, on Linux.
fn processor_time_of_children() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name in parentheses; of the fields there, 13 and 14 are ticks of 10 ms.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(13).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>().ok()?;
    Some(Duration::from_millis(ticks.saturating_mul(10)))
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
