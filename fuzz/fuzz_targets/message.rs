//! Whatever a server sends becomes a message, or an error that keeps it.

#![no_main]

use clear_street::stream::decode;
use clear_street::studio::activity::ActivityMessage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match decode::<ActivityMessage>(text) {
        Ok(received) => {
            if let ActivityMessage::Unknown(unknown) = received.message {
                assert_eq!(unknown.json().text(), text.trim_matches([' ', '\n', '\r', '\t']));
            }
        }
        Err(error) => assert_eq!(error.text(), text),
    }
});
