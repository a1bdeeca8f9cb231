//! Names of what an exchange holds, from which its place there can be read. They need no memory.

use uuid::{Builder, Uuid};

use super::Exchange;
use super::index::{ExecutionIx, InstrumentIx, OrderIx};
use super::listing::Instrument;
use super::order::{Execution, Order};
use crate::chance;

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Order = 1,
    Execution = 2,
    Instrument = 3,
    Document = 4,
}

/// The bits of a UUID's second half that are free.
const FREE: u64 = (1 << 62) - 1;

impl Exchange {
    /// The name of an order.
    pub(crate) fn order_id(&self, ix: OrderIx) -> String {
        name(self.seed, Sort::Order, ix.0.into())
    }

    /// The order of this name, if there is one.
    pub(crate) fn order_by_id(&self, id: &str) -> Option<&Order> {
        self.orders.get(usize::try_from(read(self.seed, Sort::Order, id)?).ok()?)
    }

    /// The name of a fill.
    pub(crate) fn execution_id(&self, ix: ExecutionIx) -> String {
        name(self.seed, Sort::Execution, ix.0.into())
    }

    /// The fill of this name, if there is one.
    pub(crate) fn execution_by_id(&self, id: &str) -> Option<&Execution> {
        self.executions.get(usize::try_from(read(self.seed, Sort::Execution, id)?).ok()?)
    }

    /// The name of an instrument.
    pub(crate) fn instrument_id(&self, ix: InstrumentIx) -> String {
        name(self.seed, Sort::Instrument, ix.0.into())
    }

    /// An instrument by its name or symbol.
    pub(crate) fn instrument_called(&self, name: &str) -> Option<&Instrument> {
        let by_id = read(self.seed, Sort::Instrument, name)
            .and_then(|number| self.listing.all().get(usize::try_from(number).ok()?));
        by_id.or_else(|| self.listing.find(name))
    }

    /// The name of anything else that is counted.
    pub(crate) fn document_id(&self, number: u64) -> String {
        name(self.seed, Sort::Document, number)
    }

    /// The number of what has this name, if it is such a name.
    pub(crate) fn document_by_id(&self, id: &str) -> Option<u64> {
        read(self.seed, Sort::Document, id)
    }
}

fn name(seed: u64, sort: Sort, number: u64) -> String {
    let high = chance::hash(&[seed, sort as u64, number]);
    let low = (number ^ mask(seed, sort)) & FREE;
    let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn read(seed: u64, sort: Sort, id: &str) -> Option<u64> {
    let (_, low) = Uuid::try_parse(id).ok()?.as_u64_pair();
    let number = (low ^ mask(seed, sort)) & FREE;
    (name(seed, sort, number) == id.to_ascii_lowercase()).then_some(number)
}

fn mask(seed: u64, sort: Sort) -> u64 {
    chance::hash(&[seed, sort as u64]) & FREE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_again_and_no_others() {
        for number in [0, 1, 77, 1_000_000, u64::from(u32::MAX)] {
            let name = name(7, Sort::Order, number);
            assert_eq!(read(7, Sort::Order, &name), Some(number));
            assert_eq!(read(7, Sort::Order, &name.to_uppercase()), Some(number));
            assert_eq!(read(7, Sort::Execution, &name), None);
            assert_eq!(read(8, Sort::Order, &name), None);
        }
        assert_eq!(read(7, Sort::Order, "order_id"), None);
    }
}
