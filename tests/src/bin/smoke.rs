//! `cargo xtask smoke --base-url URL`: a program of its own, so that `cargo xtask codegen` does not
//! need a client that compiles.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

use std::process::ExitCode;

use clap::Parser;
use clear_street_tests::api::{self, Api, Secret, Tested};
use clear_street_tests::smoke::{Report, Scope, is_loopback, smoke};

/// Calls every operation once with arguments made from the spec, and prints what came of it.
///
/// Secrets are those of the environment, as `from_env` of the clients reads them. This machine needs
/// none.
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
    match arguments.api {
        Api::Trading => all(&api::trading(), arguments).await,
        Api::Studio => all(&api::studio(), arguments).await,
    }
}

async fn all<C>(
    api: &Tested<C>,
    Arguments { base_url, writes, .. }: &Arguments,
) -> clear_street::Result<Report> {
    let client = (api.client)(base_url, Secret::OfEnvironment).or_else(|error| {
        if is_loopback(base_url) { (api.client)(base_url, Secret::MadeUp) } else { Err(error) }
    })?;
    Ok(smoke(api, &client, Scope::new(base_url, *writes)).await)
}
