//! Shows the prices of some instruments now, and how they moved today.
//!
//! `cargo run -p clear-street --example market_data_snapshot`
#![allow(clippy::print_stdout, reason = "a program for people")]

mod setting;

use setting::{Failure, Setting};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let setting = Setting::choose().await?;
    let client = setting.trading()?;

    let symbols = ["AAPL", "MSFT", "NVDA"];
    for snapshot in client.market_data().get_snapshots().instrument_ids(symbols).send().await?.data {
        print!("{:<5}", snapshot.symbol);
        // Whatever is not known at the moment is absent, not zero.
        if let Some(trade) = snapshot.last_trade {
            print!(" last {}", trade.price);
        }
        if let Some((bid, ask)) = snapshot.last_quote.and_then(|quote| quote.bid.zip(quote.ask)) {
            print!(" bid {bid} ask {ask}");
        }
        if let Some(session) = snapshot.session {
            print!(" yesterday {}", session.previous_close);
        }
        println!();
    }
    Ok(())
}
