//! What a caller got against what the server said.

use std::collections::{BTreeMap, BTreeSet};

use super::super::server::{Body, GARBLED, Server};
use super::super::world::{Client, World};
use super::{HOLD, REMEMBER};
use crate::stream::machine::{Event, Gap, Origin, State};

/// Every message once and in order; what is missing was reported, unless no client can see it.
pub(super) fn judge(world: &World) -> Result<(), String> {
    world.clients.iter().enumerate().try_for_each(|(at, client)| {
        judge_client(client, &world.server).map_err(|error| format!("stream {at}: {error}"))
    })
}

/// What was delivered in one numbering, and what was reported missing.
#[derive(Debug, Default)]
struct Segment {
    delivered: BTreeMap<Body, u32>,
    last: Option<u64>,
    /// The highest number of the first replay. What that lacks was never promised.
    first_replay: Option<u64>,
    is_first_over: bool,
    /// How many live messages came in a row.
    live: usize,
    gaps: Vec<Gap>,
    /// The caller was told that the numbers have holes.
    is_sparse: bool,
}

fn judge_client(client: &Client, server: &Server) -> Result<(), String> {
    let mut segments = vec![Segment::default()];
    let mut unnumbered: BTreeMap<Body, u32> = BTreeMap::new();
    let mut changes = 0;
    for event in &client.taken {
        let Some(segment) = segments.last_mut() else { continue };
        match event {
            Event::Message { message, sequence: Some(sequence), origin } => {
                if message.number != Some(*sequence) {
                    return Err(format!("{message:?} came as {sequence}"));
                }
                if *origin != Origin::Late
                    && segment.last.replace(*sequence).is_some_and(|last| last >= *sequence)
                {
                    return Err(format!("{message:?} came out of order, and not marked as late"));
                }
                segment.live = if *origin == Origin::Live { segment.live + 1 } else { 0 };
                // Fewer can have been held until the first replay brought what was before them.
                segment.is_first_over |= segment.live > HOLD;
                if !segment.is_first_over {
                    segment.first_replay = segment.first_replay.max(Some(*sequence));
                }
                *segment.delivered.entry(*message).or_default() += 1;
            }
            // Notices have no content.
            Event::Message { message, .. } if message.content > 0 => {
                *unnumbered.entry(*message).or_default() += 1;
            }
            Event::CaughtUp => segment.is_first_over |= !segment.delivered.is_empty(),
            Event::Gap(gap) => segment.gaps.push(*gap),
            Event::NumbersHaveHoles => segment.is_sparse = true,
            Event::EpochChanged { .. } => {
                changes += 1;
                let is_sparse = segment.is_sparse;
                segments.push(Segment { is_sparse, ..Segment::default() });
            }
            _ => {}
        }
    }
    for segment in &segments {
        // What the server took back comes twice.
        let garbled = |body: &Body| segment.delivered.contains_key(&Body { content: GARBLED, ..*body });
        let doubled = segment.delivered.iter().find(|(body, times)| **times > 1 && !garbled(body));
        if let Some((body, times)) = doubled {
            return Err(format!("{body:?} came {times} times in one numbering"));
        }
    }
    let arrived: BTreeSet<Body> = client.arrived.iter().copied().collect();
    let once: BTreeSet<Body> = unnumbered.keys().copied().collect();
    if let Some((body, times)) = unnumbered.iter().find(|(_, times)| **times > 1) {
        return Err(format!("{body:?}, without a number, came {times} times"));
    }
    if client.machine.state == State::Failed {
        let was_accepted = client.taken[client.since..].contains(&Event::CaughtUp);
        return if was_accepted { Err(format!("it ended: {:?}", client.taken.last())) } else { Ok(()) };
    }
    if let Some(body) = arrived.symmetric_difference(&once).next() {
        return Err(format!("{body:?}, without a number, arrived and was not delivered"));
    }
    // One that corrects the last delivered message looks like a new numbering.
    let may_change =
        ["roll", "a copy that stays behind", "a correction"].iter().any(|what| server.seen.contains(*what));
    if changes > 0 && !may_change {
        return Err("the numbers began anew, as far as the caller knows".into());
    }
    // With one connection only, as far as the stream knows, there is no audit: nothing but the last
    // connection brings anything.
    let is_single = server.single || client.machine.history.is_single();
    last_day(&segments, server, |body| !is_single || client.was_sent(body))?;
    other_days(&segments, server)
}

/// Of the last day, the caller has all that could come.
fn last_day(segments: &[Segment], server: &Server, could_come: impl Fn(&Body) -> bool) -> Result<(), String> {
    let Some(segment) = segments.last() else { return Ok(()) };
    for body in server.journal.iter().filter(|body| could_come(body)) {
        let is_there = segment.delivered.contains_key(body);
        // An old correction is as good as what it corrects: it may be older than what is remembered.
        let is_corrected = body.number.is_some_and(|number| server.corrected.contains(&number));
        // What takes the place of another message is not told from it if it is older than what is remembered.
        let is_old = segment.delivered.keys().filter(|other| other.number > body.number).count() >= REMEMBER;
        let is_forgotten = is_old && segment.delivered.keys().any(|other| other.number == body.number);
        let is_too_old = segment.gaps.iter().any(|gap| gap.after.is_none() && gap.before.is_none());
        // Of what was skipped among sparse numbers (also if losses make them look sparse), or in a first
        // replay, only the count of old messages can tell, if the journal has all of them, and of one day,
        // which the caller saw begin.
        let is_unheld = segment.is_sparse || body.number <= segment.first_replay;
        let was_skipped = server.stride > 1 || is_old && is_unheld;
        let is_mixed = segment.delivered.keys().any(|other| other.day > 0 && other.day < body.day);
        let is_miscounted = ["trim", "days that begin alike"].iter().any(|what| server.seen.contains(*what));
        let is_untold = was_skipped && (is_miscounted || is_mixed);
        if !is_there && !is_corrected && !is_forgotten && !is_too_old && !is_untold {
            return Err(format!("{body:?} of the last day never came; the last numbering: {segment:?}"));
        }
    }
    Ok(())
}

/// Of any day, what is missing between two messages was reported. With sparse numbers nothing can tell.
fn other_days(segments: &[Segment], server: &Server) -> Result<(), String> {
    // Nor while a first replay does not end.
    if server.stride > 1 || server.seen.contains("a replay that never ends") {
        return Ok(());
    }
    for segment in segments.iter().filter(|segment| !segment.is_sparse) {
        for body in server.said.iter().filter(|body| body.day > 0 && body.number > segment.first_replay) {
            let of_day = || segment.delivered.keys().filter(|other| other.day == body.day);
            // Also a message of another day that was taken for this one, when nothing could tell them apart.
            let is_there = segment.delivered.keys().any(|other| other.number == body.number);
            let is_within = of_day().any(|other| other.number < body.number)
                && of_day().any(|other| other.number > body.number);
            if is_within && !is_there && !segment.gaps.iter().any(|gap| covers(*gap, *body)) {
                return Err(format!("{body:?} is missing without a word in {segment:?}"));
            }
        }
    }
    Ok(())
}

fn covers(gap: Gap, body: Body) -> bool {
    gap.after.is_none_or(|after| body.number > Some(after))
        && gap.before.is_none_or(|before| body.number < Some(before))
}
