//! New orders: what each constructor sends, and what is refused before anything is sent.

use clear_street::trading::Client;
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{
    NewOrder, ReplaceOrderRequest, RequestTimeInForce, Side, TrailingOffsetType,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

const PRICE: Decimal = Decimal::from_parts(15025, 0, 0, false, 2);
const STOP: Decimal = Decimal::from_parts(14800, 0, 0, false, 2);
const DAY: RequestTimeInForce = RequestTimeInForce::Day;

#[test]
fn each_constructor_sets_what_its_order_type_needs() {
    let ten = Decimal::TEN;
    let bps = TrailingOffsetType::Bps;
    let cases = [
        (NewOrder::market("AAPL", Side::Buy, ten, DAY), json!({"order_type": "MARKET"})),
        (
            NewOrder::limit("AAPL", Side::Buy, ten, PRICE, DAY),
            json!({"order_type": "LIMIT", "limit_price": "150.25"}),
        ),
        (
            NewOrder::stop("AAPL", Side::Buy, ten, STOP, DAY),
            json!({"order_type": "STOP", "stop_price": "148.00"}),
        ),
        (
            NewOrder::stop_limit("AAPL", Side::Buy, ten, STOP, PRICE, DAY),
            json!({"order_type": "STOP_LIMIT", "stop_price": "148.00", "limit_price": "150.25"}),
        ),
        (
            NewOrder::trailing_stop("AAPL", Side::Buy, ten, 50, bps.clone(), DAY),
            json!({"order_type": "TRAILING_STOP", "trailing_offset": "50", "trailing_offset_type": "BPS"}),
        ),
        (
            NewOrder::trailing_stop_limit("AAPL", Side::Buy, ten, 50, bps, -1, DAY),
            json!({
                "order_type": "TRAILING_STOP_LIMIT", "trailing_offset": "50",
                "trailing_offset_type": "BPS", "limit_offset": "-1",
            }),
        ),
    ];
    for (order, mut expected) in cases {
        for (key, value) in
            [("instrument_id", "AAPL"), ("side", "BUY"), ("quantity", "10"), ("time_in_force", "DAY")]
        {
            expected[key] = Value::from(value);
        }
        assert_eq!(serde_json::to_value(&order).unwrap(), expected);
    }
}

/// What is refused, and the words that the error must have.
#[tokio::test]
async fn what_breaks_a_rule_is_refused_before_it_is_sent() {
    // Nothing listens on the discard port of loopback: an attempt to send would be another error.
    let client = Client::builder().api_key("id.secret").base_url("http://127.0.0.1:9").build().unwrap();
    let limit = || NewOrder::limit("AAPL", Side::Buy, Decimal::TEN, PRICE, DAY);
    let cases = [
        (limit().symbol("MSFT"), ["symbol", "instrument_id"]),
        (limit().stop_price(STOP), ["stop_price", "order_type"]),
        (
            NewOrder::limit("AAPL", Side::Buy, Decimal::TEN, PRICE, RequestTimeInForce::GoodTillDate),
            ["expires_at", "time_in_force"],
        ),
        (NewOrder::limit("", Side::Buy, Decimal::TEN, PRICE, DAY), ["instrument_id", "1"]),
        (limit().id("x".repeat(65)), ["id", "64"]),
    ];
    for (order, words) in cases {
        let text = format!("{order:?}");
        let error = client
            .orders()
            .submit_orders(AccountId::new(1), [limit(), order])
            .send()
            .await
            .expect_err(&text)
            .to_string();
        for word in words.into_iter().chain(["[1]", "submit_orders"]) {
            assert!(error.contains(word), "{text}: `{error}` lacks `{word}`");
        }
    }
    let error = client
        .orders()
        .replace_order(
            AccountId::new(1),
            clear_street::trading::orders::OrderId::new("o1"),
            ReplaceOrderRequest::new(),
        )
        .send()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("limit_price"), "{error}");
    assert_eq!(error.delivery(), clear_street::Delivery::NotSent);
}
