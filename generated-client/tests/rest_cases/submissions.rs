//! Submissions whose answers are lost, cut or partial, and how often they are sent.

use std::time::Duration;

use clear_street::retry::RetrySettings;
use clear_street::trading::orders::{NewOrder, RequestTimeInForce, Side};
use clear_street::{Delivery, ErrorKind};
use clear_street_test_support::server::{Action, bytes, json};
use rust_decimal::Decimal;
use tokio::task::JoinSet;

use crate::broker::{Broker, book_and_reset, listed, nothing, outcome, outcomes};
use crate::{KEY, account, client, order, row, rows, submit, trading};

fn keyless() -> NewOrder {
    let limit = Decimal::new(41_70, 2);
    NewOrder::limit("KLMN", Side::Buy, Decimal::from(25), limit, RequestTimeInForce::Day)
}

/// The order is found, wherever its answer ends.
#[tokio::test]
async fn an_order_whose_answer_is_lost_at_any_byte_is_found() {
    let answer = bytes(200, &[("content-type", "application/json")], rows(&[row(KEY, "NEW")]));
    let mut variants = JoinSet::new();
    for length in 0..=answer.len() {
        let part = answer[..length].to_vec();
        variants.spawn(async move {
            let broker = Broker::start(
                move |book, _, _| {
                    book.add(row(KEY, "NEW"));
                    vec![Action::Send(part.clone()), Action::Close]
                },
                listed,
            )
            .await;
            assert_eq!(outcome(&broker.submit().await), 'A', "cut after {length} bytes");
            assert_eq!(broker.posts().len(), 1, "cut after {length} bytes");
        });
    }
    while let Some(variant) = variants.join_next().await {
        variant.unwrap();
    }
}

#[tokio::test]
async fn of_a_batch_every_row_has_its_own_outcome() {
    let broker = Broker::start(
        |book, _, _| {
            book.add(row("b", "NEW"));
            vec![Action::Reset]
        },
        listed,
    )
    .await;
    let orders = client(&broker.server.url).orders();
    let submission = orders.submit_orders(account(), ["b", "c", "a"].map(order)).send().await.unwrap();
    assert_eq!(outcomes(&submission), "A??");
    assert_eq!(submission.unknown().collect::<Vec<_>>(), ["c", "a"]);
    assert_eq!(broker.posts().len(), 1);
}

#[tokio::test]
async fn keys_are_there_before_anything_is_sent() {
    let broker = Broker::start(
        |_, _, request| {
            let keys: Vec<&str> =
                request.body.split(r#""id":""#).skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
            json(200, rows(&keys.iter().map(|key| row(key, "NEW")).collect::<Vec<_>>()))
        },
        nothing,
    )
    .await;
    let request =
        client(&broker.server.url).orders().submit_orders(account(), [keyless(), order("mine"), keyless()]);
    let keys = request.keys().to_vec();
    assert_eq!(keys[1], "mine");
    assert_ne!(keys[0], keys[2]);
    for key in [&keys[0], &keys[2]] {
        assert_eq!(key.parse::<uuid::Uuid>().unwrap().get_version_num(), 7);
    }
    let submission = request.send().await.unwrap();
    assert_eq!(outcomes(&submission), "AAA");
    assert_eq!(submission.rows().iter().map(|row| row.key.clone()).collect::<Vec<_>>(), keys);
}

#[tokio::test]
async fn keys_that_do_not_tell_rows_apart_are_refused_unsent() {
    let broker = Broker::start(book_and_reset, nothing).await;
    for (orders, path) in
        [(vec![order("a"), keyless(), order("a")], "$[2].id"), (vec![keyless(), order("")], "$[1].id")]
    {
        let request = client(&broker.server.url).orders().submit_orders(account(), orders);
        let error = request.send().await.unwrap_err();
        assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some(path)), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
    assert!(broker.posts().is_empty());
}

#[tokio::test]
async fn many_keys_are_asked_for_in_parts() {
    let keys: Vec<String> = (0..250).map(|index| format!("ord-{index:04}")).collect();
    let all = keys.clone();
    let broker = Broker::start(
        |_, _, _| vec![Action::Reset],
        move |_, _, request| {
            let asked = request.query("order_ids").unwrap();
            let listed: Vec<String> = all
                .iter()
                .filter(|key| asked.split(',').any(|asked| asked == *key))
                .map(|key| row(key, "NEW"))
                .collect();
            json(200, rows(&listed))
        },
    )
    .await;
    let orders = keys.iter().map(|key| order(key)).collect::<Vec<_>>();
    let submission =
        client(&broker.server.url).orders().submit_orders(account(), orders).send().await.unwrap();
    assert!(submission.is_known());
    let asked: Vec<usize> =
        broker.looks().iter().map(|look| look.query("order_ids").unwrap().split(',').count()).collect();
    assert_eq!(asked, [100, 100, 50]);
}

/// Budgets, attempts and the setting of a request each keep an order from being sent again.
#[tokio::test]
async fn an_order_is_sent_again_only_as_often_as_attempts_and_budget_allow() {
    let resends = || RetrySettings::new().assume_known_keys_refused(Duration::from_millis(50));
    for (settings, budget, posts) in [
        (resends(), 100, 2),
        (resends().max_attempts(9), 100, 2),
        (resends().max_attempts(1), 100, 1),
        (resends(), 13, 1),
        (resends(), 14, 2),
    ] {
        let name = format!("{settings:?} {budget}");
        let broker = Broker::start(|_, _, _| vec![Action::Reset], nothing).await;
        let client = trading(&broker.server.url)
            .retry_budgets(500, budget)
            .order_retries(settings)
            .order_timeout(Duration::from_millis(900))
            .build()
            .unwrap();
        let submission = submit(&client).await;
        assert_eq!(outcome(&submission), '?', "{name}");
        assert_eq!(broker.posts().len(), posts, "{name}");
        let spent = if posts == 2 { 14 } else { 0 };
        assert_eq!(client.statistics().order_budget, budget - spent, "{name}");
    }
    // An order that is found is a success: what was spent is given back, and one more.
    let broker = Broker::start(
        |book, number, _| {
            if number == 1 {
                book.add(row(KEY, "NEW"));
            }
            vec![Action::Reset]
        },
        listed,
    )
    .await;
    let client = trading(&broker.server.url).retry_budgets(500, 50).order_retries(resends()).build().unwrap();
    let submission = submit(&client).await;
    assert_eq!(outcome(&submission), 'A');
    assert_eq!((broker.posts().len(), client.statistics().order_budget), (2, 50));
}
