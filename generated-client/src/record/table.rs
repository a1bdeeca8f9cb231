//! Static descriptions of models and unions: what the generator emits instead of code.

/// The fields of a model and what must hold between them.
#[derive(Debug)]
pub struct Table {
    /// Name of the model.
    pub name: &'static str,
    /// How its values are written.
    pub encoding: &'static Encoding,
    /// Its fields, at the indices of `Record::slot_at` and `Record::view_at`.
    pub fields: &'static [Field],
    /// What must hold between them before it is sent.
    pub rules: &'static [Rule],
}

/// A field of a model.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name on the wire.
    pub name: &'static str,
    /// Whether an object without it is refused.
    pub required: bool,
    /// Whether it will go away.
    pub deprecated: bool,
    /// Whether its value is personal and never printed.
    pub sensitive: bool,
    /// Whether its decimals are JSON numbers, whatever the API does with others, and were floats
    /// before: digits below 10^-28 are rounded off.
    pub number: bool,
    /// Whether a value that cannot be read is absent, instead of failing the object.
    pub lenient: bool,
    /// Checked before it is sent.
    pub bounds: Bounds,
}

impl Field {
    /// A field that must be there.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            required: true,
            deprecated: false,
            sensitive: false,
            number: false,
            lenient: false,
            bounds: Bounds::NONE,
        }
    }

    /// It may be null or absent.
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// It will go away.
    pub const fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// It is never printed.
    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Its decimals are JSON numbers, whatever the API does with others.
    pub const fn number(mut self) -> Self {
        self.number = true;
        self
    }

    /// A value that cannot be read is absent.
    pub const fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// Its least value.
    pub const fn min(mut self, min: i64) -> Self {
        self.bounds.min = Some(min);
        self
    }

    /// Its greatest value.
    pub const fn max(mut self, max: i64) -> Self {
        self.bounds.max = Some(max);
        self
    }

    /// Its least number of characters.
    pub const fn min_length(mut self, length: u32) -> Self {
        self.bounds.min_length = Some(length);
        self
    }

    /// Its greatest number of characters.
    pub const fn max_length(mut self, length: u32) -> Self {
        self.bounds.max_length = Some(length);
        self
    }

    /// Its least number of items.
    pub const fn min_items(mut self, items: u32) -> Self {
        self.bounds.min_items = Some(items);
        self
    }

    /// Its greatest number of items.
    pub const fn max_items(mut self, items: u32) -> Self {
        self.bounds.max_items = Some(items);
        self
    }
}

/// Bounds of a value, inclusive. Those of a list that are not about its items hold for each item.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Least number.
    pub min: Option<i64>,
    /// Greatest number.
    pub max: Option<i64>,
    /// Least number of characters.
    pub min_length: Option<u32>,
    /// Greatest number of characters.
    pub max_length: Option<u32>,
    /// Least number of items.
    pub min_items: Option<u32>,
    /// Greatest number of items.
    pub max_items: Option<u32>,
}

impl Bounds {
    /// Everything is within them.
    pub const NONE: Self =
        Self { min: None, max: None, min_length: None, max_length: None, min_items: None, max_items: None };
}

/// What must hold between fields, by wire name.
#[derive(Debug)]
pub enum Rule {
    /// Exactly one of the fields is there.
    ExactlyOne(&'static [&'static str]),
    /// One of the fields or more are there.
    AtLeastOne(&'static [&'static str]),
    /// None or one of the fields is there.
    AtMostOne(&'static [&'static str]),
    /// If every field of `conditions` has one of its values, `require` must be there and `forbid`
    /// must not.
    When {
        /// Fields and texts of their values.
        conditions: &'static [(&'static str, &'static [&'static str])],
        /// Fields that must be there then.
        require: &'static [&'static str],
        /// Fields that must not be there then.
        forbid: &'static [&'static str],
    },
}

/// The variants of a union.
#[derive(Debug)]
pub struct UnionTable {
    /// Name of the union.
    pub name: &'static str,
    /// How its values are written.
    pub encoding: &'static Encoding,
    /// How a variant is recognised.
    pub tagging: Tagging,
    /// Tags, keys or shapes, at the indices of `Union::variant` and `Union::select`.
    pub variants: &'static [&'static str],
}

/// How the variant of a union is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// By the value of this property, beside which the fields of the variant stand.
    Tag(&'static str),
    /// By the name of the object's only property.
    Keyed,
    /// By the kind of JSON value: `bool`, `number`, `string`, `list`, `object`.
    Shape,
}

/// How an API writes values.
#[derive(Clone, Copy, Debug)]
pub struct Encoding {
    /// Decimal numbers.
    pub decimal: DecimalEncoding,
    /// Instants.
    pub timestamp: TimestampEncoding,
    /// Calendar days.
    pub date: DateEncoding,
}

impl Encoding {
    /// How values are written outside of any API: as text, nothing lost.
    pub const TEXT: Self = Self {
        decimal: DecimalEncoding::String,
        timestamp: TimestampEncoding::Rfc3339,
        date: DateEncoding::Iso8601,
    };
}

impl Table {
    /// How a field of this model is written.
    pub(super) fn encoding_of(&self, field: &Field) -> Encoding {
        match field.number {
            true => Encoding { decimal: DecimalEncoding::Number, ..*self.encoding },
            false => *self.encoding,
        }
    }
}

/// How decimal numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalEncoding {
    /// As JSON strings.
    String,
    /// As JSON numbers.
    Number,
}

/// How instants are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampEncoding {
    /// RFC 3339, in UTC.
    Rfc3339,
    /// Milliseconds since 1970 as an integer.
    UnixMillis,
}

/// How calendar days are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateEncoding {
    /// `2025-10-31`
    Iso8601,
    /// `20251031` as an integer.
    Yyyymmdd,
}
