//! Studio's own ways: new orders and their strategies, encodings, and what its document says twice.

use clear_street::studio::Client;
use clear_street::studio::accounts::{AccountId, AccountNumber};
use clear_street::studio::locates::UpdateLocateOrderRequest;
use clear_street::studio::margin::{PortfolioMargin, PortfolioMarginGroupMember, RegTMargin};
use clear_street::studio::orders::{
    ApStrategy, CreateBulkOrdersRequest, CreateOrder, DarkStrategy, Destination, DmaStrategy, Order,
    OrderSide, PovStrategy, SorStrategy, Strategy, TimeInForce, TwapStrategy, Urgency, VwapStrategy,
};
use clear_street::studio::performance::PnlSums;
use clear_street::studio::trades::Trade;
use rust_decimal::Decimal;
use serde_json::{Value, json};

const PRICE: Decimal = Decimal::from_parts(15025, 0, 0, false, 2);
const STOP: Decimal = Decimal::from_parts(14800, 0, 0, false, 2);
const DAY: TimeInForce = TimeInForce::Day;

fn limit() -> CreateOrder {
    CreateOrder::limit("AAPL", OrderSide::Buy, Decimal::TEN, PRICE, DAY)
}

#[test]
fn each_constructor_sets_what_its_order_type_needs() {
    let (ten, short) = (Decimal::TEN, OrderSide::SellShort);
    let cases = [
        (CreateOrder::market("AAPL", short.clone(), ten, DAY), json!({"order_type": "market"})),
        (
            CreateOrder::limit("AAPL", short.clone(), ten, PRICE, DAY),
            json!({"order_type": "limit", "price": "150.25"}),
        ),
        (
            CreateOrder::stop("AAPL", short.clone(), ten, STOP, DAY),
            json!({"order_type": "stop", "stop_price": "148.00"}),
        ),
        (
            CreateOrder::stop_limit("AAPL", short, ten, STOP, PRICE, DAY),
            json!({"order_type": "stop-limit", "stop_price": "148.00", "price": "150.25"}),
        ),
    ];
    for (order, mut expected) in cases {
        for (key, value) in
            [("symbol", "AAPL"), ("side", "sell-short"), ("quantity", "10"), ("time_in_force", "day")]
        {
            expected[key] = Value::from(value);
        }
        assert_eq!(serde_json::to_value(&order).unwrap(), expected);
    }
}

#[test]
fn each_strategy_says_its_type_and_comes_back() {
    let close = "2025-10-31T20:00:00.5Z".parse().unwrap();
    let cases: [(Strategy, Value); 7] = [
        (SorStrategy::new().into(), json!({"type": "sor"})),
        (
            VwapStrategy::new().min_percent(5).max_percent(50).into(),
            json!({"type": "vwap", "min_percent": 5, "max_percent": 50}),
        ),
        (
            TwapStrategy::new().end_at(close).urgency(Urgency::SuperPassive).into(),
            json!({"type": "twap", "end_at": 1_761_940_800_500_i64, "urgency": "super-passive"}),
        ),
        (ApStrategy::new().max_percent(100).into(), json!({"type": "ap", "max_percent": 100})),
        (PovStrategy::new(10).into(), json!({"type": "pov", "target_percent": 10})),
        (DarkStrategy::new().max_percent(30).into(), json!({"type": "dark", "max_percent": 30})),
        (DmaStrategy::new(Destination::Xnys).into(), json!({"type": "dma", "destination": "xnys"})),
    ];
    for (strategy, expected) in cases {
        let order = limit().strategy(strategy.clone());
        assert_eq!(serde_json::to_value(&order).unwrap()["strategy"], expected);
        let received: Strategy = serde_json::from_value(expected).unwrap();
        assert_eq!(received, strategy);
    }
}

/// What is refused, and the words that the error must have.
#[tokio::test]
async fn what_breaks_a_rule_is_refused_before_it_is_sent() {
    // Nothing listens on the discard port of loopback: an attempt to send would be another error.
    let client = Client::builder().access_token("token").base_url("http://127.0.0.1:9").build().unwrap();
    let market = || CreateOrder::market("AAPL", OrderSide::Buy, Decimal::TEN, DAY);
    let cases = [
        (market().price(PRICE), ["price", "order_type"]),
        (limit().stop_price(STOP), ["stop_price", "order_type"]),
        (limit().price("0.333333333333333".parse::<Decimal>().unwrap()), ["price", "16"]),
        (limit().strategy(VwapStrategy::new().max_percent(51)), ["max_percent", "50"]),
        (limit().strategy(PovStrategy::new(101)), ["target_percent", "100"]),
        (limit().reference_id("x".repeat(257)), ["reference_id", "256"]),
        (CreateOrder::market("", OrderSide::Buy, Decimal::TEN, DAY), ["symbol", "1"]),
    ];
    let account = AccountNumber::new("100345");
    for (order, words) in cases {
        let text = format!("{order:?}");
        let orders = CreateBulkOrdersRequest::new([limit(), order.clone()]);
        let one = client.orders().create_order(account.clone(), order).send().await.expect_err(&text);
        let bulk = client.orders().create_bulk_orders(account.clone(), orders).send().await.expect_err(&text);
        assert!(bulk.to_string().contains("orders[1]"), "{text}: {bulk}");
        for error in [one, bulk] {
            assert_eq!(error.delivery(), clear_street::Delivery::NotSent, "{text}: {error}");
            for word in words {
                assert!(error.to_string().contains(word), "{text}: `{error}` lacks `{word}`");
            }
        }
    }
    for count in [0, 1001] {
        let orders = CreateBulkOrdersRequest::new(vec![limit(); count]);
        let call = client.orders().create_bulk_orders(AccountId::new("a"), orders);
        let error = call.send().await.unwrap_err().to_string();
        assert!(error.contains("orders") && error.contains(&count.to_string()), "{error}");
    }
}

#[test]
fn an_offer_is_accepted_or_declined() {
    for (request, accept) in
        [(UpdateLocateOrderRequest::accept(), true), (UpdateLocateOrderRequest::decline(), false)]
    {
        assert_eq!(serde_json::to_value(&request).unwrap(), json!({"accept": accept}));
    }
}

/// Prices are texts and averages are numbers in one and the same object, and neither loses a digit.
#[test]
fn texts_and_numbers_keep_their_digits() {
    let text = r#"{"created_at":1761940800500,"updated_at":1761940800501,"order_id":"o","version":3,"account_id":"a","account_number":"n","state":"open","status":"partially-filled","symbol":"AAPL","order_type":"limit","side":"buy","quantity":"10","price":"150.250","time_in_force":"day-plus","average_price":150.1234567890123456789,"filled_quantity":"3","running_position":"-7"}"#;
    let order: Order = serde_json::from_str(text).unwrap();
    assert_eq!(order.average_price, "150.1234567890123456789".parse().ok());
    assert_eq!(order.created_at.as_nanosecond(), 1_761_940_800_500_000_000);
    assert_eq!(serde_json::to_string(&order).unwrap(), text);
}

/// What is left of an addition of floats does not fail an answer; a price is exact or an error.
#[test]
fn only_what_was_a_float_is_rounded() {
    let trade = |price: &str| {
        let text = r#"{"created_at":1761940800500,"trade_id":"t","order_id":"o","side":"buy","quantity":"1","price":PRICE,"running_position":"1"}"#;
        serde_json::from_str::<Trade>(&text.replace("PRICE", price))
    };
    let residue = "1.7763568394002505e-15";
    let sums: PnlSums = serde_json::from_str(&format!(r#"{{"realized_pnl":{residue}}}"#)).unwrap();
    assert_eq!(sums.realized_pnl, "0.0000000000000017763568394003".parse().ok());
    assert_eq!(trade("1.7763568394e-15").unwrap().price.to_string(), "0.0000000000000017763568394");
    for price in [residue.to_owned(), format!("\"{residue}\"")] {
        let error = trade(&price).unwrap_err().to_string();
        assert!(error.contains("$.price") && error.contains(residue), "{error}");
    }
    let shocks = format!(r#"{{"shocks":{{"down":{residue}}}}}"#);
    let member: PortfolioMarginGroupMember = serde_json::from_str(&shocks).unwrap();
    assert_eq!(member.shocks.unwrap()["down"], sums.realized_pnl.unwrap());
}

#[test]
fn days_are_numbers() {
    let text = r#"{"starting_date":20250102,"ending_date":20251231}"#;
    let sums: PnlSums = serde_json::from_str(text).unwrap();
    assert_eq!(sums.starting_date, Some("2025-01-02".parse().unwrap()));
    assert_eq!(serde_json::to_string(&sums).unwrap(), text);
}

/// The vendor's document contradicts itself about these names, so either is understood.
#[test]
fn an_excess_is_understood_in_either_spelling() {
    let margin = |name: &str| {
        let mut margin = json!({
            "version": "1", "timestamp": 1_761_940_800_500_i64, "net_market_value": 1, "effective_requirement": 1,
            "house_requirement": 1, "house_excess": 1, "exchange_requirement": 1, "sma": 1, "sod_buying_power": 1,
            "overnight_buying_power": 1, "day_trade_buying_power": 1, "groups": [],
        });
        margin[name] = json!(-2.5);
        serde_json::from_value::<RegTMargin>(margin).unwrap()
    };
    let deficit = Some(Decimal::new(-25, 1));
    assert_eq!(margin("effective_excess").effective_excess, deficit);
    assert_eq!(margin("effecive_excess").effecive_excess, deficit);
    assert_eq!(margin("exchange_excess").exchange_excess, deficit);
    assert_eq!(margin("exchange_deficit").exchange_deficit, deficit);
    let portfolio: PortfolioMargin = serde_json::from_value(json!({"effecive_excess": -2.5})).unwrap();
    assert_eq!(portfolio.effective_excess, deficit);
}
