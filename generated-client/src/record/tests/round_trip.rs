//! What is written is read back, whole.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, Zoned};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::sample::{AccountId, Action, Empty, Filter, Leg, Order, OrderId, OrderType, Part, Side};
use crate::record::{Encoding, Text, Value, decode, encode};
use crate::{Json, Patch};

fn written(value: &dyn Value) -> String {
    String::from_utf8(encode(value.view(), &Encoding::TEXT).unwrap()).unwrap()
}

fn read<T: Value>(json: &str) -> Result<T, String> {
    let mut value = T::blank();
    decode(json.as_bytes(), value.slot()).map(|()| value).map_err(|error| format!("{error} in {json}"))
}

/// Reads what is written, compares, and compares the texts too: a decimal's scale and an offset
/// are not part of equality.
fn comes_back<T: Value + PartialEq>(value: &T) -> Result<(), TestCaseError> {
    let json = written(value);
    let back: T = read(&json).map_err(TestCaseError::fail)?;
    prop_assert_eq!(written(&back), json);
    prop_assert!(back == *value);
    Ok(())
}

fn decimals() -> impl Strategy<Value = Decimal> {
    const MAX: i128 = 79_228_162_514_264_337_593_543_950_335;
    (-MAX..=MAX, 0_u32..=28).prop_map(|(digits, scale)| Decimal::from_i128_with_scale(digits, scale))
}

/// Of the years 1 to 9998, which RFC 3339 can write with any offset.
fn timestamps() -> impl Strategy<Value = Timestamp> {
    (-62_135_510_400_i64..253_370_764_800, 0..1_000_000_000)
        .prop_map(|(seconds, nanoseconds)| Timestamp::new(seconds, nanoseconds).unwrap())
}

fn zoneds() -> impl Strategy<Value = Zoned> {
    (timestamps(), -840_i32..=840).prop_map(|(time, minutes)| {
        let offset = Offset::from_seconds(minutes.saturating_mul(60)).unwrap();
        time.to_zoned(offset.to_time_zone())
    })
}

fn dates() -> impl Strategy<Value = Date> {
    (1_i16..=9999, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| jiff::civil::date(year, month, day))
}

fn durations() -> impl Strategy<Value = SignedDuration> {
    any::<i64>().prop_map(SignedDuration::from_nanos)
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z\"\\\\\n\t\u{0}\u{7f}\u{2028}é😀]{0,8}"]
}

fn legs() -> impl Strategy<Value = Leg> {
    (any::<u32>(), option::of(decimals())).prop_map(|(ratio, price)| Leg { ratio, price })
}

fn parts() -> impl Strategy<Value = Part> {
    prop_oneof![legs().prop_map(Part::Leg), Just(Part::Empty(Empty {}))]
}

fn jsons() -> impl Strategy<Value = Json> {
    prop_oneof![
        decimals().prop_map(|value| value.to_string().parse().unwrap()),
        texts().prop_map(|value| Json::new(&value).unwrap()),
        Just(r#"{"a": [1.00, {"b":null}]}"#.parse().unwrap()),
    ]
}

prop_compose! {
    fn identity()(
        account_id in any::<i64>(),
        id in texts(),
        side in prop_oneof!["BUY", "SELL", texts()],
        order_type in prop_oneof![Just(OrderType::Market), Just(OrderType::Limit)],
        instrument_id in option::of(any::<u128>().prop_map(Uuid::from_u128)),
        symbol in option::of(texts()),
        phone in option::of(texts()),
        note in prop_oneof![Just(Patch::Keep), Just(Patch::Null), texts().prop_map(Patch::Set)],
    ) -> Order {
        Order {
            account_id: AccountId(account_id),
            id: OrderId(id),
            side: Side::parse(&side).unwrap(),
            order_type,
            instrument_id,
            symbol,
            phone,
            note,
            ..Order::blank()
        }
    }
}

prop_compose! {
    fn terms()(
        order in identity(),
        quantity in decimals(),
        limit_price in option::of(decimals()),
        created_at in timestamps(),
        opens in option::of(zoneds()),
        day in option::of(dates()),
        open_for in option::of(durations()),
        legs in vec(legs(), 0..3),
        tags in option::of(btree_map(texts(), any::<i32>(), 0..3)),
        sequence in option::of(any::<u64>()),
    ) -> Order {
        Order { quantity, limit_price, created_at, opens, day, open_for, legs, tags, sequence, ..order }
    }
}

prop_compose! {
    fn orders()(
        order in terms(),
        parent in option::of(terms()),
        table in vec(vec(proptest::num::f64::NORMAL | proptest::num::f64::ZERO, 0..3), 0..3),
        marks in vec(option::of(any::<bool>()), 0..3),
        details in option::of(jsons()),
        parts in option::of(vec(parts(), 0..3)),
        action in option::of(prop_oneof![legs().prop_map(Action::Show), parts().prop_map(Action::Fill)]),
        filter in option::of(prop_oneof![decimals().prop_map(Filter::Number), texts().prop_map(Filter::String)]),
        blob in option::of(any::<Vec<u8>>()),
        contact in option::of(btree_map(texts(), decimals(), 0..3)),
    ) -> Order {
        let parent = parent.map(Box::new);
        Order { parent, table, marks, details, parts, action, filter, blob, contact, ..order }
    }
}

/// The properties of an object, their values as text.
fn properties(json: &str) -> Vec<(String, Box<RawValue>)> {
    serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(json).unwrap().into_iter().collect()
}

fn object(properties: &[(String, Box<RawValue>)]) -> String {
    let fields: Vec<String> = properties
        .iter()
        .map(|(name, value)| format!("{}:{value}", serde_json::to_string(name).unwrap()))
        .collect();
    format!("{{{}}}", fields.join(","))
}

proptest! {
    #[test]
    fn scalars(
        decimal in decimals(),
        time in timestamps(),
        zoned in zoneds(),
        day in dates(),
        duration in durations(),
        text in texts(),
        signed in any::<i64>(),
        unsigned in any::<u64>(),
        float in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL,
    ) {
        comes_back(&decimal)?;
        comes_back(&time)?;
        comes_back(&zoned)?;
        prop_assert_eq!(read::<Zoned>(&written(&zoned)).unwrap().offset(), zoned.offset());
        comes_back(&day)?;
        comes_back(&duration)?;
        comes_back(&text)?;
        comes_back(&signed)?;
        comes_back(&unsigned)?;
        comes_back(&float)?;
    }

    #[test]
    fn models(order in orders()) {
        comes_back(&order)?;
        comes_back(&vec![Some(order), None])?;
    }

    #[test]
    fn the_order_of_fields_does_not_matter(
        (order, shuffled) in orders().prop_flat_map(|order| {
            let fields = properties(&written(&order));
            (Just(order), Just(fields).prop_shuffle())
        }),
        unknown in "x[a-z]{1,5}",
        value in jsons(),
        place in any::<prop::sample::Index>(),
    ) {
        prop_assert!(read::<Order>(&object(&shuffled)).unwrap() == order);

        let value = RawValue::from_string(value.text().to_owned()).unwrap();
        let mut more = shuffled;
        more.insert(place.index(more.len()), (unknown, value));
        prop_assert!(read::<Order>(&object(&more)).unwrap() == order);

        let twice = more.iter().find(|(name, _)| !name.starts_with('x')).cloned().unwrap();
        more.push(twice.clone());
        let error = read::<Order>(&object(&more)).map(drop).unwrap_err();
        let expected = format!("$.{}: occurs twice", twice.0);
        prop_assert!(error.starts_with(&expected), "{}", error);
    }

    #[test]
    fn through_serde_too(order in orders()) {
        let json = serde_json::to_string(&order).unwrap();
        prop_assert_eq!(&json, &written(&order));
        prop_assert!(serde_json::from_str::<Order>(&json).unwrap() == order);
        prop_assert!(serde_json::from_reader::<_, Order>(json.as_bytes()).unwrap() == order);
    }

    #[test]
    fn no_damage_panics(order in terms(), damage in any::<char>(), place in any::<prop::sample::Index>()) {
        let json: Vec<char> = written(&order).chars().collect();
        let mut damaged = json;
        let place = place.index(damaged.len());
        if let Some(char) = damaged.get_mut(place) {
            *char = damage;
        }
        let _ = read::<Order>(&damaged.iter().collect::<String>());
    }
}
