//! Group I of the cases: parameters and settings at their edges; and the cases of proxies.

use std::process::Command;
use std::time::Duration;

use clear_street::retry::RetrySettings;
use clear_street::studio::activity::ActivitySubscription;
use clear_street::trading::Client;
use clear_street::{ErrorKind, RequestOptions, RootCertificates, RowOutcome, studio};
use clear_street_test_support::certificate::{Authority, Flaw};
use clear_street_test_support::eavesdrop::Ears;
use clear_street_test_support::fault::{FaultServer, Step};
use clear_street_test_support::proxy::Proxy;
use clear_street_test_support::server::{Server, answer, json};

use crate::{KEY, account, order, row, rows, trading};

fn broker(method: &str) -> String {
    rows(&if method == "POST" { vec![row(KEY, "NEW")] } else { vec![] })
}

#[tokio::test(flavor = "multi_thread")]
async fn i3_settings_at_their_ends() {
    let server = Server::start(|request| json(200, broker(&request.method))).await;
    let longest = RetrySettings::new().max_attempts(u32::MAX).max_retry_after(Duration::MAX);
    let client = trading(&server.url)
        .concurrent_requests(usize::MAX)
        .timeout(Duration::MAX)
        .order_timeout(Duration::MAX)
        .connect_timeout(Duration::MAX)
        .order_connect_timeout(Duration::MAX)
        .response_limit(usize::MAX)
        .idle_connections(usize::MAX)
        .idle_timeout(Duration::MAX)
        .order_idle_timeout(Duration::MAX)
        .max_connection_age(Duration::MAX)
        .retry_budgets(u32::MAX, u32::MAX)
        .retries(longest.clone())
        .order_retries(longest)
        .build()
        .unwrap();
    let options = RequestOptions::new().timeout(Duration::MAX).connect_timeout(Duration::MAX);
    for _ in 0..2 {
        client.orders().get_orders(account()).options(options.clone()).send().await.unwrap();
        let submitting = client.orders().submit_orders(account(), [order(KEY)]).options(options.clone());
        let submission = submitting.send().await.unwrap();
        assert!(matches!(submission.rows()[0].outcome, RowOutcome::Accepted(_)));
    }
    // A task that panicked would have taken its connection with it.
    assert_eq!(server.connections(), 2);
}

#[test]
fn i3_settings_of_zero() {
    let builder = || Client::builder().api_key("case-id.case-secret");
    for (builder, name) in [
        (builder().concurrent_requests(0), "concurrent_requests"),
        (builder().timeout(Duration::ZERO), "timeout"),
        (builder().order_timeout(Duration::ZERO), "timeout"),
        (builder().connect_timeout(Duration::ZERO), "timeout"),
        (builder().order_connect_timeout(Duration::ZERO), "timeout"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// The largest numbers that a server can send are too large, and nothing worse.
#[tokio::test]
async fn i3_numbers_of_the_server_at_their_ends() {
    for number in [u64::MAX.to_string(), u128::MAX.to_string(), "9".repeat(400)] {
        let headers = [("retry-after", number.clone()), ("keep-alive", format!("timeout={number}"))];
        let server = Server::start(move |_| {
            answer(429, &headers.each_ref().map(|(name, value)| (*name, value.as_str())), "{}")
        })
        .await;
        let builder = trading(&server.url);
        let client = builder.timeout(Duration::from_secs(2)).build().unwrap();
        for _ in 0..2 {
            let error = client.orders().get_orders(account()).send().await.unwrap_err();
            assert_eq!(error.status(), Some(429), "{error}");
        }
    }
    let server = FaultServer::always([
        Step::Receive,
        Step::send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{{", u64::MAX - 2)),
        Step::Hold,
    ]);
    let builder = trading(server.url());
    let limited = builder.clone().build().unwrap();
    let error = limited.orders().get_orders(account()).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "what is announced is believed: {error}");
    let unlimited = builder.response_limit(usize::MAX).timeout(Duration::from_millis(500)).build().unwrap();
    let error = unlimited.orders().get_orders(account()).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}

#[tokio::test]
async fn i4_plain_http_by_choice() {
    let refused = |url: &str, host: Option<&str>| {
        let mut builder = trading(url);
        if let Some(host) = host {
            builder = builder.plain_http_host(host);
        }
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("plain_http_host"), "{error}");
    };
    for url in ["http://mock:4010", "http://host.docker.internal:4010"] {
        refused(url, None);
        refused(url, Some("other"));
        trading(url).build().unwrap_err();
    }
    for host in ["", "mock:4010", "http://mock", "a b", "mock/x", "user@mock"] {
        refused("http://mock:4010", Some(host));
    }
}

/// An address of this machine that the client does not take for one.
const NAMED: &str = "0.0.0.0";

#[cfg(unix)]
#[tokio::test]
async fn i4_the_named_host_is_warned_of_once() {
    let server = Server::start(|request| json(200, broker(&request.method))).await;
    let url = server.url.replace("127.0.0.1", NAMED);
    let ears = Ears::open();
    let builder = trading(url);
    builder.clone().build().unwrap_err();
    let client = builder.plain_http_host(NAMED).build().unwrap();
    for _ in 0..2 {
        client.orders().get_orders(account()).send().await.unwrap();
    }
    assert_eq!(server.requests().len(), 2);
    let mut warned = ears.take();
    warned.retain(|line| line.contains(" WARN ") || line.contains(" ERROR "));
    assert!(matches!(warned.as_slice(), [line] if line.contains(NAMED)), "{warned:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn i4_the_named_host_may_have_streams_and_tokens() {
    let server = Server::start(|request| match request.target.as_str() {
        "/token" => json(200, r#"{"access_token":"case-token","expires_in":3600,"token_type":"Bearer"}"#),
        _ => json(403, "{}"),
    })
    .await;
    let url = server.url.replace("127.0.0.1", NAMED);
    let builder = studio::Client::builder().credentials("cl-7", "case-secret").base_url(&url);
    // The vendor's tokens are not for it.
    let error = builder.clone().plain_http_host(NAMED).build().unwrap_err();
    assert!(error.to_string().contains("token_url"), "{error}");
    let other = "http://mock/token";
    let error = builder.clone().plain_http_host(NAMED).token_url(other).build().unwrap_err();
    assert!(error.to_string().contains("plain_http_host"), "{error}");
    let client = builder.plain_http_host(NAMED).token_url(format!("{url}/token")).build().unwrap();
    client.accounts().list_accounts().send().await.unwrap_err();
    let mut stream = client.stream(ActivitySubscription::new(account_of_stream())).start().unwrap();
    while server.requests().iter().all(|request| request.header("upgrade").is_none()) {
        tokio::select! {
            _ = stream.next() => {}
            () = tokio::time::sleep(Duration::from_millis(10)) => {}
        }
    }
    let targets: Vec<_> = server.requests().into_iter().map(|request| request.target).collect();
    assert!(targets.iter().any(|target| target == "/token"), "{targets:?}");
    assert!(targets.iter().any(|target| target == "/accounts"), "{targets:?}");
}

fn account_of_stream() -> studio::accounts::AccountId {
    studio::accounts::AccountId::new("acc-1")
}

#[tokio::test]
async fn i4_names_below_localhost_are_this_machine() {
    let server = Server::start(|request| json(200, broker(&request.method))).await;
    let url = server.url.replace("127.0.0.1", "app.localhost");
    let client = trading(url).build().unwrap();
    client.orders().get_orders(account()).send().await.unwrap();
    assert!(server.requests()[0].header("host").unwrap().starts_with("app.localhost:"));
}

/// Part of the next test, in a process with variables of its own.
#[tokio::test]
async fn h5_one_process() {
    let Ok(url) = std::env::var("CASE_SERVER") else { return };
    let roots = RootCertificates::from_pem(std::env::var("CASE_ROOT").unwrap()).unwrap();
    let mut builder = studio::Client::builder().access_token("case-token").base_url(url);
    if std::env::var("CASE_OPT_IN").is_ok() {
        builder = builder.proxy_from_env();
    }
    let once = RetrySettings::new().max_attempts(1);
    let client = match builder.retries(once).root_certificates(roots).build() {
        Ok(client) => client,
        Err(error) => {
            println!("refused: {error} {error:?}");
            return;
        }
    };
    println!("{client:?}");
    match client.accounts().list_accounts().send().await {
        Ok(_) => println!("answered"),
        Err(error) => println!("failed: {error} {error:?}"),
    }
    let mut stream = client.stream(ActivitySubscription::new(account_of_stream())).start().unwrap();
    // Until the first connection has failed: the server does not know streams.
    loop {
        let event = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.unwrap();
        let text = format!("{event:?}");
        println!("stream: {text}");
        if !text.contains("Connecting") {
            return;
        }
    }
}

#[test]
fn h5_proxy_from_the_environment() {
    let authority = Authority::default();
    let server = || {
        FaultServer::tls(authority.acceptor(Flaw::None, "http/1.1"), |_| {
            vec![Step::Receive, Step::answer(200, r#"{"data":[]}"#), Step::Hold]
        })
    };
    // Variables with a proxy, whether they are asked for, and whether it is used.
    let none: &[(&str, &str)] = &[];
    let cases = [
        (["HTTPS_PROXY"].as_slice(), none, false, false),
        (&["https_proxy", "ALL_PROXY", "all_proxy"], none, false, false),
        (&["HTTPS_PROXY"], none, true, true),
        (&["https_proxy"], none, true, true),
        (&["ALL_PROXY"], none, true, true),
        (&["all_proxy"], none, true, true),
        (&["HTTP_PROXY"], none, true, false),
        (&["HTTPS_PROXY"], &[("NO_PROXY", ".example")], true, true),
        (&["HTTPS_PROXY"], &[("NO_PROXY", ".example, 127.0.0.1")], true, false),
        (&["HTTPS_PROXY"], &[("no_proxy", "127.0.0.0/8")], true, false),
        (&["ALL_PROXY"], &[("NO_PROXY", "*")], true, false),
        (&["all_proxy"], &[("HTTPS_PROXY", "")], true, true),
        (&[], none, true, false),
    ];
    for (names, others, asked, used) in cases {
        let server = server();
        let proxy = Proxy::to(server.address, "HTTP/1.1 200 OK\r\n\r\n");
        let url = proxy.url("user:planted-password@");
        let output = run(&authority, &server.url(), asked, |program| {
            program.envs(names.iter().map(|name| (name, &url))).envs(others.iter().copied());
        });
        let tunnels = proxy.asked().matches("CONNECT ").count();
        assert_eq!(tunnels >= 2, used, "{names:?} {others:?}: {tunnels} {output}");
        assert_eq!(tunnels > 0, used, "{names:?} {others:?}: {tunnels} {output}");
        assert!(output.contains("answered"), "{output}");
        assert!(server.book().requests.len() >= 2, "a request and a stream: {output}");
        assert!(!output.contains("planted-password"), "{output}");
    }
    for (url, shown) in [("socks5h://u:planted-password@127.0.0.1:1", "http://"), ("http://[", "proxy")] {
        let output = run(&authority, "https://127.0.0.1:1", true, |program| {
            program.env("ALL_PROXY", url);
        });
        assert!(output.contains("refused: ") && output.contains(shown), "{output}");
        assert!(!output.contains("planted-password"), "{output}");
    }
    let server = server();
    let refusing = Proxy::to(server.address, "HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n");
    let output = run(&authority, &server.url(), true, |program| {
        program.env("HTTPS_PROXY", refusing.url("user:planted-password@"));
    });
    assert!(output.contains("failed: ") && !output.contains("planted-password"), "{output}");
    assert_eq!(server.book().connections, 0);
}

/// Runs the test above in a process without variables but these; what it prints.
fn run(authority: &Authority, url: &str, asked: bool, variables: impl Fn(&mut Command)) -> String {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "settings::h5_one_process", "--nocapture"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        program.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    program.env("CASE_SERVER", url).env("CASE_ROOT", authority.pem());
    if asked {
        program.env("CASE_OPT_IN", "1");
    }
    variables(&mut program);
    let output = program.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn h6_socks_proxy_is_named() {
    for url in ["socks5h://127.0.0.1:1080", "socks5://u:planted-password@127.0.0.1", "ftp://127.0.0.1"] {
        let error = Client::builder().api_key("case-id.case-secret").proxy(url).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let text = error.to_string();
        assert!(text.contains("http://") && text.contains("https://"), "{text}");
        assert!(!text.contains("planted-password"), "{text}");
    }
}
