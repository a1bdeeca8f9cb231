//! The token is in no line that anything logs, at the finest level.

use std::io::Cursor;

use tokio_tungstenite::tungstenite::WebSocket;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::eavesdrop::{Ears, faces};
use super::*;
use crate::stream::subscribe;
use crate::studio::accounts::AccountId;
use crate::studio::activity::{ActivityMessage, ActivitySubscription};

const TOKEN: &str = "planted-token-0123456789";

fn shows(line: &str) -> bool {
    faces(TOKEN).iter().any(|face| line.contains(face))
}

#[tokio::test]
async fn the_token_of_two_subscriptions_is_in_no_log() {
    let (ears, authority) = (Ears::open(), Authority::new());
    let subscription = ActivitySubscription::new(AccountId::new("42"));
    let message = subscribe::<ActivityMessage>(&subscription, TOKEN).unwrap();
    // Whatever ends the connection says nothing of it either.
    for ending in [frame(0x88, &1000_u16.to_be_bytes()), frame(0x83, b"?"), frame(0x81, &[b' '; 2_000])] {
        let ping = Step::Send(frame(0x89, b"between"));
        let steps = upgraded([ping, text("one"), Step::Wait, text("two"), Step::Send(ending), Step::Hold]);
        let server = tls(&authority, Flaw::None, steps);
        let mut connection = dial(&server.url(), Some(&authority)).await.unwrap();
        connection.subscribe(&message);
        assert_eq!(next_text(&mut connection).await.as_deref(), Ok("one"));
        connection.subscribe(&message);
        assert!(!shows(&format!("{connection:?} {message:?}")));
        assert_eq!(connection.take(), None);
        server.release();
        assert_eq!(next_text(&mut connection).await.as_deref(), Ok("two"));
        let closed = next_text(&mut connection).await.unwrap_err();
        assert!(!shows(&format!("{closed:?}")));
        let asked = server.book().requests.concat().len();
        server.until(|book| book.bytes > asked + 2 * message.expose().len()).await;
    }

    let heard = ears.take();
    heard.iter().for_each(|line| assert!(!shows(line), "{line}"));
    for target in ["rustls", "tungstenite"] {
        assert!(heard.iter().any(|line| line.starts_with(target)), "{target} says nothing");
    }

    // And this is why the frame must not pass through the library.
    let mut library = WebSocket::from_raw_socket(Cursor::new(Vec::new()), Role::Client, None);
    library.send(message.expose().into()).unwrap();
    assert!(ears.take().iter().any(|line| shows(line)), "the library has learned to be silent");
}
