use super::*;
use crate::record::tests::sample::{Action, Leg, Order, OrderType, Part};
use crate::record::{DecimalEncoding, Value};

fn leg(ratio: u32) -> Leg {
    Leg { ratio, price: None }
}

fn refusal(order: Order) -> String {
    check(order.view(), &Encoding::TEXT).unwrap_err().to_string()
}

fn limit() -> Order {
    let price = Some(Decimal::ONE);
    Order { order_type: OrderType::Limit, limit_price: price, ..Order::blank() }
}

#[test]
fn bounds_are_inclusive() {
    for order in [
        Order::blank(),
        limit(),
        Order { limit_price: Some(Decimal::from(1000)), ..limit() },
        Order { limit_price: Some(Decimal::ZERO), ..limit() },
        Order { limit_price: Some("333.333333333333".parse().unwrap()), ..limit() },
        Order { id: crate::record::tests::sample::OrderId("éééééééé".to_owned()), ..limit() },
        Order { legs: vec![leg(1); 3], ..limit() },
    ] {
        assert_eq!(check(order.view(), &Encoding::TEXT), Ok(()));
    }
}

#[test]
fn faults_say_where_and_what() {
    let parts = vec![Part::Leg(leg(1)), Part::Leg(leg(0))];
    for (order, message) in [
        (
            Order { limit_price: Some(Decimal::new(100_001, 2)), ..limit() },
            "$.limit_price: `limit_price` must be at most 1000",
        ),
        (
            Order { limit_price: Some("333.3333333333333".parse().unwrap()), ..limit() },
            "$.limit_price: `limit_price` must have at most 16 characters, has 17",
        ),
        (
            Order { quantity: Decimal::NEGATIVE_ONE, ..Order::blank() },
            "$.quantity: `quantity` must be at least 0",
        ),
        (
            Order { symbol: Some(String::new()), ..Order::blank() },
            "$.symbol: `symbol` must have at least 1 character, has 0",
        ),
        (
            Order { id: crate::record::tests::sample::OrderId("123456789".to_owned()), ..Order::blank() },
            "$.id: `id` must have at most 8 characters, has 9",
        ),
        (
            Order { legs: vec![leg(1); 4], ..Order::blank() },
            "$.legs: `legs` must have at most 3 items, has 4",
        ),
        (
            Order { legs: vec![leg(1), leg(0)], ..Order::blank() },
            "$.legs[1].ratio: `ratio` must be at least 1",
        ),
        (Order { parts: Some(parts), ..Order::blank() }, "$.parts[1].ratio: `ratio` must be at least 1"),
        (
            Order { action: Some(Action::Show(leg(0))), ..Order::blank() },
            "$.action.show.ratio: `ratio` must be at least 1",
        ),
        (
            Order { table: vec![vec![0.0], vec![1.0, f64::NAN]], ..Order::blank() },
            "$.table[1][1]: `table` must be a finite number",
        ),
        (
            Order { limit_price: None, ..limit() },
            "$.limit_price: `limit_price` is required when `order_type` is LIMIT",
        ),
        (
            Order { order_type: OrderType::Market, ..limit() },
            "$.limit_price: `limit_price` must not be set when `order_type` is MARKET",
        ),
        (
            Order { parent: Some(Box::new(Order { limit_price: None, ..limit() })), ..Order::blank() },
            "$.parent.limit_price: `limit_price` is required when `order_type` is LIMIT",
        ),
        (
            Order { symbol: Some("A".to_owned()), instrument_id: Some(uuid::Uuid::nil()), ..limit() },
            "$: only one of `symbol` and `instrument_id` may be set, not `symbol` and `instrument_id`",
        ),
    ] {
        assert_eq!(refusal(order), message);
    }
}

#[test]
fn rules_count_what_is_there() {
    const NAMES: &[&str] = &["a", "b", "c"];
    for (rule, set, message) in [
        (Rule::ExactlyOne(NAMES), "", Some("one of `a`, `b` or `c` is required")),
        (Rule::ExactlyOne(NAMES), "b", None),
        (Rule::ExactlyOne(NAMES), "bc", Some("only one of `a`, `b` and `c` may be set, not `b` and `c`")),
        (Rule::AtLeastOne(NAMES), "", Some("at least one of `a`, `b` and `c` is required")),
        (Rule::AtLeastOne(NAMES), "ab", None),
        (Rule::AtMostOne(NAMES), "", None),
        (Rule::AtMostOne(NAMES), "a", None),
        (Rule::AtMostOne(NAMES), "ac", Some("only one of `a`, `b` and `c` may be set, not `a` and `c`")),
    ] {
        let lookup = |name: &str| if set.contains(name) { View::Null } else { View::Absent };
        let result = check_rules(&[rule], &lookup);
        assert_eq!(result.err().map(|invalid| invalid.message).as_deref(), message);
    }
}

#[test]
fn all_conditions_must_hold() {
    let rule = Rule::When {
        conditions: &[("kind", &["A", "B"]), ("fast", &["true"])],
        require: &["speed"],
        forbid: &[],
    };
    let rules = [rule];
    let with = |kind, fast| {
        move |name: &str| match name {
            "kind" => View::Text(kind),
            "fast" => View::Bool(fast),
            _ => View::Absent,
        }
    };
    assert!(check_rules(&rules, &with("C", true)).is_ok());
    assert!(check_rules(&rules, &with("A", false)).is_ok());
    let invalid = check_rules(&rules, &with("B", true)).unwrap_err();
    assert_eq!(invalid.message, "`speed` is required when `kind` is B and `fast` is true");
}

#[test]
fn what_an_encoding_cannot_write_is_refused() {
    let encoding = Encoding {
        decimal: DecimalEncoding::Number,
        timestamp: TimestampEncoding::UnixMillis,
        date: DateEncoding::Yyyymmdd,
    };
    let time: jiff::Timestamp = "2025-10-31T14:30:00.000001Z".parse().unwrap();
    let invalid = check_bounds("from", time.view(), &Bounds::NONE, &encoding).unwrap_err();
    assert_eq!(invalid.message, "`from` must be a whole number of milliseconds");
    assert!(crate::record::encode(time.view(), &encoding).is_err());
    assert!(check(jiff::civil::date(99, 1, 1).view(), &encoding).is_err());
}

#[test]
fn what_is_personal_is_not_in_faults() {
    let contact = [("4711".to_owned(), Decimal::from(1001))].into();
    let order = Order { contact: Some(contact), ..Order::blank() };
    assert_eq!(refusal(order), "$.contact[…]: `contact` must be at most 1000");
}
