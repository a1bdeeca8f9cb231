//! What every generated file has in scope, beside its own types.

#![allow(unused_imports, reason = "a spec uses some of them")]

pub(crate) use std::collections::BTreeMap;

pub(crate) use jiff::civil::Date;
pub(crate) use jiff::{SignedDuration, Timestamp, Zoned};
pub(crate) use rust_decimal::Decimal;
pub(crate) use uuid::Uuid;

pub(crate) use crate::api::{Api, Authentication, Frame, ListEncoding, Pagination, RateLimit};
pub(crate) use crate::call::Call;
pub(crate) use crate::client::ClientInner;
pub(crate) use crate::keyed::Rows;
pub(crate) use crate::operation::{BodyKind, Lookup, Operation, PageToken, Repeat};
// A type of a spec may be called `Value`; the methods of the trait are in scope all the same.
pub(crate) use crate::models::{id, record, text_enum, union};
pub(crate) use crate::record::Value as _;
pub(crate) use crate::record::{
    DateEncoding, DecimalEncoding, Encoding, Field, Rule, Table, TimestampEncoding,
};
pub(crate) use crate::request::request;
#[cfg(any(test, feature = "studio"))]
pub(crate) use crate::stream::{Channel, ChannelMessage, Layout, Place, channel};
pub(crate) use crate::value::{Json, Patch, UnknownVariant, Unrecognized};
