//! The settings of a stream.

use std::time::Duration;

/// What a stream does when the caller takes its events more slowly than they arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowCaller {
    /// After 2 s of a full buffer the stream closes its connection. Once the caller has drained the
    /// buffer to a quarter, it connects again, and the replay brings what happened meanwhile.
    /// Messages without a number are not replayed, and are lost.
    #[default]
    Park,
    /// Stops reading from the server until there is room. The server may close the connection.
    Block,
}

/// The settings of a stream: how long it waits, and how much it keeps.
///
/// The defaults fit trading over the internet. Change single fields:
///
/// ```
/// use std::time::Duration;
/// use clear_street::stream::Settings;
///
/// let mut settings = Settings::default();
/// settings.max_attempts = Some(20);
/// settings.ping_after = Duration::from_secs(5);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Longest time for a dial: name, TCP, TLS and upgrade together. Each of the last three may take
    /// half of it. Default: 10 s.
    pub dial_timeout: Duration,
    /// Longest wait for the acknowledgement of a subscription. Default: 10 s.
    pub ack_timeout: Duration,
    /// Longest time during a replay without a byte of a message. The whole replay may take any time.
    /// Default: 15 s.
    pub replay_timeout: Duration,
    /// Longest time to write one frame. Default: 5 s.
    pub write_timeout: Duration,
    /// Longest time for the close handshake. Default: 5 s.
    pub close_timeout: Duration,
    /// Longest wait before another attempt to connect, unless the server asks for a longer one. The
    /// wait is drawn between 100 ms and a bound that begins at 250 ms and doubles with every failure.
    /// Default: 30 s.
    pub max_backoff: Duration,
    /// Ends the stream after this many failed attempts in a row. Default: never.
    pub max_attempts: Option<u32>,
    /// Ends the stream when it was not live for this long. Default: never.
    pub max_elapsed: Option<Duration>,
    /// How long nothing may arrive before the server is pinged. Default: 15 s.
    pub ping_after: Duration,
    /// Longest wait for anything to arrive after a ping. Default: 10 s.
    pub pong_timeout: Duration,
    /// A live stream reads a replay after this long without one, on a second connection, to find
    /// messages that were lost without a trace. Default: 15 min.
    pub audit_interval: Duration,
    /// Most messages that wait for missing ones before them, at least 1. Default: 1,024.
    pub hold_messages: usize,
    /// What happens when the caller is too slow. Default: [`SlowCaller::Park`].
    pub slow_caller: SlowCaller,
    /// Most events that wait for the caller. Default: 8,192.
    pub buffer_events: usize,
    /// Most bytes of messages that wait for the caller. Default: 64 MiB.
    pub buffer_bytes: usize,
    /// Largest message in bytes. Default: 16 MiB.
    pub max_message: usize,
    /// How many of the last messages are remembered; smaller in tests.
    pub(in crate::stream) remember: usize,
    /// Shortest wait after a certificate that is not trusted; shorter in tests.
    pub(in crate::stream) certificate_wait: Duration,
}

const MIB: usize = 1 << 20;

impl Default for Settings {
    fn default() -> Self {
        Self {
            dial_timeout: Duration::from_secs(10),
            ack_timeout: Duration::from_secs(10),
            replay_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(5),
            close_timeout: Duration::from_secs(5),
            max_backoff: Duration::from_secs(30),
            max_attempts: None,
            max_elapsed: None,
            ping_after: Duration::from_secs(15),
            pong_timeout: Duration::from_secs(10),
            audit_interval: Duration::from_secs(15 * 60),
            hold_messages: 1_024,
            slow_caller: SlowCaller::Park,
            buffer_events: 8_192,
            buffer_bytes: 64 * MIB,
            max_message: 16 * MIB,
            remember: 1_024,
            certificate_wait: Duration::from_secs(5),
        }
    }
}

impl Settings {
    /// The first setting that is out of range, and why.
    pub(crate) fn check(&self) -> Result<(), String> {
        let settings = [
            ("dial_timeout", self.dial_timeout.is_zero()),
            ("ack_timeout", self.ack_timeout.is_zero()),
            ("replay_timeout", self.replay_timeout.is_zero()),
            ("write_timeout", self.write_timeout.is_zero()),
            ("max_backoff", self.max_backoff.is_zero()),
            ("ping_after", self.ping_after.is_zero()),
            ("pong_timeout", self.pong_timeout.is_zero()),
            ("audit_interval", self.audit_interval.is_zero()),
            ("hold_messages", self.hold_messages == 0),
            ("buffer_events", self.buffer_events == 0),
            ("buffer_bytes", self.buffer_bytes == 0),
            ("max_message", self.max_message == 0),
            ("max_attempts", self.max_attempts == Some(0)),
        ];
        let zero = settings.into_iter().find(|(_, is_zero)| *is_zero);
        zero.map_or(Ok(()), |(name, _)| Err(format!("`{name}` must be greater than zero")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `hold-nothing`, and its relatives.
    #[test]
    fn a_setting_out_of_range_is_named() {
        assert_eq!(Settings::default().check(), Ok(()));
        type Change = fn(&mut Settings);
        let changes: [(&str, Change); 13] = [
            ("dial_timeout", |it| it.dial_timeout = Duration::ZERO),
            ("ack_timeout", |it| it.ack_timeout = Duration::ZERO),
            ("replay_timeout", |it| it.replay_timeout = Duration::ZERO),
            ("write_timeout", |it| it.write_timeout = Duration::ZERO),
            ("max_backoff", |it| it.max_backoff = Duration::ZERO),
            ("ping_after", |it| it.ping_after = Duration::ZERO),
            ("pong_timeout", |it| it.pong_timeout = Duration::ZERO),
            ("audit_interval", |it| it.audit_interval = Duration::ZERO),
            ("hold_messages", |it| it.hold_messages = 0),
            ("buffer_events", |it| it.buffer_events = 0),
            ("buffer_bytes", |it| it.buffer_bytes = 0),
            ("max_message", |it| it.max_message = 0),
            ("max_attempts", |it| it.max_attempts = Some(0)),
        ];
        for (name, change) in changes {
            let mut settings = Settings::default();
            change(&mut settings);
            let error = settings.check().unwrap_err();
            assert!(error.contains(&format!("`{name}`")), "{name}: {error}");
        }
    }
}
