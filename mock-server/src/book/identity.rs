//! Names of what is in a book, from which its place there can be read.

use uuid::{Builder, Uuid};

use super::chance;
use super::listing::InstrumentIx;
use super::order::OrderIx;

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Order = 1,
    Execution = 2,
    Instrument = 3,
    Document = 4,
}

/// Makes names that look like chance, and reads them. They need no memory.
#[derive(Clone, Copy, Debug)]
pub struct Identities {
    seed: u64,
}

/// The bits of a UUID's second half that are free.
const FREE: u64 = (1 << 62) - 1;

impl Identities {
    pub(super) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The name of an order.
    pub fn order(&self, ix: OrderIx) -> String {
        self.name(Sort::Order, ix.0.into())
    }

    /// The order of this name, if it is one.
    pub fn read_order(&self, name: &str) -> Option<OrderIx> {
        self.read(Sort::Order, name)?.try_into().ok().map(OrderIx)
    }

    /// The name of a fill.
    pub fn execution(&self, ix: u32) -> String {
        self.name(Sort::Execution, ix.into())
    }

    /// The fill of this name, if it is one.
    pub fn read_execution(&self, name: &str) -> Option<u32> {
        self.read(Sort::Execution, name)?.try_into().ok()
    }

    /// The name of an instrument.
    pub fn instrument(&self, ix: InstrumentIx) -> String {
        self.name(Sort::Instrument, ix.0.into())
    }

    /// The instrument of this name, if it is one.
    pub fn read_instrument(&self, name: &str) -> Option<InstrumentIx> {
        self.read(Sort::Instrument, name)?.try_into().ok().map(InstrumentIx)
    }

    /// The name of anything else that is counted.
    pub fn document(&self, number: u64) -> String {
        self.name(Sort::Document, number)
    }

    /// The number of what has this name, if it is such a name.
    pub fn read_document(&self, name: &str) -> Option<u64> {
        self.read(Sort::Document, name)
    }

    fn name(&self, sort: Sort, number: u64) -> String {
        let high = chance::hash(&[self.seed, sort as u64, number]);
        let low = (number ^ self.mask(sort)) & FREE;
        let bytes = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    fn read(&self, sort: Sort, name: &str) -> Option<u64> {
        let (_, low) = Uuid::try_parse(name).ok()?.as_u64_pair();
        let number = (low ^ self.mask(sort)) & FREE;
        (self.name(sort, number) == name.to_ascii_lowercase()).then_some(number)
    }

    fn mask(&self, sort: Sort) -> u64 {
        chance::hash(&[self.seed, sort as u64]) & FREE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_again_and_no_others() {
        let identities = Identities::new(7);
        for number in [0, 1, 77, 1_000_000, u32::MAX] {
            let name = identities.order(OrderIx(number));
            assert_eq!(identities.read_order(&name), Some(OrderIx(number)));
            assert_eq!(identities.read_order(&name.to_uppercase()), Some(OrderIx(number)));
            assert_eq!(identities.read_execution(&name), None);
            assert_eq!(Identities::new(8).read_order(&name), None);
        }
        assert_eq!(identities.read_order("order_id"), None);
    }
}
