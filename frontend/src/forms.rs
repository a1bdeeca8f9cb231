//! The short and the long form of a field, value or variant read alike.

use crate::decode::ShortOrLong;
use crate::language::{Field, FieldLong, Text, TypeText, Value, ValueLong, Variant, VariantLong};

impl<S, L> ShortOrLong<S, L> {
    /// The attributes of the long form.
    pub fn long(&self) -> Option<&L> {
        match self {
            Self::Short(_) => None,
            Self::Long(long) => Some(long),
        }
    }

    /// What the short form is short for.
    fn main<'a>(&'a self, of_long: impl FnOnce(&'a L) -> &'a S) -> &'a S {
        match self {
            Self::Short(short) => short,
            Self::Long(long) => of_long(long),
        }
    }
}

impl Field {
    pub fn ty(&self) -> &TypeText {
        self.main(|long: &FieldLong| &long.ty)
    }

    pub fn doc(&self) -> Option<&Text> {
        self.long()?.doc.as_ref()
    }

    pub fn rust(&self) -> Option<&Text> {
        self.long()?.rust.as_ref()
    }
}

impl Value {
    pub fn doc(&self) -> &Text {
        self.main(|long: &ValueLong| &long.doc)
    }

    pub fn rust(&self) -> Option<&Text> {
        self.long()?.rust.as_ref()
    }
}

impl Variant {
    pub fn ty(&self) -> &TypeText {
        self.main(|long: &VariantLong| &long.ty)
    }

    pub fn doc(&self) -> Option<&Text> {
        self.long()?.doc.as_ref()
    }

    pub fn rust(&self) -> Option<&Text> {
        self.long()?.rust.as_ref()
    }
}
