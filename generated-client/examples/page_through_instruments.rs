//! Walks through a paged list: page by page, and item by item.
//!
//! `cargo run -p clear-street --example page_through_instruments`
#![allow(clippy::print_stdout, reason = "a program for people")]

mod setting;

use clear_street::trading::instruments::SecurityType;

use setting::{Failure, Setting};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let setting = Setting::choose().await?;
    let client = setting.trading()?;

    let stocks = client.instruments().get_instruments().instrument_type(SecurityType::CommonStock);
    let mut pages = stocks.page_size(10).pages();
    while let Some(page) = pages.next().await {
        let page = page?;
        let symbols: Vec<_> = page.data.iter().map(|instrument| instrument.symbol.as_str()).collect();
        println!("{}", symbols.join(" "));
    }

    // The pages are fetched as they are needed, and no more of them than that.
    let mut instruments = client.instruments().get_instruments().easy_to_borrow(false).items();
    while let Some(instrument) = instruments.next().await {
        let instrument = instrument?;
        println!("hard to borrow: {} {}", instrument.symbol, instrument.name.unwrap_or_default());
    }
    Ok(())
}
