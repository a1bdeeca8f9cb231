//! The one table of codes.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is generated.
    Error,
    /// Worth a look.
    Warning,
}

macro_rules! codes {
    ($($name:ident = $text:literal, $severity:ident, $summary:literal, $more:literal;)*) => {
        /// What a diagnostic is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $summary] $name,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// `E202`
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            pub const fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }

            /// One sentence.
            pub const fn summary(self) -> &'static str {
                match self { $(Code::$name => $summary,)* }
            }

            const fn more(self) -> &'static str {
                match self { $(Code::$name => $more,)* }
            }
        }
    };
}

codes! {
    Syntax = "E001", Error, "The file is not valid YAML.",
        "Nothing in the file can be read until this is mended. Often it is a tab, a bracket that is not closed, or a `: ` within a text without quotes.";
    DuplicateKey = "E002", Error, "A mapping has the same key twice.",
        "Most YAML readers silently take the last one. Remove or rename one of them.";
    YamlFeature = "E003", Error, "A feature of YAML that is not part of the spec language.",
        "Anchors, aliases, merge keys, tags, several documents and keys that are not texts are left out, so that every line means what it says and can be found with grep. What several operations share goes into `parameters:` or `include:`.";
    AmbiguousText = "E004", Error, "A text that other YAML readers take for a boolean, a number or null.",
        "`NO` is false and `017` is 15 to some readers. Put the text into quotes:\n\n    values:\n      \"NO\": Norway.";
    NotText = "E005", Error, "The file cannot be read as UTF-8 text.",
        "Save it as UTF-8.";
    Folder = "E006", Error, "The spec folder does not have the expected shape.",
        "A spec folder holds one folder per API; each has an `api.yaml` and one file per group of operations:\n\n    spec/trading/api.yaml\n    spec/trading/orders.yaml";
    CommaInText = "E007", Error, "A comma within a text without quotes, between braces.",
        "Between braces a comma ends a text, and what follows it is taken for a key. Put the text into quotes, or write the mapping on several lines:\n\n    Side: { doc: \"Direction of an order, or of a fill.\", … }";
    UnknownKey = "E101", Error, "A mapping has a key that the language does not know.",
        "Keys are listed in spec/README.md; the message lists those of this mapping.";
    MissingKey = "E102", Error, "A required key is absent.",
        "The message names the key; spec/README.md says what it means.";
    WrongType = "E103", Error, "A value has the wrong shape.",
        "For example a list where one text is meant, or a text where a number is meant. `\"100\"` in quotes is a text, not a number.";
    UnknownWord = "E104", Error, "A value is not one of the allowed words.",
        "The message lists the allowed words.";
    EmptyDoc = "E105", Error, "A description is empty.",
        "Descriptions become the documentation of the crate. Say in one sentence what it means.";
    BadServer = "E106", Error, "A server's address is not a base URL.",
        "A base URL is scheme and host, perhaps with the beginning of every path, without a slash at its end:\n\n    servers:\n      production: { url: https://api.clearstreet.com, doc: Real accounts, real money. }";
    TypeSyntax = "E201", Error, "A type cannot be parsed.",
        "Types are written `T`, `T?`, `list<T>` and `map<T>`; the result of an operation may also be `page<T>` or `nothing`.";
    UnknownType = "E202", Error, "A type is not defined.",
        "Types are the built-in ones (`string`, `decimal`, …) and the ids, enums, models and unions of all files of the same API.";
    DuplicateName = "E203", Error, "Two definitions have the same name.",
        "Type names are shared by all files of an API, and so are operation names. The request builder of an operation (`GetOrders` for `get_orders`) and the handle of a group (`Orders` for `orders.yaml`) are types of their module, too. Rename one of them.";
    InfiniteType = "E204", Error, "A type has no finite value.",
        "A model that requires itself, directly or by way of other models, can never be complete. Make one of the fields optional or a list. Optional recursion is fine; it is boxed by itself.";
    NotAModel = "E205", Error, "A model is needed here.",
        "`include` copies fields, so it takes models; the variants of a union with `tag` or `keyed` are objects, so they are models (or, with `keyed`, unions).";
    NoDescription = "E206", Error, "A field has no description.",
        "Give it a `doc:`, or add its name to `glossary:` in api.yaml if it means the same everywhere, or give its type a description.";
    FieldCollision = "E207", Error, "Two fields become the same Rust name.",
        "Wire names that differ only by case or punctuation become one Rust name. Give one of them a `rust:` name:\n\n    buttonId: { type: string, rust: other_button_id, doc: … }\n\nAlso an included model may have a field that is there already.";
    RustName = "E208", Error, "A name cannot be a name in Rust.",
        "Names of types, groups, operations and constructors, and what `rust:` says, must be Rust identifiers.";
    BadBounds = "E209", Error, "Bounds do not fit the type.",
        "`min` and `max` are for numbers, `min_length` and `max_length` for texts, `min_items` and `max_items` for lists, and a lower bound is not above the upper one.";
    BadClearable = "E210", Error, "`clearable` does not fit the field.",
        "It tells null from absent, so the field must be optional.";
    BadId = "E211", Error, "An id is not well formed.",
        "Its type is `i64` or `string`; `accepts` lists ids and `string`.";
    BadDefault = "E212", Error, "A default does not fit the type.",
        "`default` tells what the server takes when the field is absent: a value of the field's type. For an enum it is a value as on the wire.";
    HttpLine = "E301", Error, "`http` is not a method and a path.",
        "Write `GET /v1/accounts/{account_id}`. Methods are GET, POST, PUT, PATCH and DELETE.";
    MissingPathParameter = "E302", Error, "A `{placeholder}` of the path has no entry under `path:`.",
        "Every placeholder needs its type:\n\n    http: GET /v1/accounts/{account_id}\n    path:\n      account_id: AccountId";
    ExtraPathParameter = "E303", Error, "An entry under `path:` is not in the path, or not in its order.",
        "The entries of `path:` are the arguments of the method, in the order of the path.";
    DuplicateRoute = "E304", Error, "Two operations have the same method and path.",
        "Paths that differ only by the names of their placeholders are the same.";
    NoRepeatClass = "E305", Error, "An operation does not say how it may be repeated.",
        "There is no default, because the HTTP method does not tell: closing a position is a DELETE that creates an order.\n\n    repeat: read        changes nothing, repeat freely\n    repeat: idempotent  has the same effect if it is sent again\n    repeat: keyed       may be sent again only with the same key in every row; needs `key:`\n    repeat: never       is left to the caller";
    BadKey = "E306", Error, "`key` does not fit the operation.",
        "`repeat: keyed` needs `key:`, the name of a text field of the body's model; no other class has one. Body and result are lists: what became of a submission is said of each row.";
    PageParameters = "E307", Error, "A paged result without page parameters.",
        "`result: page<T>` needs the API's page parameters (`pagination:` in api.yaml), among the query or in the body's model. Most operations have `include: [PageQuery]`.";
    BadParameter = "E308", Error, "A parameter cannot have this type.",
        "Path parameters are required scalars or ids; query parameters are scalars, ids, enums and lists of them. Objects go into the body.";
    BadBody = "E309", Error, "A body cannot have this type.",
        "A body is a model, a union, or a list of them; GET has none.";
    BadStatus = "E310", Error, "A status does not fit.",
        "Success is 2xx, `partial` another 2xx, `errors` are 4xx and 5xx without doubles, and `rows` are some of `errors`.";
    UnknownGroup = "E311", Error, "A group of parameters is not defined.",
        "`include` of an operation names groups of `parameters:` in api.yaml.";
    ValueCollision = "E401", Error, "Two values or variants become the same Rust name.",
        "Give one of them a `rust:` name:\n\n    values:\n      CANCELED: No longer open.\n      Canceled: { doc: …, rust: CanceledLower }";
    EmptyEnum = "E402", Error, "An enum or union has nothing in it.",
        "List at least one value or variant.";
    UnknownField = "E403", Error, "A rule, constructor or key names a field that does not exist.",
        "Fields are named as on the wire.";
    BadRule = "E404", Error, "A rule is not well formed.",
        "A rule is one of `exactly_one`, `at_least_one`, `at_most_one` with two fields or more, all optional, or `when` with `require` or `forbid`:\n\n    - when: { order_type: [LIMIT] }\n      require: [limit_price]";
    BadConstructor = "E405", Error, "A constructor is not well formed.",
        "It must set or take every required field, none of them twice, and set values that fit the field.";
    BadTagging = "E406", Error, "A union does not say how its variants are told apart.",
        "Exactly one of `tag: <property>`, `keyed: true` and `by_shape: true`. The tag is not a field of a variant; kinds of `by_shape` are bool, number, string, list and object, each with a type of that kind.";
    UnknownValue = "E407", Error, "A value is not one of the enum's.",
        "Values are written as on the wire.";
    UnusedDefinition = "W501", Warning, "A definition is not used by any operation.",
        "It would only cost its readers time. Remove it, or use it.";
    UnusedGlossary = "W502", Warning, "An entry of the glossary is not used.",
        "No field without a description of its own has this name.";
    Convention = "W503", Warning, "A name does not follow the conventions.",
        "Types are UpperCamelCase; files, operations and constructors snake_case.";
    RedundantRust = "W504", Warning, "`rust:` says what is so anyway.",
        "The name follows from the one on the wire; leave `rust:` out.";
    UnfinishedDoc = "W505", Warning, "A description does not end like a sentence.",
        "Descriptions become the documentation of the crate, where they stand as sentences. End it with a full stop.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What `cargo xtask explain E202` prints; `None` if there is no such code.
pub fn explain(code: &str) -> Option<String> {
    let code = Code::ALL.iter().find(|known| known.as_str().eq_ignore_ascii_case(code))?;
    Some(format!("{code}: {}\n\n{}\n", code.summary(), code.more()))
}
