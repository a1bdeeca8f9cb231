//! What generated code relies on, in one place: the names of the standard library, of other
//! crates and of the hand-written runtime.

/// Where an [`Item`] lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// In scope everywhere; the path is written only where the name is taken.
    Prelude,
    /// The standard library or another crate.
    External,
    /// A module of the hand-written runtime.
    Runtime,
}

/// A name that is written by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) home: Home,
    pub(super) module: &'static str,
    pub(super) name: &'static str,
}

/// Whether a type of the spec must not be imported under this name.
pub(super) fn is_reserved(name: &str) -> bool {
    ALL.iter().any(|item| item.name == name)
}

macro_rules! items {
    ($($constant:ident = $home:ident $module:literal $name:literal;)*) => {
        $(pub(super) const $constant: Item = Item { home: Home::$home, module: $module, name: $name };)*
        const ALL: &[Item] = &[$($constant),*];
    };
}

items! {
    BOX = Prelude "std::boxed" "Box";
    DEFAULT = Prelude "std::default" "Default";
    FROM = Prelude "std::convert" "From";
    INTO = Prelude "std::convert" "Into";
    INTO_ITERATOR = Prelude "std::iter" "IntoIterator";
    NONE = Prelude "std::option::Option" "None";
    OK = Prelude "std::result::Result" "Ok";
    OPTION = Prelude "std::option" "Option";
    RESULT = Prelude "std::result" "Result";
    SOME = Prelude "std::option::Option" "Some";
    STRING = Prelude "std::string" "String";
    VEC = Prelude "std::vec" "Vec";

    BTREE_MAP = External "std::collections" "BTreeMap";
    FMT = External "std" "fmt";
    FROM_STR = External "std::str" "FromStr";

    DATE = External "jiff::civil" "Date";
    DECIMAL = External "rust_decimal" "Decimal";
    DESERIALIZE = External "serde" "Deserialize";
    DESERIALIZER = External "serde" "Deserializer";
    DURATION = External "jiff" "SignedDuration";
    SERIALIZE = External "serde" "Serialize";
    SERIALIZER = External "serde" "Serializer";
    TIMESTAMP = External "jiff" "Timestamp";
    UUID = External "uuid" "Uuid";
    ZONED = External "jiff" "Zoned";

    JSON = Runtime "" "Json";
    PATCH = Runtime "" "Patch";
    UNKNOWN_VARIANT = Runtime "" "UnknownVariant";
    UNRECOGNIZED = Runtime "" "Unrecognized";

    RECORD_MODULE = Runtime "" "record";
    FIELD = Runtime "record" "Field";
    RECORD = Runtime "record" "Record";
    RULE = Runtime "record" "Rule";
    SLOT = Runtime "record" "Slot";
    TABLE = Runtime "record" "Table";
    TAGGING = Runtime "record" "Tagging";
    TEXT = Runtime "record" "Text";
    UNION = Runtime "record" "Union";
    UNION_TABLE = Runtime "record" "UnionTable";
    VALUE = Runtime "record" "Value";
    VIEW = Runtime "record" "View";

    ANSWER = Runtime "operation" "Answer";
    API = Runtime "api" "Api";
    BODY_KIND = Runtime "operation" "BodyKind";
    DATE_ENCODING = Runtime "record" "DateEncoding";
    DECIMAL_ENCODING = Runtime "record" "DecimalEncoding";
    ENCODING = Runtime "record" "Encoding";
    LIST_ENCODING = Runtime "api" "ListEncoding";
    METHOD = Runtime "operation" "Method";
    OPERATION = Runtime "operation" "Operation";
    PAGE_TOKEN = Runtime "operation" "PageToken";
    PAGINATION = Runtime "api" "Pagination";
    PARAMETER = Runtime "operation" "Parameter";
    REPEAT = Runtime "operation" "Repeat";
    TIMESTAMP_ENCODING = Runtime "record" "TimestampEncoding";

    CALL = Runtime "call" "Call";
    CORE = Runtime "client" "Core";
    ITEMS = Runtime "page" "Items";
    ROWS = Runtime "keyed" "Rows";
    PAGES = Runtime "page" "Pages";
    REQUEST_OPTIONS = Runtime "options" "RequestOptions";
    SENDING = Runtime "call" "Sending";
    SUBMITTING = Runtime "keyed" "Submitting";
}
