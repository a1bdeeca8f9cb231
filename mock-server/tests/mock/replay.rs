//! What the journal tells, from the beginning, is what the APIs answer.

use std::collections::BTreeMap;
use std::time::Duration;

use clear_street::stream::Event;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street::trading::accounts::AccountId;
use clear_street::trading::orders::{NewOrder, RequestTimeInForce, Side};
use clear_street::{studio, trading};
use clear_street_mock::MockServer;
use clear_street_mock::clock::Clock;
use fastrand::Rng;
use rust_decimal::Decimal;

use crate::support;

const ACCOUNT: i64 = 100_000;

struct Setting {
    server: MockServer,
    trading: trading::Client,
    studio: studio::Client,
}

impl Setting {
    async fn new(seed: u64) -> Self {
        let clock = Clock::starting_at("2025-10-31T14:30:00Z".parse().unwrap());
        let server = MockServer::builder().clock(clock).seed(seed).start().await.unwrap();
        Self { trading: support::trading(&server), studio: support::studio(&server), server }
    }

    /// Orders that fill at once, later, in parts and never, some of them cancelled, while time goes on.
    async fn trade(&self, random: &mut Rng) {
        let account = AccountId::new(ACCOUNT);
        let orders = self.trading.orders();
        for number in 0..40 {
            let symbol = *random.choice(["AAPL", "MSFT", "TSLA"].iter()).unwrap();
            let side = if random.u8(..3) > 0 { Side::Buy } else { Side::Sell };
            let (quantity, price) =
                (Decimal::from(random.u32(1..1_000)), Decimal::from(random.u32(200..500)));
            let order = NewOrder::limit(symbol, side, quantity, price, RequestTimeInForce::Day);
            let order = order.id(format!("order-{number}"));
            assert!(orders.submit_orders(account, [order]).send().await.unwrap().error().is_none());
            self.server.clock().advance(Duration::from_secs(random.u64(0..5)));
        }
        let open = orders.get_orders(account).send().await.unwrap().data;
        for order in open.iter().take(5) {
            // It may have been filled meanwhile.
            _ = orders.cancel_open_order(account, order.id.clone()).send().await;
        }
    }

    /// What the journal tells until it has told everything.
    async fn told(&self) -> Told {
        let subscription = ActivitySubscription::new(studio::accounts::AccountId::new(ACCOUNT.to_string()));
        let mut stream = self.studio.stream(subscription).start().unwrap();
        let mut told = Told::default();
        loop {
            match stream.next().await.unwrap().unwrap() {
                Event::Message(message) => told.add(message.message),
                Event::CaughtUp => return told,
                Event::Connection(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// What the API answers.
    async fn answered(&self) -> Told {
        let account = studio::accounts::AccountId::new(ACCOUNT.to_string());
        let mut answered = Told::default();
        let mut orders = self.studio.orders().list_orders(account.clone()).items();
        while let Some(order) = orders.next().await {
            answered.add(ActivityMessage::OrderUpdate(Box::new(order.unwrap())));
        }
        let mut trades = self.studio.trades().list_trades(account.clone()).items();
        while let Some(trade) = trades.next().await {
            answered.add(ActivityMessage::TradeNotice(Box::new(trade.unwrap())));
        }
        let mut positions = self.studio.positions().list_positions(account).items();
        while let Some(position) = positions.next().await {
            answered.add(ActivityMessage::PositionUpdate(Box::new(position.unwrap())));
        }
        answered
    }
}

/// An account as messages tell it.
#[derive(Debug, Default, PartialEq)]
struct Told {
    orders: BTreeMap<String, studio::orders::Order>,
    trades: BTreeMap<String, studio::trades::Trade>,
    positions: BTreeMap<String, studio::positions::Position>,
}

impl Told {
    fn add(&mut self, message: ActivityMessage) {
        match message {
            ActivityMessage::OrderUpdate(order) => {
                self.orders.insert(order.order_id.to_string(), *order);
            }
            ActivityMessage::TradeNotice(trade) => {
                self.trades.insert(trade.trade_id.to_string(), *trade);
            }
            ActivityMessage::PositionUpdate(position) if position.quantity.is_zero() => {
                self.positions.remove(&position.symbol.to_string());
            }
            ActivityMessage::PositionUpdate(position) => {
                self.positions.insert(position.symbol.to_string(), *position);
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn the_journal_replays_to_the_state_that_the_api_answers() {
    for seed in 1..=3 {
        let setting = Setting::new(seed).await;
        setting.trade(&mut Rng::with_seed(seed)).await;
        // The orders that are still open fill while this goes on, so they end first.
        setting.trading.orders().cancel_all_open_orders(AccountId::new(ACCOUNT)).send().await.unwrap();
        let told = setting.told().await;
        assert!(told.orders.len() >= 40 && !told.trades.is_empty() && !told.positions.is_empty());
        assert_eq!(told, setting.answered().await);
    }
}
