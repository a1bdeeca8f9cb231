//! The machine with a scripted clock and a scripted server. Nothing here waits, and chance depends on a
//! seed only.

mod anything;
mod bench;
mod cases;
pub(in crate::stream) mod model;
mod rows;
mod script;
mod server;
mod world;

use super::{Input, Moment, Output, StreamMachine};

/// An input, and what follows from it.
fn handle<M>(machine: &mut StreamMachine<M>, now: Moment, input: Input<M>) -> Vec<Output<M>> {
    machine.handle(now, input);
    std::iter::from_fn(|| machine.poll()).collect()
}
