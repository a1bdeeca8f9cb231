//! Records: how models are read and written.

/// How an API writes values.
#[derive(Debug)]
pub struct Encoding {
    /// Decimal numbers.
    pub decimal: DecimalEncoding,
    /// Instants.
    pub timestamp: TimestampEncoding,
    /// Calendar days.
    pub date: DateEncoding,
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
    /// RFC 3339.
    Rfc3339,
    /// Milliseconds since the epoch.
    UnixMillis,
}

/// How calendar days are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateEncoding {
    /// `2025-10-31`
    Iso8601,
    /// `20251031`
    Yyyymmdd,
}

/// Any value that a model can hold.
pub trait Value {
    /// A value to decode into.
    fn blank() -> Self
    where
        Self: Sized;
    /// A place to write the value to.
    fn slot(&mut self) -> Slot<'_>;
    /// The value to read.
    fn view(&self) -> View<'_>;
}

/// A place to write a value to.
#[derive(Debug)]
pub enum Slot<'a> {
    /// Text.
    String(&'a mut String),
}

/// A value to read.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// Text.
    Text(&'a str),
}

/// The fields of a model.
#[derive(Debug)]
pub struct Table {
    /// Name of the model.
    pub name: &'static str,
    /// How its values are written.
    pub encoding: &'static Encoding,
    /// Its fields.
    pub fields: &'static [Field],
    /// What must hold between them.
    pub rules: &'static [Rule],
}

/// A field of a model.
#[derive(Debug)]
pub struct Field {
    /// Name on the wire.
    pub name: &'static str,
}

/// What must hold between fields.
#[derive(Debug)]
pub enum Rule {
    /// Exactly one of the fields is there.
    ExactlyOne(&'static [&'static str]),
}
