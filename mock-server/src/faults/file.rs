//! Faults as they are written: in a file, or in a header.

use std::collections::BTreeSet;
use std::time::Duration;

use clear_street_spec::decode::decode;
use clear_street_spec::diagnostic::{Code, Diagnostic, Format, render};
use clear_street_spec::language::Text;
use clear_street_spec::source::{SourceMap, Spanned};
use clear_street_spec::yaml;
use serde::Deserialize;

use super::turn::Turn;
use super::{Disturbance, During, InvalidFault, Names, RequestFault, StreamFault};

/// What a file holds.
pub(super) struct Contents {
    pub(super) seed: Option<u64>,
    pub(super) requests: Vec<RequestFault>,
    pub(super) streams: Vec<StreamFault>,
}

/// A file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    seed: Option<u64>,
    #[serde(default)]
    requests: Vec<Spanned<RequestFault>>,
    #[serde(default)]
    streams: Vec<WrittenStream>,
}

/// A [`StreamFault`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenStream {
    fault: Spanned<Word>,
    channel: Option<Text>,
    account: Option<Text>,
    #[serde(default)]
    during: During,
    #[serde(default, deserialize_with = "super::turn::nth")]
    message: Option<u64>,
    #[serde(default, deserialize_with = "super::turn::percent")]
    percent: Option<u8>,
    /// With `fault: delay`.
    by: Option<Spanned<Period>>,
    /// With `fault: close`.
    code: Option<Spanned<u16>>,
}

/// A duration such as `250ms`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Period {
    #[serde(deserialize_with = "super::turn::duration")]
    duration: Option<Duration>,
}

/// A [`Disturbance`].
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Gap,
    Duplicate,
    Reorder,
    Delay,
    Mute,
    ExpireNow,
    Cut,
    Reset,
    Close,
}

/// Reads a file; `path` is what messages call it.
pub(super) fn read(path: &str, text: &str, names: &Names) -> Result<Contents, InvalidFault> {
    let mut reader = Reader::new(names);
    let contents = reader.decode::<Written>(path, text).map(|Written { seed, requests, streams }| Contents {
        seed,
        requests: requests.into_iter().map(|request| reader.request(request)).collect(),
        streams: streams.into_iter().filter_map(|stream| reader.stream(stream)).collect(),
    });
    reader.finish(contents)
}

/// Reads a header: `reset-after=100, delay=2s`.
pub(super) fn read_request(name: &str, text: &str, names: &Names) -> Result<RequestFault, InvalidFault> {
    let mut reader = Reader::new(names);
    let request =
        reader.decode::<Spanned<RequestFault>>(name, &lines(text)).map(|request| reader.request(request));
    reader.finish(request)
}

/// Reads a header: `fault=gap, message=3`.
pub(super) fn read_stream(name: &str, text: &str, names: &Names) -> Result<StreamFault, InvalidFault> {
    let mut reader = Reader::new(names);
    let stream = reader.decode::<WrittenStream>(name, &lines(text)).and_then(|stream| reader.stream(stream));
    reader.finish(stream)
}

/// The parts of a header as lines of YAML.
fn lines(header: &str) -> String {
    header.split(',').map(|part| part.trim().replacen('=', ": ", 1) + "\n").collect()
}

/// Collects what is wrong with a text.
struct Reader<'a> {
    names: &'a Names,
    sources: SourceMap,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn new(names: &'a Names) -> Self {
        Self { names, sources: SourceMap::default(), diagnostics: Vec::new() }
    }

    fn decode<T: for<'de> Deserialize<'de>>(&mut self, path: &str, text: &str) -> Option<T> {
        let file = self.sources.add(path, text);
        let root = yaml::parse(file, text, &mut self.diagnostics)?;
        decode(&root, &mut self.diagnostics).value
    }

    fn request(&mut self, fault: Spanned<RequestFault>) -> RequestFault {
        self.known(fault.operation.as_ref(), &self.names.operations, "operation");
        let ends = fault.reset_after.is_some() || fault.cut_after.is_some();
        if fault.reset_after.is_some() && fault.cut_after.is_some() {
            self.report(Code::BadRule, &fault, "a connection ends once: `cut-after` and `reset-after`");
        }
        if fault.carried_out == Some(false) && fault.status.is_none() && !ends {
            let message = "there is no answer: `status`, `cut-after` or `reset-after` is missing";
            self.report(Code::BadRule, &fault, message);
        }
        fault.value
    }

    fn stream(&mut self, written: WrittenStream) -> Option<StreamFault> {
        self.known(written.channel.as_ref(), &self.names.channels, "channel");
        let disturbance = self.disturbance(&written.fault, written.by, written.code)?;
        Some(StreamFault {
            channel: written.channel.map(|name| name.value),
            account: written.account.map(|account| account.value),
            during: written.during,
            turn: Turn { nth: written.message, percent: written.percent },
            disturbance,
        })
    }

    fn disturbance(
        &mut self,
        word: &Spanned<Word>,
        by: Option<Spanned<Period>>,
        code: Option<Spanned<u16>>,
    ) -> Option<Disturbance> {
        if let Some(by) = by.as_ref().filter(|_| !matches!(word.value, Word::Delay)) {
            self.report(Code::BadRule, by, "`by` belongs to `fault: delay`");
        }
        if let Some(code) = code.as_ref().filter(|_| !matches!(word.value, Word::Close)) {
            self.report(Code::BadRule, code, "`code` belongs to `fault: close`");
        }
        Some(match (word.value, by, code) {
            (Word::Gap, ..) => Disturbance::Gap,
            (Word::Duplicate, ..) => Disturbance::Duplicate,
            (Word::Reorder, ..) => Disturbance::Reorder,
            (Word::Mute, ..) => Disturbance::Mute,
            (Word::ExpireNow, ..) => Disturbance::ExpireNow,
            (Word::Cut, ..) => Disturbance::Cut,
            (Word::Reset, ..) => Disturbance::Reset,
            (Word::Delay, Some(by), _) => Disturbance::Delay(by.value.duration?),
            (Word::Close, _, Some(code)) => Disturbance::Close(code.value),
            (Word::Delay, None, _) => {
                self.report(Code::MissingKey, word, "missing key `by`: how much later, as `250ms`");
                return None;
            }
            (Word::Close, _, None) => {
                let message = "missing key `code`: the code of the close frame, as 1012";
                self.report(Code::MissingKey, word, message);
                return None;
            }
        })
    }

    fn known(&mut self, name: Option<&Text>, known: &BTreeSet<String>, what: &str) {
        if let Some(unknown) = name.filter(|name| !known.contains(&name.value)) {
            let message = format!("the spec has no {what} `{}`", unknown.value);
            let problem = Diagnostic::new(Code::UnknownWord, unknown.span, message);
            self.diagnostics.push(problem.suggest(&unknown.value, known.iter().map(String::as_str)));
        }
    }

    fn report<T>(&mut self, code: Code, at: &Spanned<T>, message: &str) {
        self.diagnostics.push(Diagnostic::new(code, at.span, message));
    }

    fn finish<T>(self, read: Option<T>) -> Result<T, InvalidFault> {
        let problems = render(&self.diagnostics, &self.sources, Format::Plain);
        match read.filter(|_| !self.diagnostics.iter().any(Diagnostic::is_error)) {
            Some(read) => Ok(read),
            None => Err(InvalidFault(problems.trim_end().to_owned())),
        }
    }
}
