//! The runtime against a real server on loopback, with an API of its own: whatever the
//! specification says of the real ones, the mechanisms are these.

mod answers;
mod bare;
mod broker;
mod clients;
mod errors;
pub(crate) mod messages;
mod paging;
mod rate_limits;
mod requests;
mod retries;
pub(crate) mod specs;
pub(crate) mod time;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use clear_street_test_support::KEY;
use clear_street_test_support::server::Server;

use self::time::ScriptedTime;
use crate::api::{Api, Authentication, Frame, ListEncoding, Pagination, RateLimit};
use crate::authentication::CredentialsConfig;
use crate::call::{Call, ResponseFuture};
use crate::client::{ClientInner, Settings};
use crate::operation::{Answer, BodyKind, Method, Operation, PageToken, Parameter, Repeat};
use crate::record::{Encoding, Field, Rule, Table, Value};

/// Names differ from those of the real APIs, so that none of them can be fixed in the runtime.
const API: Api = Api {
    name: "sample",
    version: "1",
    authentication: Authentication::ApiKey { variable: "SAMPLE_KEY" },
    base_url_variable: "SAMPLE_URL",
    pagination: Pagination {
        size: "size",
        token: "token",
        next: "next_page_token",
        previous: Some("previous_page_token"),
    },
    frame: Frame::Envelope(Table {
        name: "Envelope",
        encoding: &Encoding::TEXT,
        fields: &[
            Field::new("result").optional(),
            Field::new("problem").optional(),
            Field::new("about").optional(),
        ],
        rules: &[],
    }),
    encoding: &Encoding::TEXT,
    list: ListEncoding::Comma,
    errors: &[401, 429],
    rate_limits: &[],
};

/// The same with limits, and tokens that are fetched.
pub(crate) static LIMITED: Api = Api {
    authentication: Authentication::ClientCredentials {
        token_url: "https://auth.example.com/token",
        token_url_variable: "SAMPLE_TOKEN_URL",
        audience: "https://example.com",
        id_variable: "SAMPLE_ID",
        secret_variable: "SAMPLE_SECRET",
    },
    rate_limits: &[
        RateLimit { segment: "orders", per_second: 10, urgent: &["cancel"] },
        RateLimit { segment: "bulk", per_second: 1, urgent: &[] },
    ],
    ..API
};

const BLANK: Operation = Operation {
    name: "list",
    group: "things",
    path: "/v1/things/{id}",
    repeat: Repeat::Read,
    answer: Answer::of::<Vec<String>>(),
    ..Operation::base(&API)
};

static LIST: Operation = Operation {
    parameters: &[
        Parameter::path("id").min_length(1),
        Parameter::query("kind").max_items(3),
        Parameter::query("size").min(1).max(10),
        Parameter::query("token"),
        Parameter::query("from"),
        Parameter::query("until"),
    ],
    rules: &[Rule::AtMostOne(&["from", "until"])],
    partial: Some(207),
    page_token: Some(PageToken::Parameter(3)),
    ..BLANK
};

static CREATE: Operation = Operation {
    name: "create",
    method: Method::Post,
    path: "/v1/things",
    parameters: &[Parameter::query("mode").required()],
    body: BodyKind::Required,
    repeat: Repeat::Never,
    errors: &[409, 422],
    rows: &[409],
    page_token: Some(PageToken::Body),
    ..BLANK
};

static DELETE: Operation = Operation {
    name: "delete",
    method: Method::Delete,
    path: "/v1/things",
    body: BodyKind::Optional,
    answer: Answer::nothing(),
    ..BLANK
};

static MAYBE: Operation =
    Operation { name: "maybe", path: "/v1/maybe", answer: Answer::of::<Option<String>>(), ..BLANK };

fn settings(url: &str) -> Settings {
    let mut settings = Settings::new(&API, url);
    settings.credentials = Some(CredentialsConfig::Key(KEY.into()));
    // Long enough for a busy machine: no test waits for it.
    settings.timeout = Some(Duration::from_secs(60));
    settings.time = Arc::new(ScriptedTime::default());
    settings
}

fn core(server: &Server) -> ClientInner {
    settings(&server.url).build().unwrap()
}

/// A call with `7` as its first parameter, if it has one.
fn call(core: &ClientInner, operation: &'static Operation) -> Call {
    let mut call = Call::new(core, operation);
    if !operation.parameters.is_empty() {
        call.set(0, "7".to_owned().view());
    }
    call
}

/// A call of `LIST` with what it requires.
fn list(server: &Server) -> Call {
    call(&core(server), &LIST)
}

/// A call of `CREATE` with this body.
fn create(server: &Server, body: impl Value) -> Call {
    let mut call = call(&core(server), &CREATE);
    call.body(body.view());
    call
}

fn send_list(server: &Server) -> ResponseFuture<Vec<String>> {
    list(server).send()
}
