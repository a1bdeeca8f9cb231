//! Making a connection (wait, permit, token, dial, subscription), and what follows when one ends.

use std::sync::Arc;

use super::retry::{TOKEN_PACE, asked_for, rotate_at};
use super::*;

impl<M> StreamMachine<M> {
    pub(super) fn command(&mut self, command: Command) {
        match (command, self.links.current_id(), &self.links.next) {
            (Command::Close, ..) => self.end(Event::Closed, State::Closed),
            (Command::ReconnectNow, Some(current), _) => self.end_connection(current, Cause::Asked),
            (Command::ReconnectNow, None, Some(next)) if next.stage == LinkStage::Waiting => {
                self.timers.set(Timer::Redial, self.now);
            }
            (Command::RotateNow, Some(_), None) => self.want(Purpose::Rotate),
            (Command::ReconnectNow | Command::RotateNow, ..) => {}
        }
    }

    pub(super) fn want(&mut self, purpose: Purpose) {
        self.wanted = self.wanted.max(Some(purpose));
    }

    pub(super) fn is_current(&self, id: ConnectionId) -> bool {
        self.links.current_id() == Some(id)
    }

    /// Makes a second connection if one is wanted, or makes room for it if the server allows only one.
    pub(super) fn replace_if_wanted(&mut self) {
        let Some(current) = self.links.current_id() else { return };
        if self.links.next.is_some() || self.buffer.flow != Flow::Open {
            return;
        }
        let is_single = self.history.is_single();
        let wanted = self.wanted.take().filter(|wanted| !is_single || *wanted != Purpose::Audit);
        let Some(purpose) = wanted else { return };
        if purpose == Purpose::Rotate {
            self.say(Connection::Rotating);
        }
        if is_single {
            if purpose == Purpose::Rotate {
                self.renewal = Renewal::Required;
            }
            self.end_connection(current, Cause::Replaced);
        } else {
            self.attempt(purpose, Duration::ZERO);
        }
        self.fire_timers();
    }

    /// Begins an attempt after a wait.
    pub(super) fn attempt(&mut self, purpose: Purpose, wait: Duration) {
        self.links.next = Some(Link::new(purpose));
        self.timers.set(Timer::Redial, self.now.after(wait));
    }

    /// The next connection, if it is at this stage.
    fn next_at(&mut self, stage: LinkStage) -> Option<&mut Link<M>> {
        self.links.next.as_mut().filter(|next| next.stage == stage)
    }

    /// Whether there is no use in dialling without a new token.
    fn requires_new_token(&self) -> bool {
        let rotates = self.links.next.as_ref().is_some_and(|next| next.purpose == Purpose::Rotate);
        rotates || self.renewal == Renewal::Required
    }

    /// The wait of an attempt is over.
    pub(super) fn redial(&mut self) {
        // However short the tokens live: never one after the other without a pause.
        let paced = self.renewed.filter(|_| self.requires_new_token()).map(|last| last.after(TOKEN_PACE));
        let now = self.now;
        let Some(next) = self.next_at(LinkStage::Waiting) else { return };
        match paced.filter(|at| *at > now) {
            Some(at) => self.timers.set(Timer::Redial, at),
            None => {
                next.stage = LinkStage::Permit;
                self.out.push_back(Output::AwaitPermit);
            }
        }
    }

    pub(super) fn permitted(&mut self) {
        let is_paced = self.renewed.is_none_or(|last| self.now.since(last) >= TOKEN_PACE);
        let renews = self.requires_new_token() || self.renewal == Renewal::IfPaced && is_paced;
        let newer_than = self.token.filter(|_| renews).map(|(token, _)| token.generation);
        let Some(next) = self.next_at(LinkStage::Permit) else { return };
        next.stage = LinkStage::Token(newer_than);
        self.out.push_back(Output::FetchToken { newer_than });
    }

    pub(super) fn token_fetched(&mut self, token: Result<Token, NoToken>) {
        let required = self.requires_new_token();
        let Some(Link { stage: LinkStage::Token(newer_than), .. }) = self.links.next else { return };
        match token {
            Ok(token) if !required || newer_than.is_none_or(|old| token.generation > old) => {
                if newer_than.is_some() {
                    self.renewed = Some(self.now);
                }
                if self.token.is_none_or(|(known, _)| known.generation != token.generation) {
                    self.token = Some((token, self.now));
                }
                self.dial();
            }
            Ok(_) => self.retry(Cause::NoToken, TOKEN_PACE),
            // The token that the server refused may be good in spite of that.
            Err(NoToken::Refused(_)) if !required && newer_than.is_some() => self.dial(),
            Err(NoToken::Refused(words)) => self.retry(Cause::CredentialsRefused(words), Duration::ZERO),
            Err(NoToken::Unavailable(retry_after)) => self.retry(Cause::NoToken, asked_for(retry_after)),
        }
    }

    fn dial(&mut self) {
        let Some(next) = &mut self.links.next else { return };
        self.connections = self.connections.saturating_add(1);
        let connection = ConnectionId(self.connections);
        (next.id, next.token, next.stage) = (connection, self.token, LinkStage::Dialing);
        self.start_timers(connection);
        count(&mut self.statistics.dials);
        self.say_if_only(Connection::Connecting);
        self.out.push_back(Output::Dial { connection });
    }

    pub(super) fn dialled(&mut self, connection: ConnectionId, result: Result<(), DialFailure>) {
        let away = self.links.current.is_none();
        // A replay that is asked for now contains all of these, if it ever will.
        let seen = self.held.highest().max(self.dropped).max(self.claimed);
        let replay = Replay::new(self.numbering.last(), away, seen);
        let Some(next) = self.next_at(LinkStage::Dialing).filter(|next| next.id == connection) else { return };
        if let Err(failure) = result {
            return self.connection_lost(connection, Cause::Dial(failure));
        }
        (next.stage, next.replay) = (LinkStage::Subscribing, replay);
        let generation = next.token.map_or(0, |(token, _)| token.generation);
        self.start_timers(connection);
        self.release_leaving();
        self.say_if_only(Connection::Connected);
        self.out.push_back(Output::Subscribe { connection, generation });
        if self.buffer.flow == Flow::Full {
            self.out.push_back(Output::Read { connection, on: false });
        }
    }

    /// The server accepts the subscription, or sends what only a subscription brings.
    pub(super) fn subscribed(&mut self, id: ConnectionId) {
        let Some(next) = self.next_at(LinkStage::Subscribing).filter(|next| next.id == id) else { return };
        next.stage = LinkStage::Replaying;
        self.start_timers(id);
        self.history.accepted(self.links.current.is_some());
        self.renewal = Renewal::No;
        self.note_progress(id);
        self.say_if_only(Connection::Subscribed);
    }

    pub(super) fn refused(&mut self, id: ConnectionId, words: Arc<str>) {
        let token = self.links.get_mut(id).and_then(|link| link.token);
        let has_expired = token.and_then(|(token, _)| token.expires).is_some_and(|expires| expires <= self.now);
        let cause = if has_expired { Cause::AuthExpired } else { Cause::Refused(words) };
        self.end_connection(id, cause);
    }

    /// When to replace the current connection, because its token expires.
    pub(super) fn schedule_rotation(&mut self) {
        self.timers.stop(Timer::Rotation);
        if let Some((Token { expires: Some(expires), .. }, obtained)) =
            self.links.current.as_ref().and_then(|current| current.token)
        {
            let at = rotate_at(obtained, expires, self.history.is_single(), &mut self.rng);
            self.timers.set(Timer::Rotation, at);
        }
    }

    /// The replay of a connection has made progress.
    pub(super) fn note_progress(&mut self, id: ConnectionId) {
        let Some(next) = self.links.next.as_mut().filter(|next| next.id == id) else { return };
        next.progress = self.now;
        let top = next.replay.top.unwrap_or(0);
        let known = next.replay.last.map_or(0, |last| last.number);
        if next.replay.reached.is_none() && self.given_up_at.is_some_and(|stopped| top >= stopped.max(known)) {
            next.replay.reached = Some(self.now);
            self.timers.set(Timer::Stage(id), self.now.after(self.settings.replay_timeout));
        }
    }

    /// A connection was closed from outside.
    pub(super) fn closed(&mut self, id: ConnectionId, how: Closed) {
        if self.ended.is_some() {
            self.closing.retain(|open| *open != id);
            return self.finish();
        }
        let Some(link) = self.links.get_mut(id) else { return };
        // The server closes with the same code for all its reasons, so the notice before it counts.
        let cause = match (link.notice.take(), how) {
            (_, Closed::TooLarge | Closed::WriteTimeout | Closed::Protocol) => Cause::Closed(how),
            (Some(Notice::AuthExpired), _) => Cause::AuthExpired,
            (Some(Notice::Idle), _) => Cause::Idle,
            (Some(Notice::Other(words)), _) => Cause::Notice(words),
            (None, _) => Cause::Closed(how),
        };
        self.connection_lost(id, cause);
    }

    /// Closes a connection.
    pub(super) fn end_connection(&mut self, id: ConnectionId, cause: Cause) {
        if self.links.get_mut(id).is_some() {
            self.out.push_back(Output::Close { connection: id });
            self.connection_lost(id, cause);
        }
    }

    /// Closes a connection that is not missed.
    pub(super) fn close(&mut self, id: ConnectionId) {
        self.timers.stop_all(id);
        self.links.next.take_if(|next| next.id == id);
        self.links.leaving.take_if(|leaving| leaving.id == id);
        self.out.push_back(Output::Close { connection: id });
    }

    /// A connection is no more.
    pub(super) fn connection_lost(&mut self, id: ConnectionId, cause: Cause) {
        self.timers.stop_all(id);
        if let Some(current) = self.links.current.take_if(|current| current.id == id) {
            if let LinkStage::Live(since) = current.stage {
                self.history.live_ended(since, self.now, &cause);
            }
            [Timer::Hole, Timer::Doubt, Timer::Rotation, Timer::Audit]
                .into_iter()
                .for_each(|timer| self.timers.stop(timer));
            self.wanted = None;
            if std::mem::take(&mut self.is_doubting) {
                // The replay that was to tell is not the one that comes now.
                self.dropped = self.dropped.max(self.held.highest());
                self.held = Held::default();
            }
            self.watch_elapsed();
            count(&mut self.statistics.disconnects);
            self.renewal = self.renewal.after(&cause);
            self.say(Connection::Disconnected(cause.clone()));
            match &mut self.links.next {
                Some(_) => self.next_is_only(),
                None => self.retry(cause, Duration::ZERO),
            }
        } else if let Some(next) = self.links.next.as_ref().filter(|next| next.id == id) {
            if self.links.current.is_none() && next.is_open() {
                count(&mut self.statistics.disconnects);
                self.say(Connection::Disconnected(cause.clone()));
            }
            self.retry(cause, Duration::ZERO);
        } else {
            self.links.leaving.take_if(|leaving| leaving.id == id);
        }
    }

    /// The current connection is lost while the next one is being made.
    fn next_is_only(&mut self) {
        let Some(next) = &mut self.links.next else { return };
        next.purpose = Purpose::Connect;
        next.replay.away = true;
        let (is_open, is_subscribed) = (next.is_open(), next.is_subscribed());
        if is_open {
            self.say(Connection::Connected);
        }
        if is_subscribed {
            self.say(Connection::Subscribed);
        }
    }

    /// An attempt has failed, or the only connection has ended: tries again after a wait of at least
    /// `least`.
    fn retry(&mut self, cause: Cause, least: Duration) {
        let is_second = self.links.current.is_some();
        let purpose = self.links.next.take().map_or(Purpose::Connect, |next| next.purpose);
        self.renewal = self.renewal.after(&cause);
        if let Some(failure) = self.history.failed(&cause, is_second, self.now, &self.settings) {
            return self.end(Event::Failed(failure), State::Failed);
        }
        if is_second && purpose == Purpose::Audit {
            return self.timers.set(Timer::Audit, self.now.after(self.settings.audit_interval));
        }
        if is_second && self.history.is_single() {
            // From now on the old connection is closed first.
            if purpose == Purpose::Recover {
                self.want(purpose);
            }
            return self.schedule_rotation();
        }
        if is_second {
            // What is live is not kept back for an attempt that may take long.
            self.trust();
        }
        let delay = self.history.delay(&cause, &self.settings, &mut self.rng).max(least);
        self.attempt(purpose, delay);
        if !is_second {
            self.say(Connection::Retrying { delay, cause });
        }
    }

    /// The stream is not live from now on.
    pub(super) fn watch_elapsed(&mut self) {
        if let Some(limit) = self.settings.max_elapsed {
            self.timers.start(Timer::GiveUp, self.now.after(limit));
        }
    }

    /// Closes all connections; returns them.
    pub(super) fn close_all(&mut self) -> Vec<ConnectionId> {
        let open: Vec<_> = self.links.iter().map(|link| link.id).collect();
        self.out.extend(open.iter().map(|connection| Output::Close { connection: *connection }));
        self.links = Links { current: None, next: None, leaving: None };
        self.timers = Timers::default();
        self.wanted = None;
        open
    }

    pub(super) fn end(&mut self, event: Event<M>, ended: State) {
        if self.ended.is_none() {
            self.ended = Some(ended);
            self.closing = self.close_all();
            self.deliver(event);
            self.timers.set(Timer::Close, self.now.after(self.settings.close_timeout));
            self.finish();
        }
    }

    /// Finishes once nothing is open any more.
    fn finish(&mut self) {
        if self.closing.is_empty() && self.timers.get(Timer::Close).is_some() {
            self.timers.stop(Timer::Close);
            self.out.push_back(Output::Finished);
        }
    }
}
