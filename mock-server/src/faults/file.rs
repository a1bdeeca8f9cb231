//! Faults as they are written: in a file, or in a header.

use std::collections::BTreeSet;
use std::time::Duration;

use clear_street_spec::decode::decode;
use clear_street_spec::diagnostic::{Code, Diagnostic, Format, render};
use clear_street_spec::language::Text;
use clear_street_spec::source::{SourceMap, Spanned};
use clear_street_spec::yaml;
use http::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;

use super::request::Effect;
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
    requests: Vec<WrittenRequest>,
    #[serde(default)]
    streams: Vec<WrittenStream>,
}

/// A [`RequestFault`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenRequest {
    operation: Option<Text>,
    call: Option<Spanned<u64>>,
    percent: Option<Spanned<u8>>,
    delay: Option<Text>,
    reset_after: Option<u64>,
    cut_after: Option<Spanned<u64>>,
    status: Option<Spanned<u16>>,
    retry_after: Option<u64>,
    #[serde(default)]
    malformed: bool,
    carried_out: Option<Spanned<bool>>,
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
    message: Option<Spanned<u64>>,
    percent: Option<Spanned<u8>>,
    /// With `fault: delay`.
    by: Option<Text>,
    /// With `fault: close`.
    code: Option<Spanned<u16>>,
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
    let request = reader.decode::<WrittenRequest>(name, &lines(text)).map(|request| reader.request(request));
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

    fn request(&mut self, written: WrittenRequest) -> RequestFault {
        self.known(written.operation.as_ref(), &self.names.operations, "operation");
        if let (Some(_), Some(cut)) = (written.reset_after, &written.cut_after) {
            self.report(Code::BadRule, cut, "a connection ends once: `cut-after` and `reset-after`");
        }
        let ends = written.reset_after.is_some() || written.cut_after.is_some();
        let is_answered = written.status.is_some() || ends;
        if let Some(not) = written.carried_out.as_ref().filter(|it| !it.value && !is_answered) {
            let message = "there is no answer: `status`, `cut-after` or `reset-after` is missing";
            self.report(Code::BadRule, not, message);
        }
        let status = written.status.and_then(|status| {
            let known = StatusCode::from_u16(status.value).ok().filter(|known| known.as_u16() >= 200);
            if known.is_none() {
                self.report(Code::BadStatus, &status, "this is no status of an answer: 200 to 999");
            }
            known
        });
        let effect = Effect {
            delay: written.delay.and_then(|text| self.duration(&text)),
            reset_after: written.reset_after,
            cut_after: written.cut_after.map(|bytes| bytes.value),
            status,
            retry_after: written.retry_after,
            malformed: written.malformed,
            carried_out: written.carried_out.map(|it| it.value),
        };
        let turn = self.turn(written.call, written.percent);
        RequestFault { operation: written.operation.map(|name| name.value), turn, effect }
    }

    fn stream(&mut self, written: WrittenStream) -> Option<StreamFault> {
        self.known(written.channel.as_ref(), &self.names.channels, "channel");
        let turn = self.turn(written.message, written.percent);
        let disturbance = self.disturbance(&written.fault, written.by, written.code)?;
        Some(StreamFault {
            channel: written.channel.map(|name| name.value),
            account: written.account.map(|account| account.value),
            during: written.during,
            turn,
            disturbance,
        })
    }

    fn disturbance(
        &mut self,
        word: &Spanned<Word>,
        by: Option<Text>,
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
            (Word::Delay, Some(by), _) => Disturbance::Delay(self.duration(&by)?),
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

    fn turn(&mut self, nth: Option<Spanned<u64>>, percent: Option<Spanned<u8>>) -> Turn {
        if let Some(nth) = nth.as_ref().filter(|nth| nth.value == 0) {
            self.report(Code::BadBounds, nth, "the first is 1");
        }
        if let Some(percent) = percent.as_ref().filter(|percent| !(1..=100).contains(&percent.value)) {
            self.report(Code::BadBounds, percent, "this is no share of a hundred: 1 to 100");
        }
        Turn { nth: nth.map(|nth| nth.value), percent: percent.map(|percent| percent.value) }
    }

    fn duration(&mut self, text: &Text) -> Option<Duration> {
        let duration = text.value.parse::<SignedDuration>().ok().and_then(|it| Duration::try_from(it).ok());
        if duration.is_none() {
            self.report(Code::WrongType, text, "this is no duration, as `250ms` or `2s`");
        }
        duration
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
