//! JSON without a model.

use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::record::{self, Slot, Value, View};

/// Any JSON value with its original text: numbers are not rounded and keys keep their order.
///
/// Two values are equal if their texts are.
///
/// ```
/// use clear_street::Json;
///
/// let json: Json = r#"{"price": 1.50}"#.parse()?;
/// assert_eq!(json.text(), r#"{"price": 1.50}"#);
///
/// let made = Json::new(&["a", "b"])?;
/// assert_eq!(made.decode::<Vec<String>>()?, ["a", "b"]);
/// # Ok::<(), clear_street::JsonError>(())
/// ```
#[derive(Clone, Default)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The JSON of anything that serde can write.
    ///
    /// # Errors
    /// If the value has no JSON form: a map whose keys are not text, for instance.
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::value::to_raw_value(value).map(Self).map_err(JsonError)
    }

    /// Text that a parser has already accepted.
    pub(crate) fn from_raw(raw: &RawValue) -> Self {
        Self(raw.to_owned())
    }

    /// The original text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Reads it as anything that serde can read.
    ///
    /// # Errors
    /// If it is not what `T` expects.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        serde_json::from_str(self.text()).map_err(JsonError)
    }
}

impl FromStr for Json {
    type Err = JsonError;

    fn from_str(text: &str) -> Result<Self, JsonError> {
        RawValue::from_string(text.to_owned()).map(Self).map_err(JsonError)
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Json {}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        record::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        record::deserialize(deserializer)
    }
}

impl Value for Json {
    fn blank() -> Self {
        Self::default()
    }

    fn slot(&mut self) -> Slot<'_> {
        Slot::Json(&mut self.0)
    }

    fn view(&self) -> View<'_> {
        View::Json(&self.0)
    }
}

/// Why a value and its JSON do not fit.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct JsonError(serde_json::Error);
