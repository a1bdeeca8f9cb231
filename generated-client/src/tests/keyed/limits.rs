//! How often rows are sent: as often as settings and budget allow, and looked for however that is.

use super::*;
use crate::retry::RetrySettings;

/// What lets a submission be sent once.
#[derive(Clone, Copy, Debug)]
enum Once {
    Client,
    Request,
    Budget,
}

const ONCE: [Once; 3] = [Once::Client, Once::Request, Once::Budget];

/// A line on which everything is sent once, and what one order gets on it.
async fn once(by: Once, faults: &[Fault]) -> (Line, Result<Submission<Order>>) {
    let settings = RetrySettings::new().max_attempts(1);
    let line = Line::with(Kind::Orders, |client| match by {
        Once::Client => client.order_retries = settings.clone(),
        Once::Request => {}
        Once::Budget => client.retry_budgets = (500, 0),
    })
    .await;
    line.exchange.reset(faults);
    let mut call = line.call(&SubmitOrders::OPERATION);
    if let Once::Request = by {
        call.configure(RequestOptions::new().retries(settings));
    }
    let rows = Rows::new(&SubmitOrders::OPERATION, vec![order()]);
    let outcome = Submitting::new(call, rows).await;
    (line, outcome)
}

#[tokio::test]
async fn what_is_sent_once_is_looked_for_nevertheless() {
    for by in ONCE {
        let (line, outcome) = once(by, &[Fault::ResetAfter]).await;
        assert_eq!(outcomes(outcome.as_ref().unwrap()), "A", "{by:?}");
        assert_eq!(line.clock.pauses(), [100]);
        line.assert_true("sent once", outcome).await;
    }
}

#[tokio::test]
async fn what_is_sent_once_and_nowhere_is_unknown() {
    for by in ONCE {
        let (line, outcome) = once(by, &[Fault::ResetBefore, Fault::None]).await;
        assert_eq!(outcomes(outcome.as_ref().unwrap()), "?", "{by:?}");
        assert_eq!(line.clock.pauses(), [100, 200, 400, 800, 1600]);
        line.exchange.with(|state| assert_eq!(state.faults.len(), 1, "{by:?}: it was sent again"));
        line.assert_true("sent once", outcome).await;
    }
}

#[tokio::test]
async fn what_is_sent_once_and_turned_away_is_an_error() {
    for by in ONCE {
        for fault in [Fault::Status(429, Taken::No), Fault::Later(429, Taken::No)] {
            let (line, outcome) = once(by, &[fault, Fault::None]).await;
            let error = outcome.unwrap_err();
            assert_eq!((error.status(), error.attempts()), (Some(429), 1), "{by:?}");
            assert!(line.clock.pauses().is_empty(), "there is nothing to look for");
            line.exchange.with(|state| assert_eq!(state.submissions.len(), 1, "{by:?}"));
        }
    }
}

#[tokio::test]
async fn a_submission_that_is_sent_again_costs_and_gives_back() {
    let line = Line::with(Kind::Orders, |client| client.retry_budgets = (0, 20)).await;
    let left = || line.core.retry().statistics().order_budget;
    line.exchange.reset(&[Fault::ResetBefore, Fault::ResetBefore]);
    assert_eq!(outcomes(&line.orders(vec![order()]).await.unwrap()), "?");
    assert_eq!(left(), 6, "the repetition is spent");
    line.exchange.reset(&[Fault::ResetBefore]);
    assert_eq!(outcomes(&line.orders(vec![order()]).await.unwrap()), "?");
    assert_eq!(left(), 6, "there is too little for another");
    line.exchange.reset(&[Fault::ResetAfter]);
    assert_eq!(outcomes(&line.orders(vec![order()]).await.unwrap()), "A");
    assert_eq!(left(), 7, "an order that was found is a success");
    for left_after in 8..=14 {
        line.exchange.reset(&[]);
        assert_eq!(outcomes(&line.orders(vec![order()]).await.unwrap()), "A");
        assert_eq!(left(), left_after);
    }
    line.exchange.reset(&[Fault::ResetBefore]);
    assert_eq!(outcomes(&line.orders(vec![order()]).await.unwrap()), "A");
    assert_eq!(left(), 15, "what was taken is given back");
}
