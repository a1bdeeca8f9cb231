//! What holds over any sequence of what can be done to an exchange.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::{exchange, instrument, last, pass};
use crate::exchange::account::Position;
use crate::exchange::amount::{Money, Price, Quantity};
use crate::exchange::index::{AccountIx, InstrumentIx, OrderIx};
use crate::exchange::order::{Offset, Pricing, Side, Status, Terms, TimeInForce};
use crate::exchange::{Event, Exchange, Unchanged, entry};

const SYMBOLS: [&str; 4] = ["AAPL", "F", "GME", "AAPL 251121C00252000"];

/// What can be done to an exchange.
#[derive(Clone, Debug)]
enum Action {
    Submit { account: u16, terms: Wish, key: Option<u8> },
    Cancel(u32),
    Replace(u32, Option<i64>, Option<i64>),
    Pass(i64),
}

/// Terms before the price of the market is known: prices in percent of it.
#[derive(Clone, Debug)]
struct Wish {
    symbol: usize,
    side: Side,
    quantity: i64,
    pricing: (u8, i64, i64),
    time_in_force: u8,
    extended_hours: bool,
}

impl Wish {
    fn terms(&self, exchange: &Exchange) -> Terms {
        let symbol = SYMBOLS[self.symbol];
        let percent = |percent| Price::rounded(last(exchange, symbol).units() * percent / 100);
        let (kind, one, other) = self.pricing;
        let pricing = match kind {
            0 => Pricing::Market,
            1 => Pricing::Limit { limit: percent(one) },
            2 => Pricing::Stop { stop: percent(one) },
            3 => Pricing::StopLimit { stop: percent(one), limit: percent(other) },
            4 => Pricing::Trailing { offset: Offset::Price(Price::from_cents(one - 94)), limit_offset: None },
            _ => Pricing::Trailing { offset: Offset::BasisPoints(5), limit_offset: Some(one - 100) },
        };
        let time_in_force = match self.time_in_force {
            0 => TimeInForce::Day,
            1 => TimeInForce::GoodTillCancel,
            2 => TimeInForce::ImmediateOrCancel,
            3 => TimeInForce::FillOrKill,
            4 => TimeInForce::AtTheOpening,
            5 => TimeInForce::AtTheClose,
            6 => TimeInForce::DayPlus,
            _ => TimeInForce::GoodTillDate(exchange.now() + SignedDuration::from_millis(self.quantity * 77)),
        };
        let instrument = instrument(exchange, symbol);
        let quantity = Quantity::whole(self.quantity);
        Terms {
            instrument,
            side: self.side,
            quantity,
            pricing,
            time_in_force,
            extended_hours: self.extended_hours,
        }
    }
}

fn wish() -> impl Strategy<Value = Wish> {
    let side = prop_oneof![3 => Just(Side::Buy), 2 => Just(Side::Sell), 1 => Just(Side::SellShort)];
    let quantity = prop_oneof![4 => 1_i64..50, 2 => 50_i64..3_000, 1 => 0_i64..200_000];
    let pricing = (0_u8..6, 95_i64..106, 95_i64..106);
    (0..SYMBOLS.len(), side, quantity, pricing, 0_u8..8, any::<bool>()).prop_map(
        |(symbol, side, quantity, pricing, time_in_force, extended_hours)| Wish {
            symbol,
            side,
            quantity,
            pricing,
            time_in_force,
            extended_hours,
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
    let seconds = prop_oneof![8 => 0_i64..5, 4 => 5_i64..600, 1 => 3_600_i64..40_000];
    prop_oneof![
        6 => (0_u16..3, wish(), proptest::option::of(0_u8..6))
            .prop_map(|(account, terms, key)| Action::Submit { account, terms, key }),
        1 => (0_u32..40).prop_map(Action::Cancel),
        2 => (0_u32..40, proptest::option::of(0_i64..3_000), proptest::option::of(95_i64..106))
            .prop_map(|(order, quantity, limit)| Action::Replace(order, quantity, limit)),
        4 => seconds.prop_map(Action::Pass),
    ]
}

/// The steps in which time passes: at once, or in pieces.
#[derive(Clone, Copy)]
enum Steps {
    One,
    Many,
}

fn act(exchange: &mut Exchange, action: &Action, steps: Steps) {
    match action {
        Action::Cancel(ix) | Action::Replace(ix, ..) if exchange.orders.len() <= *ix as usize => {}
        Action::Submit { account, terms, key } => {
            let terms = terms.terms(exchange);
            let key = key.map(|key| key.to_string());
            let known =
                key.as_ref().and_then(|key| exchange.accounts()[usize::from(*account)].order_by_key(key));
            let outcome = exchange.submit(AccountIx(*account), terms, key.as_deref(), Arc::default());
            match (known, outcome) {
                (Some(known), Ok(ix) | Err(entry::KeyTaken(ix))) => {
                    assert_eq!(ix, known, "a key names one order")
                }
                (None, Ok(ix)) => accepted(exchange, ix),
                (None, Err(taken)) => panic!("{taken:?}, but by what?"),
            }
        }
        Action::Cancel(ix) => {
            let was_open = exchange.order(OrderIx(*ix)).status.is_open();
            assert_eq!(exchange.cancel(OrderIx(*ix)).is_ok(), was_open);
        }
        Action::Replace(ix, quantity, limit) => {
            let price = exchange.order(OrderIx(*ix)).limit();
            let limit = limit.and_then(|limit| Some(Price::rounded(price?.units() * limit / 100)));
            let before = exchange.order(OrderIx(*ix)).clone();
            let outcome = exchange.replace(OrderIx(*ix), quantity.map(Quantity::whole), limit, None);
            match (before, outcome) {
                (before, Ok(())) => {
                    let after = exchange.order(before.ix);
                    let multiplier = exchange.instrument(after.terms.instrument).multiplier();
                    if after.unit.times(after.opening, multiplier) > before.claim(multiplier).money {
                        accepted(exchange, before.ix);
                    }
                }
                (before, Err(Unchanged::NotOpen)) => {
                    assert!(!before.status.is_open());
                }
                (_, Err(Unchanged::Refused(_))) => {}
            }
        }
        Action::Pass(seconds) => match steps {
            Steps::One => pass(exchange, *seconds),
            Steps::Many => {
                let end = exchange.now() + SignedDuration::from_secs(*seconds);
                while exchange.now() < end {
                    exchange
                        .advance(end.min(exchange.now() + SignedDuration::from_millis(1 + seconds * 137)));
                }
            }
        },
    }
}

/// An order that was accepted although it needed something left no debt.
fn accepted(exchange: &Exchange, ix: OrderIx) {
    let order = exchange.order(ix);
    let account = exchange.account(order.account);
    if order.status != Status::Rejected && !order.opening.is_zero() {
        assert!(account.buying_power(&exchange.worth(account)) >= Money::ZERO, "{order:?}");
    }
}

/// What always holds.
fn check(exchange: &Exchange) {
    for order in &exchange.orders {
        let fills = exchange.executions.iter().filter(|fill| fill.order == order.ix);
        assert_eq!(fills.map(|fill| fill.quantity).sum::<Quantity>(), order.filled, "{order:?}");
        let (filled, quantity) = (order.filled, order.terms.quantity);
        let fits = match order.status {
            Status::New | Status::Rejected => filled.is_zero(),
            Status::PartiallyFilled => !filled.is_zero() && filled < quantity,
            Status::Filled => filled == quantity,
            Status::Canceled | Status::Expired => filled < quantity,
        };
        assert!(fits, "{order:?}");
        let is_within =
            |price: Price| {
                order.limit().is_none_or(|limit| {
                    if order.terms.side.is_buy() { price <= limit } else { price >= limit }
                })
            };
        let is_replaced = entry::fingerprint(&order.terms) != order.fingerprint;
        let mut fills = exchange.executions.iter().filter(|fill| fill.order == order.ix);
        assert!(is_replaced || fills.all(|fill| is_within(fill.price)), "{order:?}");
    }
    let mut sales = exchange.executions.iter().filter(|fill| fill.side == Side::Sell);
    assert!(sales.all(|sale| sale.running_position >= Quantity::ZERO), "a sale is no short sale");
    for account in exchange.accounts() {
        check_account(exchange, account.ix);
    }
    let open = exchange.orders.iter().filter(|order| order.status.is_open());
    assert_eq!(open.clone().filter(|order| order.expires.is_some()).count(), exchange.expiring.len());
    let mut active: Vec<_> = open.map(|order| order.terms.instrument).collect();
    active.sort_unstable();
    active.dedup();
    assert_eq!(active, exchange.active.iter().copied().collect::<Vec<_>>());
}

fn check_account(exchange: &Exchange, ix: AccountIx) {
    let account = exchange.account(ix);
    let begin = Money::dollars(account.opening.dollars);
    let mut cash = begin;
    let mut held: BTreeMap<InstrumentIx, Quantity> = BTreeMap::new();
    for fill in exchange.executions.iter().filter(|fill| fill.account == ix) {
        let amount = fill.price.times(fill.quantity, exchange.instrument(fill.instrument).multiplier());
        cash += if fill.side.is_buy() { -amount } else { amount };
        *held.entry(fill.instrument).or_default() += fill.side.signed(fill.quantity);
    }
    assert_eq!(cash, account.cash, "cash moves by fills alone");
    held.retain(|_, quantity| !quantity.is_zero());
    let positions = account.held().map(|(instrument, position)| (instrument, position.quantity));
    assert_eq!(held, positions.collect(), "positions are what was filled");
    let cost: Money = account.positions.values().map(|position| position.cost).sum();
    let realized = account.history.iter().map(|day| day.realized).sum::<Money>() + account.today.realized;
    assert_eq!(account.cash + cost - realized, begin, "what was paid is held, or lost");
    let orders: Vec<_> = exchange.orders.iter().filter(|order| order.account == ix).collect();
    assert_eq!(orders.iter().map(|order| order.ix).collect::<Vec<_>>(), account.orders);
    let open: Vec<_> = orders.iter().filter(|order| order.status.is_open()).collect();
    assert_eq!(
        open.iter().map(|order| order.ix).collect::<Vec<_>>(),
        account.open.iter().copied().collect::<Vec<_>>()
    );
    let claims =
        open.iter().map(|order| order.claim(exchange.instrument(order.terms.instrument).multiplier()).money);
    assert_eq!(claims.sum::<Money>(), account.reserved, "what is held back is what open orders need");
    for (instrument, position) in &account.positions {
        let selling = open
            .iter()
            .filter(|order| order.terms.instrument == *instrument && order.terms.side == Side::Sell);
        assert_eq!(selling.map(|order| order.leaves()).sum::<Quantity>(), position.selling);
    }
}

/// What someone knows who has seen only the events.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    orders: BTreeMap<OrderIx, (Status, Quantity, u32)>,
    positions: BTreeMap<(AccountIx, InstrumentIx), (Quantity, Money)>,
    buying_power: BTreeMap<AccountIx, Money>,
    executions: usize,
}

impl Seen {
    fn see(&mut self, event: Event) {
        match event {
            Event::Order(order) => {
                let before = self.orders.insert(order.ix, (order.status, order.filled, order.version));
                assert_eq!(
                    before.map_or(0, |(_, _, version)| version) + 1,
                    order.version,
                    "no version is left out"
                );
                assert!(before.is_none_or(|(status, ..)| status.may_become(order.status)));
            }
            Event::Execution(execution) => {
                assert_eq!(execution.ix.0 as usize, self.executions);
                self.executions += 1;
            }
            Event::Position(account, instrument, Position { quantity, cost, .. }) => {
                self.positions.insert((account, instrument), (quantity, cost));
            }
            Event::BuyingPower(account, amount) => {
                self.buying_power.insert(account, amount);
            }
            Event::NewDay => {}
        }
    }

    fn compare(&self, exchange: &Exchange) {
        let orders =
            exchange.orders.iter().map(|order| (order.ix, (order.status, order.filled, order.version)));
        assert_eq!(self.orders, orders.collect());
        assert_eq!(self.executions, exchange.executions.len());
        for account in exchange.accounts() {
            for (instrument, position) in account.held() {
                assert_eq!(self.positions[&(account.ix, instrument)], (position.quantity, position.cost));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn everything_always_adds_up(actions in prop::collection::vec(action(), 1..60)) {
        let (mut exchange, mut seen) = (exchange(), Seen::default());
        for action in &actions {
            act(&mut exchange, action, Steps::One);
            check(&exchange);
            exchange.take_events().into_iter().for_each(|event| seen.see(event));
            seen.compare(&exchange);
        }
    }

    #[test]
    fn the_same_happens_again_however_time_is_cut(actions in prop::collection::vec(action(), 1..40)) {
        let (mut one, mut many) = (exchange(), exchange());
        for action in &actions {
            act(&mut one, action, Steps::One);
            act(&mut many, action, Steps::Many);
        }
        let shown = |exchange: &mut Exchange| format!("{:?}", exchange.take_events());
        prop_assert_eq!(shown(&mut one), shown(&mut many));
    }
}
