//! `decimal?` or `{ type: decimal?, doc: … }`.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, EnumAccess, VariantAccess, Visitor};

/// The name by which the reader knows it; chosen so that no spec can hold it.
pub(super) const NAME: &str = "$spec::ShortOrLong";

/// A scalar or a mapping, told apart by the shape of the node alone, so that errors and spans
/// inside the long form stay exact; `#[serde(untagged)]` would lose both.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged, inline, description = "The short form, or a mapping.")]
pub enum ShortOrLong<S, L> {
    Short(S),
    Long(L),
}

impl<'de, S: Deserialize<'de>, L: Deserialize<'de>> Deserialize<'de> for ShortOrLong<S, L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum(NAME, &["short", "long"], Shape(PhantomData))
    }
}

struct Shape<S, L>(PhantomData<(S, L)>);

impl<'de, S: Deserialize<'de>, L: Deserialize<'de>> Visitor<'de> for Shape<S, L> {
    type Value = ShortOrLong<S, L>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the short form (one text) or a mapping")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
        match access.variant::<u8>()? {
            (0, variant) => variant.newtype_variant().map(ShortOrLong::Short),
            (_, variant) => variant.newtype_variant().map(ShortOrLong::Long),
        }
    }
}
