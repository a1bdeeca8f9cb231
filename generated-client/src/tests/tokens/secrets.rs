//! Secrets and tokens are not shown, and go only where they belong.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Write;

use clear_street_test_support::eavesdrop::Ears;
use clear_street_test_support::server::{Request, Server, json};

use super::endpoint::{ID, SECRET, Setting, good, settings, token};
use crate::authentication::{Token, TokenError};
use crate::client::Settings;
use crate::error::{ErrorKind, Result};
use crate::tests::{LIMITED, LIST, call};

#[tokio::test]
async fn secrets_and_tokens_are_in_nothing_that_is_shown_or_traced() {
    let ears = Ears::open();
    let mut shown = String::new();

    // A server that repeats what it is sent, and an endpoint that does the same.
    let echo = |request: &Request| {
        let sent = request.header("authorization").unwrap_or_default().replace("Bearer ", "");
        json(422, format!(r#"{{"problem": {{"message": "not {sent}"}}}}"#))
    };
    let setting = Setting::new(token, echo).await;
    let error = setting.send(&LIST).await.unwrap_err();
    assert_eq!(error.message(), "not [redacted]");
    write!(shown, "{error} {error:?} {:?}", String::from_utf8_lossy(error.body().unwrap())).unwrap();
    write!(shown, "{:?} {:?}", setting.core, setting.call(&LIST)).unwrap();

    let endpoint = Server::start(|request| json(401, &request.body)).await;
    let settings = settings(&endpoint, &setting.server);
    write!(shown, "{settings:?}").unwrap();
    let error = call(&settings.build().unwrap(), &LIST).send::<Vec<String>>().await.unwrap_err();
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(cause) = source {
        write!(shown, "{cause} {cause:?}").unwrap();
        source = cause.source();
    }
    write!(shown, "{:?} {:?}", Token::new("planted-token"), TokenError::new("no")).unwrap();

    let traced = ears.take().join("\n");
    assert!(traced.contains("there is a new token") && traced.contains("there is no new token"), "{traced}");
    for text in [shown, traced] {
        assert!(!text.contains(SECRET) && !text.contains("planted-token"), "{text}");
    }
}

fn from_env(variables: &[(&str, &str)]) -> Result<crate::client::ClientInner> {
    let variables: HashMap<String, OsString> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
    let mut settings = Settings::new(&LIMITED, "https://default.example.com");
    settings.read_environment(&|name| variables.get(name).cloned())?;
    settings.build()
}

#[test]
fn the_environment_gives_the_credentials() {
    from_env(&[("SAMPLE_ID", ID), ("SAMPLE_SECRET", SECRET)]).unwrap();
    let error =
        from_env(&[("SAMPLE_ID", ID), ("SAMPLE_SECRET", SECRET), ("SAMPLE_TOKEN_URL", "http://a.example")]);
    assert!(error.unwrap_err().to_string().starts_with("the token URL"));
    for (variables, message) in [
        (vec![], "the environment variable SAMPLE_ID is not set; it holds the identifier of the client"),
        (
            vec![("SAMPLE_ID", ID)],
            "the environment variable SAMPLE_SECRET is not set; it holds the secret of the client",
        ),
        (vec![("SAMPLE_ID", ID), ("SAMPLE_SECRET", "")], "SAMPLE_SECRET is set but empty"),
    ] {
        let error = from_env(&variables).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Configuration, message.to_owned()));
    }
}

#[tokio::test]
async fn secrets_are_sent_over_tls_only() {
    let server = Server::start(|_| good()).await;
    for url in [
        "http://auth.example.com/token",
        "http://10.0.0.1/token",
        "auth.example.com",
        "https://u:p@a.example",
    ] {
        let mut settings = settings(&server, &server);
        settings.token_url = Some(url.to_owned());
        let error = settings.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().starts_with("the token URL"), "{error}");
    }
    let mut settings = settings(&server, &server);
    settings.token_url = None;
    let error = settings.clone().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("`token_url`"), "{error}");
    assert!(error.to_string().contains("SAMPLE_TOKEN_URL"), "{error}");
    settings.base_url = "https://api.example.com".to_owned();
    settings.build().unwrap();
}
