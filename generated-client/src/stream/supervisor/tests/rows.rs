//! Which row of the fault table is proven where. A test that proves one has its number in its name:
//! `row_07_…`, or `rows_6_7_8_14_…` for several.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How a row is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tier {
    /// The core alone, with a clock in the hand of the test.
    Core,
    /// The whole stream over pipes, in time that does not pass by itself.
    Sim,
    /// The whole stream over loopback.
    Net,
    /// By chance.
    Fuzz,
}

use Tier::{Core, Fuzz, Net, Sim};

/// What each row is, and the least of what proves it.
const ROWS: [(&str, &[Tier]); 54] = [
    ("TCP reset in mid-stream", &[Net]),
    ("end without a close", &[Net]),
    ("half-open connection", &[Sim, Net]),
    ("half-open while writing", &[Sim, Net]),
    ("connected but mute", &[Sim]),
    ("name does not resolve", &[Sim]),
    ("connection refused", &[Net]),
    ("no answer to TLS or upgrade", &[Net]),
    ("certificate that cannot be trusted", &[Net]),
    ("TLS cut without its end", &[Net]),
    ("upgrade refused: 401, 403", &[Sim]),
    ("upgrade refused: 429, 503", &[Sim]),
    ("upgrade redirected", &[Net]),
    ("wrong Sec-WebSocket-Accept", &[Net]),
    ("subscription refused for the token", &[Sim]),
    ("subscription refused for the account", &[Sim]),
    ("subscription never answered", &[Sim]),
    ("ack without an account", &[Core]),
    ("idled too long", &[Sim]),
    ("auth expired", &[Sim]),
    ("closed with any code", &[Core]),
    ("no token at rotation", &[Sim]),
    ("credentials revoked", &[Sim]),
    ("tokens that live shortly", &[Core]),
    ("second connection refused", &[Sim]),
    ("malformed JSON", &[Core, Fuzz]),
    ("unknown type, field, value", &[Core]),
    ("known type, one bad field", &[Core]),
    ("number missing", &[Core]),
    ("lost message that a replay has", &[Core, Sim]),
    ("lost message that no replay has", &[Core, Sim]),
    ("numbers with holes by design", &[Core]),
    ("out of order", &[Core]),
    ("duplicates", &[Core]),
    ("other content under a known number", &[Core]),
    ("day roll", &[Core, Sim]),
    ("numbers anew after a restart", &[Core]),
    ("replay that starts late", &[Core]),
    ("replay that never completes", &[Sim]),
    ("disconnected in every replay", &[Sim]),
    ("too large", &[Net, Fuzz]),
    ("binary frame", &[Core]),
    ("not the protocol", &[Net]),
    ("flood of pings", &[Sim]),
    ("slow caller", &[Sim]),
    ("caller who stops for hours", &[Sim]),
    ("accepted and closed a thousand times", &[Sim]),
    ("live for about a minute, again and again", &[Core]),
    ("wall clock jumps", &[Core]),
    ("process suspended", &[Core]),
    ("close during anything", &[Core, Sim]),
    ("stream dropped, runtime shut down", &[Sim]),
    ("a hundred accounts reconnect", &[Sim]),
    ("a whole day", &[Sim]),
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
        let names = text
            .lines()
            .filter_map(|line| line.trim_start().trim_start_matches("async ").strip_prefix("fn row"));
        for name in names {
            let words = name.trim_start_matches('s').split('_').skip(1);
            rows.extend(words.map_while(|word| word.parse::<usize>().ok()));
        }
    }
    rows
}

/// The places of each kind of proof.
fn places(tier: Tier) -> &'static [&'static str] {
    match tier {
        Core => &["core/tests"],
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
        Net => &["supervisor/tests/net"],
        Fuzz => &["core/tests/anything.rs", "connection/tests.rs"],
    }
}

#[test]
fn every_row_is_proven_where_it_has_to_be() {
    assert_eq!(proven(&["supervisor/tests/day.rs"]), BTreeSet::from([54]));
    let mut missing = Vec::new();
    for tier in [Core, Sim, Net, Fuzz] {
        let proven = proven(places(tier));
        for (row, (what, tiers)) in (1..).zip(ROWS) {
            if tiers.contains(&tier) && !proven.contains(&row) {
                missing.push(format!("row {row} ({what}) has no {tier:?} test"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
