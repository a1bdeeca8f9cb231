//! The language of scripts.
//!
//! A line has steps, separated by `;`. After `->` stands what the caller sees, in the words of
//! [`word`], and after `=>` what the machine asks for; `..` at the beginning or the end stands for
//! anything. What a line does not look at is left for the next one that does. `3 times:` before a line
//! repeats its steps. `for $1 $2 in a b, c d` as the first line: the script is played with these words,
//! and with those.

use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::time::Duration;

use proptest::string::{RegexGeneratorStrategy, string_regex};

use super::super::{Connection, Event, Origin};

/// What a script is played on.
pub(super) trait Scripted {
    fn step(&mut self, step: &str);

    /// What the caller saw since this was called last.
    fn seen(&mut self) -> Vec<String>;

    /// What the machine asked for since this was called last.
    fn asked(&mut self) -> Vec<String> {
        Vec::new()
    }

    fn play(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
            let (rest, asked) = split_at(line, "=>");
            let (steps, seen) = split_at(rest, "->");
            let (times, steps) = steps.split_once(" times: ").unwrap_or(("1", steps));
            for _ in 0..number(times) {
                steps.split(';').filter(|step| !step.trim().is_empty()).for_each(|step| self.step(step));
            }
            if let Some(expected) = seen {
                assert_fits(line, expected, &self.seen());
            }
            if let Some(expected) = asked {
                assert_fits(line, expected, &self.asked());
            }
        }
    }
}

fn split_at<'a>(line: &'a str, arrow: &str) -> (&'a str, Option<&'a str>) {
    line.split_once(arrow).map_or((line, None), |(line, expected)| (line, Some(expected.trim())))
}

fn assert_fits(line: &str, expected: &str, got: &[String]) {
    let got = got.join(", ");
    let fits = match (expected.strip_prefix(".."), expected.strip_suffix("..")) {
        (Some(""), _) => true,
        (Some(end), None) => got.ends_with(end.trim()),
        (None, Some(start)) => got.starts_with(start.trim()),
        (Some(_), Some(_)) => got.contains(expected.trim_matches('.').trim()),
        (None, None) => got == expected,
    };
    assert!(fits, "{line}\n  got: {got}");
}

/// The scripts that a script with variables stands for.
pub(super) fn variants(script: &str) -> impl Iterator<Item = String> {
    let (all, script) = match script.trim_start().strip_prefix("for ") {
        Some(script) => script.split_once('\n').expect("a script"),
        None => ("$1 in -", script),
    };
    let (names, values) = all.split_once(" in ").expect("values");
    let names: Vec<_> = names.split(' ').collect();
    values.split(", ").map(move |value| {
        let words = names.iter().zip(value.splitn(names.len(), ' '));
        words.fold(script.to_owned(), |script, (name, word)| script.replace(name, word))
    })
}

/// `r3` is the third message in a replay, `l3` one that comes late; what the message says stands behind it.
pub(super) fn word(event: &Event<impl Display + Debug>) -> String {
    match event {
        Event::Message { message, sequence: Some(sequence), origin } => {
            let origin = match origin {
                Origin::Live => "",
                Origin::Replay => "r",
                Origin::Late => "l",
            };
            format!("{origin}{sequence}{message}")
        }
        Event::Message { message, .. } => message.to_string(),
        Event::Connection(Connection::Disconnected(cause)) => format!("disconnected {cause:?}"),
        Event::Connection(Connection::Retrying { .. }) => "retrying".into(),
        Event::Connection(connection) => format!("{connection:?}").to_lowercase(),
        Event::CaughtUp => "caught up".into(),
        Event::Gap(gap) => {
            let end = |end: Option<u64>| end.map_or("?".into(), |end| end.to_string());
            format!("gap {}..{}", end(gap.after), end(gap.before))
        }
        Event::EpochChanged { lossless: true } => "epoch".into(),
        Event::EpochChanged { lossless: false } => "lossy epoch".into(),
        Event::NumbersHaveHoles => "holes".into(),
        Event::Failed(failure) => format!("failed {failure:?}"),
        Event::Lagging | Event::Recovered | Event::Closed => format!("{event:?}").to_lowercase(),
    }
}

/// Steps that fit a regular expression.
pub(super) fn steps(regex: &str) -> RegexGeneratorStrategy<String> {
    string_regex(regex).expect("a regular expression")
}

pub(super) fn number<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.trim().parse().expect("a number")
}

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn duration(text: &str) -> Duration {
    let (count, unit) = text.split_at(text.find(char::is_alphabetic).expect("a unit"));
    match unit {
        "ms" => Duration::from_millis(number(count)),
        "s" => seconds(number(count)),
        "h" => seconds(number::<u64>(count) * 3_600),
        _ => panic!("no unit of time: {text}"),
    }
}

/// Whether a value is within a range, `2s..3s`, `2s..` or `..3s`; a range without dots is one value.
pub(super) fn is_within<T: PartialOrd>(value: &T, range: &str, parse: impl Fn(&str) -> T) -> bool {
    let (least, most) = range.split_once("..").unwrap_or((range, range));
    (least.is_empty() || *value >= parse(least)) && (most.is_empty() || *value <= parse(most))
}

/// The numbers of messages, `1..4` for 1 to 4, and what is behind each: `7!` has another content than `7`.
pub(super) fn messages(words: &[&str]) -> Vec<(u64, String)> {
    let all = words.iter().flat_map(|word| {
        let end = word.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(word.len());
        let (numbers, content) = word.split_at(end);
        let (from, to) = numbers.split_once("..").unwrap_or((numbers, numbers));
        (number(from)..=number(to)).map(move |number| (number, content.to_owned()))
    });
    all.collect()
}
