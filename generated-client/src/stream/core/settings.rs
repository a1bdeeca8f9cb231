//! All numbers of a stream.

use std::time::Duration;

/// What a stream does when the caller takes its events more slowly than they come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowCaller {
    /// Lets go of what is numbered and has the server send it again when the caller has caught up.
    #[default]
    Recover,
    /// Stops reading from the server until there is room. The server may end the connection then.
    Block,
    /// Ends the stream with an error.
    Fail,
}

/// The numbers of a stream: how long it waits for what, and how much it keeps.
///
/// Each has a default that fits trading over the internet. To change some, change the fields:
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
    /// Longest time for name, TCP, TLS and upgrade together. 10 s.
    pub dial_timeout: Duration,
    /// Longest time for each of TCP, TLS and upgrade; kept by whoever dials. 5 s.
    pub dial_stage_timeout: Duration,
    /// Longest wait for the answer to a subscription. 10 s.
    pub ack_timeout: Duration,
    /// Longest time without a message during a replay. The whole replay may take any time. 15 s.
    pub replay_progress: Duration,
    /// Longest time to close properly before the connection is cut. 5 s.
    pub close_timeout: Duration,
    /// Longest time to write one frame; kept by whoever writes. 5 s.
    pub write_timeout: Duration,

    /// Shortest wait before another attempt to connect. 100 ms.
    pub backoff_least: Duration,
    /// The wait before another attempt is drawn from up to this, doubled with every attempt. 250 ms.
    pub backoff_first: Duration,
    /// Longest wait before another attempt, unless the server asks for a longer one. 30 s.
    pub backoff_most: Duration,
    /// Shortest wait where the server says that it is busy or restarting: status 429 or 503, close
    /// codes 1012 and 1013. 2 s.
    pub busy_least: Duration,
    /// Longest wait that the server can ask for with `Retry-After`. 5 min.
    pub max_retry_after: Duration,
    /// How long a connection has to be live and caught up before earlier failures are forgotten. 60 s.
    pub attempts_reset: Duration,
    /// Ends the stream after so many failed attempts in a row. Never by default.
    pub max_attempts: Option<u32>,
    /// Ends the stream when it could not be live for so long. Never by default.
    pub max_elapsed: Option<Duration>,

    /// A connection is probed with a ping after so long without any byte from the server. 15 s.
    pub ping_after: Duration,
    /// Longest wait for any byte after a ping. 10 s.
    pub pong_timeout: Duration,
    /// Longest silence of the server until the pace of its heartbeats is known. 60 s.
    pub heartbeat_unknown: Duration,
    /// Longest silence in multiples of the pace of the heartbeats. 4.
    pub heartbeat_multiple: u32,
    /// Shortest and longest silence that the pace of the heartbeats can lead to. 15 s and 120 s.
    pub heartbeat_bounds: (Duration, Duration),
    /// A timer that fires later than this tells that the process was suspended. 5 s.
    pub suspended_after: Duration,

    /// How long a message that came before its turn waits for those before it. 250 ms.
    pub hold: Duration,
    /// Most messages that wait for those before them. 1,024.
    pub hold_messages: usize,
    /// Most bytes of the messages that wait for those before them. 4 MiB.
    pub hold_bytes: usize,
    /// How many of the last messages are remembered, by their number and fingerprint. 1,024.
    pub remember: usize,
    /// After so many holes within [`unfilled_window`](Self::unfilled_window) that no replay fills,
    /// the numbers are taken to have holes by design. 3.
    pub unfilled_holes: usize,
    /// See [`unfilled_holes`](Self::unfilled_holes). 1 h.
    pub unfilled_window: Duration,
    /// After so many messages in a row that cannot be read at all, the connection is replaced. 10.
    pub malformed_in_a_row: u32,
    /// After so many connections in a row that ended in a message that was too large, the stream
    /// ends. 3.
    pub too_large_in_a_row: u32,

    /// A new connection takes over this part of a token's life before its end, in percent. 5.
    pub rotation_percent: u32,
    /// Shortest and longest time before a token's end at which a new connection takes over. 2 min
    /// and 30 min, but never more than half of the token's life.
    pub rotation_bounds: (Duration, Duration),
    /// The time before a token's end is shortened by up to this, in percent, so that not all
    /// streams move at once. 20.
    pub rotation_jitter_percent: u32,
    /// The same where the server allows one connection only and the old one must be closed first.
    /// 60 s.
    pub rotation_single: Duration,
    /// After so many refusals of a second connection in a row the stream uses one at a time. 2.
    pub second_refused: u32,
    /// Shortest time between two tokens, whatever the server says of their life. 10 s.
    pub token_pace: Duration,
    /// After so many connections in a row whose certificate cannot be trusted the stream ends. 3.
    pub certificate_in_a_row: u32,
    /// Shortest wait after a certificate that cannot be trusted. 5 s.
    pub certificate_least: Duration,

    /// What happens when the caller is too slow. [`SlowCaller::Recover`].
    pub slow_caller: SlowCaller,
    /// Most events that wait for the caller. 8,192.
    pub buffer_events: usize,
    /// Most bytes of messages that wait for the caller. 64 MiB.
    pub buffer_bytes: usize,
    /// How long the buffer may be full. 2 s.
    pub full_for: Duration,
    /// Shortest time between two recoveries from a slow caller. 30 s.
    pub recovery_pace: Duration,
    /// Largest message that is read; kept by whoever reads. 16 MiB.
    pub max_message: usize,
    /// Most frames that wait to be written; kept by whoever writes. 32.
    pub write_queue: usize,
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const MIB: usize = 1 << 20;

impl Default for Settings {
    fn default() -> Self {
        Self {
            dial_timeout: seconds(10),
            dial_stage_timeout: seconds(5),
            ack_timeout: seconds(10),
            replay_progress: seconds(15),
            close_timeout: seconds(5),
            write_timeout: seconds(5),
            backoff_least: millis(100),
            backoff_first: millis(250),
            backoff_most: seconds(30),
            busy_least: seconds(2),
            max_retry_after: seconds(300),
            attempts_reset: seconds(60),
            max_attempts: None,
            max_elapsed: None,
            ping_after: seconds(15),
            pong_timeout: seconds(10),
            heartbeat_unknown: seconds(60),
            heartbeat_multiple: 4,
            heartbeat_bounds: (seconds(15), seconds(120)),
            suspended_after: seconds(5),
            hold: millis(250),
            hold_messages: 1_024,
            hold_bytes: 4 * MIB,
            remember: 1_024,
            unfilled_holes: 3,
            unfilled_window: seconds(3_600),
            malformed_in_a_row: 10,
            too_large_in_a_row: 3,
            rotation_percent: 5,
            rotation_bounds: (seconds(120), seconds(1_800)),
            rotation_jitter_percent: 20,
            rotation_single: seconds(60),
            second_refused: 2,
            token_pace: seconds(10),
            certificate_in_a_row: 3,
            certificate_least: seconds(5),
            slow_caller: SlowCaller::Recover,
            buffer_events: 8_192,
            buffer_bytes: 64 * MIB,
            full_for: seconds(2),
            recovery_pace: seconds(30),
            max_message: 16 * MIB,
            write_queue: 32,
        }
    }
}

/// More frames than this are a mistake.
const MOST_FRAMES: usize = 1 << 16;

impl Settings {
    /// What is wrong with them: waits that are over before they begin, and room for nothing.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, limit) in [
            ("dial_timeout", self.dial_timeout),
            ("dial_stage_timeout", self.dial_stage_timeout),
            ("ack_timeout", self.ack_timeout),
            ("replay_progress", self.replay_progress),
            ("write_timeout", self.write_timeout),
            ("backoff_most", self.backoff_most),
            ("ping_after", self.ping_after),
            ("pong_timeout", self.pong_timeout),
            ("heartbeat_unknown", self.heartbeat_unknown),
            ("suspended_after", self.suspended_after),
        ] {
            if limit.is_zero() {
                return Err(format!("`{name}` is no time at all"));
            }
        }
        for (name, room) in [
            ("buffer_events", self.buffer_events),
            ("buffer_bytes", self.buffer_bytes),
            ("max_message", self.max_message),
            ("write_queue", self.write_queue),
            ("remember", self.remember),
        ] {
            if room == 0 {
                return Err(format!("`{name}` is no room at all"));
            }
        }
        for (name, (least, most)) in
            [("heartbeat_bounds", self.heartbeat_bounds), ("rotation_bounds", self.rotation_bounds)]
        {
            if least > most {
                return Err(format!("`{name}` ends before it begins"));
            }
        }
        if self.heartbeat_bounds.1.is_zero() || self.heartbeat_multiple == 0 {
            return Err("with these heartbeats every connection is dead".to_owned());
        }
        if self.write_queue > MOST_FRAMES {
            return Err(format!("`write_queue` is more than {MOST_FRAMES}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page with the guarantees names each number by its field, and says the default.
    #[test]
    fn the_numbers_of_the_documentation_are_there() {
        let page = include_str!("../guarantees.md");
        let (_, numbers) = page.split_once("## The numbers").unwrap();
        let settings = format!("{:?}", Settings::default());
        let rows = numbers.lines().filter(|line| line.ends_with('|')).skip(2);
        let named: Vec<&str> =
            rows.filter_map(|row| row.rsplit('|').nth(1)).flat_map(|fields| fields.split(", ")).collect();
        assert!(named.len() > 20, "{named:?}");
        for field in named.into_iter().map(str::trim).filter(|field| *field != "not to be changed") {
            let name = field.trim_matches('`');
            assert!(settings.contains(&format!(" {name}: ")), "{name} in {settings}");
        }
    }
}
