//! Hears everything that anything logs, and knows a secret in every form.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::{LazyLock, Mutex, Once};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// Every line of every library, with its target.
pub static LINES: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);

thread_local! {
    /// The lines of a thread that listens to itself only.
    static HERE: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

fn note(line: String) {
    let elsewhere = HERE.with_borrow_mut(|here| match here {
        Some(lines) => {
            lines.push(line);
            None
        }
        None => Some(line),
    });
    if let Some(line) = elsewhere {
        LINES.lock().unwrap().push(line);
    }
}

/// Hears all that is logged in this thread, at the finest level, as long as it is kept. Other tests
/// of the same program are not heard.
pub struct Ears {
    _traces: DefaultGuard,
    /// Of a single subscriber, tracing asks only the thread that comes to a line first, which may be another
    /// test's and have none. Of two it asks both.
    _second: Dispatch,
}

impl Ears {
    pub fn open() -> Self {
        static LOGGER: Once = Once::new();
        LOGGER.call_once(|| {
            log::set_boxed_logger(Box::new(Logs)).unwrap();
            log::set_max_level(log::LevelFilter::Trace);
        });
        HERE.set(Some(Vec::new()));
        let _second = Dispatch::new(Traces);
        Self { _traces: set_default(Traces), _second }
    }

    /// Everything that was heard since the last time.
    pub fn take(&self) -> Vec<String> {
        HERE.with_borrow_mut(|here| here.as_mut().map(std::mem::take).unwrap_or_default())
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        HERE.set(None);
    }
}

/// What libraries say through `tracing`.
pub struct Traces;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Traces {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("{} {}", span.metadata().target(), span.metadata().name()));
        span.record(&mut line);
        note(line.0);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line("recorded".to_owned());
        values.record(&mut line);
        note(line.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} {}", event.metadata().target(), event.metadata().level()));
        event.record(&mut line);
        note(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What libraries say through `log`.
pub struct Logs;

impl log::Log for Logs {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        note(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// The ways in which a secret can be seen: as it is, as bytes, in hex, and in base64 wherever it
/// begins among the bytes around it.
pub fn faces(secret: &str) -> Vec<String> {
    let mut faces = vec![secret.to_owned()];
    let hex = |separator: &str, upper: bool| {
        let digits =
            secret.bytes().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        digits.collect::<Vec<_>>().join(separator)
    };
    faces.extend([hex("", false), hex("", true), hex(" ", false), hex(":", false), hex(", ", false)]);
    let numbers: Vec<_> = secret.bytes().map(|byte| byte.to_string()).collect();
    faces.extend([numbers.join(", "), numbers.join(",")]);
    for offset in 0..3 {
        let shifted = [vec![b'.'; offset], secret.as_bytes().to_vec()].concat();
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE] {
            // Without what depends on the bytes before and after.
            let text = engine.encode(&shifted);
            faces.push(text[4..text.len() - 4].to_owned());
        }
    }
    faces
}
