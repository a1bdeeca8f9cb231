//! Sample types, and what holds for every record.

mod round_trip;
pub(crate) mod sample;
