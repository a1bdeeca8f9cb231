//! The token is in no line that anything logs, at the finest level.

use std::io::Cursor;

use tungstenite::WebSocket;
use tungstenite::protocol::Role;

use super::eavesdrop::{Ears, faces};
use super::*;
use crate::stream::subscribe;
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};

const TOKEN: &str = "planted-token-0123456789";

fn shows(line: &str) -> bool {
    faces(TOKEN).iter().any(|face| line.contains(face))
}

/// Also not where the server sends it back: as text, in parts, in a ping, and with a close.
#[tokio::test]
async fn the_token_is_in_no_log() {
    let ears = Ears::open();
    let subscription = ActivitySubscription::new(AccountId::new("42"));
    let message = subscribe::<ActivityMessage>(&subscription, TOKEN).unwrap();
    let text = message.expose();
    let endings = [
        frame(0x88, &[&1000_u16.to_be_bytes()[..], text.as_bytes()].concat()),
        frame(0x83, text.as_bytes()),
        frame(0x81, &[text.as_bytes(), b"\xff"].concat()),
        frame(0x81, &[b' '; 2_000]),
    ];
    for ending in endings {
        let echo = |first| Step::Send(frame(first, text.as_bytes()));
        let steps =
            [Step::Wait, echo(0x81), echo(0x01), echo(0x89), echo(0x80), Step::Send(ending), Step::Hold];
        let authority = Authority::new();
        let steps = upgraded(steps);
        let server = FaultServer::tls(authority.acceptor(Flaw::None, "http/1.1"), move |_| steps.clone());
        let (mut reader, outbox) = open(dial(&server.url(), Some(&authority)).await.unwrap(), 1 << 10);
        assert!(outbox.subscribe(message.clone()));
        assert!(!shows(&format!("{outbox:?} {reader:?}")));
        server.release();
        assert_eq!(next_text(&mut reader).await.as_deref(), Ok(text));
        assert_eq!(next_text(&mut reader).await, Ok([text, text].concat()));
        let closed = next_text(&mut reader).await.unwrap_err();
        assert!(!shows(&format!("{closed:?}")));
        let asked = server.book().requests.concat().len();
        server.until(|book| book.bytes > asked + text.len()).await;
    }

    let heard = ears.take();
    for line in &heard {
        assert!(!shows(line), "{line}");
    }
    for target in ["rustls", "tungstenite"] {
        assert!(heard.iter().any(|line| line.starts_with(target)), "{target} says nothing");
    }

    // And this is why the library does not get to see what is in a frame.
    let mut library = WebSocket::from_raw_socket(Cursor::new(Vec::new()), Role::Client, None);
    library.send(text.into()).unwrap();
    assert!(ears.take().iter().any(|line| shows(line)), "the library has learned to be silent");
}
