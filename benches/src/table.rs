//! The figures in `docs/benchmarks.md`: written, read and compared.

use std::fmt::{self, Display};

use crate::callgrind::Cost;

/// A ratio or count may grow by this factor before it counts as worse.
const TOLERANCE: f64 = 1.02;
const TOOLCHAIN: &str = "Toolchain: ";

/// All figures, and what they were measured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) commit: String,
    pub(crate) date: String,
    pub(crate) toolchain: String,
    pub(crate) rows: Vec<Row>,
}

/// What one job costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) job: String,
    pub(crate) measured: Measured,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    Pair {
        ours: Cost,
        yardstick: Cost,
    },
    /// A part of `codegen --check`.
    Alone(Cost),
}

impl Table {
    /// Reads a table as it is written.
    ///
    /// # Errors
    /// If there is no toolchain or a row is not understood.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let after = |prefix| text.lines().find_map(|line| line.strip_prefix(prefix));
        let toolchain = after(TOOLCHAIN).ok_or("docs/benchmarks.md names no toolchain")?;
        let mut rows = Vec::new();
        for line in text.lines().filter(|line| line.starts_with("| ")) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let measured = match cells.as_slice() {
                ["job", ..] | ["part", ..] | ["all", ..] => continue,
                [_, ours, yardstick, _, allocations, yardstick_allocations] => Measured::Pair {
                    ours: cost(ours, allocations)?,
                    yardstick: cost(yardstick, yardstick_allocations)?,
                },
                [_, instructions, allocations] => Measured::Alone(cost(instructions, allocations)?),
                _ => return Err(format!("docs/benchmarks.md: a row is not understood: {line}")),
            };
            let job = cells.first().copied().unwrap_or_default().to_owned();
            rows.push(Row { job, measured });
        }
        let [commit, date] =
            ["Commit: ", "Date: "].map(|prefix| after(prefix).unwrap_or_default().to_owned());
        Ok(Self { commit, date, toolchain: toolchain.to_owned(), rows })
    }

    /// The jobs that cost more than in the committed table, with figures.
    ///
    /// A job with a yardstick is judged by its ratio. The parts of the generator have none: their counts are
    /// judged, and only if both are of one toolchain.
    pub(crate) fn worse_than(&self, committed: &Self) -> Vec<String> {
        let mut worse: Vec<String> = self
            .rows
            .iter()
            .filter_map(|row| {
                let before = committed.rows.iter().find(|before| before.job == row.job);
                let (before, now) = match (before.map(|before| before.measured), row.measured) {
                    (Some(before @ Measured::Pair { .. }), Measured::Pair { .. }) => {
                        (ratio(before), ratio(row.measured))
                    }
                    (Some(Measured::Alone(before)), Measured::Alone(now)) => {
                        if self.toolchain != committed.toolchain {
                            return None;
                        }
                        (before.instructions as f64, now.instructions as f64)
                    }
                    _ => return Some(format!("{}: docs/benchmarks.md does not have it", row.job)),
                };
                grown(&row.job, before, now)
            })
            .collect();
        for before in &committed.rows {
            if !self.rows.iter().any(|row| row.job == before.job) {
                worse.push(format!("{}: it is in docs/benchmarks.md, but no longer measured", before.job));
            }
        }
        worse
    }

    fn total(&self) -> Cost {
        let mut total = Cost { instructions: 0, allocations: 0 };
        for row in &self.rows {
            if let Measured::Alone(cost) = row.measured {
                total.instructions += cost.instructions;
                total.allocations += cost.allocations;
            }
        }
        total
    }

    /// Both tables as Markdown.
    pub(crate) fn rows_as_text(&self) -> String {
        let mut pairs = String::new();
        let mut parts = String::new();
        for Row { job, measured } in &self.rows {
            match measured {
                Measured::Pair { ours, yardstick } => pairs.push_str(&format!(
                    "| {job} | {} | {} | {:.3} | {} | {} |\n",
                    grouped(ours.instructions),
                    grouped(yardstick.instructions),
                    ratio(*measured),
                    ours.allocations,
                    yardstick.allocations,
                )),
                Measured::Alone(cost) => parts.push_str(&part(job, *cost)),
            }
        }
        let all = part("all", self.total());
        format!(
            "| job | clear-street | yardstick | ratio | allocations | of the yardstick |\n\
             |---|--:|--:|--:|--:|--:|\n{pairs}\n\
             `codegen --check`, on one thread:\n\n\
             | part | instructions | allocations |\n|---|--:|--:|\n{parts}{all}"
        )
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commit, date, toolchain, .. } = self;
        write!(
            f,
            "# Benchmarks\n\n\
             Instructions of the client's process, counted by valgrind's callgrind; the server of the calls is \
             another process. The yardstick of decoding and encoding is the same model under serde's derives; \
             of calls, bare reqwest with these derives; of stream messages, an internally tagged enum. See \
             `benches/src/jobs/`.\n\n\
             `cargo xtask bench` measures and writes this file. `cargo xtask bench --check`, which CI runs, \
             fails if a ratio grew by more than 2 %, or, under the toolchain named here, an instruction count \
             of `codegen --check`.\n\n\
             Commit: {commit}\n\nDate: {date}\n\n{TOOLCHAIN}{toolchain}\n\n{}",
            self.rows_as_text()
        )
    }
}

fn part(job: &str, cost: Cost) -> String {
    format!("| {job} | {} | {} |\n", grouped(cost.instructions), grouped(cost.allocations))
}

fn ratio(measured: Measured) -> f64 {
    match measured {
        Measured::Pair { ours, yardstick } => ours.instructions as f64 / yardstick.instructions as f64,
        Measured::Alone(_) => f64::NAN,
    }
}

fn grown(job: &str, before: f64, now: f64) -> Option<String> {
    let factor = now / before;
    // Not a number is worse, too.
    if factor <= TOLERANCE {
        return None;
    }
    let percent = (factor - 1.0) * 100.0;
    Some(format!("{job}: {now:.3} instead of {before:.3}, {percent:.1} % more"))
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn cost(instructions: &str, allocations: &str) -> Result<Cost, String> {
    let number = |text: &str| {
        text.replace(',', "")
            .parse()
            .map_err(|error| format!("docs/benchmarks.md: `{text}` is no number: {error}"))
    };
    Ok(Cost { instructions: number(instructions)?, allocations: number(allocations)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(instructions: u64) -> Cost {
        Cost { instructions, allocations: 7 }
    }

    fn table(ours: u64, part: u64) -> Table {
        let pair = Measured::Pair { ours: cost(ours), yardstick: cost(1_000_000) };
        Table {
            commit: "0123456789".to_owned(),
            date: "2025-10-31".to_owned(),
            toolchain: "rustc 1".to_owned(),
            rows: vec![
                Row { job: "decode, `sorted`".to_owned(), measured: pair },
                Row { job: "load".to_owned(), measured: Measured::Alone(cost(part)) },
            ],
        }
    }

    #[test]
    fn a_written_table_is_read_back() {
        let table = table(1_234_567, 999);
        assert_eq!(Table::parse(&table.to_string()), Ok(table));
    }

    #[test]
    fn a_ratio_may_grow_by_two_percent_and_shrink_by_any() {
        let committed = table(1_200_000, 1_000);
        for ours in [600_000, 1_200_000, 1_223_999] {
            assert_eq!(table(ours, 1_000).worse_than(&committed), [""; 0]);
        }
        let worse = table(1_225_000, 1_000).worse_than(&committed);
        assert_eq!(worse, ["decode, `sorted`: 1.225 instead of 1.200, 2.1 % more"]);
    }

    #[test]
    fn a_ratio_is_judged_under_any_toolchain_and_a_count_under_its_own() {
        let committed = table(1_200_000, 1_000);
        assert_eq!(table(1_200_000, 900).worse_than(&committed), [""; 0]);
        let mut now = table(1_300_000, 1_021);
        assert_eq!(now.worse_than(&committed).len(), 2);
        now.toolchain = "rustc 2".to_owned();
        assert_eq!(now.worse_than(&committed).len(), 1);
    }

    #[test]
    fn rows_that_only_one_table_has_are_reported() {
        let (mut now, mut committed) = (table(1_000, 1_000), table(1_000, 1_000));
        now.rows.remove(0);
        committed.rows.remove(1);
        let worse = now.worse_than(&committed);
        assert_eq!(
            worse,
            [
                "load: docs/benchmarks.md does not have it",
                "decode, `sorted`: it is in docs/benchmarks.md, but no longer measured",
            ]
        );
    }

    #[test]
    fn a_table_that_is_not_understood_is_an_error() {
        let text = table(1_000, 1_000).to_string();
        assert!(Table::parse(&text.replace("Toolchain: ", "")).is_err());
        assert!(Table::parse(&text.replace("1,000", "many")).is_err());
        assert!(Table::parse(&format!("{text}| load | 5 |\n")).is_err());
    }
}
