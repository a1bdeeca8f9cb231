//! Recorded bodies, decoded and encoded again: `cargo xtask replay DIR`.

mod compare;
mod tree;

use std::fmt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clear_street::operation::Operation;

pub use compare::{Difference, differences};
pub use tree::Tree;

/// What a run found.
#[derive(Debug, Default)]
pub struct Report {
    /// Bodies that were read.
    pub bodies: usize,
    /// What is wrong with them, in the order of the file names.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with one recorded body.
#[derive(Debug)]
pub struct Finding {
    /// The file, below the folder of the run.
    pub file: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a recorded body.
#[derive(Debug)]
pub enum Problem {
    /// It does not lie in `<operation>/<status>/`, or that operation does not exist.
    Place(String),
    /// It does not decode; the text has the operation and the JSON path.
    Decode(String),
    /// A value is not there any more, or another one, after decoding and encoding.
    Lost {
        /// Name of the operation.
        operation: &'static str,
        /// Which value.
        difference: Difference,
    },
}

impl Report {
    /// Whether every body survived.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{}: {}", finding.file.display(), finding.problem)?;
        }
        write!(f, "replay: {} bodies, {} problems", self.bodies, self.findings.len())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(text) | Self::Decode(text) => f.write_str(text),
            Self::Lost { operation, difference: Difference { path, before, after } } => {
                write!(f, "{operation}: {path} did not survive: {before} became {after}")
            }
        }
    }
}

/// Replays every `DIR/<operation>/<status>/<name>.json`.
///
/// # Errors
///
/// If the folder cannot be read. What is wrong with a body is in the report.
pub fn replay(dir: &Path, operations: &[&'static Operation]) -> io::Result<Report> {
    let mut report = Report::default();
    for operation_dir in entries(dir)? {
        if !operation_dir.is_dir() {
            report.misplaced(dir, &operation_dir, "expected a folder named after an operation");
            continue;
        }
        let name = file_name(&operation_dir);
        let Some(operation) = operations.iter().find(|operation| operation.name == name) else {
            report.misplaced(dir, &operation_dir, &format!("there is no operation `{name}`"));
            continue;
        };
        for status_dir in entries(&operation_dir)? {
            match file_name(&status_dir).parse::<u16>() {
                Ok(status) if status_dir.is_dir() => {
                    for file in entries(&status_dir)? {
                        report.body(dir, &file, operation, status)?;
                    }
                }
                _ => report.misplaced(dir, &status_dir, "expected a folder named after an HTTP status"),
            }
        }
    }
    Ok(report)
}

impl Report {
    fn misplaced(&mut self, dir: &Path, file: &Path, text: &str) {
        self.find(dir, file, Problem::Place(text.to_owned()));
    }

    fn find(&mut self, dir: &Path, file: &Path, problem: Problem) {
        let file = file.strip_prefix(dir).unwrap_or(file).to_owned();
        self.findings.push(Finding { file, problem });
    }

    fn body(
        &mut self,
        dir: &Path,
        file: &Path,
        operation: &'static Operation,
        status: u16,
    ) -> io::Result<()> {
        if file.extension().is_none_or(|extension| extension != "json") {
            self.misplaced(dir, file, "expected a file that ends in .json");
            return Ok(());
        }
        self.bodies = self.bodies.saturating_add(1);
        let recorded = fs::read(file)?;
        match survivors(operation, status, &recorded) {
            Ok(lost) => {
                for difference in lost {
                    let operation = operation.name;
                    self.find(dir, file, Problem::Lost { operation, difference });
                }
            }
            Err(text) => self.find(dir, file, Problem::Decode(text)),
        }
        Ok(())
    }
}

/// The values of a body that did not survive, or why it does not decode.
fn survivors(operation: &Operation, status: u16, recorded: &[u8]) -> Result<Vec<Difference>, String> {
    let again = operation.recode(status, recorded).map_err(|error| error.to_string())?;
    if recorded.is_empty() && again.is_empty() {
        return Ok(Vec::new());
    }
    let tree = |body: &[u8]| {
        let text = std::str::from_utf8(body).map_err(|error| format!("{}: {error}", operation.name))?;
        Tree::parse(text).map_err(|error| format!("{}: {error}", operation.name))
    };
    Ok(differences(&tree(recorded)?, &tree(&again)?))
}

/// The entries of a folder, sorted, without hidden ones.
fn entries(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries =
        fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    entries.retain(|path| !file_name(path).starts_with('.'));
    entries.sort();
    Ok(entries)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
