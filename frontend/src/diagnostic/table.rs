//! The one table of codes: `E0` YAML, `E1` shape, `E2` types and names, `E3` operations, `E4` models,
//! enums and unions, `E6` channels, `W5` warnings.
//!
//! Each has a sentence and an explanation with an example, which `cargo xtask explain` prints.

use super::codes::{Severity, codes};

codes! {
    Syntax = "E001", Error, "The file is not valid YAML.", "
Nothing in the file can be read until this is mended. Often it is a tab, a bracket or a quote that is
not closed, or a `: ` within a text without quotes:

    doc: One side: the buyer.       # `: ` begins a value
    doc: \"One side: the buyer.\"     # in quotes it is text";

    DuplicateKey = "E002", Error, "A mapping has the same key twice.", "
Most YAML readers silently take the last one. Remove or rename one of them:

    fields:
      side: Side
      side: OrderSide               # which of the two?";

    YamlFeature = "E003", Error, "A feature of YAML that is not part of the spec language.", "
Anchors, aliases, merge keys, tags, directives, several documents, keys that are no texts and nesting
without end are left out, so that every line means what it says and can be found with grep. What several
operations share goes into `parameters:` of api.yaml, what several models share into a model that they
include:

    NewThread: { <<: *thread }      # no
    NewThread:
      include: [ThreadCore]         # yes";

    AmbiguousText = "E004", Error, "A text that other YAML readers take for a boolean, a number or null.", "
`NO` is false and `017` is 15 to some readers. Put the text into quotes:

    values:
      NO: Norway.                   # false
      \"NO\": Norway.                 # a text";

    NotText = "E005", Error, "The file cannot be read as UTF-8 text.", "
It was saved in another encoding. For example

    iconv -f latin1 -t utf8 orders.yaml > orders.utf8.yaml";

    Folder = "E006", Error, "The spec folder does not have the expected shape.", "
It holds one folder per API; each has an `api.yaml` and one file per group of operations:

    spec/trading/api.yaml
    spec/trading/orders.yaml";

    CommaInText = "E007", Error, "A comma within a text without quotes, between braces.", "
Between braces a comma ends a text, and what follows it is taken for a key. Put the text into quotes, or
write the mapping on several lines:

    side: { type: Side, doc: Buys, or sells. }      # `or sells.` is no key
    side: { type: Side, doc: \"Buys, or sells.\" }";

    UnknownKey = "E101", Error, "A mapping has a key that the language does not know.", "
The message lists the keys of this mapping; spec/README.md says what they mean.

    get_clock:
      http: GET /v1/clock
      summary: Reads the clock.     # it is called `doc`";

    MissingKey = "E102", Error, "A required key is absent.", "
The message names the key; spec/README.md says what it means.

    get_clock:
      doc: Reads the clock.         # no `http:`, no `result:`";

    WrongType = "E103", Error, "A value has the wrong shape.", "
For example a text where a list is meant, or a text in quotes where a number is meant:

    errors: 404                     # a list: [404]
    max: \"1000\"                     # a number: 1000";

    UnknownWord = "E104", Error, "A value is not one of the allowed words.", "
The message lists the words.

    repeat: always                  # read, idempotent, keyed or never";

    EmptyDoc = "E105", Error, "A description is empty.", "
Descriptions become the documentation of the crate. Say in a sentence what it means:

    BUY: \"\"
    BUY: Buys, to open a long position or to close a short one.";

    BadServer = "E106", Error, "A server's address is not a base URL.", "
A base URL is scheme and host, perhaps with the beginning of every path, without a slash at its end:

    servers:
      production: { url: https://api.clearstreet.com, doc: Real accounts. }";

    BadFrame = "E107", Error, "An API does not say what stands around results.", "
Either every answer is an object with result, error and metadata; or results stand by themselves, lists as
objects with their items, and errors are what `error` says. In api.yaml, one of:

    envelope: { data: data, error: error, metadata: metadata }
    bare: { items: data, error: problem_details }";

    BadAuthentication = "E108", Error, "What proves who sends a request is not complete.", "
A key comes from one environment variable; a token is fetched with an identifier and a secret, which come
from two, and only over TLS; a third one has another address for it, such as that of a stand-in. In
api.yaml, one of:

    authentication: bearer
    environment: { api_key: EXAMPLE_API_KEY, base_url: EXAMPLE_BASE_URL }

    authentication:
      grant: client_credentials
      token_url: https://auth.example.com/oauth/token
      audience: https://api.example.com
    environment:
      client_id: EXAMPLE_ID
      client_secret: EXAMPLE_SECRET
      token_url: EXAMPLE_TOKEN_URL
      base_url: EXAMPLE_BASE_URL";

    BadRateLimit = "E109", Error, "A rate limit does not fit.", "
A limit is named like the part of the path that its operations have in common; `urgent` are those of them
that room is kept for:

    rate_limits:
      orders: { per_second: 10, urgent: [cancel_order] }    # /accounts/{account_id}/orders";

    TypeSyntax = "E201", Error, "A type cannot be parsed.", "
Types are written `T`, `T?`, `list<T>` and `map<T>`; the result of an operation may also be `page<T>` or
`nothing`:

    legs: Leg[]                     # list<Leg>
    price: Option<decimal>          # decimal?";

    UnknownType = "E202", Error, "A type is not defined.", "
Types are the built-in ones of spec/README.md and the ids, enums, models and unions of all files of the
same API:

    status: OrderSttus              # no such type
    status: OrderStatus";

    DuplicateName = "E203", Error, "Two definitions have the same name.", "
Names of types and of operations are shared by all files of an API. The request of an operation and the
handle of a group are types of their module, too:

    # orders.yaml
    operations:
      get_orders: …                 # makes the type `GetOrders`
    models:
      Orders: …                     # is the handle, `client.orders()`
      GetOrders: …                  # is that request

Where the type must have this name, give the request another: `request: GetOrdersCall`.";

    InfiniteType = "E204", Error, "A type has no finite value.", "
A model that requires itself, directly or by way of others, can never be complete; one that includes itself
has no end of fields. Make a field optional or a list; it is boxed where needed:

    Order:
      fields:
        parent: Order               # whose parent is an order, whose parent …
        parent: Order?              # fine";

    NotAModel = "E205", Error, "A model is needed here.", "
`include` copies fields, so it takes models. The variants of a union with `tag` are models, because their
fields stand beside the tag; those of `keyed` are models or unions:

    include: [Side]                 # an enum has no fields";

    NoDescription = "E206", Error, "A field has no description.", "
It comes from its own `doc`, from the entry of the glossary with its name, or from its type, if that is
defined in the spec:

    side: Side                      # described by `Side`
    symbol: string                  # only if the glossary has `symbol`
    venue: { type: string, doc: Where it is traded. }";

    FieldCollision = "E207", Error, "Two fields become one.", "
Wire names that differ only by case or punctuation become one Rust name, and an included model may have a
field that is there already. Give one of them a `rust:` name, or leave one out:

    button_id: { type: string, doc: … }
    buttonId: { type: string, doc: …, rust: other_button_id }";

    RustName = "E208", Error, "A name cannot be a name in Rust.", "
Names of types, files and operations, and what `rust:` says, consist of letters, digits and `_` and do not
begin with a digit. Wire names of fields and values may be anything:

    rust: 1d                        # rust: one_day";

    BadBounds = "E209", Error, "Bounds do not fit the type.", "
`min` and `max` are for numbers, `min_length` and `max_length` for texts, `min_items` and `max_items` for
lists, and a lower bound is not above the upper one:

    symbol: { type: string, max: 12, doc: … }           # max_length: 12";

    BadClearable = "E210", Error, "`clearable` does not fit the field.", "
It tells null from absent, so the field is an optional one of a body:

    note: { type: string, clearable: true, doc: … }     # type: string?";

    BadId = "E211", Error, "An id is not well formed.", "
Its type is `i64` or `string`, and it accepts plain values and ids of that type:

    InstrumentIdOrSymbol: { type: string, accepts: [InstrumentId, string], doc: … }";

    BadDefault = "E212", Error, "A default does not fit the type.", "
`default` tells what the server takes when the field is absent, so it is a value of the field's type:

    page_size: { type: u32?, default: all, doc: … }     # default: 100";

    HttpLine = "E301", Error, "`http` is not a method and a path.", "
The methods are GET, POST, PUT, PATCH and DELETE; a placeholder is a whole part of the path:

    http: GET /v1/accounts/{account_id}";

    MissingPathParameter = "E302", Error, "A placeholder of the path has no entry under `path:`.", "
Every placeholder has a type:

    http: GET /v1/accounts/{account_id}
    path:
      account_id: AccountId";

    ExtraPathParameter = "E303", Error, "An entry under `path:` is not in the path, or not in its order.", "
The entries are the arguments of the method, in the order of the path:

    http: GET /v1/accounts/{account_id}/orders/{order_id}
    path:
      account_id: AccountId
      order_id: OrderId";

    DuplicateRoute = "E304", Error, "Two operations have the same method and path.", "
Paths that differ only by the names of their placeholders are the same:

    http: GET /v1/accounts/{account_id}
    http: GET /v1/accounts/{id}";

    NoRepeatClass = "E305", Error, "An operation does not say how it may be repeated.", "
There is no default, because the HTTP method does not tell: closing a position is a DELETE that creates an
order. If in doubt, it is `never`.

    repeat: read                    # changes nothing: repeated freely
    repeat: idempotent              # has the same effect if it is sent again
    repeat: keyed                   # only with the same key in every row; needs `key:`
    repeat: never                   # left to the caller";

    BadKey = "E306", Error, "`key` does not fit the operation.", "
`repeat: keyed` needs `key:`, the name of a text field of the body's model; no other class has one.
Body and result are lists, because what became of a submission is said of each row:

    body: list<NewOrder>
    result: list<Order>
    repeat: keyed
    key: id                         # a field of `NewOrder`";

    PageParameters = "E307", Error, "A paged result without page parameters.", "
A page is asked for by the API's page parameters (`pagination:` in api.yaml), which are optional and stand
among the query or in the body's model:

    include: [PageQuery]
    result: page<Order>";

    BadParameter = "E308", Error, "A parameter cannot have this type.", "
Path parameters are plain values, ids and enums, and required; query parameters may be lists of them.
Objects go into the body:

    query:
      filter: Filter                # body: Filter";

    BadBody = "E309", Error, "A body cannot have this type.", "
A body is a model, a union, or a list of them, and a GET has none:

    body: list<string>              # body: OrderIds, a model with a list";

    BadStatus = "E310", Error, "A status does not fit.", "
Success is 2xx, `partial` another 2xx, `errors` are 4xx and 5xx without doubles, and `rows` and `known_key`
are some of `errors`. A result beside an error, as with `partial` and `rows`, needs an API with an `envelope`:

    status: 201
    partial: 207
    errors: [400, 403, 422]
    rows: [422]";

    UnknownGroup = "E311", Error, "A group of parameters is not defined.", "
`include` of an operation names groups of `parameters:` in api.yaml, each once:

    parameters:
      PageQuery: { … }

    include: [PageQuery]";

    BadLookup = "E312", Error, "`lookup` does not fit the operation.", "
`repeat: keyed` needs `lookup:`, which says how its rows are found again; no other class has one. The list
is a `read` operation with the same rows, which can be sent with nothing but the parameters of the path:

    lookup:
      list: get_orders              # result: page<Order>, as in `result: list<Order>`
      key: client_order_id          # a text field of `Order`
      keys: order_ids               # a parameter of get_orders: list<OrderId>?
      since: from                   # a parameter of get_orders: timestamp?
      status: status                # a field of `Order`: an enum with `states`";

    ValueCollision = "E401", Error, "Two values or variants become the same Rust name.", "
Give one of them a `rust:` name:

    values:
      CANCELED: No longer open.
      Canceled: { doc: No longer open either., rust: CanceledLower }";

    EmptyEnum = "E402", Error, "An enum or a union has nothing in it.", "
List at least one value or variant, or use `string` or `json` in its place:

    Side:
      doc: Direction of an order.
      values: {}";

    UnknownField = "E403", Error, "A rule, constructor or key names a field that does not exist.", "
Fields are named as on the wire, with those of included models:

    rules:
      - exactly_one: [symbol, instrumentId]     # instrument_id";

    BadRule = "E404", Error, "A rule is not well formed.", "
A rule is one of `exactly_one`, `at_least_one` and `at_most_one` with two fields or more, or a `when` with
`require` or `forbid`. What it counts, requires or forbids is optional:

    - exactly_one: [symbol, instrument_id]
    - when: { order_type: [LIMIT] }
      require: [limit_price]";

    BadConstructor = "E405", Error, "A constructor is not well formed.", "
It sets or takes every required field, none of them twice, sets values that fit, and takes nothing that a
rule forbids for them:

    market:
      doc: Buys or sells at once.
      set: { order_type: MARKET }
      take: [side, quantity, time_in_force]";

    BadTagging = "E406", Error, "A union does not say how its variants are told apart.", "
Exactly one of three ways. The tag is no field of a variant; the kinds of `by_shape` are bool, number,
string, list and object, each with a type of that kind:

    tag: type                       # the property whose value says it
    keyed: true                     # the name of the single property
    by_shape: true                  # the kind of JSON value";

    UnknownValue = "E407", Error, "A value is not one of the enum's.", "
Values are written as on the wire:

    set: { order_type: Limit }      # LIMIT";

    BadStates = "E408", Error, "The states of an enum do not fit.", "
`states` says of a status which values are live, done and refused, each value in one list at most. A value in
none of them is undecided. One that is live or done is needed, or nothing could ever be in effect:

    states: { live: [NEW, PARTIALLY_FILLED], done: [FILLED, CANCELED], refused: [REJECTED] }";

    BadStream = "E601", Error, "An API with channels does not say all that channels need.", "
`stream:` in api.yaml says where the parts of messages stand, and every server says where channels are
subscribed to:

    servers:
      production: { url: https://api.example.com, stream: wss://api.example.com/ws, doc: Real accounts. }
    stream:
      places: { payload: payload, type: payload.type, … }";

    BadPlace = "E602", Error, "The place of a part of a message is not well formed.", "
A part is a property of the message or of its payload, and no two are the same:

    payload: payload
    sequence: sequence              # of the message
    type: payload.type              # of its payload
    data: payload.data.order        # no deeper than that";

    BadMessage = "E603", Error, "A message of a channel is not well formed.", "
What it tells is either `data`, a value that is a part of the payload, or `payload`, a model with all of its
properties. Only updates are sequenced:

    order-update: { data: Order, sequence: always, doc: An order has changed. }
    heartbeat: { role: heartbeat, doc: The session is alive. }";

    BadRole = "E604", Error, "A channel lacks a message, or has two for the same.", "
Every channel has one message that answers a subscription and one that ends the replay, and no more than one
heartbeat and one notice:

    subscribe-activity-ack: { role: acknowledgement, payload: Reply, doc: Answers a subscription. }
    replay-complete: { role: caught_up, doc: Ends the replay. }";

    UnusedDefinition = "W501", Warning, "A definition is not used by any operation or channel.", "
It only costs its readers time. Remove it, or use it:

    models:
      OldOrder: …                   # no body, result, message or field is one";

    UnusedGlossary = "W502", Warning, "An entry of the glossary is not used.", "
No field of this name is without a description of its own:

    glossary:
      symbol: Ticker of an equity.  # but every `symbol` has a `doc`";

    Convention = "W503", Warning, "A name does not follow the conventions.", "
They are Rust's; wire names of fields and values stay as they are:

    models:
      new_order: …                  # NewOrder
    operations:
      getOrders: …                  # get_orders";

    RedundantRust = "W504", Warning, "`rust:` says what is so anyway.", "
The name follows from the one on the wire, and keywords are escaped by themselves. Leave `rust:` out:

    buttonId: { type: string, rust: button_id, doc: … }";

    UnfinishedDoc = "W505", Warning, "A description does not end like a sentence.", "
Descriptions become the documentation of the crate, where they stand as sentences:

    BUY: Buys
    BUY: Buys.";
}
