//! `cargo xtask smoke --base-url URL`: a program of its own, so that `cargo xtask codegen` does not
//! need a client that compiles.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use clear_street::retry::RetrySettings;
use clear_street::trading;
use clear_street_tests::cases;
use clear_street_tests::smoke::{Report, Scope, is_loopback, smoke};

/// Calls every operation once with arguments made from the spec, and prints what came of it.
///
/// The API key is that of the environment variable CLEAR_STREET_API_KEY. This machine needs none.
/// Exits with 1 if an operation failed. A documented 400, 404, 409 or 422 is no failure where it
/// may be owed to the arguments, which are made up.
#[derive(Parser)]
#[command(name = "cargo xtask smoke", bin_name = "cargo xtask smoke")]
struct Arguments {
    /// Where the API is
    #[arg(long, value_name = "URL")]
    base_url: String,
    /// Which API it is
    #[arg(long, value_enum, default_value_t)]
    api: Api,
    /// Also sends operations that change something to other machines than this one
    #[arg(long)]
    writes: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Api {
    #[default]
    Trading,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(report) => {
            println!("{report}");
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("smoke: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> clear_street::Result<Report> {
    let Arguments { base_url, api, writes } = arguments;
    let scope = Scope::new(base_url, *writes);
    match api {
        Api::Trading => {
            // Once: a repetition would hide what failed.
            let once = RetrySettings::new().max_attempts(1);
            let mut builder =
                trading::Client::builder().base_url(base_url).retries(once.clone()).order_retries(once);
            match std::env::var("CLEAR_STREET_API_KEY") {
                Ok(key) => builder = builder.api_key(key),
                Err(_) if is_loopback(base_url) => builder = builder.api_key("smoke.smoke"),
                // The client says what is missing.
                Err(_) => {}
            }
            let client = builder.build()?;
            Ok(smoke(&client, &cases::trading::operations(), trading::OPERATIONS, scope).await)
        }
    }
}
