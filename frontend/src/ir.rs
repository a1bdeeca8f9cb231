//! What the emitters see: plain data in which everything is decided.
//!
//! Names are stored twice, as on the wire and as in Rust; Rust names are escaped already
//! (`r#type`, `self_`). Types are resolved to the module that defines them. Nothing here refers
//! to the spec's text: an emitter that needs a decision finds it made.

mod api;
mod channel;
mod definition;

pub use self::api::{Authentication, RateLimit};
pub use self::channel::{Channel, Content, Layout, Message, MessagePlace};
pub use self::definition::Definition;
pub use crate::language::{
    BareError, DateEncoding, DecimalEncoding, Encodings, IdRepr, ListEncoding, Literal, Repeat, Replay, Role,
    Sequence, TimestampEncoding,
};
pub use crate::route::Method;

/// One API: a folder of the spec and a module of the crate.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// Name of folder and module: `trading`.
    pub name: String,
    pub doc: String,
    /// The vendor's release.
    pub version: String,
    /// Sorted by file name; `api.yaml` itself is not among them.
    pub groups: Vec<Group>,
    pub servers: Vec<Server>,
    pub authentication: Authentication,
    pub base_url_variable: String,
    pub frame: Frame,
    pub pagination: Pagination,
    pub encodings: Encodings,
    /// Statuses that every operation can answer.
    pub errors: Vec<u16>,
    pub rate_limits: Vec<RateLimit>,
    /// If it has channels.
    pub layout: Option<Layout>,
    /// Path of `api.yaml` below the spec folder: `trading/api.yaml`.
    pub source: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// `production`
    pub name: String,
    /// `Production`
    pub rust: String,
    pub url: String,
    /// If the API has channels.
    pub stream: Option<String>,
    pub doc: String,
}

/// What stands around results, by the names of its properties.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// An object around every answer.
    Envelope { data: String, error: String, metadata: String },
    /// Nothing, but for an object around the items of a list.
    Bare { items: String, error: BareError },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pagination {
    pub size: String,
    pub token: String,
    pub next: String,
    pub previous: Option<String>,
}

/// One file of the spec and one module of the crate.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// File stem, module and accessor: `orders`.
    pub name: String,
    /// The handle that carries the operations: `Orders`. Unused if there are no operations.
    pub rust: String,
    pub doc: String,
    /// Path below the spec folder: `trading/orders.yaml`.
    pub source: String,
    pub operations: Vec<Operation>,
    /// The operation that the documentation shows, by index.
    pub example: Option<usize>,
    /// Whether something deprecated is defined or used here.
    pub deprecations: bool,
    pub ids: Vec<Id>,
    pub enums: Vec<Enum>,
    pub models: Vec<Model>,
    pub unions: Vec<Union>,
    pub channels: Vec<Channel>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The vendor's name and the method: `get_orders`.
    pub name: String,
    /// The request builder: `GetOrders`.
    pub rust: String,
    pub doc: String,
    pub method: Method,
    /// `/v1/accounts/{account_id}/orders`
    pub path: String,
    /// Path parameters in the order of the path, then query parameters in the order of the spec.
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    pub rules: Vec<Rule>,
    pub result: Outcome,
    pub status: u16,
    pub partial: Option<u16>,
    /// Documented error statuses and those of the API, sorted.
    pub errors: Vec<u16>,
    pub rows: Vec<u16>,
    pub repeat: Repeat,
    /// Wire name of the key field of the body's rows.
    pub key: Option<String>,
    /// How its rows are found again, if it is keyed.
    pub lookup: Option<Lookup>,
    /// Where the page token goes, if the result is a page.
    pub page_token: Option<PageToken>,
    pub deprecated: Option<Deprecation>,
}

/// How the rows of a keyed operation are found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The operation that lists them.
    pub list: Request,
    /// Wire name of the field of the listed rows that holds the key.
    pub key: String,
    /// Index of the list's parameter that takes keys.
    pub keys: Option<usize>,
    /// Index of the list's parameter that leaves out what is older.
    pub since: Option<usize>,
    /// Wire name of the field of the listed rows that holds the status.
    pub status: String,
    /// What the values of the status say.
    pub states: States,
    pub known_key: Vec<u16>,
}

/// The request builder of an operation and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Module of its group: `orders`.
    pub module: String,
    /// Rust identifier: `GetOrders`.
    pub rust: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub field: Field,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// Without `Option`, even if it may be left out.
    pub ty: Type,
    pub required: bool,
}

/// What an operation answers on success.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A value; `Option` if it may be null.
    Value(Type),
    /// One page of a list of these.
    Page(Type),
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageToken {
    /// The parameter at this index.
    Parameter(usize),
    /// A field of the body's object.
    Body,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub wire: String,
    /// Rust identifier, escaped.
    pub rust: String,
    /// With `Option`, `Patch` and boxes as they stand in the struct.
    pub ty: Type,
    /// Whether it must be in what is received and in what is sent.
    pub required: bool,
    /// Never empty.
    pub doc: String,
    pub bounds: Bounds,
    /// What the server takes when it is absent.
    pub default: Option<Literal>,
    pub sensitive: bool,
    pub deprecated: Option<Deprecation>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    pub min: Option<i64>,
    pub max: Option<i64>,
    pub min_length: Option<u32>,
    pub max_length: Option<u32>,
    pub min_items: Option<u32>,
    pub max_items: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecation {
    pub since: String,
    /// Never empty.
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    Bool,
    I32,
    I64,
    U32,
    U64,
    F64,
    String,
    Decimal,
    /// A decimal that is written as a JSON number, whatever the API does with others.
    Number,
    Date,
    Timestamp,
    Zoned,
    Duration,
    Uuid,
    Bytes,
    Json,
    Option(Box<Type>),
    /// Tells null from absent: `Patch<T>`.
    Patch(Box<Type>),
    List(Box<Type>),
    Map(Box<Type>),
    /// `Box<T>`, where a model would contain itself.
    Boxed(Box<Type>),
    Named(Name),
}

/// A defined type and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// Module of its group: `orders`.
    pub module: String,
    /// Rust identifier: `Order`.
    pub rust: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An id held as text.
    TextId,
    /// An id held as an integer.
    NumberId,
    Enum,
    Model,
    Union,
}

/// Which way a type travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Direction {
    pub sent: bool,
    pub received: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Id {
    /// Name in the spec and in Rust.
    pub rust: String,
    pub doc: String,
    pub repr: IdRepr,
    /// Other ids that convert into it.
    pub accepts: Vec<Name>,
    /// Whether plain text or a plain number converts into it.
    pub accepts_plain: bool,
    pub bounds: Bounds,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Enum {
    pub rust: String,
    pub doc: String,
    /// Whether an unlisted value is kept (`Unrecognized`) or an error.
    pub open: bool,
    pub values: Vec<Value>,
    /// If it is a status.
    pub states: Option<States>,
}

/// What the values of a status say about effect, by wire name. A value in no list says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// In effect, or can still be.
    pub live: Vec<String>,
    /// Was in effect and is over.
    pub done: Vec<String>,
    /// Never was in effect.
    pub refused: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub wire: String,
    pub rust: String,
    pub doc: String,
    pub deprecated: Option<Deprecation>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub rust: String,
    pub doc: String,
    /// With those of included models, in order.
    pub fields: Vec<Field>,
    pub direction: Direction,
    pub rules: Vec<Rule>,
    /// `new` first, if the model is sent; empty otherwise.
    pub constructors: Vec<Constructor>,
    /// Setters of optional fields, if the model is sent; empty otherwise.
    pub setters: Vec<Setter>,
    pub deprecated: Option<Deprecation>,
}

/// What must hold between fields, by wire name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    ExactlyOne(Vec<String>),
    AtLeastOne(Vec<String>),
    AtMostOne(Vec<String>),
    When {
        /// Every field has one of its values.
        conditions: Vec<(String, Vec<String>)>,
        require: Vec<String>,
        forbid: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Constructor {
    /// Rust name: `new`, `limit`.
    pub rust: String,
    pub doc: String,
    /// Fields that are arguments, by index.
    pub takes: Vec<usize>,
    /// Fields with a fixed value, by index.
    pub sets: Vec<(usize, Fixed)>,
}

/// A value that a constructor sets.
#[derive(Clone, Debug, PartialEq)]
pub enum Fixed {
    Bool(bool),
    Int(i64),
    Text(String),
    /// A value of an enum, by the enum and the Rust name of the value.
    Value(Name, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setter {
    /// Rust name of the method; differs from the field's where that is taken.
    pub rust: String,
    /// The field, by index.
    pub field: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Union {
    pub rust: String,
    pub doc: String,
    pub tagging: Tagging,
    pub variants: Vec<Variant>,
    pub direction: Direction,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// The property of this name says which variant it is.
    Tag(String),
    /// The name of the single property does.
    Keyed,
    /// The kind of JSON value does; the variants' wire names are kinds.
    Shape,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Tag, key or kind.
    pub wire: String,
    pub rust: String,
    pub doc: String,
    pub ty: Type,
}
