//! What a broker, its gateway and its list do, and how a client is set up.
//!
//! Times are in milliseconds, so that a script that fails is short to read.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Everything that decides a run.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) kind: Kind,
    pub(super) client: Client,
    pub(super) rows: Vec<Row>,
    /// The broker refuses the whole request, if it gets as far as judging the rows.
    pub(super) refusal: Option<Refusal>,
    pub(super) known_keys: KnownKeys,
    /// Whether a row that repeats a key and is refused appears in the list.
    pub(super) repetitions_listed: bool,
    pub(super) spelling: Spelling,
    /// What happens to the attempts in their order; later ones are [`Attempt::HONEST`].
    pub(super) attempts: Vec<Attempt>,
    pub(super) copy: Option<GatewayCopy>,
    pub(super) list: List,
    /// What happens to the requests for the list in their order.
    pub(super) looks: Vec<Look>,
    /// What happens to all later ones until the list recovers.
    pub(super) outage: Look,
    /// Pauses before each `resolve()`.
    pub(super) resolves: Vec<u64>,
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Orders,
    Instructions,
}

/// The settings of the client.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// `assume_known_keys_refused`.
    pub(super) resend: Option<u64>,
    /// `wait_if_throttled`.
    pub(super) wait: bool,
    /// The settings are those of the request, not of the client.
    pub(super) per_request: bool,
    pub(super) max_attempts: Option<u32>,
    pub(super) timeout: Option<u64>,
}

/// A row to submit, and what the broker does with it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The caller supplies the key.
    pub(super) given: bool,
    /// An earlier process submitted the key.
    pub(super) earlier: Option<EarlierRow>,
    pub(super) plan: Plan,
}

#[derive(Clone, Debug)]
pub(super) struct EarlierRow {
    pub(super) refused: bool,
    pub(super) yesterday: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Open,
    Done,
    Refused,
    /// Accepted, and refused so much later.
    RefusedLater(u64),
    /// Gets the nth status that no spec calls live, done or refused.
    Odd(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) with_rows: bool,
}

/// What the broker does with a key that it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KnownKeys {
    Conflict,
    ConflictWithRows,
    /// 422 that names the duplicate.
    Named,
    /// 422 that does not.
    Unnamed,
    /// Success with a rejected row.
    RejectedRow,
    /// Success with the first row.
    FirstRow,
    /// It does not check keys.
    Unchecked,
}

/// How the broker writes the keys that it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Exact,
    UpperCase,
    /// A key of its own.
    Own,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attempt {
    pub(super) reach: Reach,
    pub(super) taken: Intake,
    pub(super) answer: Answer,
    /// Time until the broker has it, and again until the answer is there.
    pub(super) latency: u64,
}

impl Attempt {
    pub(super) const HONEST: Self =
        Self { reach: Reach::Connects, taken: Intake::AtOnce, answer: Answer::Honest, latency: 5 };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    Connects,
    Refused,
    /// Connects after so long.
    Slowly(u64),
    /// Written, and provably not processed: GOAWAY, REFUSED_STREAM.
    Unprocessed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intake {
    AtOnce,
    Never,
    /// Waits in a queue for so long.
    Late(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Honest,
    // The broker's own answer, with something different about it.
    Shuffled,
    Repeated,
    RowsMissing,
    WrongMetadata,
    NoRows,
    RowsWithoutKeys,
    OneRowWithoutKey,
    Respelled,
    UnreadableRows,
    ForeignRowBeside,
    /// The broker's rows, with a status of failure.
    FailureWithRows(u16),
    // The answer to another call.
    Foreign {
        status: u16,
        refused: bool,
    },
    OtherAccount,
    // A success whose body is of no use.
    Cut {
        status: u16,
        silent: bool,
    },
    TooLarge,
    Corrupt,
    NoContent,
    Empty(u16),
    DataNull,
    NotJson,
    Html,
    OtherKind,
    // No head.
    HeadTooLarge,
    Reset,
    Silence,
    // The gateway's own answers.
    Failure {
        status: u16,
        retry_after: Option<u16>,
        body: Body,
    },
    Throttled(Option<u16>),
    Denied(u16),
    Redirect(u16),
    Rejected(u16),
}

impl Answer {
    /// Whether it is made from what the broker did with the request.
    pub(super) fn is_brokers(self) -> bool {
        use Answer::*;
        matches!(
            self,
            Honest
                | Shuffled
                | Repeated
                | RowsMissing
                | WrongMetadata
                | NoRows
                | RowsWithoutKeys
                | OneRowWithoutKey
                | Respelled
                | UnreadableRows
                | ForeignRowBeside
                | FailureWithRows(_)
        )
    }

    /// Whether only the answer is lost.
    pub(super) fn is_lost(self) -> bool {
        matches!(self, Self::Cut { silent: false, .. } | Self::Reset | Self::Failure { .. })
            || matches!(self, Self::NoContent | Self::Empty(_) | Self::Html)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Empty,
    Object,
    Html,
    Error,
}

/// The gateway delivers the request again after so long.
#[derive(Clone, Debug)]
pub(super) struct GatewayCopy {
    pub(super) after: u64,
    /// It passes on the answer to the copy.
    pub(super) answers_copy: bool,
}

#[derive(Clone, Debug)]
pub(super) struct List {
    /// Rows appear so much later.
    pub(super) lag: u64,
    /// Except refused ones.
    pub(super) refused_at_once: bool,
    pub(super) refused_listed: bool,
    pub(super) filter: Filter,
    pub(super) page: usize,
    pub(super) order: Order,
    pub(super) repeats: bool,
    /// A field of our rows cannot be read.
    pub(super) unreadable: bool,
    pub(super) strangers: Vec<Stranger>,
    /// The broker's clock less ours, in minutes.
    pub(super) skew: i64,
    pub(super) date: bool,
    pub(super) latency: u64,
}

/// What the list does when it is asked for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Keys,
    /// It knows only its own identifiers.
    Nothing,
    Everything,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Newest,
    Oldest,
    Key,
    Mixed,
}

/// A row of the list that no call of ours made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    Today,
    Yesterday,
    OtherAccount,
    Unreadable,
    WithoutKey,
    OurKeyInCapitals,
}

/// What happens to one request for the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    True,
    Unreachable,
    Reset,
    Cut,
    Silence,
    Slow(u64),
    Status(u16, Option<u16>),
    Html,
    NoContent,
    DataNull,
    NoData,
    NotJson,
    OtherKind,
    WithoutKeys,
    TooLarge,
    /// Pages without end, each so long in coming.
    Endless(u64),
    SameToken,
    UnreadableToken,
    WrongMetadata,
}

/// Mostly this, and a variant of it in one case of so many.
fn mostly<T: Clone + std::fmt::Debug + 'static>(
    usual: T,
    one_in: u32,
    other: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = T> {
    prop_oneof![one_in - 1 => Just(usual), 1 => other]
}

fn client() -> impl Strategy<Value = Client> {
    (
        option::weighted(0.4, select(&[0u64, 300, 1_000, 2_000, 4_500, 6_000][..])),
        any::<bool>(),
        any::<bool>(),
        option::of(1u32..=6),
        option::weighted(0.35, select(&[90u64, 300, 1_000, 2_500, 5_000, 10_000][..])),
    )
        .prop_map(|(resend, wait, per_request, max_attempts, timeout)| Client {
            resend,
            wait,
            per_request,
            max_attempts,
            timeout,
        })
}

fn plan() -> impl Strategy<Value = Plan> {
    prop_oneof![
        8 => Just(Plan::Open),
        2 => Just(Plan::Done),
        3 => Just(Plan::Refused),
        1 => (0u64..4_000).prop_map(Plan::RefusedLater),
        1 => (0usize..5).prop_map(Plan::Odd),
    ]
}

fn row(earlier_one_in: u32) -> impl Strategy<Value = Row> {
    let earlier =
        (any::<bool>(), any::<bool>(), 0u32..earlier_one_in).prop_map(move |(refused, yesterday, n)| {
            (n + 1 == earlier_one_in).then_some(EarlierRow { refused: refused && yesterday, yesterday })
        });
    (any::<bool>(), earlier, plan()).prop_map(|(given, earlier, plan)| Row {
        given,
        earlier: earlier.filter(|_| given),
        plan,
    })
}

fn refusal() -> impl Strategy<Value = Option<Refusal>> {
    let refusal = (select(&[400u16, 422][..]), any::<bool>());
    mostly(None, 8, refusal.prop_map(|(status, with_rows)| Some(Refusal { status, with_rows })))
}

fn known_keys() -> impl Strategy<Value = KnownKeys> {
    use KnownKeys::*;
    select(&[Conflict, ConflictWithRows, Named, Unnamed, RejectedRow, FirstRow, Unchecked, Unchecked][..])
}

fn filter() -> impl Strategy<Value = Filter> {
    prop_oneof![4 => Just(Filter::Keys), 1 => Just(Filter::Nothing), 1 => Just(Filter::Everything)]
}

fn honest_list() -> impl Strategy<Value = List> {
    let strangers = select(&[Stranger::Today, Stranger::Yesterday][..]);
    (
        prop_oneof![Just(Filter::Keys), Just(Filter::Everything)],
        select(&[100usize, 3, 1][..]),
        select(&[Order::Newest, Order::Oldest, Order::Key, Order::Mixed][..]),
        vec(strangers, 0..6),
        select(&[0i64, 120, -120, 420, -420][..]),
        any::<bool>(),
        5u64..40,
        any::<bool>(),
    )
        .prop_map(|(filter, page, order, strangers, skew, date, latency, refused_listed)| List {
            lag: 0,
            refused_at_once: false,
            refused_listed,
            filter,
            page,
            order,
            repeats: false,
            unreadable: false,
            strangers,
            skew,
            date,
            latency,
        })
}

fn strangers() -> impl Strategy<Value = Vec<Stranger>> {
    use Stranger::*;
    vec(
        prop_oneof![
            4 => Just(Today),
            2 => Just(Yesterday),
            1 => Just(OtherAccount),
            1 => Just(Unreadable),
            1 => Just(WithoutKey),
            1 => Just(OurKeyInCapitals),
        ],
        0..5,
    )
}

fn list() -> impl Strategy<Value = List> {
    (
        honest_list(),
        mostly(0, 3, select(&[50u64, 400, 1_200, 2_500, 3_600, 6_000][..])),
        any::<bool>(),
        filter(),
        mostly(false, 3, Just(true)),
        mostly(false, 12, Just(true)),
        strangers(),
    )
        .prop_map(|(list, lag, refused_at_once, filter, repeats, unreadable, strangers)| List {
            lag,
            refused_at_once: lag > 0 && refused_at_once,
            filter,
            repeats,
            unreadable,
            strangers,
            ..list
        })
}

fn look() -> impl Strategy<Value = Look> {
    let status = (
        select(&[401u16, 403, 404, 408, 429, 500, 502, 503, 504][..]),
        select(&[None, Some(1), Some(0)][..]),
    );
    prop_oneof![
        5 => Just(Look::True),
        2 => Just(Look::Unreachable),
        2 => Just(Look::Reset),
        2 => Just(Look::Cut),
        2 => Just(Look::Silence),
        2 => (500u64..9_000).prop_map(Look::Slow),
        5 => status.prop_map(|(status, wait)| Look::Status(status, wait)),
        2 => Just(Look::Html),
        2 => Just(Look::NoContent),
        2 => Just(Look::DataNull),
        2 => Just(Look::NoData),
        2 => Just(Look::NotJson),
        2 => Just(Look::OtherKind),
        2 => Just(Look::WithoutKeys),
        2 => Just(Look::TooLarge),
        3 => (250u64..1_000).prop_map(Look::Endless),
        3 => Just(Look::SameToken),
        3 => Just(Look::UnreadableToken),
        2 => Just(Look::WrongMetadata),
    ]
}

fn late() -> impl Strategy<Value = u64> {
    select(&[200u64, 900, 1_800, 2_600, 4_000, 7_000][..])
}

fn taken() -> impl Strategy<Value = Intake> {
    prop_oneof![3 => Just(Intake::AtOnce), 2 => Just(Intake::Never), 2 => late().prop_map(Intake::Late)]
}

const SUCCESSES: &[u16] = &[200, 200, 200, 201, 202, 207];

/// How an attempt is answered, and whether the broker takes it.
fn answer() -> BoxedStrategy<(Answer, Intake)> {
    use Answer::*;
    let own = select(
        &[
            Shuffled,
            Repeated,
            RowsMissing,
            WrongMetadata,
            NoRows,
            RowsWithoutKeys,
            OneRowWithoutKey,
            Respelled,
            UnreadableRows,
            ForeignRowBeside,
            FailureWithRows(500),
            FailureWithRows(503),
        ][..],
    );
    let foreign = prop_oneof![
        4 => (select(&[200u16, 200, 207, 422][..]), any::<bool>()).prop_map(|(status, refused)| Foreign {
            status,
            refused: refused || status == 422,
        }),
        2 => Just(OtherAccount),
    ];
    let useless = prop_oneof![
        6 => (select(SUCCESSES), any::<bool>()).prop_map(|(status, silent)| Cut { status, silent }),
        2 => select(&[200u16, 201, 202][..]).prop_map(Empty),
        12 => select(&[TooLarge, Corrupt, NoContent, DataNull, NotJson, Html, OtherKind][..]),
    ];
    let failure = (
        select(&[408u16, 500, 502, 503, 503, 504, 529][..]),
        select(&[None, None, Some(0), Some(1), Some(30)][..]),
        select(&[Body::Empty, Body::Object, Body::Html, Body::Html, Body::Error][..]),
    )
        .prop_map(|(status, retry_after, body)| Failure { status, retry_after, body });
    let refused = prop_oneof![
        3 => select(&[None, None, Some(0u16), Some(1), Some(30)][..]).prop_map(Throttled),
        2 => select(&[401u16, 403][..]).prop_map(Denied),
        2 => select(&[301u16, 302, 307, 308][..]).prop_map(Redirect),
        2 => select(&[400u16, 404, 405, 413, 422][..]).prop_map(Rejected),
    ];
    prop_oneof![
        10 => own.prop_map(|answer| (answer, Intake::AtOnce)),
        3 => (foreign, taken()),
        11 => (useless, taken()),
        4 => (prop_oneof![4 => Just(Reset), 2 => Just(Silence), 2 => Just(HeadTooLarge)], taken()),
        6 => (failure, taken()),
        4 => refused.prop_map(|answer| (answer, Intake::Never)),
    ]
    .boxed()
}

fn reach() -> impl Strategy<Value = Reach> {
    mostly(
        Reach::Connects,
        8,
        prop_oneof![
            Just(Reach::Refused),
            select(&[100u64, 1_000, 2_500, 2_900, 4_000]).prop_map(Reach::Slowly),
            Just(Reach::Unprocessed),
        ],
    )
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let fate = prop_oneof![1 => Just((Answer::Honest, Intake::AtOnce)), 12 => answer()];
    (reach(), fate, 2u64..120).prop_map(|(reach, (answer, taken), latency)| Attempt {
        reach,
        taken,
        answer,
        latency,
    })
}

/// Attempts, in one case of some with connections that take seconds.
fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let slow = (attempt(), 2_200u64..3_400)
        .prop_map(|(attempt, time)| Attempt { reach: Reach::Slowly(time), ..attempt });
    let slow = (option::of(attempt()), vec(slow, 2..4))
        .prop_map(|(first, slow)| first.into_iter().chain(slow).collect());
    prop_oneof![11 => vec(attempt(), 1..4), 1 => slow]
}

fn copies() -> impl Strategy<Value = Option<GatewayCopy>> {
    let copied = (select(&[0u64, 20, 300, 1_500, 3_500][..]), any::<bool>());
    mostly(
        None,
        6,
        copied.prop_map(|(after, answers_copy)| {
            Some(GatewayCopy { after, answers_copy: answers_copy && after < 1_000 })
        }),
    )
}

/// Nothing fails.
fn healthy() -> impl Strategy<Value = Script> {
    (client(), kind(), vec(row(6), 1..4), refusal(), known_keys(), honest_list(), any::<u64>()).prop_map(
        |(client, kind, rows, refusal, known_keys, list, seed)| Script {
            kind,
            client,
            rows,
            refusal,
            known_keys,
            repetitions_listed: false,
            spelling: Spelling::Exact,
            attempts: Vec::new(),
            copy: None,
            list,
            looks: Vec::new(),
            outage: Look::True,
            resolves: Vec::new(),
            seed,
        },
    )
}

/// Only the answer is lost.
fn lost() -> impl Strategy<Value = Script> {
    let answer = answer().prop_filter("an answer that is lost", |(answer, _)| answer.is_lost());
    (healthy(), answer, 2u64..120).prop_map(|(script, (answer, _), latency)| Script {
        attempts: vec![Attempt { reach: Reach::Connects, taken: Intake::AtOnce, answer, latency }],
        ..script
    })
}

fn hostile() -> impl Strategy<Value = Script> {
    let spelling = mostly(Spelling::Exact, 10, select(&[Spelling::UpperCase, Spelling::Own][..]));
    (
        healthy(),
        vec(row(8), 1..4),
        list(),
        (any::<bool>(), spelling, copies()),
        attempts(),
        prop_oneof![2 => vec(look(), 0..1), 3 => vec(look(), 1..7)],
        mostly(Look::True, 4, look()),
        vec(select(&[0u64, 100, 2_000, 5_000]), 0..3),
    )
        .prop_map(
            |(
                script,
                rows,
                list,
                (repetitions_listed, spelling, copy),
                attempts,
                looks,
                outage,
                resolves,
            )| {
                Script {
                    rows,
                    list,
                    repetitions_listed,
                    spelling,
                    copy,
                    attempts,
                    looks,
                    outage,
                    resolves,
                    ..script
                }
                .possible()
            },
        )
}

/// A request whose second sending the settings allow.
fn repeated() -> impl Strategy<Value = Script> {
    let first = prop_oneof![
        3 => (Just(Answer::Reset), taken()),
        2 => Just((Answer::Throttled(None), Intake::Never)),
    ];
    let refused = select(
        &[
            Answer::Throttled(None),
            Answer::Denied(401),
            Answer::Denied(401),
            Answer::Denied(403),
            Answer::Redirect(307),
            Answer::Rejected(400),
            Answer::Rejected(422),
        ][..],
    );
    let later = prop_oneof![
        2 => Just(Vec::new()),
        2 => vec(attempt(), 2),
        3 => refused.prop_map(|answer| vec![Attempt { answer, taken: Intake::Never, ..Attempt::HONEST }]),
        1 => Just(vec![Attempt { reach: Reach::Refused, ..Attempt::HONEST }; 5]),
    ];
    let in_flight = select(&[0u64, 300, 1_000][..]);
    let rows = prop_oneof![Just(KnownKeys::RejectedRow), Just(KnownKeys::ConflictWithRows), known_keys()];
    (
        healthy(),
        first,
        later,
        in_flight,
        rows,
        prop_oneof![Just(0), Just(2_500), Just(2_500)],
        any::<bool>(),
        2u64..120,
    )
        .prop_map(|(mut script, (answer, taken), later, in_flight, known_keys, lag, listed, latency)| {
            script.client.resend = Some(in_flight);
            script.known_keys = known_keys;
            script.repetitions_listed = listed;
            script.list.refused_listed |= listed;
            script.list.refused_at_once = listed;
            script.client.max_attempts = script.client.max_attempts.filter(|attempts| *attempts > 1);
            script.client.timeout = None;
            script.list.lag = lag;
            let first = Attempt { reach: Reach::Connects, taken, answer, latency };
            Script { attempts: [first].into_iter().chain(later).collect(), ..script }
        })
}

/// A gateway that copies requests is all that is wrong.
fn duplicated() -> impl Strategy<Value = Script> {
    (healthy(), copies(), mostly(0, 2, select(&[400u64, 2_500][..]))).prop_map(|(mut script, copy, lag)| {
        let copy = copy.unwrap_or(GatewayCopy { after: 20, answers_copy: true });
        script.list.lag = lag;
        Script { copy: Some(copy), ..script }.possible()
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    mostly(Kind::Orders, 4, Just(Kind::Instructions))
}

pub(super) fn scripts() -> impl Strategy<Value = Script> {
    prop_oneof![3 => healthy(), 2 => lost(), 6 => repeated(), 2 => duplicated(), 30 => hostile()]
}

impl Script {
    /// Leaves out what no client can see through: a gateway that copies a request and passes on the
    /// refusal of the copy, which says neither that the key is known nor lets the list show it.
    fn possible(mut self) -> Self {
        let Some(copy) = &mut self.copy else { return self };
        self.list.refused_at_once = false;
        let is_plain_refusal =
            matches!(self.known_keys, KnownKeys::Named | KnownKeys::Unnamed | KnownKeys::RejectedRow);
        let can_be_found = self.rows.iter().all(|row| row.given)
            && self.list.lag == 0
            && self.list.filter != Filter::Nothing
            && self.spelling == Spelling::Exact;
        if is_plain_refusal && !can_be_found {
            copy.answers_copy = false;
        }
        self
    }
}
