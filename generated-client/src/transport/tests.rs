use std::sync::Mutex;

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
    let limited =
        HttpRequest { begin_before: Instant::now().checked_add(Duration::from_millis(100)), ..request(&url) };
    late(&failed(transport.send(limited).await));
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
