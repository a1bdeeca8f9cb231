//! The messages of the vendor's WebSocket protocol, as its documentation shows them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use clear_street::stream::{Channel, ChannelMessage, Role, decode, subscribe};
use clear_street::studio::accounts::AccountId;
use clear_street::studio::activity::{ActivityMessage, ActivitySubscription};
use clear_street::studio::digital_assets::DigitalAssetsMessage;
use clear_street::studio::event_contracts::{EventContractsMessage, EventContractsSubscription};
use clear_street::studio::{CHANNELS, Environment};
use rust_decimal::Decimal;

fn read(text: &str) -> ActivityMessage {
    decode(text).unwrap().message
}

/// An update as the server writes it.
fn update(kind: &str, sequence: &str, data: &str) -> String {
    format!(r#"{{"timestamp":1711073665833,{sequence}"payload":{{"type":"{kind}","data":{data}}}}}"#)
}

#[test]
fn control_messages() {
    let ActivityMessage::SubscribeActivityAck(ack) = read(
        r#"{"timestamp":1711073665833,"payload":{"type":"subscribe-activity-ack","success":true,"details":"Successfully subscribed"}}"#,
    ) else {
        panic!("an acknowledgement")
    };
    assert!(ack.success && ack.account_id.is_none());
    let newer = r#"{"timestamp":1,"payload":{"type":"subscribe-activity-ack","account_id":"100023","success":false,"details":"Not yours"}}"#;
    let ActivityMessage::SubscribeActivityAck(ack) = read(newer) else { panic!("an acknowledgement") };
    assert_eq!(ack.account_id, Some(AccountId::new("100023")));
    assert_eq!(ack.details.as_deref(), Some("Not yours"));

    assert_eq!(
        read(r#"{"timestamp":1,"payload":{"type":"replay-complete"}}"#),
        ActivityMessage::ReplayComplete
    );
    for heartbeat in [
        r#"{"timestamp":1,"payload":{"type":"heartbeat"}}"#,
        r#"{"timestamp":1,"payload":{"type":"heartbeat","details":"still here"}}"#,
    ] {
        assert_eq!(read(heartbeat), ActivityMessage::Heartbeat);
    }
    for details in ["Idled too long; please reconnect", "Auth expired; please reconnect"] {
        let text = format!(r#"{{"timestamp":1,"payload":{{"type":"error-notice","details":"{details}"}}}}"#);
        let ActivityMessage::ErrorNotice(notice) = read(&text) else { panic!("a notice") };
        assert_eq!(notice.details, details);
    }
}

#[test]
fn updates() {
    let order = r#"{"created_at":1711073665000,"updated_at":1711073665833,"order_id":"o","version":9007199254740993,"account_id":"a","account_number":"n","state":"open","status":"partially-filled","symbol":"AAPL","order_type":"limit","side":"buy","quantity":"100","price":"150.25","time_in_force":"day","average_price":150.1275,"filled_quantity":"40","running_position":"-9007199254740993.5"}"#;
    let received = decode::<ActivityMessage>(&update("order-update", "\"sequence\":7,", order)).unwrap();
    let ActivityMessage::OrderUpdate(order) = &received.message else { panic!("{received:?}") };
    assert_eq!((received.sequence, order.version), (Some(7), 9_007_199_254_740_993));
    assert_eq!(received.timestamp.unwrap().as_millisecond(), 1_711_073_665_833);
    assert_eq!(order.running_position, "-9007199254740993.5".parse::<Decimal>().unwrap());

    let trade = r#"{"created_at":1711073665000,"trade_id":"t","order_id":"o","side":"sell","quantity":"5","price":"1.50","running_position":"0"}"#;
    let ActivityMessage::TradeNotice(trade) = read(&update("trade-notice", "\"sequence\":8,", trade)) else {
        panic!("a trade")
    };
    assert_eq!(trade.price, Decimal::new(150, 2));

    let position =
        r#"{"account_id":"a","account_number":"n","symbol":"AAPL","quantity":"5","average_cost":1.5}"#;
    let position = read(&update("position-update", "\"sequence\":9,", position));
    assert!(matches!(position, ActivityMessage::PositionUpdate(_)), "{position:?}");

    for sequence in ["", "\"sequence\":10,"] {
        let power = r#"{"account_id":"a","account_number":"n","amount":12.5}"#;
        let power = read(&update("buying-power-update", sequence, power));
        assert!(matches!(power, ActivityMessage::BuyingPowerUpdate(_)), "{power:?}");
        let locates = read(&update("locate-inventory-update", sequence, r#"{"available":"5"}"#));
        assert!(matches!(locates, ActivityMessage::LocateInventoryUpdate(_)), "{locates:?}");
    }
}

/// The vendor has not published them, so nothing of them may be lost or be an error.
#[test]
fn updates_of_the_newer_channels_are_kept_whole() {
    let text = r#"{"channel":"event-contracts","timestamp":1,"sequence":5,"payload":{"type":"cash-balance","data":{"cash":0.10}}}"#;
    let received = decode::<EventContractsMessage>(text).unwrap();
    assert_eq!(received.sequence, Some(5));
    assert!(matches!(received.message, EventContractsMessage::Unknown(it) if it.json().text() == text));
    let text = text.replace("event-contracts", "digital-assets");
    let received = decode::<DigitalAssetsMessage>(&text).unwrap();
    assert!(matches!(received.message, DigitalAssetsMessage::Unknown(it) if it.tag() == "cash-balance"));
    let done = r#"{"channel":"event-contracts","timestamp":1,"payload":{"type":"replay-complete"}}"#;
    assert_eq!(decode(done).map(|it| it.message), Ok(EventContractsMessage::ReplayComplete));
}

#[test]
fn subscriptions() {
    let subscription = ActivitySubscription::new(AccountId::new("<account>"));
    let message = subscribe::<ActivityMessage>(&subscription, "<access-token>").unwrap();
    assert_eq!(
        message.expose(),
        r#"{"authorization":"<access-token>","payload":{"type":"subscribe-activity","account_id":"<account>"}}"#
    );
    let message = subscribe::<EventContractsMessage>(
        &EventContractsSubscription::new(AccountId::new("a")),
        "<access-token>",
    )
    .unwrap();
    assert!(message.expose().contains("subscribe-event-contracts"));
    assert!(!format!("{message:?}").contains("access-token"));
    assert_eq!(Environment::Production.stream_url(), "wss://api.clearstreet.io/studio/v2/ws");
    assert_eq!(Environment::Sandbox.stream_url(), "wss://sandbox-api.clearstreet.io/studio/v2/ws");
}

#[test]
fn what_is_known_of_the_channels() {
    let names: Vec<_> = CHANNELS.iter().map(|channel| channel.name).collect();
    assert_eq!(names, ["activity", "digital-assets", "event-contracts"]);
    let role = |kind| ActivityMessage::CHANNEL.message(kind).map(|message| message.role);
    assert_eq!((role("order-update"), role("cash-balance")), (Some(Role::Update), None));
    let one = |channel: &Channel, role| channel.messages.iter().filter(|it| it.role == role).count() == 1;
    for channel in CHANNELS {
        for role in [Role::Acknowledgement, Role::CaughtUp, Role::Heartbeat, Role::Notice] {
            assert!(one(channel, role), "{} {role:?}", channel.name);
        }
    }
}
