//! `serde::Deserializer` over a node.

use std::iter::Chain;
use std::slice::Iter;

use serde::de::value::{StrDeserializer, U8Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

use super::spanned::Place;
use super::{Context, Error, ErrorKind, short_or_long, spanned};
use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::{Node, NodeKind};

type Result<T> = std::result::Result<T, Error>;

/// Reads one node.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    node: &'a Node,
    context: &'a Context,
}

impl<'a> Reader<'a> {
    pub(super) fn new(node: &'a Node, context: &'a Context) -> Self {
        Self { node, context }
    }

    pub(super) fn node(&self) -> &'a Node {
        self.node
    }

    /// Gives an error the place of this node unless it has one from further inside.
    fn at<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|mut error| {
            error.at.get_or_insert((self.node.id, self.node.span));
            error
        })
    }

    fn mismatch<'de, V: Visitor<'de>, T>(&self, visitor: &V) -> Result<T> {
        let expected: &dyn Expected = visitor;
        let expected = expected.to_string();
        // Serde's derive names the Rust type, which says nothing to someone who writes YAML.
        let expected = if expected.starts_with("struct ") { "a mapping" } else { &expected };
        self.at(Err(Error::custom(format!("expected {expected}, found {}", self.node.describe()))))
    }

    /// The text of a scalar without quotes.
    fn plain(&self) -> Option<&'a str> {
        match &self.node.kind {
            NodeKind::Scalar { text, plain: true } => Some(text),
            _ => None,
        }
    }

    fn whole_number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.plain().and_then(|text| text.parse::<i64>().ok()) {
            Some(number) => self.at(visitor.visit_i64(number)),
            None => self.mismatch(&visitor),
        }
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.node.kind {
            NodeKind::Scalar { text, plain: true } if is_ambiguous(text) => {
                self.at(Err(ErrorKind::AmbiguousText(text.clone()).into()))
            }
            NodeKind::Scalar { text, .. } => self.at(visitor.visit_str(text)),
            _ => self.mismatch(&visitor),
        }
    }

    fn mapping<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        known: Option<&'static [&'static str]>,
    ) -> Result<V::Value> {
        let NodeKind::Mapping(entries) = &self.node.kind else {
            return self.mismatch(&visitor);
        };
        if let Some(known) = known {
            self.report_unknown_keys(entries, known);
        }
        let supplied = self.context.supplied.get(&self.node.id).map_or(&[][..], Vec::as_slice);
        self.at(visitor.visit_map(Entries {
            rest: entries.iter().chain(supplied),
            value: None,
            known,
            context: self.context,
        }))
    }

    /// All of them before any value is looked at, so that an error in a value hides none.
    fn report_unknown_keys(&self, entries: &[(Node, Node)], known: &'static [&'static str]) {
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            if known.contains(&name) || !self.context.unknown_keys.borrow_mut().insert(key.id) {
                continue;
            }
            let problem = Diagnostic::new(Code::UnknownKey, key.span, format!("unknown key `{name}`"))
                .suggest(name, known.iter().copied())
                .note(format!("known keys: {}", known.join(", ")));
            self.context.diagnostics.borrow_mut().push(problem);
        }
    }
}

/// Whether YAML 1.1 or 1.2 readers take a plain scalar for something else than a text.
fn is_ambiguous(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "", "~", "null", "true", "false", "yes", "no", "y", "n", "on", "off", ".inf", "-.inf", "+.inf",
        ".nan",
    ];
    let lower = text.to_ascii_lowercase();
    if WORDS.contains(&lower.as_str()) {
        return true;
    }
    let numeric = |c: char| c.is_ascii_hexdigit() || matches!(c, '+' | '-' | '.' | '_' | ':' | 'x' | 'o');
    lower.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && lower.contains(|c: char| c.is_ascii_digit())
        && lower.chars().all(numeric)
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.whole_number(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Error;

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.node.kind {
            NodeKind::List(_) => self.deserialize_seq(visitor),
            NodeKind::Mapping(_) => self.mapping(visitor, None),
            NodeKind::Scalar { .. } => match self.plain() {
                Some("true") => self.at(visitor.visit_bool(true)),
                Some("false") => self.at(visitor.visit_bool(false)),
                Some(text) if text.parse::<i64>().is_ok() => self.whole_number(visitor),
                _ => self.text(visitor),
            },
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.plain() {
            Some("true") => self.at(visitor.visit_bool(true)),
            Some("false") => self.at(visitor.visit_bool(false)),
            _ => self.at(Err(Error::custom("expected `true` or `false` without quotes"))),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.text(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.at(visitor.visit_str(self.node.text().unwrap_or_default()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.node.is_null() { self.at(visitor.visit_none()) } else { self.at(visitor.visit_some(self)) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        self.at(visitor.visit_newtype_struct(self))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.node.kind {
            NodeKind::List(items) => {
                self.at(visitor.visit_seq(Items { rest: items.iter(), context: self.context }))
            }
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.mapping(visitor, None)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if name == spanned::NAME {
            visitor.visit_map(Place::new(self))
        } else {
            self.mapping(visitor, Some(fields))
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if name == short_or_long::NAME {
            return match &self.node.kind {
                NodeKind::Scalar { .. } if !self.node.is_null() => {
                    visitor.visit_enum(Shape { reader: self, index: 0 })
                }
                NodeKind::Mapping(_) => visitor.visit_enum(Shape { reader: self, index: 1 }),
                _ => self.mismatch(&visitor),
            };
        }
        match self.node.text() {
            Some(text) => self.at(visitor.visit_enum(StrDeserializer::<Error>::new(text))),
            None => self.mismatch(&visitor),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.node.is_null() { self.at(visitor.visit_unit()) } else { self.mismatch(&visitor) }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit_struct tuple tuple_struct
    }
}

/// The items of a list that did not fail before.
struct Items<'a> {
    rest: Iter<'a, Node>,
    context: &'a Context,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let context = self.context;
        match self.rest.find(|item| !context.masked.contains(&item.id)) {
            Some(node) => seed.deserialize(Reader { node, context }).map(Some),
            None => Ok(None),
        }
    }
}

/// A key and its value.
type Entry = (Node, Node);

/// The known entries of a mapping that did not fail before.
struct Entries<'a> {
    rest: Chain<Iter<'a, Entry>, Iter<'a, Entry>>,
    value: Option<&'a Node>,
    known: Option<&'static [&'static str]>,
    context: &'a Context,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let (context, known) = (self.context, self.known);
        let is_readable = |(key, value): &&(Node, Node)| {
            let masked = context.masked.contains(&key.id) || context.masked.contains(&value.id);
            !masked && known.is_none_or(|known| known.contains(&key.text().unwrap_or_default()))
        };
        match self.rest.find(is_readable) {
            Some((key, value)) => {
                self.value = Some(value);
                seed.deserialize(Reader { node: key, context }).map(Some)
            }
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        match self.value.take() {
            Some(node) => seed.deserialize(Reader { node, context: self.context }),
            None => Err(Error::custom("a value was asked for before its key")),
        }
    }
}

/// Which form of a [`super::ShortOrLong`] a node has.
struct Shape<'a> {
    reader: Reader<'a>,
    index: u8,
}

impl<'de, 'a> EnumAccess<'de> for Shape<'a> {
    type Error = Error;
    type Variant = ShapeValue<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant)> {
        let index: U8Deserializer<Error> = self.index.into_deserializer();
        Ok((seed.deserialize(index)?, ShapeValue(self.reader)))
    }
}

struct ShapeValue<'a>(Reader<'a>);

impl<'de> VariantAccess<'de> for ShapeValue<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.0.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.0.mapping(visitor, Some(fields))
    }
}
