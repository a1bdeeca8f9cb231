//! Making clients.

use std::collections::HashMap;
use std::ffi::OsString;

use clear_street_test_support::KEY;
use clear_street_test_support::server::Server;

use super::{API, LIST, call, send_list, settings};
use crate::authentication::CredentialsConfig;
use crate::call::ResponseFuture;
use crate::client::{ClientInner, Settings};
use crate::error::{Delivery, Error, ErrorKind};
use crate::retry::RetrySettings;
use crate::transport::ProxySettings;

fn from_env(variables: &[(&str, &str)]) -> Result<ClientInner, Error> {
    let variables: HashMap<String, OsString> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
    let mut settings = Settings::new(&API, "https://default.example.com");
    settings.read_environment(&|name| variables.get(name).cloned())?;
    settings.build()
}

#[test]
fn the_environment_gives_key_and_base_url() {
    let core = from_env(&[("SAMPLE_KEY", KEY)]).unwrap();
    assert_eq!(core.base_url().as_str(), "https://default.example.com");
    let core = from_env(&[("SAMPLE_KEY", KEY), ("SAMPLE_URL", "http://127.0.0.1:1/x/")]).unwrap();
    assert_eq!(core.base_url().as_str(), "http://127.0.0.1:1/x");
}

#[test]
fn what_is_wrong_with_the_environment_is_named() {
    for (variables, message) in [
        (vec![], "the environment variable SAMPLE_KEY is not set; it holds the API key"),
        (vec![("SAMPLE_KEY", " ")], "SAMPLE_KEY is set but empty"),
        (vec![("SAMPLE_KEY", KEY), ("SAMPLE_URL", "")], "SAMPLE_URL is set but empty"),
    ] {
        let error = from_env(&variables).unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Configuration, Delivery::NotSent));
        assert_eq!(error.to_string(), message);
    }
    let error = from_env(&[("SAMPLE_KEY", KEY), ("SAMPLE_URL", "http://api.example.com")]).unwrap_err();
    assert!(error.to_string().starts_with("the base URL must begin with https://"), "{error}");
}

#[cfg(unix)]
#[test]
fn variables_must_be_text() {
    use std::os::unix::ffi::OsStringExt;

    let mut settings = Settings::new(&API, "https://default.example.com");
    let error = settings.read_environment(&|_| Some(OsString::from_vec(vec![0xff]))).unwrap_err();
    assert_eq!(error.to_string(), "SAMPLE_KEY is not Unicode text");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    type Change<'a> = &'a dyn Fn(&mut Settings);

    let cases: [(Change<'_>, &str); 7] = [
        (&|settings| settings.credentials = None, "no API key"),
        (
            &|settings| settings.credentials = Some(CredentialsConfig::Key("a key\n".into())),
            "the API key contains",
        ),
        (&|settings| settings.base_url = "api.example.com".to_owned(), "the base URL is no URL"),
        (
            &|settings| settings.retries = RetrySettings::new().max_attempts(0),
            "`max_attempts` must be at least 1",
        ),
        (
            &|settings| settings.transport.proxy = Some(ProxySettings::new(String::new())),
            "the proxy is not a URL",
        ),
        (&|settings| settings.user_agent = Some("a\nb".to_owned()), "`user-agent`"),
        (&|settings| settings.headers.push(("Host".to_owned(), "x".into())), "`Host` is set by the client"),
    ];
    for (change, message) in cases {
        let mut settings = settings("https://api.example.com");
        change(&mut settings);
        let error = settings.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[tokio::test]
async fn every_request_has_the_headers_of_the_client() {
    let server = Server::answering(200, r#"{"result": []}"#).await;
    let mut settings = settings(&server.url);
    settings.user_agent = Some("robot/2".to_owned());
    settings.headers.push(("X-Desk".to_owned(), "7".into()));
    call(&settings.build().unwrap(), &LIST).send::<Vec<String>>().await.unwrap();
    let request = server.request();
    assert_eq!(request.header("x-desk"), Some("7"));
    assert!(request.header("user-agent").unwrap().ends_with(" robot/2"));
}

#[tokio::test]
async fn requests_can_be_sent_from_anywhere() {
    fn anywhere<T: Send + Sync + Clone + 'static>(_: &T) {}
    fn movable<T: Send + 'static>(value: T) -> T {
        value
    }
    let server = Server::answering(200, r#"{"result": ["a"]}"#).await;
    anywhere(&super::core(&server));
    anywhere(&super::list(&server));
    let sending: ResponseFuture<Vec<String>> = movable(send_list(&server));
    let response = tokio::spawn(sending).await.unwrap().unwrap();
    assert_eq!(response.data, ["a"]);
}
