//! What generated code relies on, in one place: the names of the standard library, of other
//! crates and of the hand-written runtime.

/// A name that is written by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) module: &'static str,
    pub(super) name: &'static str,
    /// In scope everywhere: the path is written only where the name is taken.
    pub(super) in_prelude: bool,
}

/// Whether a type of the spec must not be imported under this name.
pub(super) fn is_reserved(name: &str) -> bool {
    ALL.iter().any(|item| item.name == name)
}

macro_rules! items {
    (@) => { false };
    (@ prelude) => { true };
    ($($constant:ident = $module:literal $name:literal $($prelude:ident)?;)*) => {
        $(pub(super) const $constant: Item =
            Item { module: $module, name: $name, in_prelude: items!(@ $($prelude)?) };)*
        const ALL: &[Item] = &[$($constant),*];
    };
}

items! {
    BOX = "std::boxed" "Box" prelude;
    ERR = "std::result::Result" "Err" prelude;
    DEFAULT = "std::default" "Default" prelude;
    FROM = "std::convert" "From" prelude;
    INTO = "std::convert" "Into" prelude;
    INTO_ITERATOR = "std::iter" "IntoIterator" prelude;
    NONE = "std::option::Option" "None" prelude;
    OK = "std::result::Result" "Ok" prelude;
    OPTION = "std::option" "Option" prelude;
    RESULT = "std::result" "Result" prelude;
    SOME = "std::option::Option" "Some" prelude;
    STRING = "std::string" "String" prelude;
    VEC = "std::vec" "Vec" prelude;

    BTREE_MAP = "std::collections" "BTreeMap";
    FMT = "std" "fmt";
    PARSE_INT_ERROR = "std::num" "ParseIntError";
    FROM_STR = "std::str" "FromStr";

    DATE = "jiff::civil" "Date";
    DECIMAL = "rust_decimal" "Decimal";
    DESERIALIZE = "serde" "Deserialize";
    DESERIALIZER = "serde" "Deserializer";
    DURATION = "jiff" "SignedDuration";
    SERIALIZE = "serde" "Serialize";
    SERIALIZER = "serde" "Serializer";
    TIMESTAMP = "jiff" "Timestamp";
    UUID = "uuid" "Uuid";
    ZONED = "jiff" "Zoned";

    JSON = "crate" "Json";
    NOT_LISTED = "crate" "NotListed";
    PATCH = "crate" "Patch";
    UNKNOWN_VARIANT = "crate" "UnknownVariant";
    UNRECOGNIZED = "crate" "Unrecognized";

    RECORD_MODULE = "crate" "record";
    FIELD = "crate::record" "Field";
    RAW_VARIANT = "crate::record" "RawVariant";
    RECORD = "crate::record" "Record";
    RULE = "crate::record" "Rule";
    SLOT = "crate::record" "Slot";
    TABLE = "crate::record" "Table";
    TAGGING = "crate::record" "Tagging";
    TEXT = "crate::record" "Text";
    UNION = "crate::record" "Union";
    UNION_TABLE = "crate::record" "UnionTable";
    VALUE = "crate::record" "Value";
    VIEW = "crate::record" "View";

    ANSWER = "crate::operation" "Answer";
    API = "crate::api" "Api";
    AUTHENTICATION = "crate::api" "Authentication";
    BODY_KIND = "crate::operation" "BodyKind";
    DATE_ENCODING = "crate::record" "DateEncoding";
    DECIMAL_ENCODING = "crate::record" "DecimalEncoding";
    ENCODING = "crate::record" "Encoding";
    FRAME = "crate::api" "Frame";
    LIST_ENCODING = "crate::api" "ListEncoding";
    LOOKUP = "crate::operation" "Lookup";
    METHOD = "crate::operation" "Method";
    OPERATION = "crate::operation" "Operation";
    PAGE_TOKEN = "crate::operation" "PageToken";
    PAGINATION = "crate::api" "Pagination";
    PARAMETER = "crate::operation" "Parameter";
    RATE_LIMIT = "crate::api" "RateLimit";
    REPEAT = "crate::operation" "Repeat";
    TIMESTAMP_ENCODING = "crate::record" "TimestampEncoding";

    CHANNEL = "crate::stream" "Channel";
    CHANNEL_MESSAGE = "crate::stream" "ChannelMessage";
    CONTENT = "crate::stream" "Content";
    LAYOUT = "crate::stream" "Layout";
    MESSAGE_KIND = "crate::stream" "MessageKind";
    PLACE = "crate::stream" "Place";
    ROLE = "crate::stream" "Role";
    SUBSCRIPTION = "crate::stream" "Subscription";

    CALL = "crate::call" "Call";
    CORE = "crate::client" "Core";
    ITEMS = "crate::page" "Items";
    PAGES = "crate::page" "Pages";
    ROWS = "crate::keyed" "Rows";
    REQUEST_OPTIONS = "crate::options" "RequestOptions";
    SENDING = "crate::call" "Sending";
    SUBMITTING = "crate::keyed" "Submitting";
}
