//! Counts the instructions and allocations of the client and the generator with callgrind, next to serde's
//! derives and bare reqwest on the same bodies.
//!
//! `cargo xtask bench` writes the figures to `docs/benchmarks.md`; with `--check` it fails if one got worse.
//! Each job runs in a process of its own under valgrind, which counts the rounds of the job and nothing
//! else; the server of the calls is another process, which is not counted.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

mod callgrind;
mod jobs;
mod server;
mod table;

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::callgrind::Callgrind;
use crate::jobs::JOBS;
use crate::server::Server;
use crate::table::{Measured, Row, Table};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/benchmarks.md");

/// The same models under serde's derives.
#[expect(unreachable_pub, reason = "the models are generated")]
#[allow(dead_code, reason = "of the models, some are measured")]
mod derives {
    include!(concat!(env!("OUT_DIR"), "/derives.rs"));
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => {
            let table = measure()?;
            std::fs::write(TABLE, table.to_string())?;
            println!("{table}");
            Ok(ExitCode::SUCCESS)
        }
        ["--check"] => {
            let committed = Table::parse(&std::fs::read_to_string(TABLE)?)?;
            Ok(check(&measure()?, &committed))
        }
        [callgrind::JOB, name, side, url] => {
            callgrind::run(name, side, url)?;
            Ok(ExitCode::SUCCESS)
        }
        [server::SERVE] => {
            server::serve()?;
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("expected no argument, or --check".into()),
    }
}

fn check(now: &Table, committed: &Table) -> ExitCode {
    println!("{}", now.rows_as_text());
    if now.toolchain != committed.toolchain {
        println!("The counts of `codegen --check` are skipped: they are of another toolchain.");
        println!("  docs/benchmarks.md: {}\n  here: {}", committed.toolchain, now.toolchain);
    }
    let worse = now.worse_than(committed);
    for line in &worse {
        println!("worse: {line}");
    }
    if worse.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("If that is intended, `cargo xtask bench` writes the table anew.");
    ExitCode::FAILURE
}

/// Runs all jobs.
fn measure() -> Result<Table, Box<dyn Error>> {
    let server = Server::start()?;
    let callgrind = Callgrind::new(&server.url)?;
    let mut rows = Vec::new();
    for job in JOBS {
        let measured = match job.yardstick {
            Some(_) => Measured::Pair {
                ours: callgrind.count(job, callgrind::OURS)?,
                yardstick: callgrind.count(job, callgrind::YARDSTICK)?,
            },
            None => Measured::Alone(callgrind.count(job, callgrind::OURS)?),
        };
        rows.push(Row { job: job.name.to_owned(), measured });
    }
    Ok(Table {
        commit: commit()?,
        date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        toolchain: toolchain()?,
        rows,
    })
}

fn output(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).current_dir(root()).output()?;
    if !output.status.success() {
        return Err(format!("{program} {}: {}", arguments.join(" "), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn commit() -> Result<String, Box<dyn Error>> {
    let commit = output("git", &["rev-parse", "--short=10", "HEAD"])?;
    let changes = output("git", &["status", "--porcelain", "--", ".", ":!docs/benchmarks.md"])?;
    Ok(if changes.is_empty() { commit } else { format!("{commit} with changes") })
}

/// What the counts depend on besides the code: the compiler, its target, and the allocator of the C library.
fn toolchain() -> Result<String, Box<dyn Error>> {
    let library = output("getconf", &["GNU_LIBC_VERSION"])?;
    Ok(format!("{}, {}, {library}", env!("COMPILER"), env!("TARGET")))
}
