//! Messages that are odd: what the caller gets of them.

use super::stage::simulate;

#[test]
fn row_25_what_is_no_json() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        for _ in 0..9 {
            session.text("{").await;
        }
        session.say([2]).await;
        stage.caller.saw("?$, ".repeat(9) + "2").await;
        for _ in 0..100 {
            session.text("[1]").await;
        }
        session.say([3]).await;
        stage.caller.saw("?$, ".repeat(100) + "3").await;
    });
}

#[test]
fn row_26_what_this_version_does_not_know() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        session.text(r#"{"sequence":2,"new":[1],"payload":{"type":"of tomorrow","data":{"a":1}}}"#).await;
        session.text(r#"{"payload":{"type":"without a number"}}"#).await;
        session.said([2]);
        session.say([3]).await;
        stage.caller.saw("2 unknown of tomorrow,  unknown without a number, 3").await;
    });
}

#[test]
fn row_27_one_bad_field() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        session.text(r#"{"sequence":2,"payload":{"type":"order-update","data":{"quantity":[]}}}"#).await;
        session.said([2]);
        session.say([3]).await;
        stage.caller.saw("2?$.payload.data.quantity, 3").await;
    });
}

#[test]
fn row_28_no_number_where_one_should_be() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        session.text(r#"{"payload":{"type":"news","data":"unnumbered"}}"#).await;
        session.say([2]).await;
        stage.caller.saw("unnumbered, 2").await;
    });
}

#[test]
fn row_41_a_binary_frame() {
    simulate(async |stage| {
        let mut session = stage.begin([1]).await;
        let text = super::session::numbered(2, "");
        session.frame(0x82, text.as_bytes()).await;
        session.said([2]);
        session.frame(0x82, b"\xff\xfe").await;
        session.say([3]).await;
        stage.caller.saw("2, ?$, 3").await;
    });
}
