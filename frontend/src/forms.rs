//! The short and the long form of a field, value or variant read alike.

use crate::decode::ShortOrLong;
use crate::language::{FieldLong, Text, ValueLong, VariantLong};
use crate::source::Spanned;

impl<L> Spanned<ShortOrLong<String, L>> {
    /// The attributes of the long form.
    pub fn long(&self) -> Option<&L> {
        match &self.value {
            ShortOrLong::Short(_) => None,
            ShortOrLong::Long(long) => Some(long),
        }
    }

    /// What the short form is short for.
    fn main<'a>(&'a self, of_long: impl FnOnce(&'a L) -> &'a Text) -> Spanned<&'a str> {
        match &self.value {
            ShortOrLong::Short(text) => Spanned::new(text, self.span),
            ShortOrLong::Long(long) => of_long(long).as_spanned(),
        }
    }
}

impl Spanned<ShortOrLong<String, FieldLong>> {
    pub fn ty(&self) -> Spanned<&str> {
        self.main(|long| &long.ty)
    }

    pub fn doc(&self) -> Option<&Text> {
        self.long()?.doc.as_ref()
    }

    pub fn rust(&self) -> Option<&Text> {
        self.long()?.rust.as_ref()
    }
}

impl Spanned<ShortOrLong<String, ValueLong>> {
    pub fn doc(&self) -> Spanned<&str> {
        self.main(|long| &long.doc)
    }

    pub fn rust(&self) -> Option<&Text> {
        self.long()?.rust.as_ref()
    }
}

impl Spanned<ShortOrLong<String, VariantLong>> {
    pub fn ty(&self) -> Spanned<&str> {
        self.main(|long| &long.ty)
    }

    pub fn doc(&self) -> Option<&Text> {
        self.long()?.doc.as_ref()
    }

    pub fn rust(&self) -> Option<&Text> {
        self.long()?.rust.as_ref()
    }
}
