//! Records against serde's derives: the same models, the same JSON.
//!
//! `cargo bench -p clear-street --bench decode`; each group prints `records` beside `derives`.

#![expect(clippy::expect_used, reason = "a benchmark of what does not work should stop")]

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[path = "../src/record/mod.rs"]
#[expect(dead_code, unused_imports, unreachable_pub, reason = "only what is measured is used")]
mod record;
#[path = "../src/value/mod.rs"]
#[expect(dead_code, unused_imports, unreachable_pub, reason = "only what is measured is used")]
mod value;

use record::{Encoding, Field, Record, Slot, Table, Text, Value, View};
use value::{Json, Patch, UnknownVariant, Unrecognized};

/// An enum as it is generated, which serde can read too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Word {
    Buy,
    Sell,
    Limit,
    Day,
    New,
    CommonStock,
}

impl Word {
    fn as_str(&self) -> &str {
        match self {
            Self::Buy => "BUY",
            Self::Sell => "SELL",
            Self::Limit => "LIMIT",
            Self::Day => "DAY",
            Self::New => "NEW",
            Self::CommonStock => "COMMON_STOCK",
        }
    }
}

impl Text for Word {
    const NAME: &'static str = "Word";

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "BUY" => Self::Buy,
            "SELL" => Self::Sell,
            "LIMIT" => Self::Limit,
            "DAY" => Self::Day,
            "NEW" => Self::New,
            "COMMON_STOCK" => Self::CommonStock,
            _ => return None,
        })
    }
}

impl Value for Word {
    fn blank() -> Self {
        Self::Buy
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Text(self)
    }

    fn view(&self) -> View<'_> {
        View::Text(self.as_str())
    }
}

/// A model as it is generated, and the same one with derives in a module of its own.
macro_rules! model {
    ($module:ident, $name:ident { $($field:ident: $kind:ident $type:ty,)* }) => {
        mod $module {
            use super::*;

            #[derive(Serialize, Deserialize)]
            pub(crate) struct $name {
                $(
                    #[serde(default, skip_serializing_if = "absent")]
                    pub(crate) $field: $type,
                )*
            }

            fn absent<T: Value>(value: &T) -> bool {
                matches!(value.view(), View::Absent)
            }
        }

        struct $name {
            $($field: $type,)*
        }

        impl Record for $name {
            fn table(&self) -> &'static Table {
                const TABLE: &Table = &Table {
                    name: stringify!($name),
                    encoding: &Encoding::TEXT,
                    fields: &[$(Field::$kind(stringify!($field)),)*],
                    rules: &[],
                };
                TABLE
            }

            fn slot_at(&mut self, index: usize) -> Option<Slot<'_>> {
                #[allow(non_camel_case_types, reason = "named after the fields")]
                enum Index { $($field,)* }
                Some(match index {
                    $(_ if index == Index::$field as usize => self.$field.slot(),)*
                    _ => return None,
                })
            }

            fn view_at(&self, index: usize) -> Option<View<'_>> {
                #[allow(non_camel_case_types, reason = "named after the fields")]
                enum Index { $($field,)* }
                Some(match index {
                    $(_ if index == Index::$field as usize => self.$field.view(),)*
                    _ => return None,
                })
            }
        }

        impl Value for $name {
            fn blank() -> Self {
                Self { $($field: Value::blank(),)* }
            }

            fn slot(&mut self) -> Slot<'_> {
                Slot::Record(self)
            }

            fn view(&self) -> View<'_> {
                View::Record(self)
            }
        }
    };
}

model!(derived_order, Order {
    id: optional String,
    client_order_id: optional String,
    account_id: optional i64,
    instrument_id: optional Option<String>,
    symbol: optional Option<String>,
    instrument_type: optional Option<Word>,
    underlying_instrument_id: optional Option<String>,
    venue: optional String,
    side: optional Option<Word>,
    order_type: optional Option<Word>,
    time_in_force: optional Option<Word>,
    status: optional Option<Word>,
    quantity: optional Decimal,
    filled_quantity: optional Decimal,
    leaves_quantity: optional Decimal,
    average_fill_price: optional Option<Decimal>,
    limit_price: optional Option<Decimal>,
    stop_price: optional Option<Decimal>,
    trailing_offset: optional Option<Decimal>,
    limit_offset: optional Option<Decimal>,
    trailing_watermark_ts: optional Option<Timestamp>,
    extended_hours: optional Option<bool>,
    expires_at: optional Option<Timestamp>,
    details: optional Option<Vec<String>>,
    created_at: optional Timestamp,
    updated_at: optional Timestamp,
});

model!(derived_sheet, Sheet {
    a0: optional Option<Decimal>, a1: optional Option<Decimal>, a2: optional Option<Decimal>,
    a3: optional Option<Decimal>, a4: optional Option<Decimal>, a5: optional Option<Decimal>,
    a6: optional Option<Decimal>, a7: optional Option<Decimal>, a8: optional Option<Decimal>,
    a9: optional Option<Decimal>, b0: optional Option<Decimal>, b1: optional Option<Decimal>,
    b2: optional Option<Decimal>, b3: optional Option<Decimal>, b4: optional Option<Decimal>,
    b5: optional Option<Decimal>, b6: optional Option<Decimal>, b7: optional Option<Decimal>,
    b8: optional Option<Decimal>, b9: optional Option<Decimal>, c0: optional Option<Decimal>,
    c1: optional Option<Decimal>, c2: optional Option<Decimal>, c3: optional Option<Decimal>,
    c4: optional Option<Decimal>, c5: optional Option<Decimal>, c6: optional Option<Decimal>,
    c7: optional Option<Decimal>, c8: optional Option<Decimal>, c9: optional Option<Decimal>,
    d0: optional Option<Decimal>, d1: optional Option<Decimal>, d2: optional Option<Decimal>,
    d3: optional Option<Decimal>, d4: optional Option<Decimal>, d5: optional Option<Decimal>,
    d6: optional Option<Decimal>, d7: optional Option<Decimal>, d8: optional Option<Decimal>,
    d9: optional Option<Decimal>, e0: optional Option<Decimal>, e1: optional Option<Decimal>,
    e2: optional Option<Decimal>, e3: optional Option<Decimal>, e4: optional Option<Decimal>,
    e5: optional Option<Decimal>, e6: optional Option<Decimal>, e7: optional Option<Decimal>,
    e8: optional Option<Decimal>, e9: optional Option<Decimal>, f0: optional Option<Decimal>,
    f1: optional Option<Decimal>, f2: optional Option<Decimal>, f3: optional Option<Decimal>,
    f4: optional Option<Decimal>, f5: optional Option<Decimal>, f6: optional Option<Decimal>,
    f7: optional Option<Decimal>, f8: optional Option<Decimal>, f9: optional Option<Decimal>,
});

const ORDER: &str = r#"{"id":"5a9d3a84-7b1c-4a58-9f0e-0c4f8a0d9b1e","client_order_id":"my-order-0001","account_id":100023,"instrument_id":"01JQ3P9T7RZKXN4WAYB6","symbol":"AAPL  251219C00150000","instrument_type":"COMMON_STOCK","underlying_instrument_id":null,"venue":"XNAS","side":"BUY","order_type":"LIMIT","time_in_force":"DAY","status":"NEW","quantity":"100","filled_quantity":"40","leaves_quantity":"60","average_fill_price":"150.1275","limit_price":"150.25","stop_price":null,"trailing_offset":null,"limit_offset":null,"trailing_watermark_ts":null,"extended_hours":false,"expires_at":"2025-10-31T20:00:00Z","details":["Filled in part"],"created_at":"2025-10-31T14:30:00.123456789Z","updated_at":"2025-10-31T14:30:01.987654321Z"}"#;

fn list(item: &str, count: usize) -> String {
    format!("[{}]", vec![item; count].join(","))
}

/// Names and decimals as in a balance sheet; every fifth is missing.
fn sheet() -> String {
    let mut json = "{".to_owned();
    for (row, letter) in ('a'..='f').enumerate() {
        for column in (0..10).filter(|column| column % 5 != 4) {
            let comma = if json.len() > 1 { "," } else { "" };
            let cents = row * 7_919_317 + column * 104_729;
            let _ = write!(json, "{comma}\"{letter}{column}\":\"{}.{:02}\"", cents * 1000, cents % 100);
        }
    }
    json + "}"
}

fn read<T: Value>(json: &str) -> T {
    let mut value = T::blank();
    record::decode(json.as_bytes(), value.slot()).expect("valid JSON");
    value
}

fn compare<R: Value, D: Serialize + DeserializeOwned>(criterion: &mut Criterion, name: &str, json: &str) {
    let (records, derives): (R, D) = (read(json), serde_json::from_str(json).expect("valid JSON"));
    let written = record::encode(records.view(), &Encoding::TEXT).expect("it can be written");
    assert_eq!(String::from_utf8(written).ok(), serde_json::to_string(&derives).ok());

    let mut group = criterion.benchmark_group(format!("decode {name}"));
    group.throughput(Throughput::Bytes(json.len() as u64));
    group.bench_function("records", |bencher| bencher.iter(|| read::<R>(black_box(json))));
    group.bench_function("derives", |bencher| {
        bencher.iter(|| serde_json::from_slice::<D>(black_box(json.as_bytes())));
    });
    group.finish();

    let mut group = criterion.benchmark_group(format!("encode {name}"));
    group.bench_function("records", |bencher| {
        bencher.iter(|| record::encode(black_box(&records).view(), &Encoding::TEXT));
    });
    group.bench_function("derives", |bencher| bencher.iter(|| serde_json::to_vec(black_box(&derives))));
    group.finish();
}

fn records(criterion: &mut Criterion) {
    compare::<Vec<Order>, Vec<derived_order::Order>>(criterion, "100 orders", &list(ORDER, 100));
    compare::<Vec<Sheet>, Vec<derived_sheet::Sheet>>(criterion, "20 balance sheets", &list(&sheet(), 20));
}

criterion_group!(benches, records);
criterion_main!(benches);
