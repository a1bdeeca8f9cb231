//! Messages of the channels of a spec, and of one that is laid out in another way.

use proptest::prelude::*;
use serde_json::{Value as Any, json};

use super::specs::library::api::LAYOUT;
use super::specs::library::desk::{BackOfficeMessage, DeskSubscription, FrontDeskMessage};
use super::specs::library::members::MemberId;
use super::specs::nasty::{self, channels::TypeMessage};
use crate::record::{Encoding, Slot, Value};
use crate::stream::message::Envelope;
use crate::stream::{
    Channel, ChannelMessage, Content, Layout, MessageKind, Place, Role, Subscription, Undecodable, decode,
    subscribe,
};
use crate::{ErrorKind, UnknownVariant};

type Received = crate::stream::Received<FrontDeskMessage>;

fn read(text: &str) -> Result<Received, Undecodable> {
    decode::<FrontDeskMessage>(text)
}

const LOAN: &str = r#"{"book":{"id":"b","title":"t","size":"s","price":9.90,"pages":3},"state":"OPEN","begun_at":"2025-01-02T03:04:05Z","notes":[],"place":9007199254740993.01}"#;

fn loan_update(sequence: u64) -> String {
    format!(
        r#"{{"timestamp":1711073665833,"sequence":{sequence},"payload":{{"type":"loan-update","data":{LOAN}}}}}"#
    )
}

#[test]
fn every_type_is_read() {
    let Received { message, sequence, timestamp, .. } = read(&loan_update(7)).unwrap();
    let FrontDeskMessage::LoanUpdate(loan) = message else { panic!("a loan: {message:?}") };
    assert_eq!(loan.book.title, "t");
    assert_eq!((sequence, timestamp.unwrap().as_millisecond()), (Some(7), 1_711_073_665_833));

    let shelf = read(r#"{"payload":{"type":"shelf","data":[]}}"#).unwrap();
    assert_eq!((shelf.message, shelf.sequence), (FrontDeskMessage::ShelfFilled(Vec::new()), None));

    let reply = r#"{"timestamp":1,"payload":{"type":"subscribed","success":true,"details":"Welcome"}}"#;
    let FrontDeskMessage::Subscribed(content) = read(reply).unwrap().message else { panic!("a reply") };
    assert!(content.success && content.member_id.is_none());
    assert_eq!(content.details.as_deref(), Some("Welcome"));

    let notice = r#"{"payload":{"type":"error-notice","details":"Idled too long"}}"#;
    let FrontDeskMessage::ErrorNotice(content) = read(notice).unwrap().message else { panic!("a notice") };
    assert_eq!(content.details, "Idled too long");

    for (kind, expected) in [
        ("all-told", FrontDeskMessage::AllTold),
        ("closing", FrontDeskMessage::Closing),
        ("heartbeat", FrontDeskMessage::Heartbeat),
    ] {
        assert_eq!(read(&format!(r#"{{"payload":{{"type":"{kind}"}}}}"#)).unwrap().message, expected);
    }
}

#[test]
fn what_stands_where_does_not_matter() {
    let expected = read(&loan_update(7)).unwrap();
    for text in [
        format!(
            r#"{{"payload":{{"data":{LOAN},"type":"loan-update"}},"sequence":7,"timestamp":1711073665833}}"#
        ),
        format!(
            r#"{{"sequence":7,"payload":{{"data":{LOAN},"type":"loan-update"}},"timestamp":1711073665833}}"#
        ),
        format!(
            " {{ \"new\" : [ {{ \"sequence\" : 9 }} ] ,\n\"timestamp\" : \"1711073665833\", \"sequence\":\"7\", \
             \"payload\" : {{ \"x\":\"\\\"}}\", \"type\" : \"loan-update\" ,\t\"data\": {LOAN} }} }}\r\n"
        ),
        format!(
            r#"{{"s\u0065quence":7.0,"payload":{{"type":"loan\u002dupdate","data":{LOAN}}},"timestamp":1711073665833}}"#
        ),
    ] {
        assert_eq!(read(&text), Ok(expected.clone()), "{text}");
    }
}

#[test]
fn the_envelope_is_all_that_is_read_of_it() {
    let text = r#"{"timestamp":5,"sequence":7,"channel":"front-desk","payload":{"type":"loan-update","data":{"x":1},"more":[]}}"#;
    let envelope = Envelope::read(&LAYOUT, text).unwrap();
    assert_eq!(envelope.kind(), Some("loan-update"));
    assert_eq!(envelope.members.sequence, Some(7));
    assert_eq!(envelope.members.channel.as_deref(), Some("front-desk"));
    assert_eq!(envelope.timestamp().unwrap().unwrap().as_millisecond(), 5);
    assert_eq!(envelope.text, text);
    assert_eq!(FrontDeskMessage::CHANNEL.message("loan-update").unwrap().role, Role::Update);
}

/// The number of a message. Nothing behind it is read.
fn number(text: &str) -> Result<Option<u64>, Undecodable> {
    let read = Envelope::read_for_stream(&LAYOUT, text, &mut |read| read.members.sequence.is_some());
    read.map(|read| read.members.sequence)
}

#[test]
fn nothing_is_read_behind_what_is_wanted() {
    let text = r#"{"timestamp":1,"sequence":7,"payload":{"type" what comes here is not read"#;
    assert_eq!(number(text), Ok(Some(7)));
    let error = Envelope::read(&LAYOUT, text).unwrap_err();
    assert_eq!((error.path(), error.sequence()), ("$", Some(7)));
    assert_eq!(error.message(), "expected `:` at byte 46");

    let text = loan_update(7).replace("\"sequence\":7,", "");
    assert_eq!(number(&text), Ok(None));
    assert_eq!(Envelope::read(&LAYOUT, &text).unwrap().kind(), Some("loan-update"));
}

#[test]
fn a_type_that_is_not_listed_keeps_the_whole_message() {
    let text = r#"{"sequence":18446744073709551615,"payload":{"type":"fire","data":[9007199254740993, 1e400, 0.10]}}"#;
    let received = read(text).unwrap();
    assert_eq!(received.sequence, Some(u64::MAX));
    let FrontDeskMessage::Unknown(unknown) = &received.message else { panic!("{received:?}") };
    assert_eq!((unknown.tag(), unknown.json().text()), ("fire", text));

    let office = decode::<BackOfficeMessage>(&loan_update(1)).unwrap().message;
    assert!(matches!(office, BackOfficeMessage::Unknown(unknown) if unknown.json().text() == loan_update(1)));
}

#[test]
fn numbers_beyond_two_to_the_53_are_exact() {
    let FrontDeskMessage::LoanUpdate(loan) = read(&loan_update(9_007_199_254_740_993)).unwrap().message
    else {
        panic!("a loan")
    };
    assert_eq!(format!("{:?}", loan.place), "Some(number(9007199254740993.01))");
}

#[test]
fn a_bad_field_is_an_error_that_keeps_the_message() {
    for (bad, path, message) in [
        (
            loan_update(7).replace("9.90", "\"dear\""),
            "$.payload.data.book.price",
            "expected a decimal number",
        ),
        (loan_update(7).replace("\"id\":\"b\",", ""), "$.payload.data.book.id", "is missing"),
        (loan_update(7).replace("\"data\":{", "\"dat\":{"), "$.payload.data", "is missing"),
        (loan_update(7).replace("\"type\":", "\"tipe\":"), "$.payload.type", "is missing"),
        (loan_update(7).replace("\"loan-update\"", "null"), "$.payload.type", "is missing"),
        (loan_update(7).replace("\"loan-update\"", "{}"), "$.payload.type", "expected a text"),
        (loan_update(7).replace("1711073665833", "[]"), "$.timestamp", "expected a time"),
        (loan_update(7).replace("\"notes\":[]", "\"notes\":[}"), "$.payload.data", "expected"),
        (loan_update(7).replace(":7", ":-7"), "$.sequence", "expected a positive integer"),
        (loan_update(7).replace(":7", ":18446744073709551616"), "$.sequence", "expected a positive integer"),
        (
            loan_update(7).replace("\"timestamp\"", "\"sequence\":7,\"timestamp\""),
            "$.sequence",
            "occurs twice",
        ),
        (loan_update(7) + "x", "$", "expected nothing more at byte"),
        (loan_update(7).replace("\"payload\":{", "\"payload\":[{"), "$", "expected"),
        (r#"{"payload":{"type":"subscribed","success":1}}"#.to_owned(), "$.payload.success", "expected true"),
        (r#"{"payload":"type"}"#.to_owned(), "$.payload.type", "is missing"),
        (r#"{"payload":{"type":"fire","data":[}}}"#.to_owned(), "$", ""),
        ("[]".to_owned(), "$", "expected an object at byte 0"),
        (String::new(), "$", "expected an object at byte 0"),
    ] {
        let error = read(&bad).unwrap_err();
        assert!(error.path().starts_with(path), "{path}: {error}");
        assert!(error.message().starts_with(message), "{message}: {error}");
        assert_eq!(error.text(), bad);
    }
    let error = read(&loan_update(7).replace("9.90", "\"dear\"")).unwrap_err();
    assert_eq!((error.kind(), error.sequence()), (Some("loan-update"), Some(7)));
    assert_eq!(
        error.to_string(),
        "loan-update 7 cannot be read: expected a decimal number of at most 28 digits, found `\"dear\"` \
         at $.payload.data.book.price"
    );
    assert!(!format!("{error:?}").contains("begun_at"), "its text may be personal");
}

#[test]
fn a_megabyte_of_anything_is_an_error_that_keeps_it() {
    let size = 1 << 20;
    for junk in
        ["x", "[", "{", "\"", "\\", "{\"a\":", "[{}", "\"\\\"", "é", "\u{0}", "1", " ", "{\"payload\":"]
    {
        let junk = junk.repeat(size / junk.len());
        for text in
            [junk.clone(), format!("{{\"sequence\":{junk}}}"), format!("{{\"payload\":{{\"type\":{junk}")]
        {
            let error = read(&text).unwrap_err();
            assert!(error.text() == text);
            assert!(format!("{error} {error:?}").len() < 1000, "{:.1000}", error.to_string());
        }
    }
    let long = format!(r#"{{"payload":{{"type":"fire","data":"{}"}}}}"#, "x".repeat(size));
    assert!(
        matches!(read(&long).unwrap().message, FrontDeskMessage::Unknown(it) if it.json().text() == long)
    );
}

#[test]
fn what_the_server_says() {
    let text = r#"{"payload":{"details":"Gr\u00fcezi","type":"subscribed","success":false}}"#;
    let reply = Envelope::read(&LAYOUT, text).unwrap().reply().unwrap();
    assert_eq!((reply.success, reply.details.as_deref()), (Some(false), Some("Grüezi")));
    let reply = Envelope::read(&LAYOUT, r#"{"payload":{}}"#).unwrap().reply().unwrap();
    assert_eq!((reply.success, reply.details), (None, None));
    let error = Envelope::read(&LAYOUT, r#"{"payload":{"success":1}}"#).unwrap().reply().unwrap_err();
    assert_eq!(error.path(), "$.payload.success");
}

#[test]
fn a_subscription_carries_the_token_and_does_not_show_it() {
    let subscription = DeskSubscription::new(MemberId::new(5)).shelf("A3");
    let message = subscribe::<FrontDeskMessage>(&subscription, "s3cr\"et").unwrap();
    assert_eq!(
        message.expose(),
        r#"{"authorization":"s3cr\"et","payload":{"type":"subscribe-desk","member_id":5,"shelf":"A3"}}"#
    );
    assert_eq!(format!("{message:?}"), "[redacted]");

    // However long it is; the text asserts that the token stays where it is.
    for token in ["", "t", &"\u{1}".repeat(5_000), &"x".repeat(5_000)] {
        let message = subscribe::<FrontDeskMessage>(&subscription, token).unwrap();
        let json: Any = serde_json::from_str(message.expose()).unwrap();
        assert_eq!(json["authorization"], token);
    }

    let error = subscribe::<FrontDeskMessage>(&subscription.shelf("too far away"), "s3cret").unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Invalid, Some("$.shelf")));
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

/// A channel whose messages are laid out in another way.
#[derive(Debug, PartialEq)]
#[allow(unreachable_pub, reason = "what is public has it")]
pub enum Flat {
    Count(u32),
    Unknown(UnknownVariant),
}

impl Subscription for Vec<u32> {
    type Message = Flat;
}

impl ChannelMessage for Flat {
    type Subscription = Vec<u32>;

    const CHANNEL: &'static Channel = &Channel {
        name: "flat",
        layout: &Layout {
            payload: "head",
            kind: Place::Message("t"),
            data: Place::Message("d"),
            sequence: Place::Payload("n"),
            channel: Place::Payload("c"),
            timestamp: Place::Payload("at"),
            token: Place::Payload("key"),
            success: Place::Message("ok"),
            details: Place::Message("why"),
            encoding: &Encoding::TEXT,
        },
        subscribe: "hello",
        messages: &[MessageKind { name: "count", role: Role::Update, content: Content::Data }],
    };

    fn blank(index: usize) -> Option<Self> {
        (index == 0).then_some(Self::Count(0))
    }

    fn slot(&mut self) -> Option<Slot<'_>> {
        match self {
            Self::Count(count) => Some(count.slot()),
            Self::Unknown(_) => None,
        }
    }

    fn unknown(unknown: UnknownVariant) -> Self {
        Self::Unknown(unknown)
    }
}

#[test]
fn the_description_says_where_the_parts_stand() {
    let text = r#"{"d":5,"t":"count","payload":{"type":"x"},"head":{"n":3,"c":"flat","at":"2025-01-02T00:00:00Z"},"ok":true,"why":"y"}"#;
    let received = decode::<Flat>(text).unwrap();
    assert_eq!((received.message, received.sequence), (Flat::Count(5), Some(3)));
    assert_eq!(received.timestamp.unwrap().to_string(), "2025-01-02T00:00:00Z");
    let reply = Envelope::read(Flat::CHANNEL.layout, text).unwrap().reply().unwrap();
    assert_eq!((reply.success, reply.details.as_deref()), (Some(true), Some("y")));
    assert_eq!(decode::<Flat>(&text.replace(":5", ":-5")).unwrap_err().path(), "$.d");
    assert_eq!(decode::<Flat>(&text.replace(":3", ":-3")).unwrap_err().path(), "$.head.n");
    let message = subscribe::<Flat>(&Vec::new(), "k").unwrap();
    assert_eq!(message.expose(), r#"{"t":"hello","head":{"key":"k"}}"#);
}

#[test]
fn any_name_is_a_place_a_channel_and_a_type() {
    let layout = TypeMessage::CHANNEL.layout;
    let text = r#"{"data":null,"type":{"\u0022kind\"":"Option","sequence":3},"x":1,"\u5024":"why"}"#;
    let received = decode::<TypeMessage>(text).unwrap();
    assert_eq!((received.message, received.sequence), (TypeMessage::Option(None), Some(3)));
    let reply = Envelope::read(layout, text).unwrap().reply().unwrap();
    assert_eq!(reply.details.as_deref(), Some("why"));
    for (kind, is_read) in
        [("", true), ("1d", true), ("quote\\\"", true), ("unknown", true), ("Unknown_", false)]
    {
        let data = if kind == "unknown" { "[]" } else { r#"{"kind":"birch"}"# };
        let data = if kind.starts_with("quote") { "\"id\"" } else { data };
        let text = format!(r#"{{"type":{{"\"kind\"":"{kind}"}},"data":{data}}}"#);
        let message = decode::<TypeMessage>(&text).unwrap().message;
        assert_eq!(!matches!(message, TypeMessage::Unknown(_)), is_read, "{kind}: {message:?}");
    }
    let message = subscribe::<TypeMessage>(&nasty::channels::Channel::new().self_("me"), "t").unwrap();
    assert_eq!(message.expose(), r#"{"type":{"größe":"t","\"kind\"":"*","self":"me"}}"#);
}

/// What any text must become: a message, or an error that keeps the text. What is read in one pass,
/// in two, or no further than the number is the same. `fuzz/` has this property, too.
fn never_loses_text(text: &str) {
    let decoded = read(text);
    match &decoded {
        Ok(Received { message: FrontDeskMessage::Unknown(unknown), .. }) => {
            assert_eq!(unknown.json().text(), text.trim_matches([' ', '\n', '\r', '\t']));
        }
        Ok(_) => {}
        Err(error) => assert_eq!(error.text(), text),
    }
    let number = number(text);
    if let Ok(envelope) = Envelope::read(&LAYOUT, text) {
        assert_eq!(number, Ok(envelope.members.sequence));
        if let Ok(received) = decoded {
            assert_eq!(envelope.decode(), Ok(received.message));
        }
        let _ = (envelope.timestamp(), envelope.reply());
    }
}

pub(crate) fn any_json() -> impl Strategy<Value = Any> {
    let brackets = "[]\\[{}\"\\\\Yy_ é]{0,20}";
    let leaf = prop_oneof![
        Just(Any::Null),
        any::<bool>().prop_map(Any::from),
        any::<u64>().prop_map(Any::from),
        (-200..200_i64).prop_map(Any::from),
        any::<String>().prop_map(Any::from),
        brackets.prop_map(Any::from),
        prop::sample::select(&["loan-update", "closing", "fire", "heartbeat", "subscribed"][..])
            .prop_map(Any::from),
    ];
    let key = prop_oneof![
        prop::sample::select(&["type", "sequence", "payload", "data", "channel", "timestamp", "success"][..])
            .prop_map(str::to_owned),
        any::<String>(),
        brackets,
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Any::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|entries| Any::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_kept(text in any::<String>()) {
        never_loses_text(&text);
    }

    #[test]
    fn any_json_is_kept(json in any_json()) {
        never_loses_text(&json.to_string());
        never_loses_text(&json!({"payload": json, "sequence": 1}).to_string());
    }

    #[test]
    fn any_change_of_a_message_is_kept(at in any::<prop::sample::Index>(), len in 0..9_usize, new in "[ -~é\\\\\"{}\\[\\]]{0,4}") {
        let text = loan_update(7);
        let start = at.index(text.len());
        let mut changed = text.clone();
        changed.replace_range(start..text.len().min(start.saturating_add(len)), &new);
        never_loses_text(&changed);
    }

    /// The envelope is what a parser of all of the JSON finds.
    #[test]
    fn the_envelope_is_that_of_serde_json(json in any_json(), kind in ".*", sequence: Option<u64>, first: bool) {
        let mut parts = [
            format!("\"sequence\":{}", json!(sequence)),
            format!("\"payload\":{{\"data\":{json},\"type\":{}}}", json!(kind)),
        ];
        if first {
            parts.reverse();
        }
        let text = format!("{{{}}}", parts.join(","));
        let envelope = Envelope::read(&LAYOUT, &text).unwrap();
        prop_assert_eq!(envelope.kind(), Some(kind.as_str()));
        prop_assert_eq!(envelope.members.sequence, sequence);
        prop_assert_eq!(number(&text), Ok(sequence));
    }
}
