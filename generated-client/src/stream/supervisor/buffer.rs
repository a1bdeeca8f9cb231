//! What waits for the caller, and what he has taken until the core is told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use super::RawEvent;

/// An event, and what it counts in the buffer.
pub(super) type Sized = (RawEvent, usize);

/// Room that is kept for more events when there are none.
const ROOM: usize = 1_024;

/// What waits for the caller, and what he has taken until the core is told.
///
/// It has no limit of its own: the core keeps the limit. Events pass in batches, in both directions:
/// the caller is woken once for all that came together, and the task only if it waits for room.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    waiting: Mutex<Waiting>,
    events: AtomicUsize,
    bytes: AtomicUsize,
    /// The task does not go on before something is taken.
    is_full: AtomicBool,
    room: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Sized>,
    /// Nothing more will come.
    over: bool,
    caller: Option<Waker>,
}

impl Buffer {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves all that waits to `taken`, which is empty; nothing if nothing more will come.
    pub(super) fn poll_take(&self, taken: &mut VecDeque<Sized>, context: &mut Context<'_>) -> Poll<()> {
        taken.shrink_to(ROOM);
        let mut waiting = self.waiting();
        if waiting.events.is_empty() && !waiting.over {
            match &mut waiting.caller {
                Some(caller) => caller.clone_from(context.waker()),
                None => waiting.caller = Some(context.waker().clone()),
            }
            return Poll::Pending;
        }
        std::mem::swap(&mut waiting.events, taken);
        Poll::Ready(())
    }

    /// The caller took an event of this size.
    pub(super) fn took(&self, size: usize) {
        // Bytes first: who sees the event sees them, too.
        self.bytes.fetch_add(size, Ordering::Relaxed);
        self.events.fetch_add(1, Ordering::SeqCst);
        if self.is_full.load(Ordering::SeqCst) {
            self.room.notify_one();
        }
    }

    /// Waits until something was taken; only after [`fills`](Self::fills).
    pub(super) async fn room(&self) {
        self.room.notified().await;
    }

    /// Whether the task waits for room. What is taken after this wakes it.
    pub(super) fn fills(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }

    /// Events and bytes that were taken since the last time.
    pub(super) fn count(&self) -> (usize, usize) {
        if self.events.load(Ordering::SeqCst) == 0 {
            return (0, 0);
        }
        let events = self.events.swap(0, Ordering::SeqCst);
        (events, self.bytes.swap(0, Ordering::Relaxed))
    }
}

/// The end of the buffer into which events are put. When it is dropped, nothing more will come.
#[derive(Debug)]
pub(super) struct Deliveries {
    buffer: Arc<Buffer>,
    /// Not handed over yet.
    batch: Vec<Sized>,
}

impl Deliveries {
    pub(super) fn new(buffer: Arc<Buffer>) -> Self {
        Self { buffer, batch: Vec::new() }
    }

    pub(super) fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    pub(super) fn put(&mut self, event: RawEvent, size: usize) {
        self.batch.push((event, size));
    }

    /// Gives the caller what was put. Says how much that was.
    pub(super) fn hand_over(&mut self) -> usize {
        let events = self.batch.len();
        if events > 0 {
            let mut waiting = self.buffer.waiting();
            waiting.events.extend(self.batch.drain(..));
            wake(waiting);
        }
        events
    }
}

impl Drop for Deliveries {
    fn drop(&mut self) {
        self.hand_over();
        let mut waiting = self.buffer.waiting();
        waiting.over = true;
        wake(waiting);
    }
}

/// Not under the lock: the caller is about to take it.
fn wake(mut waiting: MutexGuard<'_, Waiting>) {
    let caller = waiting.caller.take();
    drop(waiting);
    if let Some(caller) = caller {
        caller.wake();
    }
}
