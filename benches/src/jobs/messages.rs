//! Reading a message of a stream, next to an internally tagged enum.

use std::hint::black_box;

use clear_street::stream::decode;
use clear_street::studio::activity::ActivityMessage;
use clear_street_test_support::messages::{self, TYPE_FIRST, Tagged};

use super::Work;

fn ours(text: String) -> Work {
    Box::new(move || {
        black_box(decode::<ActivityMessage>(black_box(&text)).expect("an order update"));
    })
}

fn tagged(text: String) -> Work {
    Box::new(move || {
        black_box(serde_json::from_str::<Tagged>(black_box(&text)).expect("an order update"));
    })
}

pub(super) fn type_first(_: &str) -> Work {
    ours(TYPE_FIRST.to_owned())
}

pub(super) fn tagged_type_first(_: &str) -> Work {
    tagged(TYPE_FIRST.to_owned())
}

pub(super) fn type_last(_: &str) -> Work {
    ours(messages::type_last())
}

pub(super) fn tagged_type_last(_: &str) -> Work {
    tagged(messages::type_last())
}
