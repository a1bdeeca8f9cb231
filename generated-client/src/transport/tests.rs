use std::sync::Mutex;

use clear_street_test_support::certificate::{Authority, Flaw};
use clear_street_test_support::http2::{Act, Http2Server, INTERNAL_ERROR, REFUSED_STREAM};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What a server received, a text for each connection.
type Received = Arc<Mutex<Vec<String>>>;

/// A server that answers each request after a while.
async fn server(pause: Duration) -> (BaseUrl, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
    let received = Received::default();
    let log = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = log.lock().unwrap().len();
            log.lock().unwrap().push(String::new());
            tokio::spawn(answer(stream, number, pause, Arc::clone(&log)));
        }
    });
    (url, received)
}

async fn answer(mut stream: TcpStream, number: usize, pause: Duration, log: Received) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut bytes).await {
        log.lock().unwrap()[number].push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        if !log.lock().unwrap()[number].ends_with("END") {
            continue;
        }
        tokio::time::sleep(pause).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1").await.unwrap();
    }
}

fn request(url: &BaseUrl) -> HttpRequest {
    HttpRequest {
        method: Method::Post,
        url: url.address("/v1/things", ""),
        headers: Vec::new(),
        body: Some(b"END".to_vec()),
        connect_timeout: Duration::from_secs(30),
        timeout: Duration::from_secs(60),
        begin_before: None,
        class: ConnectionClass::Orders,
    }
}

fn late(error: &TransportError) {
    assert_eq!((error.fault, error.delivery), (Fault::Timeout, Delivery::NotSent));
}

fn failed(sent: Result<HttpResponse, TransportError>) -> TransportError {
    sent.err().expect("it fails")
}

#[tokio::test]
async fn a_request_that_waits_for_a_permit_is_not_begun_too_late() {
    let (url, received) = server(Duration::from_millis(300)).await;
    let settings = TransportSettings { concurrent_requests: Some(1), ..TransportSettings::default() };
    let transport = Transport::new(&settings, &url).unwrap();
    let limited =
        HttpRequest { begin_before: Instant::now().checked_add(Duration::from_millis(100)), ..request(&url) };
    let (first, second) = tokio::join!(transport.send(request(&url)), transport.send(limited));
    assert_eq!(first.ok().expect("it is answered").status, 200);
    late(&failed(second));
    assert_eq!(received.lock().unwrap().concat().matches("POST").count(), 1);
}

#[tokio::test]
async fn a_request_that_waits_for_a_connection_is_not_begun_too_late() {
    // It takes connections, and never begins TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = BaseUrl::parse(&format!("https://{}", listener.local_addr().unwrap()), None).unwrap();
    let transport = Transport::new(&TransportSettings::default(), &url).unwrap();
    let began = Instant::now();
    let limited =
        HttpRequest { begin_before: began.checked_add(Duration::from_millis(100)), ..request(&url) };
    late(&failed(transport.send(limited).await));
    assert!(began.elapsed() < Duration::from_millis(1_100), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_connection_that_is_not_made_in_time_says_so() {
    // It takes connections, and never begins TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = BaseUrl::parse(&format!("https://{}", listener.local_addr().unwrap()), None).unwrap();
    let transport = Transport::new(&TransportSettings::default(), &url).unwrap();
    for begin_before in [None, Instant::now().checked_add(Duration::from_secs(30))] {
        let slow = HttpRequest { connect_timeout: Duration::from_millis(100), begin_before, ..request(&url) };
        let began = Instant::now();
        let error = failed(transport.send(slow).await);
        assert_eq!((error.fault, error.delivery), (Fault::Connect, Delivery::NotSent));
        assert!(began.elapsed() < Duration::from_millis(1_100), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_connection_that_is_ready_too_late_is_given_nothing() {
    let (url, received) = server(Duration::ZERO).await;
    let transport = Transport::new(&TransportSettings::default(), &url).unwrap();
    for _ in 0..2 {
        let limited = HttpRequest { begin_before: Some(Instant::now()), ..request(&url) };
        late(&failed(transport.send(limited).await));
        // Polled together, the connection is asked before any timer.
        let pool = transport.connections.pool(ConnectionClass::Orders);
        let limited = HttpRequest { begin_before: Some(Instant::now()), ..request(&url) };
        let Ok((watch, prepared)) = prepare(limited) else { panic!("it can be sent") };
        assert!(pool.request(prepared).await.is_err());
        assert!(watch.revoke() && !watch.is_begun());
        assert_eq!(transport.send(request(&url)).await.ok().expect("it is answered").status, 200);
    }
    let received = received.lock().unwrap().concat();
    assert_eq!(received.matches("POST").count(), 2, "{received}");
}

#[tokio::test]
async fn a_request_that_has_begun_may_take_longer_than_making_a_connection() {
    let (url, _) = server(Duration::from_millis(300)).await;
    let transport = Transport::new(&TransportSettings::default(), &url).unwrap();
    let quick = HttpRequest {
        connect_timeout: Duration::from_millis(100),
        begin_before: Instant::now().checked_add(Duration::from_millis(200)),
        ..request(&url)
    };
    assert_eq!(transport.send(quick).await.ok().expect("it is answered").body, b"1");
}

#[tokio::test]
async fn connections_that_are_given_up_are_not_used_again() {
    let (url, received) = server(Duration::ZERO).await;
    let transport = Transport::new(&TransportSettings::default(), &url).unwrap();
    for connections in [1, 1, 2] {
        assert_eq!(transport.send(request(&url)).await.ok().expect("it is answered").status, 200);
        assert_eq!(received.lock().unwrap().len(), connections);
        if connections == 1 && received.lock().unwrap()[0].matches("POST").count() == 2 {
            transport.give_up_connections();
        }
    }
    // Reads and orders share none.
    let read = HttpRequest { class: ConnectionClass::Reads, ..request(&url) };
    assert_eq!(transport.send(read).await.ok().expect("it is answered").status, 200);
    assert_eq!(received.lock().unwrap().len(), 3);
}

#[test]
fn the_library_knows_which_headers_are_secret() {
    let url = BaseUrl::parse("http://localhost/", None).unwrap();
    let headers = vec![Header::bearer("id.secret").unwrap()];
    let request = HttpRequest { headers, method: Method::Get, ..request(&url) };
    let Ok((_, prepared)) = prepare(request) else { panic!("it can be sent") };
    assert!(prepared.headers().values().all(HeaderValue::is_sensitive));
    assert!(!format!("{:?}", prepared.headers()).contains("secret"));
}

/// A server that answers every request with these bytes, and what it received.
async fn answering(bytes: Vec<u8>) -> (Transport, BaseUrl, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap()), None).unwrap();
    let received = Received::default();
    let log = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (bytes, log) = (bytes.clone(), Arc::clone(&log));
            let number = log.lock().unwrap().len();
            log.lock().unwrap().push(String::new());
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    log.lock().unwrap()[number].push_str(std::str::from_utf8(&buffer[..count]).unwrap());
                    // The client may have seen enough and gone.
                    let _ = stream.write_all(&bytes).await;
                }
            });
        }
    });
    let settings = TransportSettings { response_limit: 1_000, ..TransportSettings::default() };
    (Transport::new(&settings, &url).unwrap(), url, received)
}

#[tokio::test]
async fn every_method_is_sent_with_the_length_that_it_needs() {
    let methods = [
        (Method::Get, "GET", false),
        (Method::Delete, "DELETE", false),
        (Method::Post, "POST", true),
        (Method::Put, "PUT", true),
        (Method::Patch, "PATCH", true),
    ];
    for (method, name, has_length) in methods {
        let (transport, url, received) = answering(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
        let bodiless = HttpRequest { method, body: None, ..request(&url) };
        assert_eq!(transport.send(bodiless).await.ok().expect("it is answered").status, 204);
        let received = received.lock().unwrap().concat();
        assert!(received.starts_with(&format!("{name} /v1/things HTTP/1.1\r\n")), "{received}");
        assert_eq!(received.contains("content-length: 0\r\n"), has_length, "{received}");
    }
    let (transport, url, received) = answering(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()).await;
    assert!(transport.send(request(&url)).await.is_ok());
    assert!(received.lock().unwrap().concat().contains("content-length: 3\r\n"));
}

#[tokio::test]
async fn an_answer_is_limited_by_its_announced_and_by_its_real_length() {
    let fitting = [b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".as_slice(), &[b'x'; 1_000]].concat();
    let (transport, url, _) = answering(fitting).await;
    assert_eq!(transport.send(request(&url)).await.ok().expect("it fits").body.len(), 1_000);
    // Nothing follows the head: the announcement is enough.
    for head in ["content-length: 1001", "content-length: 9000000000000000000"] {
        let (transport, url, _) = answering(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").into_bytes()).await;
        let error = failed(transport.send(request(&url)).await);
        assert_eq!((error.fault, error.delivery), (Fault::TooLarge, Delivery::Answered), "{head}");
        assert_eq!(error.head.map(|(status, _)| status), Some(200));
    }
    let chunks = b"3e8\r\n".iter().chain(&[b'x'; 1_000]).chain(b"\r\n3e8\r\n").chain(&[b'x'; 1_000]);
    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let (transport, url, _) = answering(head.iter().chain(chunks).copied().collect()).await;
    assert_eq!(failed(transport.send(request(&url)).await).fault, Fault::TooLarge);
    let (transport, url, _) =
        answering(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx".to_vec()).await;
    let error = failed(transport.send(request(&url)).await);
    assert_eq!((error.fault, error.delivery), (Fault::Corrupt, Delivery::Answered));
}

#[tokio::test]
async fn an_answer_with_too_many_headers_says_so() {
    let headers: String = (0..2_000).map(|number| format!("x-{number}: a\r\n")).collect();
    let (transport, url, _) =
        answering(format!("HTTP/1.1 200 OK\r\n{headers}content-length: 0\r\n\r\n").into_bytes()).await;
    let error = failed(transport.send(request(&url)).await);
    assert_eq!((error.fault, error.delivery), (Fault::HeadTooLarge, Delivery::MaybeSent));
    let (transport, url, _) = answering(b"what?\r\n\r\n".to_vec()).await;
    assert_eq!(failed(transport.send(request(&url)).await).fault, Fault::Broken);
}

#[tokio::test]
async fn an_announced_idle_time_is_kept() {
    let keep = |time: &str| format!("HTTP/1.1 200 OK\r\n{time}content-length: 0\r\n\r\n").into_bytes();
    for (header, connections) in [("", 1), ("keep-alive: timeout=5\r\n", 1), ("keep-alive: timeout=1\r\n", 2)]
    {
        let (transport, url, received) = answering(keep(header)).await;
        for _ in 0..2 {
            assert!(transport.send(request(&url)).await.is_ok());
        }
        assert_eq!(received.lock().unwrap().len(), connections, "{header}");
    }
}

#[tokio::test]
async fn a_stream_that_the_server_did_not_process_was_not_sent() {
    let goaway: fn() -> Vec<Act> = || vec![Act::GoAway(1)];
    for (acts, delivery, next_connection) in [
        (goaway, Delivery::NotSent, 1),
        (|| vec![Act::Reset(REFUSED_STREAM)], Delivery::NotSent, 1),
        // Of a stream that was reset for another reason nobody knows how far it came.
        (|| vec![Act::Reset(INTERNAL_ERROR)], Delivery::MaybeSent, 0),
        (|| vec![Act::GoAway(3), Act::Close], Delivery::MaybeSent, 1),
        (|| vec![Act::Close], Delivery::MaybeSent, 1),
    ] {
        let authority = Authority::default();
        let server = Http2Server::start(
            authority.acceptor(Flaw::None, "h2"),
            Duration::from_secs(60),
            move |stream| match (stream.connection, stream.id) {
                (0, 3) => acts(),
                _ => vec![Act::Answer(200, String::new())],
            },
        );
        let url = BaseUrl::parse(&server.url, None).unwrap();
        let settings = TransportSettings {
            root_certificates: vec![RootCertificates::from_pem(authority.pem()).unwrap()],
            ..TransportSettings::default()
        };
        let transport = Transport::new(&settings, &url).unwrap();
        assert!(transport.send(request(&url)).await.is_ok());
        let error = failed(transport.send(request(&url)).await);
        assert_eq!((error.fault, error.delivery), (Fault::Broken, delivery));
        // The next request has a connection on which it is answered.
        assert!(transport.send(request(&url)).await.is_ok());
        assert_eq!(server.streams().last().map(|stream| stream.connection), Some(next_connection));
    }
}

#[test]
fn every_failure_says_how_far_the_request_came() {
    use Delivery::{Answered, MaybeSent, NotSent};
    type Make = fn() -> Failure;
    let rows: [(Make, [(Fault, Delivery); 2]); 9] = [
        (|| Failure::Slow, [(Fault::Timeout, MaybeSent), (Fault::Timeout, NotSent)]),
        (
            || Failure::SlowConnect(Duration::from_secs(3)),
            [(Fault::Timeout, MaybeSent), (Fault::Connect, NotSent)],
        ),
        (|| Failure::Broken("b".into()), [(Fault::Broken, MaybeSent), (Fault::Connect, NotSent)]),
        (|| Failure::Late("b".into()), [(Fault::Broken, MaybeSent), (Fault::Timeout, NotSent)]),
        (|| Failure::Refused("b".into()), [(Fault::Refused, NotSent); 2]),
        (|| Failure::Unprocessed("b".into()), [(Fault::Broken, NotSent); 2]),
        (|| Failure::TooLarge, [(Fault::TooLarge, Answered); 2]),
        (
            || Failure::HeadTooLarge("b".into()),
            [(Fault::HeadTooLarge, MaybeSent), (Fault::HeadTooLarge, NotSent)],
        ),
        (|| Failure::Corrupt(io::ErrorKind::InvalidData.into()), [(Fault::Corrupt, Answered); 2]),
    ];
    for (index, (failure, expected)) in rows.into_iter().enumerate() {
        for (unsent, expected) in [false, true].into_iter().zip(expected) {
            let error = failure().explain(unsent, None);
            assert_eq!((error.fault, error.delivery), expected, "row {index}, unsent: {unsent}");
        }
    }
}
