//! A day of trading through the client, against a server with an exchange, over loopback.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it fails")]

use std::time::Duration;

use clear_street::stream::{Event, EventStream};
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{
    NewOrder, Order, OrderStatus, ReplaceOrderRequest, RequestTimeInForce, Side,
};
use clear_street::{RowOutcome, studio, trading};
use clear_street_mock::clock::Clock;
use clear_street_mock::{MockServer, RequestFault};
use rust_decimal::Decimal;

const ACCOUNT: AccountId = AccountId::new(100_000);

struct Setting {
    server: MockServer,
    trading: trading::Client,
    studio: studio::Client,
}

impl Setting {
    async fn new() -> Self {
        Self::of(MockServer::start().await.unwrap())
    }

    /// With the prices of a day that is always the same.
    async fn of_that_day() -> Self {
        let clock = Clock::starting_at("2025-10-31T14:30:00Z".parse().unwrap());
        Self::of(MockServer::builder().clock(clock).start().await.unwrap())
    }

    fn of(server: MockServer) -> Self {
        let trading = trading::Client::builder().api_key("mock.key").base_url(server.trading_url());
        let studio = studio::Client::builder().credentials("id", "secret").base_url(server.studio_url());
        let studio = studio.token_url(server.token_url().unwrap()).build().unwrap();
        Self { trading: trading.build().unwrap(), studio, server }
    }

    /// What became of one order.
    async fn submit(&self, order: NewOrder) -> RowOutcome<Order> {
        let submission = self.trading.orders().submit_orders(ACCOUNT, vec![order]).send().await.unwrap();
        submission.into_rows().remove(0).outcome
    }

    async fn accepted(&self, order: NewOrder) -> Order {
        match self.submit(order).await {
            RowOutcome::Accepted(order) => order,
            other => panic!("{other:?}"),
        }
    }

    async fn order(&self, order: &Order) -> Order {
        self.trading.orders().get_order_by_id(ACCOUNT, order.id.clone()).send().await.unwrap().data
    }

    /// Lets time pass until one of these orders is filled.
    async fn first_filled(&self, orders: [&Order; 2]) -> Order {
        for _ in 0..10_000 {
            self.server.clock().advance(Duration::from_secs(10));
            for order in orders {
                let order = self.order(order).await;
                if order.status == OrderStatus::Filled {
                    return order;
                }
            }
        }
        panic!("none of them fills");
    }

    fn stream(&self) -> EventStream<ActivityMessage> {
        let account = studio::accounts::AccountId::new("100000");
        self.studio.stream(ActivitySubscription::new(account)).start().unwrap()
    }
}

fn market(symbol: &str, side: Side, quantity: u32) -> NewOrder {
    NewOrder::market(symbol, side, quantity, RequestTimeInForce::Day)
}

fn limit(symbol: &str, side: Side, quantity: u32, price: Decimal) -> NewOrder {
    NewOrder::limit(symbol, side, quantity, price, RequestTimeInForce::Day)
}

/// The next order that the stream tells.
async fn next_order(stream: &mut EventStream<ActivityMessage>) -> studio::orders::Order {
    loop {
        if let Event::Message(message) = stream.next().await.unwrap().unwrap()
            && let ActivityMessage::OrderUpdate(order) = message.message
        {
            return *order;
        }
    }
}

#[tokio::test]
async fn an_order_fills_on_the_stream_and_becomes_a_position() {
    let setting = Setting::new().await;
    let mut stream = setting.stream();
    stream.handle().wait_until_live(Duration::from_secs(30)).await.unwrap();
    let placed = setting.accepted(market("AAPL", Side::Buy, 10)).await;
    assert_eq!(placed.status, OrderStatus::Filled);
    let statuses = [next_order(&mut stream).await, next_order(&mut stream).await];
    let statuses = statuses.map(|order| (order.order_id.to_string(), order.status));
    let id = placed.id.to_string();
    use clear_street::studio::orders::OrderStatus as StudioStatus;
    assert_eq!(statuses, [(id.clone(), StudioStatus::New), (id, StudioStatus::Filled)]);
    let held = setting.trading.positions().get_positions(ACCOUNT).send().await.unwrap().data;
    assert_eq!((held[0].symbol.as_str(), held[0].quantity), ("AAPL", Decimal::TEN));
    let balances = setting.trading.accounts().get_account_balances(ACCOUNT).send().await.unwrap().data;
    assert_eq!(
        balances.trade_cash,
        Decimal::from(1_000_000) - placed.average_fill_price.unwrap() * Decimal::TEN
    );
}

#[tokio::test]
async fn what_fills_later_is_told_without_a_call() {
    let setting = Setting::of_that_day().await;
    let mut stream = setting.stream();
    let placed = setting.accepted(market("F", Side::Buy, 5_000)).await;
    assert_eq!(placed.status, OrderStatus::PartiallyFilled);
    setting.server.clock().advance(Duration::from_secs(600));
    while next_order(&mut stream).await.filled_quantity < Decimal::from(5_000) {}
}

#[tokio::test]
async fn a_key_that_comes_again_makes_no_second_order() {
    let setting = Setting::new().await;
    let order = || limit("AAPL", Side::Buy, 1, Decimal::from(100)).id("mine");
    let placed = setting.accepted(order()).await;
    assert_eq!(setting.accepted(order()).await, placed);
    let another = limit("AAPL", Side::Buy, 2, Decimal::from(100)).id("mine");
    // The refusal is looked up by its key, and the order that has it is the outcome.
    let other = setting.trading.orders().submit_orders(ACCOUNT, vec![another]).send().await.unwrap();
    assert_eq!(other.error().unwrap().status(), Some(422));
    assert_eq!(other.rows()[0].outcome, RowOutcome::Accepted(placed.clone()));
    // The answer is lost, the order is not.
    setting
        .server
        .fault(RequestFault::new().operation("submit_orders").call(1).reset_after(0).carried_out(true))
        .unwrap();
    let found = setting.accepted(limit("AAPL", Side::Buy, 1, Decimal::from(100)).id("lost")).await;
    let all = setting.trading.orders().get_orders(ACCOUNT).items().into_vec().await.unwrap();
    assert_eq!(all.iter().map(|order| &order.id).collect::<Vec<_>>(), [&placed.id, &found.id]);
}

#[tokio::test]
async fn orders_are_replaced_cancelled_and_refused() {
    let setting = Setting::new().await;
    let orders = setting.trading.orders();
    let placed = setting.accepted(limit("AAPL", Side::Buy, 1, Decimal::from(100))).await;
    let change = ReplaceOrderRequest::new().quantity(3);
    let changed = orders.replace_order(ACCOUNT, placed.id.clone(), change).send().await.unwrap().data;
    assert_eq!((changed.id, changed.quantity), (placed.id.clone(), Decimal::from(3)));
    let canceled = orders.cancel_open_order(ACCOUNT, placed.id.clone()).send().await.unwrap().data;
    assert_eq!(canceled.status, OrderStatus::Canceled);
    let again = orders.cancel_open_order(ACCOUNT, placed.id).send().await;
    assert_eq!(again.unwrap_err().status(), Some(404));
    match setting.submit(market("AAPL", Side::Sell, 1)).await {
        RowOutcome::Refused(order) => assert!(order.details.unwrap()[0].starts_with("not so much is held")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_bracket_by_hand_ends_with_one_of_its_sides() {
    let setting = Setting::of_that_day().await;
    let bought = setting.accepted(market("AAPL", Side::Buy, 1)).await;
    let paid = bought.average_fill_price.unwrap();
    let till_cancel = RequestTimeInForce::GoodTillCancel;
    let stop = NewOrder::stop("AAPL", Side::Sell, 1, paid - Decimal::ONE, till_cancel.clone());
    let stop = setting.accepted(stop).await;
    let target = NewOrder::limit("AAPL", Side::Sell, 1, paid + Decimal::ONE, till_cancel);
    let target = setting.accepted(target).await;
    let sold = setting.first_filled([&stop, &target]).await;
    let other = if sold.id == stop.id { target } else { stop };
    let orders = setting.trading.orders();
    let canceled = orders.cancel_open_order(ACCOUNT, other.id).send().await.unwrap().data;
    assert_eq!(canceled.status, OrderStatus::Canceled);
    let held = setting.trading.positions().get_positions(ACCOUNT).send().await.unwrap().data;
    assert_eq!(held, []);
    let balances = setting.trading.accounts().get_account_balances(ACCOUNT).send().await.unwrap().data;
    assert_eq!(balances.equity, Decimal::from(1_000_000) + sold.average_fill_price.unwrap() - paid);
}

#[tokio::test]
async fn pages_are_walked_while_orders_come() {
    let setting = Setting::new().await;
    let rows = |count: u32| (0..count).map(|_| limit("F", Side::Buy, 1, Decimal::ONE)).collect::<Vec<_>>();
    let submit = |count| setting.trading.orders().submit_orders(ACCOUNT, rows(count)).send();
    assert!(submit(25).await.unwrap().is_known());
    let mut pages = setting.trading.orders().get_orders(ACCOUNT).page_size(10).pages();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        seen.extend(page.unwrap().data.into_iter().map(|order| order.id));
        if seen.len() == 10 {
            assert!(submit(3).await.unwrap().is_known());
        }
    }
    let all = setting.trading.orders().get_orders(ACCOUNT).items().into_vec().await.unwrap();
    assert_eq!(seen, all.into_iter().map(|order| order.id).collect::<Vec<_>>());
    assert_eq!(seen.len(), 28);
}

#[tokio::test]
async fn both_apis_show_the_same() {
    let setting = Setting::new().await;
    let account =
        || studio::accounts::AccountIdOrNumber::from(studio::accounts::AccountNumber::new("CS00100000"));
    use clear_street::studio::orders::{CreateOrder, OrderSide, TimeInForce};
    let order = CreateOrder::market("AAPL", OrderSide::Buy, 3, TimeInForce::Day);
    let placed = setting.studio.orders().create_order(account(), order).send().await.unwrap().data;
    let shown = setting.trading.orders().get_orders(ACCOUNT).send().await.unwrap().data.remove(0);
    assert_eq!((shown.id.to_string(), shown.status), (placed.order_id.to_string(), OrderStatus::Filled));
    let held = setting.studio.positions().list_positions(account()).send().await.unwrap().data;
    assert_eq!(held[0].quantity, shown.filled_quantity);
    let fills = setting.trading.orders().get_executions(ACCOUNT).send().await.unwrap().data;
    let trades = setting.studio.trades().list_trades(account()).send().await.unwrap().data;
    assert_eq!(
        (Some(trades[0].price), trades[0].trade_id.to_string()),
        (fills[0].price, fills[0].id.to_string())
    );
}

#[tokio::test]
async fn with_market_hours_a_day_order_ends_at_the_close() {
    let clock = Clock::starting_at("2025-10-31T19:00:00Z".parse().unwrap());
    let server = MockServer::builder().clock(clock.clone()).market_hours().start().await.unwrap();
    let trading =
        trading::Client::builder().api_key("mock.key").base_url(server.trading_url()).build().unwrap();
    let rows = vec![limit("AAPL", Side::Buy, 1, Decimal::ONE)];
    let submission = trading.orders().submit_orders(ACCOUNT, rows).send().await.unwrap();
    assert!(matches!(submission.rows()[0].outcome, RowOutcome::Accepted(_)));
    clock.advance(Duration::from_secs(3_600));
    let orders = trading.orders().get_orders(ACCOUNT).send().await.unwrap().data;
    assert_eq!(orders[0].status, OrderStatus::Expired);
    let hours = trading.calendar().get_market_hours_calendar().send().await.unwrap().data;
    assert!(!hours[0].status.is_open);
}
