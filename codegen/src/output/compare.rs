//! What differs between a folder and what would be written to it, for people to read.

use std::fmt;
use std::path::PathBuf;

/// Lines of a stale file that are shown from each side.
const SHOWN: usize = 4;

/// Everything in a folder that is not as it would be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differences {
    pub dir: PathBuf,
    pub differences: Vec<Difference>,
}

/// A file that is not as it would be written, by its path below the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    Missing {
        path: String,
    },
    Stale {
        path: String,
        /// The first lines that differ.
        committed: Vec<Line>,
        generated: Vec<Line>,
    },
    /// Nothing makes it any more.
    Orphaned {
        path: String,
    },
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: usize,
    pub text: String,
}

impl Differences {
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Difference {
    pub(super) fn stale(path: &str, committed: &str, generated: &str) -> Self {
        let (old, new): (Vec<&str>, Vec<&str>) = (committed.lines().collect(), generated.lines().collect());
        let first = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let shorter = old.len().min(new.len()) - first;
        let last =
            old.iter().rev().zip(new.iter().rev()).take(shorter).take_while(|(old, new)| old == new).count();
        let differing = |lines: &[&str]| -> Vec<Line> {
            let count = lines.len() - first - last;
            let lines = (1..).zip(lines).skip(first).take(count.min(SHOWN));
            lines.map(|(number, text)| Line { number, text: (*text).to_owned() }).collect()
        };
        Self::Stale { path: path.to_owned(), committed: differing(&old), generated: differing(&new) }
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.differences {
            let (path, what) = match difference {
                Difference::Missing { path } => (path, "is missing"),
                Difference::Stale { path, .. } => (path, "is stale"),
                Difference::Orphaned { path } => (path, "is orphaned: nothing in the spec makes it any more"),
            };
            writeln!(f, "{} {what}", self.dir.join(path).display())?;
            if let Difference::Stale { committed, generated, .. } = difference {
                for (sign, lines) in [('-', committed), ('+', generated)] {
                    for Line { number, text } in lines {
                        writeln!(f, "{number:>6} {sign} {text}")?;
                    }
                }
            }
        }
        f.write_str("run `cargo xtask codegen` and commit what it writes")
    }
}
