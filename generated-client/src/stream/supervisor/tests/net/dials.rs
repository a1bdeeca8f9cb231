//! Connections that do not come to be.

use super::*;

/// After as many tries as the server has answers it takes one, and all is well.
async fn gets_well(net: &mut Net) {
    net.begin().await;
}

#[test]
fn row_07_connection_refused() {
    for flaw in [None, Some(Flaw::None)] {
        over_one(
            flaw,
            |_| {},
            async |net| {
                for _ in 0..3 {
                    net.caller.saw("connecting, retrying Failed(Tcp)").await;
                }
                net.listen();
                // Some more may have been refused by now.
                let mut session = net.accept().await;
                session.live(1..=5).await;
                let words = net.caller.take_until("caught up").await;
                assert!(words.join(", ").ends_with(&again("r1, r2, r3, r4, r5, ")), "{words:?}");
            },
        );
    }
}

#[test]
fn row_08_silence_instead_of_tls_or_an_upgrade() {
    for (flaw, stage) in [(None, "Upgrade"), (Some(Flaw::None), "Tls")] {
        over_one(
            flaw,
            |settings| settings.dial_timeout = millis(800),
            async |net| {
                net.listen();
                let from = Instant::now();
                let silent = net.tcp().await;
                net.caller.saw(format!("connecting, retrying {stage} timed out")).await;
                assert!(from.elapsed() >= millis(390), "{:?}", from.elapsed());
                drop(silent);
                gets_well(net).await;
            },
        );
    }
    // After TLS there may be silence, too.
    over_one(
        Some(Flaw::None),
        |settings| settings.dial_timeout = millis(800),
        async |net| {
            net.listen();
            let silent = net.asked().await;
            net.caller.saw("connecting, retrying Upgrade timed out").await;
            drop(silent);
            gets_well(net).await;
        },
    );
}

#[test]
fn row_09_a_certificate_that_cannot_be_trusted() {
    for flaw in [Flaw::Expired, Flaw::NotYetValid, Flaw::OtherHost] {
        untrusted(flaw, |_| {});
    }
    // Of an authority that is not known.
    untrusted(Flaw::None, |net| net.tls = Some(Authority::new().acceptor(Flaw::None, "http/1.1")));
}

fn untrusted(flaw: Flaw, change: impl Fn(&mut Net)) {
    over_one(
        Some(flaw),
        |settings| settings.certificate_wait = millis(60),
        async |net| {
            change(net);
            net.listen();
            let from = Instant::now();
            for end in ["retrying Certificate", "retrying Certificate", "failed Certificate, end"] {
                let stream = net.tcp().await;
                assert!(net.tls.as_ref().unwrap().accept(stream).await.is_err());
                net.caller.saw(format!("connecting, {end}")).await;
            }
            assert!(from.elapsed() >= millis(120), "{:?}", from.elapsed());
            let more = timeout(millis(100), net.listener.as_ref().unwrap().accept()).await;
            assert!(more.is_err(), "a dial after the end");
        },
    );
}

#[test]
fn row_11_the_token_is_refused() {
    over_loopback(
        |_| {},
        async |net| {
            for _ in 0..3 {
                net.answer("HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n").await;
            }
            let refused = "connecting, retrying status 401, ";
            let end = "connecting, failed Unauthorized(\"the upgrade was answered with status 401\"), end";
            net.caller.saw([refused, refused, end].concat()).await;
            assert_eq!(net.tokens.asked(), [None, Some(1), None]);
        },
    );
}

#[test]
fn row_11_busy() {
    over_one(
        None,
        |_| {},
        async |net| {
            net.listen();
            net.answer("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n").await;
            let from = Instant::now();
            net.caller.saw("connecting, retrying status 503").await;
            gets_well(net).await;
            assert!(from.elapsed() >= millis(990), "{:?}", from.elapsed());
        },
    );
}

#[test]
fn row_13_a_redirect_is_not_followed() {
    over_loopback(
        |_| {},
        async |net| {
            let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let elsewhere = other.local_addr().unwrap();
            for status in [301, 302, 307, 308] {
                let location = format!("location: ws://{elsewhere}/ws\r\ncontent-length: 0");
                net.answer(format!("HTTP/1.1 {status} Elsewhere\r\n{location}\r\n\r\n")).await;
                net.caller.saw(format!("connecting, retrying status {status}")).await;
            }
            gets_well(net).await;
            assert!(timeout(millis(20), other.accept()).await.is_err(), "it was followed");
        },
    );
}

#[test]
fn row_14_the_accept_of_another_request() {
    over_loopback(
        |_| {},
        async |net| {
            for (wrong, fault) in [
                (accept("Sec-WebSocket-Key: of another request"), "Accept"),
                (b"not HTTP\r\n\r\n".to_vec(), "Http"),
            ] {
                net.answer(wrong).await;
                net.caller.saw(format!("connecting, retrying Handshake({fault})")).await;
            }
            gets_well(net).await;
        },
    );
}
