//! Whether a replay belongs to the numbering that is known.

use super::epoch::{Epoch, Known, Mark};
use super::held::Item;

/// A replay on one connection, from its first message to its end.
#[derive(Debug)]
pub(super) struct Replay<M> {
    /// The first message.
    pub(super) first: Option<Mark>,
    /// The message with the lowest number.
    pub(super) lowest: Option<Mark>,
    /// The highest number.
    pub(super) top: Option<u64>,
    agreement: Agreement<M>,
}

/// While nothing of a replay agrees with what is remembered, its messages wait: they may be known
/// ones, or new ones under known numbers.
#[derive(Debug)]
enum Agreement<M> {
    Open {
        /// What was remembered when the replay was asked for. What comes on the other connection
        /// meanwhile may be more than is remembered, and is not in the replay.
        asked: Epoch,
        waiting: Vec<Item<M>>,
        bytes: usize,
        /// Too many waited. They were let go, and have to be sent again if they turn out to be new.
        forgotten: bool,
    },
    Found,
}

/// What becomes of a message of a replay.
pub(super) enum Offered<M, R> {
    /// It waits.
    Waits,
    /// It is of the known numbering, and so are those that waited before it.
    Agreed(Vec<Item<M>>, Item<R>),
    /// It is of the known numbering, as was clear before.
    Passes(Item<R>),
    /// It is the first of the replay, and later than everything known. This contradicts nothing: the
    /// numbers go on.
    GoesOn(Item<R>),
}

/// What a replay turned out to be in which nothing agreed.
pub(super) struct Differs<M> {
    pub(super) waiting: Vec<Item<M>>,
    pub(super) forgotten: bool,
}

impl<M> Replay<M> {
    /// If nothing was delivered yet in a numbering, the replay says what it is.
    pub(super) fn new(epoch: &Epoch) -> Self {
        let agreement = match epoch.watermark {
            Some(_) => {
                Agreement::Open { asked: epoch.clone(), waiting: Vec::new(), bytes: 0, forgotten: false }
            }
            None => Agreement::Found,
        };
        Self { first: None, lowest: None, top: None, agreement }
    }

    /// `goes_on`: nothing speaks against numbers that go on where the known ones end.
    pub(super) fn offer<R: Into<M>>(
        &mut self,
        item: Item<R>,
        epoch: &Epoch,
        goes_on: bool,
        messages: usize,
        bytes_most: usize,
    ) -> Offered<M, R> {
        let mark = item.mark;
        let is_first = self.first.is_none();
        self.first.get_or_insert(mark);
        self.top = self.top.max(Some(mark.sequence));
        if self.lowest.is_none_or(|lowest| mark.sequence < lowest.sequence) {
            self.lowest = Some(mark);
        }
        let Agreement::Open { asked, waiting, bytes, forgotten } = &mut self.agreement else {
            return Offered::Passes(item);
        };
        if is_first && goes_on && Some(mark.sequence) > epoch.watermark {
            self.agreement = Agreement::Found;
            return Offered::GoesOn(item);
        }
        let remembered = [&*asked, epoch].into_iter().any(|epoch| epoch.known(mark) == Known::Same);
        if Some(mark.sequence) <= epoch.watermark && remembered {
            let agreed = std::mem::take(waiting);
            self.agreement = Agreement::Found;
            return Offered::Agreed(agreed, item);
        }
        if waiting.len() >= messages || bytes.saturating_add(item.size) > bytes_most {
            waiting.clear();
            *bytes = 0;
            *forgotten = true;
        }
        if !*forgotten {
            *bytes = bytes.saturating_add(item.size);
            waiting.push(item.keep());
        }
        Offered::Waits
    }

    /// Whether a message of this number, if it is a known one, says nothing new of the replay.
    pub(super) fn is_amid(&self, sequence: u64) -> bool {
        let is_found = matches!(self.agreement, Agreement::Found);
        is_found && self.first.is_some_and(|first| first.sequence < sequence)
    }

    /// A known message came that says nothing new.
    pub(super) fn passed(&mut self, sequence: u64) {
        self.top = self.top.max(Some(sequence));
    }

    /// The replay is over. If nothing of it agreed: what waited.
    pub(super) fn end(&mut self) -> Option<Differs<M>> {
        match std::mem::replace(&mut self.agreement, Agreement::Found) {
            Agreement::Open { waiting, forgotten, .. } => Some(Differs { waiting, forgotten }),
            Agreement::Found => None,
        }
    }

    /// Whether the numbers begin anew within the replay: it starts over, with another message.
    pub(super) fn begins_anew(&self, mark: Mark) -> bool {
        self.first.is_some_and(|first| {
            mark != first && mark.sequence <= first.sequence && Some(mark.sequence) < self.top
        })
    }

    /// Messages and bytes that wait.
    pub(super) fn waiting(&self) -> (usize, usize) {
        match &self.agreement {
            Agreement::Open { waiting, bytes, .. } => (waiting.len(), *bytes),
            Agreement::Found => (0, 0),
        }
    }
}
