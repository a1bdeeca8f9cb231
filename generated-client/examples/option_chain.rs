//! Shows the options on a stock that expire next: strikes, and the prices of calls and puts.
//!
//! `cargo run -p clear-street --example option_chain`
#![allow(clippy::print_stdout, reason = "a program for people")]

mod setting;

use std::collections::{BTreeMap, HashMap};

use clear_street::trading::instruments::{ContractType, OptionsContract};
use clear_street::trading::market_data::SnapshotQuote;

use setting::{Failure, Setting};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let setting = Setting::choose().await?;
    let client = setting.trading()?;

    let mut contracts = client.instruments().get_option_contracts().underlier("AAPL").items();
    let mut by_expiry: BTreeMap<_, Vec<OptionsContract>> = BTreeMap::new();
    while let Some(contract) = contracts.next().await {
        let contract = contract?;
        by_expiry.entry(contract.expiry).or_default().push(contract);
    }
    let (expiry, chain) = by_expiry.pop_first().ok_or("there are no options")?;

    // One request for all of them.
    let ids = chain.iter().map(|contract| &contract.id);
    let snapshots = client.market_data().get_snapshots().instrument_ids(ids).send().await?.data;
    let quotes: HashMap<_, _> =
        snapshots.into_iter().filter_map(|it| Some((it.instrument_id, it.last_quote?))).collect();

    let mut strikes: BTreeMap<_, [String; 2]> = BTreeMap::new();
    for contract in &chain {
        let [call, put] = strikes.entry(contract.strike_price).or_default();
        let quote = quotes.get(&contract.id).map(shown).unwrap_or_default();
        match contract.contract_type {
            ContractType::Call => *call = quote,
            ContractType::Put => *put = quote,
            // A kind that is newer than this crate.
            _ => {}
        }
    }
    println!("AAPL {expiry}\n{:>15} {:>8}  {:<15}", "call", "strike", "put");
    for (strike, [call, put]) in strikes {
        println!("{call:>15} {strike:>8}  {put:<15}");
    }
    Ok(())
}

fn shown(quote: &SnapshotQuote) -> String {
    let price =
        |price: Option<rust_decimal::Decimal>| price.map_or("-".to_owned(), |price| price.to_string());
    format!("{} / {}", price(quote.bid), price(quote.ask))
}
