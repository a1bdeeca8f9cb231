//! Reading and writing JSON, next to the same models under derives.

use std::hint::black_box;

use clear_street::benchmarks;
use clear_street::trading::instrument_data::InstrumentBalanceSheetStatement;
use clear_street::trading::orders::Order;
use serde::de::DeserializeOwned;

use super::{Work, bodies};
use crate::derives;

/// By serde's traits, ours or derived.
fn deserialize<T: DeserializeOwned>(body: String) -> Work {
    Box::new(move || {
        black_box(serde_json::from_slice::<T>(black_box(body.as_bytes())).expect("a body that is read"));
    })
}

fn decode_orders(body: String) -> Work {
    Box::new(move || {
        black_box(benchmarks::decode::<Vec<Order>>(black_box(body.as_bytes())).expect("orders"));
    })
}

pub(super) fn orders(_: &str) -> Work {
    decode_orders(bodies::orders())
}

pub(super) fn derived_orders(_: &str) -> Work {
    deserialize::<Vec<derives::orders::Order>>(bodies::orders())
}

pub(super) fn sorted_orders(_: &str) -> Work {
    decode_orders(bodies::sorted_orders())
}

pub(super) fn derived_sorted_orders(_: &str) -> Work {
    deserialize::<Vec<derives::orders::Order>>(bodies::sorted_orders())
}

pub(super) fn deserialized_orders(_: &str) -> Work {
    deserialize::<Vec<Order>>(bodies::orders())
}

pub(super) fn sheets(_: &str) -> Work {
    let body = bodies::sheets();
    Box::new(move || {
        let sheets = benchmarks::decode::<Vec<InstrumentBalanceSheetStatement>>(black_box(body.as_bytes()));
        black_box(sheets.expect("balance sheets"));
    })
}

pub(super) fn derived_sheets(_: &str) -> Work {
    deserialize::<Vec<derives::instrument_data::InstrumentBalanceSheetStatement>>(bodies::sheets())
}

pub(super) fn encoded_orders(_: &str) -> Work {
    let orders: Vec<Order> = serde_json::from_str(&bodies::orders()).expect("orders");
    Box::new(move || {
        black_box(benchmarks::encode(black_box(&orders)).expect("orders that can be written"));
    })
}

pub(super) fn derived_encoded_orders(_: &str) -> Work {
    let orders: Vec<derives::orders::Order> = serde_json::from_str(&bodies::orders()).expect("orders");
    Box::new(move || {
        black_box(serde_json::to_vec(black_box(&orders)).expect("orders that can be written"));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_read_and_write_the_same() {
        let body = bodies::orders();
        assert_eq!(body.len() / 1_000, 57);
        for body in [body, bodies::sorted_orders()] {
            let ours: Vec<Order> = benchmarks::decode(body.as_bytes()).unwrap();
            let derived: Vec<derives::orders::Order> = serde_json::from_str(&body).unwrap();
            assert_eq!(derived.len(), 100);
            let ours = String::from_utf8(benchmarks::encode(&ours).unwrap()).unwrap();
            assert_eq!(ours, serde_json::to_string(&derived).unwrap());
        }

        let body = bodies::sheets();
        let ours: Vec<InstrumentBalanceSheetStatement> = benchmarks::decode(body.as_bytes()).unwrap();
        let derived: Vec<derives::instrument_data::InstrumentBalanceSheetStatement> =
            serde_json::from_str(&body).unwrap();
        assert_eq!(derived.len(), 20);
        let ours = String::from_utf8(benchmarks::encode(&ours).unwrap()).unwrap();
        assert_eq!(ours, serde_json::to_string(&derived).unwrap());
    }
}
