//! What each of the rules does.

use std::sync::Arc;

use super::{exchange, friday, last, limit, market, pass};
use crate::exchange::amount::{Money, Price, Quantity};
use crate::exchange::calendar::Session;
use crate::exchange::index::{AccountIx, OrderIx};
use crate::exchange::order::{Offset, Pricing, Side, Status, Terms, TimeInForce};
use crate::exchange::{Exchange, Unchanged};

/// Places an order whose terms depend on the market.
fn place(exchange: &mut Exchange, terms: impl FnOnce(&Exchange) -> Terms) -> OrderIx {
    let terms = terms(exchange);
    submit(exchange, terms)
}

fn submit(exchange: &mut Exchange, terms: Terms) -> OrderIx {
    exchange.submit(AccountIx(0), terms, None, Arc::default()).unwrap()
}

fn status(exchange: &Exchange, ix: OrderIx) -> (Status, Option<&'static str>) {
    let order = exchange.order(ix);
    (order.status, order.note)
}

#[test]
fn a_market_order_fills_at_the_ask_and_becomes_a_position() {
    let mut exchange = exchange();
    let ask = last(&exchange, "AAPL").plus(100);
    let terms = market(&exchange, "AAPL", Side::Buy, 10);
    let ix = submit(&mut exchange, terms);
    assert_eq!(status(&exchange, ix).0, Status::Filled);
    assert_eq!(exchange.executions[0].price, ask);
    let account = &exchange.accounts()[0];
    assert_eq!(account.position(terms.instrument).quantity, Quantity::whole(10));
    assert_eq!(account.cash, Money::dollars(1_000_000) - ask.times(Quantity::whole(10), 1));
}

#[test]
fn a_great_order_fills_second_by_second() {
    let mut exchange = exchange();
    let terms = market(&exchange, "F", Side::Buy, 20_000);
    let ix = submit(&mut exchange, terms);
    assert_eq!(status(&exchange, ix).0, Status::PartiallyFilled);
    let filled = exchange.order(ix).filled;
    pass(&mut exchange, 1);
    assert!(exchange.order(ix).filled > filled);
    pass(&mut exchange, 300);
    assert_eq!(status(&exchange, ix).0, Status::Filled);
}

#[test]
fn what_the_rules_are_against_is_rejected_and_says_why() {
    let mut exchange = exchange();
    let buy = market(&exchange, "AAPL", Side::Buy, 1);
    let never = Price::from_cents(1);
    let cases = [
        (market(&exchange, "SPX", Side::Buy, 1), "the instrument cannot be traded"),
        (market(&exchange, "AAPL", Side::Buy, 0), "the quantity must be greater than zero"),
        (
            Terms {
                quantity: Quantity::from_decimal("0.5".parse().unwrap()).unwrap(),
                ..market(&exchange, "AAPL 251121C00252000", Side::Buy, 1)
            },
            "the instrument is not traded in fractions",
        ),
        (market(&exchange, "AAPL", Side::Sell, 1), "not so much is held"),
        (market(&exchange, "GME", Side::SellShort, 1), "the instrument cannot be borrowed"),
        (market(&exchange, "AAPL", Side::Buy, 100_000), "not enough buying power"),
        (Terms { time_in_force: TimeInForce::GoodTillDate(friday()), ..buy }, "its end has passed"),
        (
            Terms { time_in_force: TimeInForce::AtTheOpening, pricing: Pricing::Stop { stop: never }, ..buy },
            "an auction takes market and limit orders only",
        ),
    ];
    for (terms, note) in cases {
        let ix = submit(&mut exchange, terms);
        assert_eq!(status(&exchange, ix), (Status::Rejected, Some(note)));
    }
    exchange.limit_notional(AccountIx(0), Some(Money::dollars(100)));
    let ix = submit(&mut exchange, buy);
    assert_eq!(
        status(&exchange, ix),
        (Status::Rejected, Some("its value is above the limit of the account"))
    );
    let short = Terms { side: Side::SellShort, ..buy };
    let ix = exchange.submit(AccountIx(1), short, None, Arc::default()).unwrap();
    assert_eq!(status(&exchange, ix), (Status::Rejected, Some("the account must not sell short")));
    pass(&mut exchange, 12 * 3_600);
    let ix = submit(&mut exchange, Terms { time_in_force: TimeInForce::ImmediateOrCancel, ..buy });
    assert_eq!(status(&exchange, ix), (Status::Rejected, Some("the market is closed")));
}

#[test]
fn a_day_order_ends_at_the_close_and_one_of_the_evening_at_the_next() {
    let mut exchange = exchange();
    let terms = limit(market(&exchange, "AAPL", Side::Buy, 1), Price::from_cents(1));
    let ix = submit(&mut exchange, terms);
    exchange.advance("2025-10-31T19:59:59Z".parse().unwrap());
    assert_eq!(status(&exchange, ix).0, Status::New);
    exchange.advance("2025-10-31T20:00:00Z".parse().unwrap());
    assert_eq!(status(&exchange, ix).0, Status::Expired);
    let evening = place(&mut exchange, |exchange| market(exchange, "AAPL", Side::Buy, 1));
    pass(&mut exchange, 3_600);
    assert_eq!(status(&exchange, evening).0, Status::New, "it waits");
    exchange.advance("2025-11-03T14:30:00Z".parse().unwrap());
    assert_eq!(status(&exchange, evening).0, Status::Filled, "at the open of Monday");
    assert_eq!(exchange.executions[0].time, "2025-11-03T14:30:00Z".parse().unwrap());
}

#[test]
fn stops_are_reached_and_trailing_stops_follow() {
    let mut exchange = exchange();
    let buy = market(&exchange, "AAPL", Side::Buy, 2);
    submit(&mut exchange, buy);
    let sell = Terms {
        side: Side::Sell,
        quantity: Quantity::whole(1),
        time_in_force: TimeInForce::GoodTillCancel,
        ..buy
    };
    let begun = last(&exchange, "AAPL");
    let stop = submit(&mut exchange, Terms { pricing: Pricing::Stop { stop: begun.plus(-20_000) }, ..sell });
    let offset = Offset::Price(Price::from_cents(200));
    let trailing =
        submit(&mut exchange, Terms { pricing: Pricing::Trailing { offset, limit_offset: None }, ..sell });
    let mut highest = begun;
    while exchange.order(stop).status.is_open() || exchange.order(trailing).status.is_open() {
        pass(&mut exchange, 1);
        if exchange.session() != Some(Session::Regular) {
            continue;
        }
        let price = last(&exchange, "AAPL");
        highest = highest.max(price);
        let order = exchange.order(trailing);
        if order.status.is_open() {
            assert!(price > highest.plus(-20_000));
        } else if order.updated == exchange.now() {
            assert!(price <= highest.plus(-20_000));
        }
    }
    let fill = |ix| exchange.executions.iter().find(|fill| fill.order == ix).unwrap();
    assert!(fill(stop).price < begun.plus(-19_000));
    assert!(fill(trailing).time <= fill(stop).time);
}

#[test]
fn auctions_fill_in_whole_at_the_open_and_the_close() {
    let mut exchange = exchange();
    let terms = market(&exchange, "F", Side::Buy, 5_000);
    let close = submit(&mut exchange, Terms { time_in_force: TimeInForce::AtTheClose, ..terms });
    let open = submit(&mut exchange, Terms { time_in_force: TimeInForce::AtTheOpening, ..terms });
    let never = limit(Terms { time_in_force: TimeInForce::AtTheClose, ..terms }, Price::from_cents(1));
    let never = submit(&mut exchange, never);
    exchange.advance("2025-11-04T00:00:00Z".parse().unwrap());
    assert_eq!(
        [close, open, never].map(|ix| status(&exchange, ix).0),
        [Status::Filled, Status::Filled, Status::Expired]
    );
    let times: Vec<String> = exchange.executions.iter().map(|fill| fill.time.to_string()).collect();
    assert_eq!(times, ["2025-10-31T20:00:00Z", "2025-11-03T14:30:00Z"]);
}

#[test]
fn a_replaced_order_keeps_its_name_and_what_was_filled() {
    let mut exchange = exchange();
    let low = Price::from_cents(100);
    let ix = place(&mut exchange, |exchange| limit(market(exchange, "AAPL", Side::Buy, 5), low));
    assert_eq!(
        exchange.replace(ix, None, None, Some(low)),
        Err(Unchanged::Refused("an order of its type does not have this price"))
    );
    let ask = last(&exchange, "AAPL").plus(100);
    assert_eq!(exchange.replace(ix, Some(Quantity::whole(7)), Some(ask), None), Ok(()));
    assert_eq!(status(&exchange, ix).0, Status::Filled);
    assert_eq!(exchange.order(ix).filled, Quantity::whole(7));
    assert_eq!(exchange.replace(ix, Some(Quantity::whole(8)), None, None), Err(Unchanged::NotOpen));
    assert_eq!(exchange.cancel(ix), Err(Unchanged::NotOpen));
}

#[test]
fn days_are_told_one_after_another() {
    let mut exchange = exchange();
    place(&mut exchange, |exchange| market(exchange, "AAPL", Side::Buy, 100));
    exchange.advance("2025-11-05T12:00:00Z".parse().unwrap());
    let account = &exchange.accounts()[0];
    let days: Vec<_> = exchange.history(account).collect();
    let dates: Vec<String> = days.iter().map(|day| day.date.to_string()).collect();
    assert_eq!(dates, ["2025-10-31", "2025-11-03", "2025-11-04", "2025-11-05"]);
    assert!(days.windows(2).all(|pair| pair[0].end_equity == pair[1].begin_equity));
    assert_eq!(days[3].end_equity, account.equity(&exchange.worth(account)));
    assert_eq!(account.held().next().unwrap().1.today.begin, Quantity::whole(100));
}

#[test]
fn what_is_sold_is_not_sold_again() {
    let mut exchange = exchange();
    let buy = market(&exchange, "AAPL", Side::Buy, 3);
    submit(&mut exchange, buy);
    let begun = last(&exchange, "AAPL");
    let sell = Terms { side: Side::Sell, time_in_force: TimeInForce::GoodTillCancel, ..buy };
    let stop = submit(&mut exchange, Terms { pricing: Pricing::Stop { stop: begun.plus(-10_000) }, ..sell });
    let target = submit(&mut exchange, limit(sell, begun.plus(10_000)));
    assert_eq!([stop, target].map(|ix| status(&exchange, ix).0), [Status::New, Status::New]);
    while [stop, target].iter().all(|ix| status(&exchange, *ix).0 != Status::Filled) {
        pass(&mut exchange, 60);
    }
    let other = if status(&exchange, stop).0 == Status::Filled { target } else { stop };
    assert_eq!(status(&exchange, other).0, Status::New, "until its price is reached");
    while status(&exchange, other).0 == Status::New {
        pass(&mut exchange, 3_600);
    }
    assert_eq!(status(&exchange, other), (Status::Canceled, Some("nothing is left to sell")));
    assert_eq!(exchange.accounts()[0].held().count(), 0);
}

#[test]
fn what_an_open_order_needs_is_not_there_for_others() {
    let mut exchange = exchange();
    let dollars = Price::from_cents(10_000);
    let terms = limit(market(&exchange, "AAPL", Side::Buy, 1_500), dollars);
    let buy = |exchange: &mut Exchange| {
        let ix = exchange.submit(AccountIx(1), terms, None, Arc::default()).unwrap();
        (ix, status(exchange, ix))
    };
    let (first, accepted) = buy(&mut exchange);
    assert_eq!(accepted, (Status::New, None));
    let account = &exchange.accounts()[1];
    assert_eq!(account.buying_power(&exchange.worth(account)), Money::dollars(100_000));
    assert_eq!(buy(&mut exchange).1, (Status::Rejected, Some("not enough buying power")));
    let more = Some(Quantity::whole(3_000));
    assert_eq!(exchange.replace(first, more, None, None), Err(Unchanged::Refused("not enough buying power")));
    assert_eq!(exchange.cancel(first), Ok(()));
    assert_eq!(buy(&mut exchange).1, (Status::New, None));
}

#[test]
fn a_short_position_is_bought_back_without_buying_power() {
    let mut exchange = exchange();
    let price = last(&exchange, "KO");
    let short = market(&exchange, "KO", Side::SellShort, 500);
    let ix = submit(&mut exchange, short);
    assert_eq!(status(&exchange, ix).0, Status::Filled);
    let account = &exchange.accounts()[0];
    let sold = price.plus(-100).times(Quantity::whole(500), 1);
    assert_eq!(account.cash, Money::dollars(1_000_000) + sold);
    let cover = limit(Terms { side: Side::Buy, ..short }, Price::from_cents(1));
    submit(&mut exchange, cover);
    assert_eq!(exchange.accounts()[0].reserved, Money::ZERO);
    // What is bought beyond that opens a position.
    submit(&mut exchange, Terms { quantity: Quantity::whole(10), ..cover });
    assert_eq!(exchange.accounts()[0].reserved, Price::from_cents(2).times(Quantity::whole(10), 1));
}
