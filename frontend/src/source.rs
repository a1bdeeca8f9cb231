//! Source texts and places in them.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};

use schemars::JsonSchema;

use crate::same_schema::same_schema;

/// A file of a [`SourceMap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A range of bytes of one file, on character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// Specs are far below 4 GiB; a longer one would only get wrong places in diagnostics.
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: clamp(range.start), end: clamp(range.end) }
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// A part of this span, by offsets from its start.
    pub fn part(self, range: Range<usize>) -> Self {
        let Self { file, start, end } = self;
        let part = Self::new(file, range);
        Self {
            file,
            start: start.saturating_add(part.start).min(end),
            end: start.saturating_add(part.end).min(end),
        }
    }
}

/// A file with its text.
#[derive(Clone, Debug)]
pub struct File {
    /// As it is shown to people: relative, with forward slashes.
    pub path: String,
    pub text: String,
    line_starts: Vec<usize>,
}

/// All files of a run.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<File>,
}

impl SourceMap {
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(index, _)| index + 1)).collect();
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(File { path: path.into(), text, line_starts });
        id
    }

    pub fn ids(&self) -> impl Iterator<Item = FileId> {
        (0..self.files.len()).map(|index| FileId(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// # Panics
    ///
    /// If the id is of another map.
    pub fn file(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or_default()
    }

    /// The whole lines that a range lies in, and the number of the first, from 1.
    pub fn lines(&self, file: FileId, range: Range<usize>) -> (Range<usize>, usize) {
        let File { text, line_starts, .. } = self.file(file);
        let line = line_starts.partition_point(|start| *start <= range.start);
        let start = line_starts[line - 1];
        let end = line_starts.partition_point(|start| *start <= range.end);
        let end = line_starts.get(end).copied().unwrap_or(text.len());
        (start..end.max(start), line)
    }

    /// Line and column of a place, from 1; columns count characters.
    pub fn line_column(&self, file: FileId, offset: u32) -> (usize, usize) {
        let File { text, line_starts, .. } = self.file(file);
        let offset = offset as usize;
        let line = line_starts.partition_point(|start| *start <= offset);
        let start = line_starts[line - 1];
        let column = text.get(start..offset).unwrap_or_default().chars().count();
        (line, column + 1)
    }
}

/// A value with the place where it was written. Two are equal if their values are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

impl Spanned<&str> {
    /// The place of a part of the text. The whole place if the text does not stand there byte by byte, plain or
    /// in quotes.
    pub fn part(self, range: Range<usize>) -> Span {
        match self.span.range().len().checked_sub(self.value.len()) {
            Some(0) => self.span.part(range),
            Some(2) => self.span.part(range.start + 1..range.end + 1),
            _ => self.span,
        }
    }
}

impl<T: AsRef<str>> Spanned<T> {
    /// Whether a text only stands in for a key that is missing, which is reported.
    pub fn stands_in(&self) -> bool {
        self.value.as_ref().is_empty() && self.span.range().is_empty()
    }
}

impl Spanned<String> {
    pub fn as_str(&self) -> &str {
        &self.value
    }

    pub fn as_spanned(&self) -> Spanned<&str> {
        Spanned { value: &self.value, span: self.span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Display> fmt::Display for Spanned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Spanned<T> {}

impl<T: Hash> Hash for Spanned<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl Borrow<str> for Spanned<String> {
    fn borrow(&self) -> &str {
        &self.value
    }
}

same_schema!([T: JsonSchema] Spanned<T>, T);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let mut map = SourceMap::default();
        let file = map.add("a.yaml", "é: x\r\nb: 漢y\n");
        assert_eq!(map.line_column(file, 0), (1, 1));
        assert_eq!(map.line_column(file, 2), (1, 2));
        let y = u32::try_from(map.file(file).text.find('y').unwrap()).unwrap();
        assert_eq!(map.line_column(file, y), (2, 5));
    }

    #[test]
    fn a_part_stays_within_its_span() {
        let span = Span { file: FileId(0), start: 10, end: 14 };
        assert_eq!(span.part(1..3).range(), 11..13);
        assert_eq!(span.part(3..9).range(), 13..14);
    }
}
