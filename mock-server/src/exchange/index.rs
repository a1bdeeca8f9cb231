//! Places in the exchange's tables. Only the exchange makes them, for what it holds.

/// Place of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AccountIx(pub(super) u16);

/// Place of an instrument in the listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct InstrumentIx(pub(super) u16);

/// Place of an order: those that came later have greater ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OrderIx(pub(super) u32);

/// Place of a fill among all fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ExecutionIx(pub(super) u32);
