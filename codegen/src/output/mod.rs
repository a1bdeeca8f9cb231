//! What a run makes, held against a folder: compared, or written.
//!
//! A file whose lines end in CRLF but which is otherwise the same is unchanged: line ends belong to
//! the checkout, not to the content.

mod compare;
mod transaction;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use crate::format::HEADER;
use crate::ir::Api;

pub use compare::{Difference, Differences, Line};
use transaction::Transaction;

/// All generated files, by path below the output folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub files: BTreeMap<String, String>,
    /// By API.
    pub counts: Vec<Counts>,
}

/// How much was generated of an API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Name of the API: `trading`.
    pub api: String,
    pub operations: usize,
    pub models: usize,
    pub enums: usize,
    pub unions: usize,
    pub ids: usize,
    pub channels: usize,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// By API.
    pub counts: Vec<Counts>,
    pub written: usize,
    pub unchanged: usize,
    pub removed: usize,
}

impl Counts {
    pub fn of(api: &Api) -> Self {
        let mut counts = Self { api: api.name.clone(), ..Self::default() };
        for group in &api.groups {
            counts.operations += group.operations.len();
            counts.models += group.models.len();
            counts.enums += group.enums.len();
            counts.unions += group.unions.len();
            counts.ids += group.ids.len();
            counts.channels += group.channels.len();
        }
        counts
    }
}

impl Output {
    /// What in `dir` differs from what would be written.
    ///
    /// # Errors
    ///
    /// If `dir` cannot be read.
    pub fn compare(&self, dir: &Path) -> io::Result<Differences> {
        let mut differences = Vec::new();
        for (path, text) in &self.files {
            match read(&dir.join(path))? {
                None => differences.push(Difference::Missing { path: path.clone() }),
                Some(committed) if same(&committed, text) => {}
                Some(committed) => differences.push(Difference::stale(path, &committed, text)),
            }
        }
        for path in self.orphans(dir)? {
            differences.push(Difference::Orphaned { path });
        }
        Ok(Differences { dir: dir.to_owned(), differences })
    }

    /// Makes `dir` what [`compare`](Self::compare) wants: all of it, or nothing if something fails.
    ///
    /// Unchanged files are not touched. Generated files that nothing makes any more are removed.
    ///
    /// # Errors
    ///
    /// If something cannot be read or written, or if a file that was not generated stands where one
    /// is to be written.
    pub fn write(&self, dir: &Path) -> io::Result<Report> {
        let mut changed = Vec::new();
        for (path, text) in &self.files {
            match read(&dir.join(path))? {
                Some(committed) if same(&committed, text) => continue,
                Some(committed) if !is_generated(&committed) => return Err(not_ours(&dir.join(path))),
                _ => changed.push((path.as_str(), text.as_str())),
            }
        }
        let orphans = self.orphans(dir)?;
        if !changed.is_empty() || !orphans.is_empty() {
            let mut transaction = Transaction::new(dir);
            let done = transaction.apply(&changed, &orphans);
            transaction.end(done)?;
        }
        Ok(Report {
            counts: self.counts.clone(),
            written: changed.len(),
            unchanged: self.files.len() - changed.len(),
            removed: orphans.len(),
        })
    }

    /// Generated files below `dir` that this output does not have, sorted.
    fn orphans(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut orphans = Vec::new();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(dir.join(&folder)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.and_then(Iterator::collect::<io::Result<Vec<_>>>),
            };
            for entry in entries.map_err(|error| at(&dir.join(&folder), &error))? {
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if path.ends_with(".rs")
                    && !self.files.contains_key(&path)
                    && read(&dir.join(&path))?.is_some_and(|text| is_generated(&text))
                {
                    orphans.push(path);
                }
            }
        }
        orphans.sort();
        Ok(orphans)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Counts { api, operations, models, enums, unions, ids, channels } in &self.counts {
            writeln!(
                f,
                "{api}: {operations} operations, {channels} channels, {models} models, {enums} enums, \
                 {unions} unions, {ids} ids"
            )?;
        }
        let Self { written, unchanged, removed, .. } = self;
        write!(f, "{written} files written, {unchanged} unchanged, {removed} removed")
    }
}

/// The text of a file, if there is one.
fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path, &error)),
    }
}

fn same(committed: &str, generated: &str) -> bool {
    committed.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).eq(generated.split('\n'))
}

fn is_generated(text: &str) -> bool {
    text.starts_with(HEADER)
}

fn not_ours(path: &Path) -> io::Error {
    let message = format!(
        "{} was not generated and would be overwritten: move it away, or rename the spec file",
        path.display()
    );
    io::Error::new(io::ErrorKind::AlreadyExists, message)
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
