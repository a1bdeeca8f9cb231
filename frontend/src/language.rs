//! The spec language: one struct per mapping of `spec/README.md`.
//!
//! The single source for decoding (serde) and for the editors' JSON Schema (schemars); the doc
//! comments here are what an editor shows.

mod api;
mod channel;
mod id;
mod literal;

use schemars::JsonSchema;
use serde::Deserialize;

pub use self::api::{Authentication, ClientCredentials, Environment, Grant, RateLimit, Scheme};
pub use self::channel::{Channel, Message, Places, Replay, Role, Sequence, Stream, Subscribe};
pub use self::id::IdRepr;
pub use crate::decode::Map;
use crate::decode::ShortOrLong;
use crate::parsed::Parsed;
use crate::route::Route;
use crate::source::Spanned;
use crate::type_expr::{ResultExpr, TypeExpr};

/// A text with the place where it was written.
pub type Text = Spanned<String>;

/// A type.
pub type TypeText = Parsed<TypeExpr>;

/// One group of operations with the types that belong to it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What the group is about: the documentation of its module.
    pub doc: Text,
    /// REST operations by the vendor's name.
    #[serde(default)]
    pub operations: Map<Operation>,
    /// Identifiers, each a type of its own.
    #[serde(default)]
    pub ids: Map<Id>,
    /// Vocabularies of text values.
    #[serde(default)]
    pub enums: Map<Enum>,
    /// JSON objects.
    #[serde(default)]
    pub models: Map<Model>,
    /// One of several shapes.
    #[serde(default)]
    pub unions: Map<Union>,
    /// Stream channels by their name on the wire.
    #[serde(default)]
    pub channels: Map<Channel>,
}

/// `api.yaml`: what holds for all operations of an API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// What the API is about.
    pub doc: Text,
    /// The vendor's release that the description follows.
    pub version: Text,
    /// Environments by name; the first is the default.
    pub servers: Map<Server>,
    /// How requests prove who sends them.
    pub authentication: Spanned<Authentication>,
    /// Environment variables that `from_env` reads.
    pub environment: Environment,
    /// The object around every answer. An API has either this or `bare`.
    pub envelope: Option<Envelope>,
    /// That results stand by themselves.
    pub bare: Option<Bare>,
    /// How lists are cut into pages.
    pub pagination: Pagination,
    /// How values are written.
    pub encodings: Encodings,
    /// Error statuses that every operation can answer, documented or not.
    #[serde(default)]
    pub errors: Vec<Spanned<u16>>,
    /// How many requests the server takes, by the part of the path that they have in common.
    #[serde(default)]
    pub rate_limits: Map<RateLimit>,
    /// Groups of query parameters that operations include.
    #[serde(default)]
    pub parameters: Map<Map<Field>>,
    /// What holds for all channels, if there are any.
    pub stream: Option<Stream>,
    /// Descriptions by field name.
    #[serde(default)]
    pub glossary: Map<Text>,
}

/// A server of an API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Base URL without a slash at its end.
    pub url: Text,
    /// Where channels are subscribed to: `wss://…`.
    pub stream: Option<Text>,
    /// What it is for.
    pub doc: Text,
}

/// The properties of the object around every answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// Property with the result.
    pub data: Text,
    /// Property with the error.
    pub error: Text,
    /// Property with request id and page tokens.
    pub metadata: Text,
}

/// Answers without an object around them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bare {
    /// Property with the items of a list, beside the tokens of a page.
    pub items: Text,
    /// What the body of an error is.
    pub error: Spanned<BareError>,
}

/// What the body of an error is where there is no envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BareError {
    /// An object of RFC 9457.
    ProblemDetails,
}

/// How lists are cut into pages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pagination {
    /// Parameter with the number of items per page.
    pub size: Text,
    /// Parameter with the token of the page wanted.
    pub token: Text,
    /// Property with the token of the next page: of the metadata, or beside the items.
    pub next: Text,
    /// Property with the token of the previous page, if there are such.
    pub previous: Option<Text>,
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Encodings {
    /// Decimal numbers.
    pub decimal: DecimalEncoding,
    /// Instants.
    pub timestamp: TimestampEncoding,
    /// Calendar days.
    pub date: DateEncoding,
    /// Lists in a query.
    pub list: ListEncoding,
}

/// How decimal numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecimalEncoding {
    /// As JSON strings.
    String,
    /// As JSON numbers.
    Number,
}

/// How instants are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimestampEncoding {
    /// `2025-10-31T14:30:00.123456789Z`.
    Rfc3339,
    /// Milliseconds since 1970 as an integer.
    UnixMillis,
}

/// How calendar days are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DateEncoding {
    /// `2025-10-31`.
    Iso8601,
    /// `20251031` as an integer.
    Yyyymmdd,
}

/// How lists are written in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListEncoding {
    /// `status=NEW,FILLED`.
    Comma,
    /// `status=NEW&status=FILLED`.
    Repeat,
}

/// A REST operation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Method and path template: `GET /v1/clock`.
    pub http: Parsed<Route>,
    /// What it does.
    pub doc: Text,
    /// Type of each `{placeholder}` of the path.
    #[serde(default)]
    pub path: Map<Field>,
    /// Groups of shared query parameters, which come before those of `query`.
    #[serde(default)]
    pub include: Vec<Text>,
    /// Query parameters.
    #[serde(default)]
    pub query: Map<Field>,
    /// Type of the request's body; `T?` if it may be left out.
    pub body: Option<TypeText>,
    /// What must hold between query parameters.
    #[serde(default)]
    pub rules: Vec<Spanned<Rule>>,
    /// `T`, `T?`, `list<T>`, `page<T>` or `nothing`.
    pub result: Parsed<ResultExpr>,
    /// Status of success, 200 unless said.
    pub status: Option<Spanned<u16>>,
    /// Status of a partial success.
    pub partial: Option<Spanned<u16>>,
    /// Documented error statuses.
    #[serde(default)]
    pub errors: Vec<Spanned<u16>>,
    /// Those of `errors` whose `data` holds the result's rows.
    #[serde(default)]
    pub rows: Vec<Spanned<u16>>,
    /// Rust name of the request, where a type has the one that it would have.
    pub request: Option<Text>,
    /// What may happen after a failure that may have reached the server. Required; its absence
    /// has an error of its own.
    #[schemars(required)]
    pub repeat: Option<Spanned<Repeat>>,
    /// With `repeat: keyed`: the field of the body's rows that makes a repetition recognisable.
    pub key: Option<Text>,
    /// With `repeat: keyed`: how its rows are found again.
    pub lookup: Option<Lookup>,
    /// That it will go away.
    pub deprecated: Option<Deprecation>,
}

/// What may happen after a failure that may have reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// Changes nothing: repeat freely.
    Read,
    /// Has the same effect if it is sent again.
    Idempotent,
    /// Has a key in every row, by which rows in doubt are looked up.
    Keyed,
    /// Is never sent again.
    Never,
}

/// How the rows of a keyed operation are found again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The `read` operation that lists the rows. Every parameter of its path is one of this
    /// operation's, too.
    pub list: Text,
    /// The field of its rows that holds the key.
    pub key: Text,
    /// Its query parameter that takes keys: a list of texts.
    pub keys: Option<Text>,
    /// Its query parameter that leaves out what is older: a timestamp.
    pub since: Option<Text>,
    /// The field of its rows that holds the status: an enum with `states`.
    pub status: Text,
    /// Error statuses that can mean that the server knows a key already; 409 always can.
    #[serde(default)]
    pub known_key: Vec<Spanned<u16>>,
}

/// A field of a model or a parameter: `decimal?`, or a mapping.
pub type Field = ShortOrLong<TypeText, FieldLong>;

/// A field with attributes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldLong {
    /// A type such as `decimal?` or `list<Order>`.
    #[serde(rename = "type")]
    pub ty: TypeText,
    /// What it means.
    pub doc: Option<Text>,
    /// Rust name, where it differs by more than case.
    pub rust: Option<Text>,
    /// Least number.
    pub min: Option<Spanned<i64>>,
    /// Greatest number.
    pub max: Option<Spanned<i64>>,
    /// Least number of characters, also of a decimal.
    pub min_length: Option<Spanned<u32>>,
    /// Greatest number of characters, also of a decimal.
    pub max_length: Option<Spanned<u32>>,
    /// Least number of items.
    pub min_items: Option<Spanned<u32>>,
    /// Greatest number of items.
    pub max_items: Option<Spanned<u32>>,
    /// What the server takes when it is absent.
    pub default: Option<Spanned<Literal>>,
    /// Personal data, never printed.
    #[serde(default)]
    pub sensitive: bool,
    /// That it will go away.
    pub deprecated: Option<Deprecation>,
    /// Tells null from absent.
    pub clearable: Option<Spanned<bool>>,
}

/// That something will go away.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deprecation {
    /// Release or day of the announcement.
    pub since: Text,
    /// What to use instead.
    pub note: Option<Text>,
}

/// An identifier with a type of its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Id {
    /// `i64` or `string`.
    #[serde(rename = "type")]
    pub ty: Parsed<IdRepr>,
    /// What it identifies.
    pub doc: Text,
    /// What else converts into it: names of ids, and `string`.
    #[serde(default)]
    pub accepts: Vec<Text>,
    /// Least number of characters.
    pub min_length: Option<Spanned<u32>>,
    /// Greatest number of characters.
    pub max_length: Option<Spanned<u32>>,
}

/// A vocabulary of text values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Enum {
    /// What the values say.
    pub doc: Text,
    /// Why a value that is not listed is an error.
    pub closed: Option<Text>,
    /// Values by their text on the wire.
    pub values: Map<Value>,
    /// If it is a status: what the values say about effect. A value in no list says nothing.
    pub states: Option<States>,
}

/// What the values of a status say about effect.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct States {
    /// Values of what is in effect, or can still be.
    #[serde(default)]
    pub live: Vec<Text>,
    /// Values of what was in effect and is over.
    #[serde(default)]
    pub done: Vec<Text>,
    /// Values of what never was in effect.
    #[serde(default)]
    pub refused: Vec<Text>,
}

/// A value of an enum: its description, or a mapping.
pub type Value = ShortOrLong<Text, ValueLong>;

/// A value of an enum with attributes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueLong {
    /// What it means.
    pub doc: Text,
    /// Rust name, where it differs by more than case.
    pub rust: Option<Text>,
    /// That it will go away.
    pub deprecated: Option<Deprecation>,
}

/// A JSON object.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What it is.
    pub doc: Text,
    /// Models whose fields come first.
    #[serde(default)]
    pub include: Vec<Text>,
    /// Its own fields.
    #[serde(default)]
    pub fields: Map<Field>,
    /// What must hold between fields before it is sent.
    #[serde(default)]
    pub rules: Vec<Spanned<Rule>>,
    /// Named ways to make it.
    #[serde(default)]
    pub constructors: Map<Constructor>,
    /// That it will go away.
    pub deprecated: Option<Deprecation>,
}

/// What must hold between fields: one of the first three, or `when` with `require` or `forbid`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Exactly one of these is present.
    #[serde(default)]
    pub exactly_one: Vec<Text>,
    /// One of these or more are present.
    #[serde(default)]
    pub at_least_one: Vec<Text>,
    /// None or one of these is present.
    #[serde(default)]
    pub at_most_one: Vec<Text>,
    /// Fields and the values of theirs for which the rule holds.
    #[serde(default)]
    pub when: Map<Vec<Text>>,
    /// What must be present then.
    #[serde(default)]
    pub require: Vec<Text>,
    /// What must be absent then.
    #[serde(default)]
    pub forbid: Vec<Text>,
}

/// A named way to make a model.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Constructor {
    /// What it makes.
    pub doc: Text,
    /// Fields with a fixed value.
    #[serde(default)]
    pub set: Map<Spanned<Literal>>,
    /// Fields that are arguments.
    #[serde(default)]
    pub take: Vec<Text>,
}

/// One of several shapes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Union {
    /// What it is.
    pub doc: Text,
    /// The property whose value says which variant it is.
    pub tag: Option<Text>,
    /// An object with a single property whose name says which variant it is.
    pub keyed: Option<Spanned<bool>>,
    /// Told apart by the kind of JSON value.
    pub by_shape: Option<Spanned<bool>>,
    /// Types by tag, key or shape.
    pub variants: Map<Variant>,
}

/// A variant of a union: its type, or a mapping.
pub type Variant = ShortOrLong<TypeText, VariantLong>;

/// A variant of a union with attributes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantLong {
    /// The model that it holds.
    #[serde(rename = "type")]
    pub ty: TypeText,
    /// What it means.
    pub doc: Option<Text>,
    /// Rust name, where it differs by more than case.
    pub rust: Option<Text>,
}

/// A plain value.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum Literal {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
}
