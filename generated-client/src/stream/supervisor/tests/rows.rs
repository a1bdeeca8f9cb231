//! Which row of the fault table is proven where. A test that proves one has its number in its name:
//! `row_07_…`, or `rows_6_7_8_14_…` for several. So has a script of the machine: `rows 6, 7, 8, 14: …`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How a row is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tier {
    /// The core alone, with a clock in the hand of the test.
    Core,
    /// The whole stream over pipes, in time that does not pass by itself.
    Sim,
    /// By chance.
    Fuzz,
}

use Tier::{Core, Fuzz, Sim};

/// The rows that need a network or a connection alone. They have numbers of their own.
const NETWORK: [(usize, &str); 14] = [
    (1, "TCP reset in mid-stream"),
    (2, "end without a close frame"),
    (3, "half-open connection"),
    (4, "half-open while writing"),
    (7, "connection refused"),
    (8, "no answer to TLS or upgrade"),
    (9, "certificate that cannot be trusted"),
    (10, "TLS cut without its end"),
    (12, "proxy refuses"),
    (13, "upgrade redirected"),
    (14, "wrong Sec-WebSocket-Accept, an extension that was not asked for"),
    (39, "too large"),
    (40, "large message that comes slowly"),
    (42, "not the protocol"),
];

/// What each row is, and the least of what proves it. None: see [`NETWORK`].
const ROWS: [(&str, &[Tier]); 53] = [
    ("TCP reset in mid-stream", &[]),
    ("end without a close frame", &[]),
    ("half-open connection", &[Sim]),
    ("half-open while writing", &[Sim]),
    ("heartbeats stop, pongs go on", &[Sim]),
    ("name does not resolve", &[Sim]),
    ("connection refused", &[]),
    ("no answer to TLS or upgrade", &[]),
    ("certificate that is not trusted", &[]),
    ("TLS cut without close_notify", &[]),
    ("upgrade refused: 401, 403, 429, 503", &[Sim]),
    ("proxy refuses", &[]),
    ("upgrade redirected", &[]),
    ("wrong Sec-WebSocket-Accept", &[]),
    ("subscription refused", &[Core, Sim]),
    ("subscription never acknowledged", &[Sim]),
    ("ack without an account", &[Core]),
    ("idled too long", &[Sim]),
    ("auth expired", &[Sim]),
    ("closed with any code", &[Core]),
    ("token endpoint down at rotation", &[Sim]),
    ("credentials revoked", &[Sim]),
    ("very short tokens", &[Core]),
    ("second connection refused", &[Sim]),
    ("malformed JSON, a number that is none", &[Core, Fuzz]),
    ("unknown type, field, value", &[Core]),
    ("known type, one bad field", &[Core]),
    ("sequenced type without sequence", &[Core]),
    ("lost message that a replay has", &[Core, Sim]),
    ("lost message that no replay has", &[Core, Sim]),
    ("sparse numbers", &[Core]),
    ("out of order", &[Core]),
    ("duplicates", &[Core]),
    ("other content under a known number", &[Core]),
    ("day roll", &[Core, Sim]),
    ("numbers anew during the day", &[Core]),
    ("replay that starts late, is behind, never completes", &[Core, Sim]),
    ("disconnected in every replay", &[Sim]),
    ("too large", &[]),
    ("large message that comes slowly", &[]),
    ("binary frame", &[Core]),
    ("not the protocol", &[]),
    ("flood of pings", &[Sim]),
    ("slow caller", &[Sim]),
    ("accepted and closed a thousand times", &[Sim]),
    ("live for about a minute, again and again", &[Core]),
    ("wall clock jumps", &[Core]),
    ("process suspended", &[Core]),
    ("close during anything", &[Core, Sim]),
    ("stream dropped, runtime shut down", &[Sim]),
    ("twenty and a hundred accounts at once", &[Sim]),
    ("a whole day", &[Sim]),
    ("last message of the day lost", &[Sim]),
];

/// The rows whose tests are in these files and folders of `stream`.
fn proven(places: &[&str]) -> BTreeSet<usize> {
    let stream = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stream");
    let mut files: Vec<PathBuf> = places.iter().map(|place| stream.join(place)).collect();
    let mut rows = BTreeSet::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let test = |line| str::trim_start(line).trim_start_matches("async ").strip_prefix("fn row");
        let names = text.lines().filter_map(|line| test(line).or_else(|| line.strip_prefix("row")));
        for name in names {
            let words = name.trim_start_matches('s').split(['_', ' ', ',', ':']).skip(1);
            rows.extend(words.filter(|word| !word.is_empty()).map_while(|word| word.parse::<usize>().ok()));
        }
    }
    rows
}

/// The places of each kind of proof.
fn places(tier: Tier) -> &'static [&'static str] {
    match tier {
        Core => &["machine/tests"],
        Sim => &[
            "supervisor/tests/connections.rs",
            "supervisor/tests/day.rs",
            "supervisor/tests/endings.rs",
            "supervisor/tests/messages.rs",
            "supervisor/tests/pace.rs",
            "supervisor/tests/replay.rs",
            "supervisor/tests/slow.rs",
            "supervisor/tests/subscription.rs",
            "supervisor/tests/tokens.rs",
        ],
        Fuzz => &["machine/tests/anything.rs"],
    }
}

#[test]
fn every_row_is_proven_where_it_has_to_be() {
    assert_eq!(proven(&["supervisor/tests/day.rs"]), BTreeSet::from([52, 53]));
    let mut missing = Vec::new();
    for tier in [Core, Sim, Fuzz] {
        let proven = proven(places(tier));
        for (row, (what, tiers)) in (1..).zip(ROWS) {
            if tiers.contains(&tier) && !proven.contains(&row) {
                missing.push(format!("row {row} ({what}) has no {tier:?} test"));
            }
        }
    }
    let network = proven(&["connection/tests.rs", "dial/tests.rs", "supervisor/tests/net"]);
    missing.extend(NETWORK.iter().filter(|(row, _)| !network.contains(row)).map(|row| format!("{row:?}")));
    assert!(missing.is_empty(), "{missing:#?}");
}
