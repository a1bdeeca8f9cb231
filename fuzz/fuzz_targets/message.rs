//! Whatever a server sends becomes a message, or an error that keeps it.

#![no_main]

use clear_street::stream::{ChannelMessage, Envelope, Scan, decode};
use clear_street::studio::activity::ActivityMessage;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let layout = ActivityMessage::CHANNEL.layout;
    let decoded = decode::<ActivityMessage>(text);
    match &decoded {
        Ok(received) => {
            if let ActivityMessage::Unknown(unknown) = &received.message {
                assert_eq!(unknown.json().text(), text.trim_matches([' ', '\n', '\r', '\t']));
            }
        }
        Err(error) => assert_eq!(error.text(), text),
    }
    let scanned = Scan::new(layout, text).sequence();
    if let Ok(envelope) = Envelope::read(layout, text) {
        assert_eq!(scanned, Ok(envelope.sequence()), "read as far as needed, and to its end");
        if let Ok(received) = decoded {
            assert_eq!(envelope.decode(), Ok(received.message), "in one pass, and in two");
        }
        let _ = (envelope.timestamp(), envelope.reply());
    }
});
