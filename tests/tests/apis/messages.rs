//! Every message of every channel, with texts made from the spec.

use clear_street::studio::CHANNELS;
use clear_street_tests::cases::studio;

#[test]
fn every_message_is_read() {
    for case in studio::messages() {
        let (sequence, message) = (case.read)(case.text).unwrap();
        assert_eq!(sequence, case.sequence, "{} of {}", case.kind, case.channel);
        let name = message.split('(').next();
        assert_eq!(name, Some(case.variant), "{} of {}", case.kind, case.channel);
    }
}

#[test]
fn no_message_is_forgotten() {
    let known: Vec<_> =
        CHANNELS.iter().flat_map(|it| it.messages.iter().map(|message| (it.name, message.name))).collect();
    let cases: Vec<_> = studio::messages().iter().map(|case| (case.channel, case.kind)).collect();
    assert_eq!(known, cases);
}

#[test]
fn another_type_is_kept() {
    for case in studio::messages() {
        let text = case.text.replace(&format!("\"{}\"", case.kind), "\"unheard-of\"");
        let (sequence, message) = (case.read)(&text).unwrap();
        assert_eq!(sequence, case.sequence);
        assert!(message.starts_with("Unknown(") && message.contains(&text), "{message}");
    }
}

#[test]
fn a_truncated_message_is_an_error_that_keeps_it() {
    for case in studio::messages() {
        for (end, _) in case.text.char_indices() {
            let text = case.text.get(..end).unwrap_or_default();
            assert_eq!((case.read)(text).unwrap_err().text(), text);
        }
    }
}
