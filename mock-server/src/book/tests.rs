//! Laws of the book, over any sequence of what can be done to it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::account::{AccountIx, Position};
use super::amount::{Money, Price, Quantity};
use super::listing::InstrumentIx;
use super::order::{Offset, Order, OrderIx, Pricing, Side, Status, Terms, TimeInForce};
use super::{Book, Event, KeyTaken, Settings, Unchanged};

const SYMBOLS: [&str; 4] = ["AAPL", "F", "GME", "AAPL 251121C00252000"];

/// A Friday, an hour after the market opened.
fn friday() -> Timestamp {
    "2025-10-31T14:30:00Z".parse().unwrap()
}

fn book() -> Book {
    Book::new(Settings::new(7, friday()))
}

fn instrument(book: &Book, symbol: &str) -> InstrumentIx {
    book.listing().find(symbol).unwrap().ix
}

fn market(book: &Book, symbol: &str, side: Side, quantity: i64) -> Terms {
    Terms {
        instrument: instrument(book, symbol),
        side,
        quantity: Quantity::whole(quantity),
        pricing: Pricing::Market,
        time_in_force: TimeInForce::Day,
        extended_hours: false,
    }
}

fn limit(terms: Terms, limit: Price) -> Terms {
    Terms { pricing: Pricing::Limit { limit }, ..terms }
}

fn last(book: &Book, symbol: &str) -> Price {
    book.quote(book.listing().find(symbol).unwrap()).last
}

/// Places an order whose terms depend on the market.
fn place(book: &mut Book, terms: impl FnOnce(&Book) -> Terms) -> OrderIx {
    let terms = terms(book);
    submit(book, terms)
}

fn submit(book: &mut Book, terms: Terms) -> OrderIx {
    book.submit(AccountIx(0), terms, None, None).unwrap()
}

fn status(book: &Book, ix: OrderIx) -> (Status, Option<&'static str>) {
    let order = book.order(ix).unwrap();
    (order.status, order.note)
}

fn pass(book: &mut Book, seconds: i64) {
    book.advance(book.now() + SignedDuration::from_secs(seconds));
}

/// What can be done to a book.
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
    fn terms(&self, book: &Book) -> Terms {
        let symbol = SYMBOLS[self.symbol];
        let percent = |percent| Price::rounded(last(book, symbol).units() * percent / 100);
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
            _ => TimeInForce::GoodTillDate(book.now() + SignedDuration::from_millis(self.quantity * 77)),
        };
        let instrument = instrument(book, symbol);
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

fn act(book: &mut Book, action: &Action, steps: Steps) {
    match action {
        Action::Submit { account, terms, key } => {
            let terms = terms.terms(book);
            let key = key.map(|key| key.to_string());
            let known = key.as_ref().and_then(|key| book.accounts()[usize::from(*account)].order_by_key(key));
            let outcome = book.submit(AccountIx(*account), terms, key.as_deref(), None);
            match (known, outcome) {
                (Some(known), Ok(ix) | Err(KeyTaken(ix))) => assert_eq!(ix, known, "a key names one order"),
                (None, Ok(ix)) => accepted(book, ix),
                (None, Err(taken)) => panic!("{taken:?}, but by what?"),
            }
        }
        Action::Cancel(ix) => {
            let was_open = book.order(OrderIx(*ix)).is_some_and(|order| order.status.is_open());
            assert_eq!(book.cancel(OrderIx(*ix)).is_ok(), was_open);
        }
        Action::Replace(ix, quantity, limit) => {
            let price = book.order(OrderIx(*ix)).and_then(Order::limit);
            let limit = limit.and_then(|limit| Some(Price::rounded(price?.units() * limit / 100)));
            let before = book.order(OrderIx(*ix)).cloned();
            let outcome = book.replace(OrderIx(*ix), quantity.map(Quantity::whole), limit, None);
            match (before, outcome) {
                (Some(before), Ok(())) => {
                    let after = book.order(before.ix).unwrap();
                    let multiplier = book.multiplier(after.terms.instrument);
                    if after.unit.times(after.opening, multiplier) > before.claim(multiplier).money {
                        accepted(book, before.ix);
                    }
                }
                (before, Err(Unchanged::NotOpen)) => {
                    assert!(before.is_none_or(|before| !before.status.is_open()));
                }
                (_, Err(Unchanged::Refused(_))) => {}
                (None, Ok(())) => panic!("nothing was replaced"),
            }
        }
        Action::Pass(seconds) => match steps {
            Steps::One => pass(book, *seconds),
            Steps::Many => {
                let end = book.now() + SignedDuration::from_secs(*seconds);
                while book.now() < end {
                    book.advance(end.min(book.now() + SignedDuration::from_millis(1 + seconds * 137)));
                }
            }
        },
    }
}

/// An order that was accepted although it needed something left no debt.
fn accepted(book: &Book, ix: OrderIx) {
    let order = book.order(ix).unwrap();
    let account = book.account(order.account).unwrap();
    if order.status != Status::Rejected && !order.opening.is_zero() {
        assert!(account.buying_power(&book.worth(account)) >= Money::ZERO, "{order:?}");
    }
}

/// What always holds.
fn check(book: &Book) {
    for order in &book.orders {
        let fills = book.executions.iter().filter(|fill| fill.order == order.ix);
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
        let is_replaced = super::entry::fingerprint(&order.terms) != order.fingerprint;
        let mut fills = book.executions.iter().filter(|fill| fill.order == order.ix);
        assert!(is_replaced || fills.all(|fill| is_within(fill.price)), "{order:?}");
    }
    let mut sales = book.executions.iter().filter(|fill| fill.side == Side::Sell);
    assert!(sales.all(|sale| sale.running_position >= Quantity::ZERO), "a sale is no short sale");
    for account in book.accounts() {
        check_account(book, account.ix);
    }
    let open = book.orders.iter().filter(|order| order.status.is_open());
    assert_eq!(open.clone().filter(|order| order.expires.is_some()).count(), book.expiring.len());
    let mut active: Vec<_> = open.map(|order| order.terms.instrument).collect();
    active.sort_unstable();
    active.dedup();
    assert_eq!(active, book.active.iter().copied().collect::<Vec<_>>());
}

fn check_account(book: &Book, ix: AccountIx) {
    let account = book.account(ix).unwrap();
    let begin = Money::dollars(account.opening.dollars);
    let mut cash = begin;
    let mut held: BTreeMap<InstrumentIx, Quantity> = BTreeMap::new();
    for fill in book.executions.iter().filter(|fill| fill.account == ix) {
        let amount = fill.price.times(fill.quantity, book.multiplier(fill.instrument));
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
    let orders: Vec<_> = book.orders.iter().filter(|order| order.account == ix).collect();
    assert_eq!(orders.iter().map(|order| order.ix).collect::<Vec<_>>(), account.orders);
    let open: Vec<_> = orders.iter().filter(|order| order.status.is_open()).collect();
    assert_eq!(
        open.iter().map(|order| order.ix).collect::<Vec<_>>(),
        account.open.iter().copied().collect::<Vec<_>>()
    );
    let claims = open.iter().map(|order| order.claim(book.multiplier(order.terms.instrument)).money);
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
                assert_eq!(usize::try_from(execution.ix), Ok(self.executions));
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

    fn compare(&self, book: &Book) {
        let orders = book.orders.iter().map(|order| (order.ix, (order.status, order.filled, order.version)));
        assert_eq!(self.orders, orders.collect());
        assert_eq!(self.executions, book.executions.len());
        for account in book.accounts() {
            for (instrument, position) in account.held() {
                assert_eq!(self.positions[&(account.ix, instrument)], (position.quantity, position.cost));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn everything_always_adds_up(actions in prop::collection::vec(action(), 1..60)) {
        let (mut book, mut seen) = (book(), Seen::default());
        for action in &actions {
            act(&mut book, action, Steps::One);
            check(&book);
            book.take_events().into_iter().for_each(|event| seen.see(event));
            seen.compare(&book);
        }
    }

    #[test]
    fn the_same_happens_again_however_time_is_cut(actions in prop::collection::vec(action(), 1..40)) {
        let (mut one, mut many) = (book(), book());
        for action in &actions {
            act(&mut one, action, Steps::One);
            act(&mut many, action, Steps::Many);
        }
        let shown = |book: &mut Book| format!("{:?}", book.take_events());
        prop_assert_eq!(shown(&mut one), shown(&mut many));
    }
}

#[test]
fn a_market_order_fills_at_the_ask_and_becomes_a_position() {
    let mut book = book();
    let ask = last(&book, "AAPL").plus(100);
    let terms = market(&book, "AAPL", Side::Buy, 10);
    let ix = submit(&mut book, terms);
    assert_eq!(status(&book, ix).0, Status::Filled);
    assert_eq!(book.executions[0].price, ask);
    let account = &book.accounts()[0];
    assert_eq!(account.position(terms.instrument).quantity, Quantity::whole(10));
    assert_eq!(account.cash, Money::dollars(1_000_000) - ask.times(Quantity::whole(10), 1));
}

#[test]
fn a_great_order_fills_second_by_second() {
    let mut book = book();
    let terms = market(&book, "F", Side::Buy, 20_000);
    let ix = submit(&mut book, terms);
    assert_eq!(status(&book, ix).0, Status::PartiallyFilled);
    let filled = book.order(ix).unwrap().filled;
    pass(&mut book, 1);
    assert!(book.order(ix).unwrap().filled > filled);
    pass(&mut book, 300);
    assert_eq!(status(&book, ix).0, Status::Filled);
}

#[test]
fn what_the_rules_are_against_is_rejected_and_says_why() {
    let mut book = book();
    let buy = market(&book, "AAPL", Side::Buy, 1);
    let never = Price::from_cents(1);
    let cases = [
        (market(&book, "SPX", Side::Buy, 1), "the instrument cannot be traded"),
        (market(&book, "AAPL", Side::Buy, 0), "the quantity must be greater than zero"),
        (
            Terms {
                quantity: Quantity::from_decimal("0.5".parse().unwrap()).unwrap(),
                ..market(&book, SYMBOLS[3], Side::Buy, 1)
            },
            "the instrument is not traded in fractions",
        ),
        (market(&book, "AAPL", Side::Sell, 1), "not so much is held"),
        (market(&book, "GME", Side::SellShort, 1), "the instrument cannot be borrowed"),
        (market(&book, "AAPL", Side::Buy, 100_000), "not enough buying power"),
        (Terms { time_in_force: TimeInForce::GoodTillDate(friday()), ..buy }, "its end has passed"),
        (
            Terms { time_in_force: TimeInForce::AtTheOpening, pricing: Pricing::Stop { stop: never }, ..buy },
            "an auction takes market and limit orders only",
        ),
    ];
    for (terms, note) in cases {
        let ix = submit(&mut book, terms);
        assert_eq!(status(&book, ix), (Status::Rejected, Some(note)));
    }
    book.limit_notional(AccountIx(0), Some(Money::dollars(100)));
    let ix = submit(&mut book, buy);
    assert_eq!(status(&book, ix), (Status::Rejected, Some("its value is above the limit of the account")));
    let short = Terms { side: Side::SellShort, ..buy };
    let ix = book.submit(AccountIx(1), short, None, None).unwrap();
    assert_eq!(status(&book, ix), (Status::Rejected, Some("the account must not sell short")));
    pass(&mut book, 12 * 3_600);
    let ix = submit(&mut book, Terms { time_in_force: TimeInForce::ImmediateOrCancel, ..buy });
    assert_eq!(status(&book, ix), (Status::Rejected, Some("the market is closed")));
}

#[test]
fn a_day_order_ends_at_the_close_and_one_of_the_evening_at_the_next() {
    let mut book = book();
    let terms = limit(market(&book, "AAPL", Side::Buy, 1), Price::from_cents(1));
    let ix = submit(&mut book, terms);
    book.advance("2025-10-31T19:59:59Z".parse().unwrap());
    assert_eq!(status(&book, ix).0, Status::New);
    book.advance("2025-10-31T20:00:00Z".parse().unwrap());
    assert_eq!(status(&book, ix).0, Status::Expired);
    let evening = place(&mut book, |book| market(book, "AAPL", Side::Buy, 1));
    pass(&mut book, 3_600);
    assert_eq!(status(&book, evening).0, Status::New, "it waits");
    book.advance("2025-11-03T14:30:00Z".parse().unwrap());
    assert_eq!(status(&book, evening).0, Status::Filled, "at the open of Monday");
    assert_eq!(book.executions[0].time, "2025-11-03T14:30:00Z".parse().unwrap());
}

#[test]
fn stops_are_reached_and_trailing_stops_follow() {
    let mut book = book();
    let buy = market(&book, "AAPL", Side::Buy, 2);
    submit(&mut book, buy);
    let sell = Terms {
        side: Side::Sell,
        quantity: Quantity::whole(1),
        time_in_force: TimeInForce::GoodTillCancel,
        ..buy
    };
    let begun = last(&book, "AAPL");
    let stop = submit(&mut book, Terms { pricing: Pricing::Stop { stop: begun.plus(-20_000) }, ..sell });
    let offset = Offset::Price(Price::from_cents(200));
    let trailing =
        submit(&mut book, Terms { pricing: Pricing::Trailing { offset, limit_offset: None }, ..sell });
    let mut highest = begun;
    while book.order(stop).unwrap().status.is_open() || book.order(trailing).unwrap().status.is_open() {
        pass(&mut book, 1);
        if book.session() != Some(super::calendar::Session::Regular) {
            continue;
        }
        let price = last(&book, "AAPL");
        highest = highest.max(price);
        let order = book.order(trailing).unwrap();
        if order.status.is_open() {
            assert!(price > highest.plus(-20_000));
        } else if order.updated == book.now() {
            assert!(price <= highest.plus(-20_000));
        }
    }
    let fill = |ix| book.executions.iter().find(|fill| fill.order == ix).unwrap();
    assert!(fill(stop).price < begun.plus(-19_000));
    assert!(fill(trailing).time <= fill(stop).time);
}

#[test]
fn auctions_fill_in_whole_at_the_open_and_the_close() {
    let mut book = book();
    let terms = market(&book, "F", Side::Buy, 5_000);
    let close = submit(&mut book, Terms { time_in_force: TimeInForce::AtTheClose, ..terms });
    let open = submit(&mut book, Terms { time_in_force: TimeInForce::AtTheOpening, ..terms });
    let never = limit(Terms { time_in_force: TimeInForce::AtTheClose, ..terms }, Price::from_cents(1));
    let never = submit(&mut book, never);
    book.advance("2025-11-04T00:00:00Z".parse().unwrap());
    assert_eq!(
        [close, open, never].map(|ix| status(&book, ix).0),
        [Status::Filled, Status::Filled, Status::Expired]
    );
    let times: Vec<String> = book.executions.iter().map(|fill| fill.time.to_string()).collect();
    assert_eq!(times, ["2025-10-31T20:00:00Z", "2025-11-03T14:30:00Z"]);
}

#[test]
fn a_replaced_order_keeps_its_name_and_what_was_filled() {
    let mut book = book();
    let low = Price::from_cents(100);
    let ix = place(&mut book, |book| limit(market(book, "AAPL", Side::Buy, 5), low));
    assert_eq!(
        book.replace(ix, None, None, Some(low)),
        Err(Unchanged::Refused("an order of its type does not have this price"))
    );
    let ask = last(&book, "AAPL").plus(100);
    assert_eq!(book.replace(ix, Some(Quantity::whole(7)), Some(ask), None), Ok(()));
    assert_eq!(status(&book, ix).0, Status::Filled);
    assert_eq!(book.order(ix).unwrap().filled, Quantity::whole(7));
    assert_eq!(book.replace(ix, Some(Quantity::whole(8)), None, None), Err(Unchanged::NotOpen));
    assert_eq!(book.cancel(ix), Err(Unchanged::NotOpen));
}

#[test]
fn days_are_told_one_after_another() {
    let mut book = book();
    place(&mut book, |book| market(book, "AAPL", Side::Buy, 100));
    book.advance("2025-11-05T12:00:00Z".parse().unwrap());
    let account = &book.accounts()[0];
    let days: Vec<_> = book.history(account).collect();
    let dates: Vec<String> = days.iter().map(|day| day.date.to_string()).collect();
    assert_eq!(dates, ["2025-10-31", "2025-11-03", "2025-11-04", "2025-11-05"]);
    assert!(days.windows(2).all(|pair| pair[0].end_equity == pair[1].begin_equity));
    assert_eq!(days[3].end_equity, account.equity(&book.worth(account)));
    assert_eq!(account.held().next().unwrap().1.today.begin, Quantity::whole(100));
}

#[test]
fn what_is_sold_is_not_sold_again() {
    let mut book = book();
    let buy = market(&book, "AAPL", Side::Buy, 3);
    submit(&mut book, buy);
    let begun = last(&book, "AAPL");
    let sell = Terms { side: Side::Sell, time_in_force: TimeInForce::GoodTillCancel, ..buy };
    let stop = submit(&mut book, Terms { pricing: Pricing::Stop { stop: begun.plus(-10_000) }, ..sell });
    let target = submit(&mut book, limit(sell, begun.plus(10_000)));
    assert_eq!([stop, target].map(|ix| status(&book, ix).0), [Status::New, Status::New]);
    while [stop, target].iter().all(|ix| status(&book, *ix).0 != Status::Filled) {
        pass(&mut book, 60);
    }
    let other = if status(&book, stop).0 == Status::Filled { target } else { stop };
    assert_eq!(status(&book, other).0, Status::New, "until its price is reached");
    while status(&book, other).0 == Status::New {
        pass(&mut book, 3_600);
    }
    assert_eq!(status(&book, other), (Status::Canceled, Some("nothing is left to sell")));
    assert_eq!(book.accounts()[0].held().count(), 0);
}
