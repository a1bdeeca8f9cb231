//! The JSON that both sides read.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::derives::AMOUNTS;

pub(crate) fn envelope(data: &str) -> String {
    format!(r#"{{"data":{data},"error":null,"metadata":{{"request_id":"r1"}}}}"#)
}

pub(crate) fn clock() -> String {
    envelope(r#"{"clock":"2025-10-31T14:30:00.123456789Z"}"#)
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// 100 orders, 57 kB.
pub(crate) fn orders() -> String {
    list((1..=100).map(|number| {
        format!(
            r#"{{"id":"0192d3f4-1c2d-7000-8000-{number:012}","client_order_id":"strategy-7-{number:06}","account_id":1000042,"instrument_id":"XNAS.AAPL","symbol":"AAPL","instrument_type":"COMMON_STOCK","venue":"XNAS","side":"BUY","order_type":"LIMIT","time_in_force":"DAY","status":"PARTIALLY_FILLED","quantity":"{number}00","filled_quantity":"50","leaves_quantity":"{number}50.5","average_fill_price":"150.2475","limit_price":"150.25","stop_price":null,"trailing_offset":null,"extended_hours":false,"details":[],"created_at":"2025-10-31T14:30:00.123456789Z","updated_at":"2025-10-31T14:30:05.987654321Z"}}"#
        )
    }))
}

/// The same with the keys of each order in the order of the alphabet.
pub(crate) fn sorted_orders() -> String {
    let orders: Vec<BTreeMap<String, Value>> = serde_json::from_str(&orders()).expect("valid JSON");
    serde_json::to_string(&orders).expect("valid JSON")
}

/// 20 balance sheets in which every fifth amount is missing.
pub(crate) fn sheets() -> String {
    list((0..20).map(|number| {
        let mut sheet = format!(
            r#"{{"year":{},"period":"FY","period_type":"ANNUAL","reported_currency":"USD","filing_date":"2025-10-31","accepted_date":"2025-10-31T06:01:26Z""#,
            2005 + number
        );
        let amounts = AMOUNTS.iter().zip(1_u64..).filter(|(_, index)| index % 5 != 0);
        for (name, index) in amounts {
            let cents = number * 7_919_317 + index * 104_729;
            let _ = write!(sheet, r#","{name}":"{}.{:02}""#, cents * 1_000, cents % 100);
        }
        sheet + "}"
    }))
}
