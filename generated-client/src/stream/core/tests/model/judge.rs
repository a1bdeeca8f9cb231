//! What the caller got against what the server said.

use std::collections::BTreeSet;

use super::super::super::{Event, Gap, GapReason, Origin};
use super::server::Body;
use super::world::World;

/// Every message once and in order; what is missing was reported in its place.
pub(super) fn judge(world: &World) -> Result<(), String> {
    let said = world.server.said();
    let mut last: Option<Body> = None;
    let mut seen = BTreeSet::new();
    let mut mistaken = None;
    let mut between = Between::default();
    for event in &world.taken {
        match event {
            Event::Message { origin: Origin::Correction, message, .. } => {
                if message.garbled || seen.contains(message) {
                    return Err(format!("{message:?} is a correction"));
                }
                seen.insert(*message);
            }
            Event::Message { sequence: Some(sequence), message, .. } => {
                if message.garbled || *sequence != message.sequence {
                    return Err(format!("{message:?} came as {sequence}"));
                }
                // New numbers that happened to go on exactly where the old ones ended were taken for
                // those until there was proof, which comes with what was before.
                let taken_for_old = mistaken == Some(message.epoch) && !seen.contains(message);
                if last.is_some_and(|last| last >= *message) && !taken_for_old {
                    return Err(format!("{message:?} came after {last:?}"));
                }
                seen.insert(*message);
                if between.lossless.is_none()
                    && last.is_some_and(|last| {
                        last.epoch < message.epoch && last.sequence + 1 == message.sequence
                    })
                {
                    mistaken = Some(message.epoch);
                }
                between.check(last, Some(*message), &said, world)?;
                (last, between) = (Some(*message), Between::default());
            }
            Event::Gap(gap) => between.gaps.push(*gap),
            Event::EpochChanged { lossless } => {
                between.lossless = Some(between.lossless != Some(false) && *lossless)
            }
            _ => {}
        }
    }
    if world.failed.is_some() {
        return Ok(());
    }
    between.check(last, None, &said, world)
}

/// What was reported between two messages.
#[derive(Debug, Default)]
struct Between {
    gaps: Vec<Gap>,
    lossless: Option<bool>,
}

impl Between {
    fn check(
        &self,
        last: Option<Body>,
        next: Option<Body>,
        said: &[Body],
        world: &World,
    ) -> Result<(), String> {
        let missing = said.iter().filter(|body| last.is_none_or(|last| **body > last));
        for body in missing.filter(|body| next.is_none_or(|next| **body < next)) {
            if !world.server.never_heard.contains(body) && !self.covers(*body, last, next, world) {
                return Err(format!("{body:?} is missing between {last:?} and {next:?}: {self:?}"));
            }
        }
        Ok(())
    }

    fn covers(&self, body: Body, last: Option<Body>, next: Option<Body>, world: &World) -> bool {
        // Before the first message nothing was promised but the replay.
        let Some(last) = last else {
            return world.server.gone.contains(&body);
        };
        if self.lossless == Some(false) {
            return true;
        }
        let same = next.is_none_or(|next| next.epoch == last.epoch);
        if same {
            return self.gaps.iter().any(|gap| {
                gap.reason != GapReason::OutOfOrder
                    && gap.after.is_none_or(|after| body.sequence > after)
                    && gap.before.is_none_or(|before| body.sequence < before)
            });
        }
        // A replay that was trimmed so that new numbers look like the continuation of the old ones
        // cannot be told from one. A gap is reported if it does not continue them exactly.
        let goes_on = next.is_some_and(|next| next.sequence == last.sequence + 1);
        goes_on || !self.gaps.is_empty()
    }
}
