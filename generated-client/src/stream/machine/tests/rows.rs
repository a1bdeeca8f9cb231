//! The fault table and its relatives, as scripts of a [`Bench`].

use std::panic::catch_unwind;

use super::bench::Bench;
use super::script::{Scripted, seconds, variants};

#[test]
fn every_row_is_as_it_must_be() {
    let mut failed = Vec::new();
    for row in [NUMBERS, CONNECTIONS, TOKENS, CALLER].concat().split("\n\n") {
        let (title, script) = row.trim().split_once('\n').expect("a title and a script");
        for script in variants(script) {
            if let Err(panic) = catch_unwind(|| Bench::new().play(&script)) {
                let why = panic.downcast_ref::<String>().map_or("", String::as_str);
                failed.push(format!("{title}\n  {why}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Numbers, replays, and odd messages.
const NUMBERS: &str = "
the quiet day
    connect; send 1; is state Replaying; send 2; done; is state Live -> connecting, connected, subscribed, r1, r2, caught up
    send 3 4; unnumbered; is delivered 5 -> 3, 4, said

row 17: an ack is an ack whatever else it says
    dial; open; accept -> connecting, connected, subscribed

data is an ack too
    dial; open; send 1; accept; done -> connecting, connected, subscribed, r1, caught up

row 25: messages that cannot be read come as often as they were sent
    has 1
    3 times: malformed -> {, {, {
    send 2 -> 2

rows 26, 27, 28, 41: data is data
    // New types, bad fields, and binary frames of JSON are not told apart here.
    has 1; send 2! 3'; unnumbered; malformed; send 4 -> 2!, 3', said, {, 4

row 29: a hole that a replay fills is not seen
    has 1 2; send 4 4; is held_messages 1; is held_bytes 100; is state Live; wait 249ms =>
    wait 1ms; dial 0s; open; accept; a send 5 ->
    send 1..5; done; send 6; is recoveries 1 -> r3, 4, 5, 6

row 30: a hole that no replay fills is one gap
    has 1 2; send 4; live 1 2 4; send 5; is gaps 1; is delivered 4 -> gap 2..4, r4, 5
    end reset; live 1 2 4..6 -> .. subscribed, r6, caught up

row 30: the same if more is held than fits
    set hold 3; has 1; send 3..7; connect; send 1 3..7; done -> gap 1..3, r3, 4, 5, r6, r7

at most 4 MiB are held
    has 1; send 3M 4M 5; is held_messages 2; is held_bytes 4194304; live 1 2 3M 4M 5 -> r2, 3M, 4M, r5

what a replay lacks at its end is delivered after a gap
    has 1; send 3; live 1 -> gap 1..3, 3

row 31: learned while live, and back to dense
    has 1; send 3; live 1 3 -> gap 1..3, r3
    send 5; live 1 3 5 -> gap 3..5, r5
    send 7 9 11; no-dial 14s -> holes, 7, 9, 11
    send 12..18 20 -> ..
    live 1 3 5 7 9 11..18 20; send 21 -> gap 18..20, r20, 21

two messages that wait under one number
    has 1; send 3 3!; is state Recovering

a heartbeat claims a number once; where the replay lacks it, numbers of heartbeats mean nothing
    has 1; heartbeat 2; send 2; heartbeat 3; wait 250ms; dial 0s -> 2
    open; accept; a heartbeat 4; send 1 2; done; heartbeat 5; no-dial 14s

a message without a number that comes again on another connection
    has 1; unnumbered -> said
    end reset; live 1; unnumbered -> .. caught up, said

row 32: out of order within 250 ms
    has 1; send 4 3; wait 200ms; send 2 5; no-dial 10s -> 2, 3, 4, 5

row 33: duplicates come once
    live 1 2 2 1 3; send 3 1 4 4 2; is duplicates 6 -> connecting, connected, subscribed, r1, r2, r3, caught up, 4
    end reset; live 1..4 -> .. subscribed, caught up

row 34: other content under a known number that the replay does not confirm
    has 1..3; send 2! 4; live 1..4 -> 4
    // The next doubt has to wait for its replay.
    send 2! 5 ->
    live 1..5 -> 5

row 34: other content under a known number that the replay confirms
    has 1..3; send 2!; live 1 2! 3 -> l2!
    end reset; live 1 2! 3 -> .. subscribed, caught up

row 35: the day rolls while connected and something is missing
    has 1..3; send 5 1'; live 1' -> lossy epoch, gap 3..?, disconnected NumbersBeganAnew, retrying, connecting
    live 1' -> connected, subscribed, r1', caught up

row 35: the day rolls while away
    live 1..3; end reset; live 1' -> .. lossy epoch, gap 3..?, disconnected NumbersBeganAnew, retrying
    live 1' -> .. subscribed, r1', caught up

row 35: the day rolls while away and nothing has happened yet
    live 1..3; end reset; live -> .. subscribed, gap 3..?, caught up
    send 1'; is epochs 1 -> epoch, 1'

row 36: the server numbers anew after a restart
    set hold 2; live 1..5; end 1012; live 1' 2' 3' 4' 5' -> .. subscribed, lossy epoch, gap 5..?, disconnected NumbersBeganAnew ..
    live 1' 2' 3' 4' 5' -> .. subscribed, r1', r2', r3', r4', r5', caught up

the numbers begin anew within a replay
    live 1..3; end reset; connect; send 1..4 1' -> .. subscribed, r4, disconnected ReplayBehind, retrying
    live 1' -> .. lossy epoch, gap 4..?, disconnected NumbersBeganAnew ..
    live -> .. subscribed, caught up

the last message of the moment of asking proves a replay, also when it is forgotten meanwhile
    set remember 3; has 1..5; rotate; connect; a send 6..12; send 1..12; done -> rotating, 6, 7, 8, 9, 10, 11, 12, rotated

a replay that always contradicts itself does not keep the stream from being live
    2 times: connect; send 1 2 1!; done -> .. subscribed, l1!, caught up

row 37: a replay that is behind is asked for again after 2 s
    live 1..9; end reset; live 1..7 -> .. subscribed, disconnected ReplayBehind, retrying
    dial 2s; open; send 1..10; done -> .. subscribed, r10, caught up

row 37: so it is while a connection is live, with and without a hole
    for $1 in send 12, rotate
    has 1..10; $1; connect; send 1..7; done; is state Recovering
    dial 2s; open; send 1..11; done; is state Live -> ..r11..

row 37: a copy that stays behind looks like a new numbering
    live 1..9; end reset; live 1..7; live 1..7 -> .. lossy epoch, gap 9..?, disconnected NumbersBeganAnew, retrying

row 37: a replay that starts late
    live 1..4; end reset; live 3 4 5 -> .. subscribed, r5, caught up
    end reset; live 8 9 -> .. subscribed, gap 5..8, r8, r9, caught up

row 37: a replay may take long but not stand still
    connect; wait 14s; send 1; wait 14s; send 2; wait 14s; send 3 -> .. r3
    beat 14s ->
    wait 1s -> disconnected ReplayStalled, retrying

a number older than what is remembered is looked into, at a pace
    set remember 3; has 1..9; send 4; live 1..9 ->
    is recoveries 1; send 4; no-dial 14s; send 10 -> 10

another process goes on where the caller stopped
    live 1..3; stop-taking; send 4 5; restart; is resumes-after Some(3)
    live 1..6 -> connecting, connected, subscribed, r4, r5, r6, caught up

of a replay, only what may be told to be another message than before has to be read
    // Live, only a replay can tell what an old number means. The first message and the last ten are remembered.
    set remember 10; live 1..100; reads 50; end reset; connect; reads 1; send 1; passes-over 2..90; reads 91..101
    send 91..101; done; is duplicates 100 -> .. subscribed, r101, caught up

a long replay of known messages delivers nothing and holds nothing
    live 1..5000; end reset; connect -> ..
    send 1..2499; is held_messages 0; send 2500..5000; is held_messages 0 ->

";

/// Connections that cannot be made, or end.
const CONNECTIONS: &str = "
row 3: a dead connection is left within 25 s
    has 1; wait 15s => ping a
    wait 9999ms ->
    wait 1ms -> disconnected NoPong, retrying => close a

row 4: a write that hangs ends the connection
    has 1; end write-timeout -> disconnected Closed(WriteTimeout), retrying

row 5: pongs without heartbeats
    for $1 $2 in 1 14, 10 39, 50 199
    has 1
    5 times: ponged $1s; heartbeat
    ponged $2s ->
    wait 1s -> disconnected Mute, retrying

rows 6, 7, 8, 14: a dial that fails is repeated with growing waits
    for $1 in resolve, tcp, timeout, handshake
    20 times: dial ..30s; fail $1 -> .. connecting, retrying
    is state Waiting

row 8: a dial takes 10 s at most
    dial; wait 10s -> connecting, retrying => dial, close a

row 9: three slow tries for a certificate
    dial 0s; fail certificate; dial 5s..; fail certificate; dial 5s..; fail certificate -> .. connecting, failed Certificate
    no-dial 600s

row 11: a busy server says how long to wait, within limits
    for $1 in 429, 503
    dial; fail $1; dial 2s..; fail $1 77s; dial 77s..; fail $1 9999s; dial 300s..310s

row 13: a redirect is a failure
    dial; fail 302 -> connecting, retrying

row 16: an ack that never comes
    dial; open; wait 10s -> connecting, connected, disconnected AckTimeout, retrying

row 18: idled too long
    has 1; idled; end 1000 -> said, disconnected Idle, retrying
    live 1 -> .. caught up

rows 1, 2, 10, 20: a connection ends without a code
    for $1 $2 in reset Reset, eof Eof, protocol Protocol, none Code(None)
    has 1 2; end $1 -> disconnected Closed($2), retrying
    dial 100ms..3s; open; send 1..3; done -> connecting, connected, subscribed, r3, caught up

row 20: a connection ends with a code
    for $1 $2 in 1000 100ms, 1001 100ms, 1006 100ms, 1011 100ms, 1012 2s, 1013 2s, 1014 2s, 4000 100ms
    has 1 2; end $1 -> disconnected Closed(Code(Some($1))), retrying
    dial $2..3s; open; send 1..3; done -> connecting, connected, subscribed, r3, caught up

row 39: three messages in a row that are too large
    2 times: live 1; end too-large
    has 1; end too-large -> disconnected Closed(TooLarge), failed TooLarge

row 46: earlier failures count after a short time
    for $1 $2 in 59s 1000, 4s reset
    set attempts 8
    7 times: live 1; beat $1; end $2 -> .. retrying
    live 1; beat $1; end $2 -> .. failed GaveUp

row 46: earlier failures are forgotten after a while
    for $1 $2 in 61s 1000, 6s reset
    set attempts 8
    20 times: live 1; beat $1; end $2 -> .. retrying

giving up after some time
    set elapsed 60s; live 1; beat 300s; end reset
    dial; fail tcp; dial; fail 503 200s; wait 60s -> .. failed GaveUp

row 47: a clock that goes back stands still
    // There is no wall clock here. A monotonic one that is wrong changes nothing either.
    has 1; clock-at-zero; send 2; is deadline Some(100015) -> 2

row 48: after waking the server is asked at once
    has 1; suspend 8h -> => ping a
    wait 10s -> disconnected NoPong, retrying

row 48: a connection that survived is kept
    has 1; beat 20s; suspend 8h; pong; wait 14s; send 2 -> 2

reconnecting does not wait
    dial; fail 503 200s; reconnect; dial 0s

reconnecting ends a live connection
    has 1; reconnect; dial 0s -> disconnected Asked..
    a send 2 ->

what comes too late is ignored
    live 1; end reset -> ..
    send 2; done; end reset; open; token-refused ->

";

/// Tokens, refusals, and the change of connections.
const TOKENS: &str = r#"
row 11: refused at the upgrade
    for $1 in 401, 403
    3 times: dial; fail $1 -> .. connecting, failed Unauthorized("the upgrade was answered with status $1")
    is new-tokens 1; no-dial 1h

row 11: good with a new token; from then on it is a matter of minutes
    dial; fail 401; live 1; is new-tokens 1; end reset; wait 10s
    5 times: dial; fail 401
    live 1; is new-tokens 3 -> .. caught up

row 15: refused in the answer to the subscription
    3 times: dial; open; refuse no -> .. connected, disconnected Refused("no"), failed Unauthorized("no")
    is new-tokens 1

the rejection of an expired token is no refusal
    token 0s
    10 times: dial; open; refuse Invalid token
    token; live 1 -> .. caught up

row 19: auth expired is redialled at once with a new token
    has 1; wait 12s; expired; dial 0s; is new-tokens 1; open; send 1 2 -> .. connecting, connected, subscribed, r2

row 23: tokens that end at once do not make a loop
    for $1 in token, token 0s, token 3s
    $1; live 1; expired; is new-tokens 0; live 1; expired; is state Connecting
    20 times: live 1; expired
    is new-tokens 21

a token without an end is not replaced
    has 1; beat 100000s; is dials 1 ->

a new connection takes over before the token ends, and the old one goes when nothing is on its way
    token 1h; live 1 2 -> .. => ..
    beat 3418s =>
    beat-until-dial 42s => dial
    open; accept; send 1; a send 3; send 2 3 4; a send 4; done => ping a
    send 5 -> rotating, 3, r4, rotated, 5
    wait 1s =>
    a expired; a pong -> => close a

a message without a number comes once although there are two connections
    has 1; rotate; connect; send 1; a unnumbered; unnumbered; done; unnumbered; a unnumbered -> rotating, said, rotated, said

the current connection may end while the next one replays
    has 1; rotate; connect; a end eof; send 1 2; done; is dials 2 -> rotating, disconnected Closed(Eof), connected, subscribed, r2, caught up

row 21: no token for the next connection
    token 1h; live 1 -> ..
    no-token; beat 3580s -> rotating
    token 1h; beat-until-dial; open; send 1; done -> rotated

row 22: credentials revoked
    token 1h; live 1 -> ..
    no-credentials; beat 3599s; send 2 -> rotating, 2
    expired -> said, disconnected AuthExpired
    wait 700s -> .. failed Unauthorized("no")

row 24: a server that refuses a second connection
    token 1h; live 1 -> ..
    a beat-until-dial; fail 409; a beat-until-dial; fail 409 -> ..
    // From now on the old one is closed first, a minute before the end.
    a beat-until-dial 1h; open; send 1; done -> rotating, disconnected Replaced, retrying, connecting, connected, subscribed, caught up
    d beat-until-dial 1h; open; send 1; done; is dials 5 -> rotating, disconnected Replaced, retrying, connecting, connected, subscribed, caught up

row 24: a server in trouble is not taken for one that refuses
    has 1; rotate
    5 times: a beat-until-dial; fail 503 -> rotating
    a beat-until-dial; open; send 1; done -> rotated

row 24: a server that has not seen the old connection end does not refuse the token
    has 1; rotate
    2 times: a beat-until-dial; fail 403
    rotate
    3 times: dial; fail 403
    live 1 -> .. connected, subscribed, caught up

"#;

/// A caller that is too slow, and the end of a stream.
const CALLER: &str = "
row 44: a parked stream comes back when the buffer is drained to a quarter
    set buffer 8; has 1; is waits false; stop-taking; send 2..9; is waits true => pause a
    wait 2s => close a
    send 10 11; is state Recovering -> 2, 3, 4, 5, 6, 7, 8, 9, lagging
    take 6; no-dial 1h; take 1; take-all
    live 1..12; send 13; is state Live -> connecting, connected, subscribed, r10, r11, r12, caught up, recovered, 13

row 44: room within two seconds is no lag
    set buffer 8; has 1; stop-taking; send 2..9; wait 1s; take 2 => pause a, read a
    wait 5s; send 10 -> 2, 3, 4, 5, 6, 7, 8, 9, 10

row 44: a caller who stops for hours
    set buffer 8; has 1; stop-taking; send 2..9; wait 6h; is buffered_events 9; is held_messages 0; is dials 1 -> ..
    take 9; take-all; live 1..15 -> .. subscribed, r10, r11, r12, r13, r14, r15, caught up, recovered

a caller who wants the server to wait; nothing can be heard meanwhile, so nothing is held against it
    set buffer 8; set slow-caller block; has 1; stop-taking; send 2..9; wait 1h -> 2, 3, 4, 5, 6, 7, 8, 9 => pause a
    take 8; send 10; wait 14s -> 10

connections that come and go do not fill the buffer of a caller who takes nothing
    set buffer 8; set slow-caller block; live 1; stop-taking; send 2..9; is buffered_events 8
    20 times: end reset; connect
    is buffered_events 8

bytes fill the buffer too
    set buffer-bytes 1000; live 1 => ..
    stop-taking; send 2..10; is buffered_bytes 900 =>
    send 11 => pause a

row 49: closed before the dial
    close; is state Closed -> closed => finished
    no-dial 600s; is deadline None

row 49: closed during the dial
    dial -> .. => ..
    close; is state Closed -> closed => close a
    open =>
    end eof => finished
    no-dial 600s

row 49: closed during the replay
    connect; send 1 -> .. => ..
    close -> closed => close a
    // Five seconds are enough for a proper close.
    send 2; wait 5s -> => finished
    no-dial 600s

row 49: closed during a rotation or a recovery
    for $1 in rotate, send 3
    live 1; $1; connect -> .. => ..
    close -> closed => close a, close b
    a end eof =>
    end eof => finished
    no-dial 600s

nothing happens after the end
    live 1; close; end eof -> .. => ..
    close; reconnect; rotate; take 5; send 2; wait 100000s -> =>
";

/// Once it was accepted, only ten minutes of refusals are final. Anything else between them counts.
#[test]
fn row_15_a_subscription_that_was_accepted_is_refused_for_ten_minutes() {
    let mut bench = Bench::new();
    bench.play("live 1; end reset");
    let mut from = bench.now;
    while bench.now.since(from) < seconds(500) {
        bench.play("dial; open; refuse no");
    }
    bench.play("dial; fail timeout -> .. retrying");
    from = bench.now;
    while bench.words.last().is_none_or(|word| word != "failed Unauthorized(\"no\")") {
        bench.play("dial; open; refuse no");
    }
    assert!((600..=660).contains(&bench.now.since(from).as_secs()), "{:?}", bench.now.since(from));
}

#[test]
fn row_44_a_replay_that_is_too_long_for_the_buffer_comes_in_parts() {
    let mut bench = Bench::new();
    bench.play("set buffer 8; live 1 -> ..");
    bench.play("stop-taking; send 2..9");
    while !bench.words.ends_with(&["recovered".into()]) {
        bench.play("wait 3s; take 20; connect; send 1..60; done");
        assert!(bench.machine.statistics().dials < 20, "{:?}", bench.words);
    }
    let numbers = bench.words.iter().filter_map(|word| word.trim_start_matches('r').parse::<u64>().ok());
    assert!(numbers.eq(2..=60), "{:?}", bench.words);
    assert_eq!(bench.words.iter().filter(|word| *word == "lagging").count(), 1);
}
