//! The life of one connection.

use std::collections::HashMap;
use std::sync::Arc;

use clear_street_spec::ir::MessagePlace;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, interval_at, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::Streams;
use super::subscription::{End, Outgoing, Subscription};
use super::wording::{Draft, Part};
use crate::faults::{ConnectionFaults, Line};

/// How many messages wait for a client that reads slowly; the rest waits in the journal.
const WAITING: usize = 64;

/// One connection.
pub(super) struct Session<I> {
    streams: Arc<Streams>,
    socket: WebSocketStream<I>,
    line: Line,
    faults: ConnectionFaults,
    subscriptions: HashMap<Subject, [AbortHandle; 2]>,
    /// What tells its subscriptions; they never end by themselves.
    telling: JoinSet<()>,
    /// Each ends with the token of a subscription.
    lives: JoinSet<()>,
    connection: mpsc::Sender<Outgoing>,
    outgoing: mpsc::Receiver<Outgoing>,
    is_muted: bool,
}

/// Whose messages of which channel.
type Subject = (String, String);

impl<I: AsyncRead + AsyncWrite + Unpin> Session<I> {
    pub(super) fn new(
        streams: Arc<Streams>,
        socket: WebSocketStream<I>,
        line: Line,
        faults: ConnectionFaults,
    ) -> Self {
        let (connection, outgoing) = mpsc::channel(WAITING);
        Self {
            streams,
            socket,
            line,
            faults,
            subscriptions: HashMap::new(),
            telling: JoinSet::new(),
            lives: JoinSet::new(),
            connection,
            outgoing,
            is_muted: false,
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn run(mut self) {
        let Err(end) = self.serve().await;
        match end {
            End::Gone => {}
            End::Abrupt(ending) => self.line.end_after(0, ending),
            // Whoever does not take a goodbye is left without one.
            End::Goodbye { notice, code } => {
                _ = timeout(self.streams.around.periods.goodbye, self.say_goodbye(notice, code)).await;
            }
        }
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, End> {
        let periods = self.streams.around.periods;
        let mut heartbeat = interval_at(Instant::now() + periods.heartbeat, periods.heartbeat);
        let idled = sleep(periods.idle);
        tokio::pin!(idled);
        loop {
            tokio::select! {
                biased;
                // One that was aborted is that of a subscription that was renewed.
                Some(over) = self.lives.join_next(), if !self.is_muted => if over.is_ok() {
                    return Err(End::EXPIRED);
                },
                () = &mut idled, if self.subscriptions.is_empty() => {
                    return Err(End::IDLED);
                }
                heard = self.socket.next() => match heard {
                    Some(Ok(message)) => self.hear(&message).await?,
                    Some(Err(_)) | None => return Err(End::Gone),
                },
                _ = heartbeat.tick(), if !self.is_muted => {
                    let streams = &self.streams;
                    self.say(Draft::new(&streams.layout, streams.now(), &streams.heartbeat).text()).await?;
                }
                Some(outgoing) = self.outgoing.recv(), if !self.is_muted => self.pass(outgoing).await?,
            }
        }
    }

    async fn pass(&mut self, outgoing: Outgoing) -> Result<(), End> {
        match outgoing {
            Outgoing::Text(text) => self.say(text).await,
            Outgoing::Mute => {
                self.is_muted = true;
                Ok(())
            }
            Outgoing::End(end) => Err(end),
        }
    }

    async fn hear(&mut self, message: &Message) -> Result<(), End> {
        match message {
            Message::Text(text) => self.subscribe(text).await,
            Message::Binary(_) => self.complain("it is no text").await,
            // The library answers what is to be answered.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => Ok(()),
        }
    }

    async fn subscribe(&mut self, text: &str) -> Result<(), End> {
        let streams = Arc::clone(&self.streams);
        let Ok(request) = serde_json::from_str::<Value>(text) else {
            return self.complain("it is no JSON").await;
        };
        let layout = &streams.layout;
        let at = |place| text_at(&request, &layout.payload, place);
        let Some(kind) = at(&layout.kind) else { return self.complain("it has no type").await };
        let Some(channel) = streams.channels.iter().find(|channel| channel.subscribe == kind) else {
            return self.complain(&format!("there is no message `{kind}`")).await;
        };
        let Some(account) = at(&channel.subject) else {
            return self.complain("it does not say whose messages are wanted").await;
        };
        let Some(token) = at(&layout.token) else {
            return self.complain("it has no access token").await;
        };
        let life = streams.around.tokens.life(token);
        let refusal = match &life {
            None => Some("Invalid access token"),
            Some(_) if !streams.has_account(account) => Some("No access to this account"),
            Some(_) => None,
        };
        self.say(channel.acknowledgement(layout, streams.now(), account, refusal)).await?;
        let Some(mut life) = life.filter(|_| refusal.is_none()) else { return Ok(()) };
        let subscription = Subscription {
            reader: channel.journal.subscribe(account),
            held: None,
            streams: Arc::clone(&streams),
            channel: Arc::clone(channel),
            account: account.to_owned(),
            token: token.to_owned(),
            faults: self.faults.clone(),
            connection: self.connection.clone(),
        };
        let life = self.lives.spawn(async move { life.over().await });
        let telling = self.telling.spawn(async move { _ = subscription.run().await });
        // A subscription that comes again takes the place of the one before it.
        let before = self.subscriptions.insert((channel.name.clone(), account.to_owned()), [life, telling]);
        before.iter().flatten().for_each(AbortHandle::abort);
        Ok(())
    }

    /// Answers what cannot be understood.
    async fn complain(&mut self, what: &str) -> Result<(), End> {
        let notice = self.notice(&format!("Malformed request: {what}"));
        self.say(notice).await
    }

    fn notice(&self, details: &str) -> String {
        let Streams { layout, notice, .. } = &*self.streams;
        Draft::new(layout, self.streams.now(), notice).put(&layout.details, Part::Text(details)).text()
    }

    async fn say(&mut self, text: String) -> Result<(), End> {
        self.socket.send(Message::text(text)).await.map_err(|_| End::Gone)
    }

    async fn say_goodbye(&mut self, notice: Option<&str>, code: u16) -> Result<(), End> {
        if let Some(details) = notice {
            let notice = self.notice(details);
            self.say(notice).await?;
        }
        let frame = CloseFrame { code: CloseCode::from(code), reason: "".into() };
        self.socket.close(Some(frame)).await.map_err(|_| End::Gone)?;
        // Until the client has closed, too.
        while let Some(Ok(_)) = self.socket.next().await {}
        Ok(())
    }
}

/// The text that stands at a place, unless it is empty.
fn text_at<'a>(message: &'a Value, payload: &str, place: &MessagePlace) -> Option<&'a str> {
    let value = match place {
        MessagePlace::Message(name) => message.get(name),
        MessagePlace::Payload(name) => message.get(payload)?.get(name),
    };
    value?.as_str().filter(|text| !text.is_empty())
}
