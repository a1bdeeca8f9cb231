//! What is known about every row of a submission so far.

use super::evidence::{ListedRow, RowStatus};
use crate::Json;
use crate::operation::Lookup;

/// The rows of a submission, in the order of the request.
pub(super) struct Progress {
    lookup: &'static Lookup,
    /// Whether a row can be read as what the caller gets.
    is_readable: fn(&Json) -> bool,
    rows: Vec<RowProgress>,
    /// Indices of the rows in the order of their keys.
    by_key: Vec<usize>,
    /// How many times the request may have been written to the server.
    pub(super) writes: u32,
}

/// A row of a submission.
pub(super) struct RowProgress {
    pub(super) key: String,
    /// The caller supplied the key: an earlier submission may have used it.
    is_supplied: bool,
    pub(super) fate: RowState,
    /// The last row with this key that the server answered or listed.
    pub(super) seen: Option<Json>,
    /// What the reading that is going on found.
    found: Option<(RowStatus, Json)>,
    /// A row in effect was seen, perhaps one that cannot be read: a refusal decides nothing any more.
    is_in_effect: bool,
}

/// What is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowState {
    Unknown,
    /// This request was refused. Whether an earlier one with the same key is in effect is open.
    RefusedUnlessKnown,
    Refused,
    Accepted,
}

/// What a refused row of an answer proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RefusedRow {
    /// This request was refused.
    ThisRequest,
    /// The refusal can be that of a repetition, or of a key that is known already.
    Nothing,
}

impl Progress {
    pub(super) fn new(
        lookup: &'static Lookup,
        is_readable: fn(&Json) -> bool,
        keys: impl Iterator<Item = (String, bool)>,
    ) -> Self {
        let rows: Vec<RowProgress> = keys
            .map(|(key, is_supplied)| RowProgress {
                key,
                is_supplied,
                fate: RowState::Unknown,
                seen: None,
                found: None,
                is_in_effect: false,
            })
            .collect();
        let mut by_key: Vec<usize> = (0..rows.len()).collect();
        by_key.sort_by(|one, other| {
            rows.get(*one).map(RowProgress::key).cmp(&rows.get(*other).map(RowProgress::key))
        });
        Self { lookup, is_readable, rows, by_key, writes: 0 }
    }

    pub(super) fn rows(&self) -> &[RowProgress] {
        &self.rows
    }

    /// Whether nothing is left to look up.
    pub(super) fn is_known(&self) -> bool {
        self.rows.iter().all(RowProgress::is_known)
    }

    /// Whether any row may have been received: then none is sent again.
    pub(super) fn is_received(&self) -> bool {
        self.rows.iter().any(|row| row.seen.is_some() || row.fate != RowState::Unknown)
    }

    /// Whether a row may have been received although no answer says so.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.rows.iter().any(|row| row.fate == RowState::Unknown)
    }

    /// Whether a row waits for one look-up because its key may be known.
    pub(super) fn is_unchecked(&self) -> bool {
        self.rows.iter().any(|row| row.fate == RowState::RefusedUnlessKnown)
    }

    /// Whether the caller supplied a key.
    pub(super) fn has_supplied_keys(&self) -> bool {
        self.rows.iter().any(|row| row.is_supplied)
    }

    /// The keys that a look-up asks for.
    pub(super) fn open_keys(&self, supplied_only: bool) -> Vec<&str> {
        let open = self.rows.iter().filter(|row| !row.is_known() && (row.is_supplied || !supplied_only));
        open.map(|row| row.key.as_str()).collect()
    }

    /// Takes the rows of an answer. False if one of them is not ours, or may not be: then the answer
    /// may be that of another request, and nothing is taken.
    pub(super) fn take_answer(&mut self, rows: Vec<Json>, refused: RefusedRow) -> bool {
        let rows: Vec<ListedRow> = rows.into_iter().map(|row| ListedRow::read(self.lookup, row)).collect();
        let is_ours = |row: &ListedRow| row.key.as_deref().is_some_and(|key| self.index(key).is_some());
        if !rows.iter().all(is_ours) {
            return false;
        }
        self.begin_reading();
        rows.into_iter().for_each(|row| self.find(row));
        let is_readable = self.is_readable;
        for row in &mut self.rows {
            match (row.found.take(), refused) {
                (Some((RowStatus::InEffect, seen)), _) => row.decide(RowState::Accepted, seen, is_readable),
                (Some((RowStatus::Refused, seen)), RefusedRow::ThisRequest) if row.is_supplied => {
                    row.decide(RowState::RefusedUnlessKnown, seen, is_readable);
                }
                (Some((RowStatus::Refused, seen)), RefusedRow::ThisRequest) => {
                    row.decide(RowState::Refused, seen, is_readable)
                }
                (Some((_, seen)), _) => row.seen = Some(seen),
                (None, _) => {}
            }
        }
        true
    }

    /// Begins to read the list.
    pub(super) fn begin_reading(&mut self) {
        self.rows.iter_mut().for_each(|row| row.found = None);
    }

    /// Takes a row of the list. Rows of other submissions are passed over.
    pub(super) fn find(&mut self, row: ListedRow) {
        let Some(index) = row.key.as_deref().and_then(|key| self.index(key)) else { return };
        if let Some(own) = self.rows.get_mut(index)
            && own.found.as_ref().is_none_or(|(standing, _)| *standing < row.standing)
        {
            own.found = Some((row.standing, row.row));
        }
    }

    /// Whether the reading found every row that is open, in effect: there is nothing more to find.
    pub(super) fn is_found(&self) -> bool {
        let in_effect = |row: &RowProgress| matches!(row.found, Some((RowStatus::InEffect, _)));
        self.rows.iter().all(|row| row.is_known() || in_effect(row))
    }

    /// Draws the conclusions of a reading.
    pub(super) fn end_reading(&mut self, is_complete: bool) {
        let (is_only_write, is_readable) = (self.writes <= 1, self.is_readable);
        for row in self.rows.iter_mut().filter(|row| !row.is_known()) {
            match row.found.take() {
                Some((RowStatus::InEffect, seen)) => row.decide(RowState::Accepted, seen, is_readable),
                // Of several rows with one key, another may be in effect.
                Some((RowStatus::Refused, seen)) if is_complete && is_only_write => {
                    row.decide(RowState::Refused, seen, is_readable);
                }
                Some((RowStatus::Undecided, seen)) => row.decide(RowState::Unknown, seen, is_readable),
                Some((RowStatus::Refused, seen)) => row.seen = Some(seen),
                None if is_complete && row.fate == RowState::RefusedUnlessKnown => {
                    row.fate = RowState::Refused
                }
                None => {}
            }
        }
    }

    fn index(&self, key: &str) -> Option<usize> {
        let place =
            self.by_key.binary_search_by(|index| self.rows.get(*index).map(RowProgress::key).cmp(&Some(key)));
        place.ok().and_then(|place| self.by_key.get(place).copied())
    }
}

impl RowProgress {
    fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn is_known(&self) -> bool {
        matches!(self.fate, RowState::Refused | RowState::Accepted)
    }

    /// A row that cannot be read stays unknown: a later look-up may show one that can.
    fn decide(&mut self, fate: RowState, seen: Json, is_readable: fn(&Json) -> bool) {
        self.is_in_effect |= fate == RowState::Accepted;
        if self.is_in_effect && fate != RowState::Accepted {
            return;
        }
        self.fate = if is_readable(&seen) { fate } else { RowState::Unknown };
        self.seen = Some(seen);
    }
}
