//! `serde::Deserializer` over a node.

mod attempts;
mod entries;
mod place;

use serde::de::DeserializeSeed;
use serde::de::value::{StrDeserializer, U8Deserializer};
use serde::de::{Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, VariantAccess, Visitor};

use super::error::At;
use super::{Context, Error, ErrorKind, attempt, short_or_long, spanned};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Span;
use crate::yaml::{Node, NodeKind};
use attempts::Attempts;
use entries::{Entries, Items};
use place::Place;

type Result<T> = std::result::Result<T, Error>;

/// Reads one node.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) node: &'a Node,
    /// The key whose value the node is.
    pub(super) key: Option<Span>,
    /// Whether this is the value of a key that `node` lacks: an empty text, an empty mapping, or
    /// the first of the words that are allowed.
    pub(super) stands_in: bool,
    pub(super) context: &'a Context,
}

impl<'a> Reader<'a> {
    pub(super) fn new(node: &'a Node, context: &'a Context) -> Self {
        Self { node, key: None, stands_in: false, context }
    }

    pub(super) fn span(&self) -> Span {
        if self.stands_in { self.node.span.part(0..0) } else { self.node.span }
    }

    pub(super) fn is_masked(&self) -> bool {
        !self.stands_in && self.context.is_masked(self.node.id)
    }

    /// Reports an error within this node. `false` if the node must be given up.
    pub(super) fn recover(&self, error: Error) -> bool {
        self.context.recover(error, self.node)
    }

    /// Gives an error the place of this node unless it has one from further inside.
    fn at<T>(&self, result: Result<T>) -> Result<T> {
        result.map_err(|mut error| {
            if error.at.is_none() {
                error.at = Some(At { id: self.node.id, span: self.span(), key: self.key });
                if let ErrorKind::Missing { key, is_reported } = &mut error.kind {
                    *is_reported = self.node.is_incomplete || self.has_key(key);
                }
            }
            error
        })
    }

    /// Whether the node has an entry of this name, or one that was taken for it.
    fn has_key(&self, name: &str) -> bool {
        let respelt = self.context.respelt.borrow();
        let is_it =
            |key: &Node| key.text() == Some(name) || respelt.get(&key.id).is_some_and(|it| *it == name);
        self.node.entries().iter().any(|(key, _)| is_it(key))
    }

    fn mismatch<'de, V: Visitor<'de>, T>(&self, visitor: &V) -> Result<T> {
        let expected: &dyn Expected = visitor;
        self.at(Err(match self.node.kind {
            NodeKind::Invalid => ErrorKind::Reported,
            _ => ErrorKind::Mismatch { expected: expected.to_string(), found: self.node.describe() },
        }
        .into()))
    }

    /// The text of a scalar without quotes.
    fn plain(&self) -> Option<&'a str> {
        match &self.node.kind {
            NodeKind::Scalar { text, plain: true } if !self.stands_in => Some(text),
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
            _ if self.stands_in => self.at(visitor.visit_str("")),
            NodeKind::Scalar { text, plain: true } if text.is_empty() => self.mismatch(&visitor),
            NodeKind::Scalar { text, plain } => {
                if *plain && is_ambiguous(text) && self.context.is_new(self.node.id) {
                    self.context.report(ambiguous(text, self.node.span));
                }
                self.at(visitor.visit_str(text))
            }
            _ => self.mismatch(&visitor),
        }
    }

    fn mapping<'de, V: Visitor<'de>>(
        self,
        visitor: V,
        known: Option<&'static [&'static str]>,
    ) -> Result<V::Value> {
        if self.stands_in {
            return self.at(visitor.visit_map(Entries::stand_ins(self, known.unwrap_or_default())));
        }
        let NodeKind::Mapping(entries) = &self.node.kind else {
            return self.mismatch(&visitor);
        };
        if let Some(known) = known {
            self.report_unknown_keys(entries, known);
            if self.node.is_incomplete {
                let absent = known.iter().copied().filter(|key| !self.has_key(key));
                self.context.lost_keys.borrow_mut().extend(absent);
            }
        }
        self.at(visitor.visit_map(Entries::new(self, entries, known)))
    }

    /// All of them before any value is looked at, so that an error in a value hides none.
    fn report_unknown_keys(&self, entries: &[(Node, Node)], known: &'static [&'static str]) {
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            if known.contains(&name) || !self.context.is_new(key.id) {
                continue;
            }
            let absent = known.iter().copied().filter(|known| !self.has_key(known));
            let mut problem = Diagnostic::new(Code::UnknownKey, key.span, format!("unknown key `{name}`"));
            if let Some(meant) = nearest(name, absent) {
                self.context.respelt.borrow_mut().insert(key.id, meant);
                problem = problem.fix(format!("did you mean `{meant}`?"), key.span, meant);
            }
            self.context.report(problem.note(format!("known keys: {}", known.join(", "))));
        }
    }
}

fn ambiguous(text: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::AmbiguousText, span, format!("plain `{text}` is not a text to every YAML reader"))
        .fix("put it into quotes", span, format!("\"{text}\""))
}

/// Whether YAML 1.1 or 1.2 readers take a plain scalar for something else than a text.
fn is_ambiguous(text: &str) -> bool {
    const WORDS: &[&str] =
        &["~", "null", "true", "false", "yes", "no", "y", "n", "on", "off", ".inf", "-.inf", "+.inf", ".nan"];
    if WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return true;
    }
    let numeric =
        |c: u8| c.is_ascii_hexdigit() || matches!(c, b'+' | b'-' | b'.' | b'_' | b':' | b'x' | b'o');
    text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.bytes().any(|c| c.is_ascii_digit())
        && text.bytes().all(|c| numeric(c.to_ascii_lowercase()))
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
        match self.plain() {
            Some("true") => self.at(visitor.visit_bool(true)),
            Some("false") => self.at(visitor.visit_bool(false)),
            Some(text) if text.parse::<i64>().is_ok() => self.whole_number(visitor),
            _ => self.text(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.plain() {
            Some("true") => self.at(visitor.visit_bool(true)),
            Some("false") => self.at(visitor.visit_bool(false)),
            _ if self.stands_in => self.at(visitor.visit_bool(false)),
            _ => self.mismatch(&visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.text(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.text(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.stands_in { self.at(visitor.visit_none()) } else { self.at(visitor.visit_some(self)) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match &self.node.kind {
            _ if self.stands_in => self.at(visitor.visit_seq(Items::new(&[], self.context))),
            NodeKind::List(items) => self.at(visitor.visit_seq(Items::new(items, self.context))),
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

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        if name == attempt::NAME {
            visitor.visit_seq(Attempts::new(self))
        } else {
            self.deserialize_seq(visitor)
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if name == short_or_long::NAME {
            return match &self.node.kind {
                _ if self.stands_in => visitor.visit_enum(Shape { reader: self, index: 0 }),
                NodeKind::Scalar { .. } if !self.node.is_null() => {
                    visitor.visit_enum(Shape { reader: self, index: 0 })
                }
                NodeKind::Mapping(_) => visitor.visit_enum(Shape { reader: self, index: 1 }),
                _ => self.mismatch(&visitor),
            };
        }
        let word = if self.stands_in { words.first().copied() } else { self.node.text() };
        match word {
            Some(word) => self.at(visitor.visit_enum(StrDeserializer::<Error>::new(word))),
            None => self.mismatch(&visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple identifier
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

/// The content of one of the two forms, which are both newtype variants.
struct ShapeValue<'a>(Reader<'a>);

impl<'de> VariantAccess<'de> for ShapeValue<'_> {
    type Error = Error;

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.0)
    }

    fn unit_variant(self) -> Result<()> {
        Err(Error::custom("a form of a value holds something"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value> {
        self.unit_variant().and_then(|()| Err(Error::custom("and only one thing")))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.tuple_variant(0, visitor)
    }
}
