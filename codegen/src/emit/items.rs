//! What generated code relies on, in one place: the names of the standard library, of other
//! crates and of the hand-written runtime.
//!
//! All of them are in scope everywhere: those of the standard library by its own prelude, the others by
//! `crate::generated_prelude`. The path is written only where the name is taken.

/// A name that is written by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) module: &'static str,
    pub(super) name: &'static str,
}

/// Whether a type of the spec must not be imported under this name.
pub(super) fn is_reserved(name: &str) -> bool {
    ALL.iter().any(|item| item.name == name)
}

macro_rules! items {
    ($($constant:ident = $module:literal $name:literal;)*) => {
        $(pub(super) const $constant: Item = Item { module: $module, name: $name };)*
        const ALL: &[Item] = &[$($constant),*];
    };
}

items! {
    BOX = "std::boxed" "Box";
    DEFAULT = "std::default" "Default";
    INTO = "std::convert" "Into";
    INTO_ITERATOR = "std::iter" "IntoIterator";
    NONE = "std::option::Option" "None";
    OPTION = "std::option" "Option";
    SOME = "std::option::Option" "Some";
    STRING = "std::string" "String";
    VEC = "std::vec" "Vec";

    BTREE_MAP = "std::collections" "BTreeMap";

    DATE = "jiff::civil" "Date";
    DECIMAL = "rust_decimal" "Decimal";
    DURATION = "jiff" "SignedDuration";
    TIMESTAMP = "jiff" "Timestamp";
    UUID = "uuid" "Uuid";
    ZONED = "jiff" "Zoned";

    JSON = "crate" "Json";
    PATCH = "crate" "Patch";
    UNKNOWN_VARIANT = "crate" "UnknownVariant";
    UNRECOGNIZED = "crate" "Unrecognized";

    API = "crate::api" "Api";
    AUTHENTICATION = "crate::api" "Authentication";
    BODY_KIND = "crate::operation" "BodyKind";
    DATE_ENCODING = "crate::record" "DateEncoding";
    DECIMAL_ENCODING = "crate::record" "DecimalEncoding";
    ENCODING = "crate::record" "Encoding";
    FIELD = "crate::record" "Field";
    FRAME = "crate::api" "Frame";
    LIST_ENCODING = "crate::api" "ListEncoding";
    LOOKUP = "crate::operation" "Lookup";
    OPERATION = "crate::operation" "Operation";
    PAGE_TOKEN = "crate::operation" "PageToken";
    PAGINATION = "crate::api" "Pagination";
    RATE_LIMIT = "crate::api" "RateLimit";
    REPEAT = "crate::operation" "Repeat";
    RULE = "crate::record" "Rule";
    TABLE = "crate::record" "Table";
    TIMESTAMP_ENCODING = "crate::record" "TimestampEncoding";

    CHANNEL = "crate::stream" "Channel";
    CHANNEL_MESSAGE = "crate::stream" "ChannelMessage";
    LAYOUT = "crate::stream" "Layout";
    PLACE = "crate::stream" "Place";

    CALL = "crate::call" "Call";
    CORE = "crate::client" "ClientInner";
    ROWS = "crate::keyed" "Rows";
}
