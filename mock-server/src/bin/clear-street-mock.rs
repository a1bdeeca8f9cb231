//! `clear-street-mock`: a server to run against.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use clear_street_mock::{MockServer, StartError};

/// Runs a Clear Street on this machine, until Ctrl-C.
///
/// Prints where it listens and the environment variables that lead programs to it, then a line for
/// every request.
#[derive(Parser)]
#[command(name = "clear-street-mock", bin_name = "clear-street-mock")]
struct Arguments {
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4010")]
    listen: SocketAddr,
    /// Which API it serves
    #[arg(long, value_enum, default_value_t)]
    api: Served,
    /// Has no exchange: answers every well-formed request with what is made from the spec
    #[arg(long)]
    stateless: bool,
    /// Opens the market only when the exchanges in New York are open, and not day and night
    #[arg(long, conflicts_with = "stateless")]
    market_hours: bool,
    /// What its answers follow from: the same seed, the same answers
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// What is to go wrong
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
enum Served {
    Trading,
    Studio,
    #[default]
    All,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mock: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), StartError> {
    let Arguments { listen, api, stateless, market_hours, seed, faults } = arguments;
    let mut builder = MockServer::builder().listen(listen).seed(seed).keep(0);
    builder = match api {
        Served::Trading => builder.api("trading"),
        Served::Studio => builder.api("studio"),
        Served::All => builder,
    };
    if stateless {
        builder = builder.stateless();
    }
    if market_hours {
        builder = builder.market_hours();
    }
    if let Some(faults) = faults {
        builder = builder.faults(faults);
    }
    let server = builder.log(|received| println!("{received}")).start().await?;
    introduce(&server);
    // Without a signal to wait for, it runs until it is killed.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    println!("\nmock: finishing what was begun");
    server.stop().await;
    Ok(())
}

fn introduce(server: &MockServer) {
    let address = server.address();
    println!("mock: listening on http://{address}");
    if !address.ip().is_loopback() {
        println!("mock: CAUTION: other machines can reach it, and it lets everybody in");
    }
    println!("\nTo lead programs to it:\n");
    for (name, value) in server.environment() {
        println!("export {name}={value}");
    }
    println!("\nCtrl-C ends it.\n");
}
