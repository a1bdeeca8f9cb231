//! Types in the shape in which the generator emits them, to test with.

mod models;
#[allow(dead_code, reason = "the tests use a part of what an enum or id has")]
mod names;
mod unions;

pub(crate) use self::models::{Empty, Leg, Order};
pub(crate) use self::names::{AccountId, OrderId, OrderType, Side};
pub(crate) use self::unions::{Action, Filter, Part};

mod api {
    use crate::record::{DateEncoding, DecimalEncoding, Encoding, TimestampEncoding};

    pub(super) const ENCODING: Encoding = Encoding {
        decimal: DecimalEncoding::String,
        timestamp: TimestampEncoding::Rfc3339,
        date: DateEncoding::Iso8601,
    };
}
