//! The connections of a client: a pool for each class of requests, replaced by a new one when its
//! connections must not be used any more.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use super::ConnectionClass;
use super::connect::Connector;
use super::settings::TransportSettings;
use super::watch::Watched;

/// Sends requests over one pool of connections.
pub(super) type Pool = Arc<Client<Connector, Watched>>;

/// The pools of both classes.
pub(super) struct Connections {
    connector: Connector,
    builder: Builder,
    most_idle: usize,
    idle_timeout: Option<Duration>,
    order_idle_timeout: Option<Duration>,
    max_age: Duration,
    pools: Mutex<Pools>,
}

struct Pools {
    /// No connection in them is older.
    began: Instant,
    reads: Option<Pool>,
    orders: Option<Pool>,
    /// The shortest time that the server has announced since then, less its margin.
    announced: Option<Duration>,
    /// The last one.
    latest: Option<Duration>,
}

/// For requests that may be repeated: load balancers commonly close idle connections after a minute.
const IDLE: Duration = Duration::from_secs(60);
/// For orders: most servers keep idle connections for five seconds or longer.
const ORDER_IDLE: Duration = Duration::from_secs(4);
/// The server closes a connection so much later than the last request is put on it.
const MARGIN: Duration = Duration::from_secs(1);

/// Most headers of an answer, and most bytes of its head.
pub(super) const MAX_HEADERS: usize = 1_000;
pub(super) const MAX_HEAD: u32 = 256 << 10;

impl Connections {
    /// No connections.
    pub(super) fn new(settings: &TransportSettings, connector: Connector) -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .http1_max_headers(MAX_HEADERS)
            .http1_max_buf_size(usize::try_from(MAX_HEAD).unwrap_or(usize::MAX))
            .http2_max_header_list_size(MAX_HEAD)
            // A connection that died unnoticed is found out while a request waits on it, not by
            // every request after it.
            .http2_keep_alive_interval(Duration::from_secs(5))
            .http2_keep_alive_timeout(Duration::from_secs(5));
        Self {
            connector,
            builder,
            most_idle: settings.idle_connections,
            idle_timeout: settings.idle_timeout,
            order_idle_timeout: settings.order_idle_timeout,
            max_age: settings.max_connection_age,
            pools: Mutex::new(Pools::new(None)),
        }
    }

    /// The pool for a request of this class.
    pub(super) fn pool(&self, class: ConnectionClass) -> Pool {
        let mut pools = self.lock();
        if pools.began.elapsed() >= self.max_age {
            *pools = Pools::new(pools.latest);
        }
        let limit = self.idle_limit(class, pools.announced);
        let pool = match class {
            ConnectionClass::Reads => &mut pools.reads,
            ConnectionClass::Orders => &mut pools.orders,
        };
        Arc::clone(pool.get_or_insert_with(|| self.build(limit)))
    }

    /// Requests from now on use new connections.
    pub(super) fn give_up(&self) {
        let mut pools = self.lock();
        *pools = Pools::new(pools.latest);
    }

    /// Notes that the server closes connections that were idle for this time.
    pub(super) fn announce(&self, timeout: Duration) {
        let limit = timeout.saturating_sub(MARGIN).min(IDLE);
        let mut pools = self.lock();
        pools.latest = Some(limit);
        // The shortest counts: servers behind one name may differ, and pools that are replaced after
        // every answer are no pools.
        if pools.announced.is_some_and(|known| known <= limit) {
            return;
        }
        let known = pools.announced.replace(limit);
        for class in [ConnectionClass::Reads, ConnectionClass::Orders] {
            if self.idle_limit(class, known) != self.idle_limit(class, Some(limit)) {
                match class {
                    ConnectionClass::Reads => pools.reads = None,
                    ConnectionClass::Orders => pools.orders = None,
                }
            }
        }
    }

    /// How long a connection may be idle before a request is put on it.
    fn idle_limit(&self, class: ConnectionClass, announced: Option<Duration>) -> Duration {
        let (set, default) = match class {
            ConnectionClass::Reads => (self.idle_timeout, IDLE),
            ConnectionClass::Orders => (self.order_idle_timeout, ORDER_IDLE),
        };
        match (set, announced) {
            (Some(set), Some(announced)) => set.min(announced),
            (Some(limit), None) | (None, Some(limit)) => limit,
            (None, None) => default,
        }
    }

    /// This costs microseconds: certificates are not loaded again.
    fn build(&self, limit: Duration) -> Pool {
        let mut builder = self.builder.clone();
        // A limit beyond all time is none.
        builder.pool_idle_timeout(Instant::now().checked_add(limit).map(|_| limit));
        builder.pool_max_idle_per_host(if limit.is_zero() { 0 } else { self.most_idle });
        Arc::new(builder.build(self.connector.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Pools> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pools {
    fn new(announced: Option<Duration>) -> Self {
        Self { began: Instant::now(), reads: None, orders: None, announced, latest: announced }
    }
}

/// The time in a header `Keep-Alive: timeout=5, max=100`.
pub(super) fn announced_timeout(header: &str) -> Option<Duration> {
    let mut parameters = header.split(',').filter_map(|parameter| parameter.split_once('='));
    let (_, seconds) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"))?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [ConnectionClass; 2] = [ConnectionClass::Reads, ConnectionClass::Orders];

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn connections(settings: &TransportSettings) -> Connections {
        Connections::new(settings, Connector::plain(seconds(1)))
    }

    fn limits(connections: &Connections) -> [Duration; 2] {
        let announced = connections.lock().announced;
        CLASSES.map(|class| connections.idle_limit(class, announced))
    }

    /// Whether the pools are the same before and after.
    fn kept(connections: &Connections, change: impl FnOnce()) -> [bool; 2] {
        let before = CLASSES.map(|class| connections.pool(class));
        change();
        let mut before = before.iter();
        CLASSES.map(|class| before.next().is_some_and(|pool| Arc::ptr_eq(pool, &connections.pool(class))))
    }

    #[test]
    fn the_shortest_announced_time_counts() {
        let connections = connections(&TransportSettings::default());
        assert_eq!(limits(&connections), [60, 4].map(seconds));
        for (announced, limit, same) in [
            (300, 60, [true, false]),
            (5, 4, [false, false]),
            (5, 4, [true, true]),
            (7, 4, [true, true]),
            (1, 0, [false, false]),
            (0, 0, [true, true]),
        ] {
            assert_eq!(kept(&connections, || connections.announce(seconds(announced))), same, "{announced}");
            assert_eq!(limits(&connections), [limit; 2].map(seconds), "{announced}");
        }
    }

    #[test]
    fn a_limit_that_is_set_is_never_exceeded() {
        let connections = connections(&TransportSettings {
            idle_timeout: Some(Duration::MAX),
            order_idle_timeout: Some(seconds(1)),
            ..TransportSettings::default()
        });
        assert_eq!(limits(&connections), [Duration::MAX, seconds(1)]);
        assert_eq!(kept(&connections, || connections.announce(seconds(30))), [false, true]);
        assert_eq!(limits(&connections), [29, 1].map(seconds));
    }

    #[tokio::test(start_paused = true)]
    async fn connections_do_not_grow_older_than_allowed() {
        let connections = connections(&TransportSettings::default());
        connections.announce(seconds(3));
        connections.announce(seconds(9));
        tokio::time::advance(seconds(599)).await;
        assert_eq!(kept(&connections, || ()), [true, true]);
        let before = CLASSES.map(|class| connections.pool(class));
        tokio::time::advance(seconds(1)).await;
        assert!(!Arc::ptr_eq(&before[0], &connections.pool(CLASSES[0])));
        // What was announced last holds for the new ones.
        assert_eq!(limits(&connections), [8, 8].map(seconds));
    }

    #[test]
    fn connections_can_be_given_up() {
        let connections = connections(&TransportSettings::default());
        assert_eq!(kept(&connections, || ()), [true, true]);
        assert_eq!(kept(&connections, || connections.give_up()), [false, false]);
    }

    #[test]
    fn the_header_is_read_in_every_spelling() {
        for (header, expected) in [
            ("timeout=5, max=100", Some(5)),
            ("max=100,Timeout = 15", Some(15)),
            ("timeout=0", Some(0)),
            ("max=100", None),
            ("timeout", None),
            ("timeout=-1", None),
            ("timeout=99999999999999999999", None),
            ("", None),
        ] {
            assert_eq!(announced_timeout(header), expected.map(seconds), "{header}");
        }
    }
}
