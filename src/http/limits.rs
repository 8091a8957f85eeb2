//! Where the service listens and what it bounds.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::domain::alert::CallerClass;

/// Where the service listens and what it bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The address to listen on; loopback only until callers are authenticated.
    pub bind: SocketAddr,
    /// What callers are, until they are authenticated.
    pub caller_class: CallerClass,
    /// Worker threads.
    pub workers: usize,
    /// The longest body of a check, in bytes.
    pub body_bytes_max: usize,
    /// Open connections for each worker.
    pub connections_max: usize,
    /// What the site is called in what it tells others.
    pub site: Option<std::sync::Arc<str>>,
    /// Streams of events that are open at once.
    pub streams_max: usize,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// How long a client may take to send the head of a request.
    pub request_head_timeout: Duration,
    /// How long the client of an import may keep it waiting.
    pub import_stall_timeout: Duration,
    /// How long requests in flight may take once the service was told to stop.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            caller_class: CallerClass::default(),
            workers: 2,
            body_bytes_max: 16 << 10,
            connections_max: 1024,
            site: None,
            streams_max: 16,
            keep_alive: Duration::from_secs(75),
            request_head_timeout: Duration::from_secs(5),
            import_stall_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// So many bytes make up for a second.
const BYTES_A_SECOND: u32 = 16 << 10;

/// How long a client may still keep others waiting: some time, of which what it sends gives a part back, so that whoever is slow all the
/// time is given up, and whoever pauses now and then is not.
#[derive(Debug)]
pub(super) struct Patience {
    most: Duration,
    left: Duration,
}

impl Patience {
    pub(super) fn new(most: Duration) -> Self {
        Self { most, left: most }
    }

    /// For how long the next bytes may be waited for.
    pub(super) fn left(&self) -> Duration {
        self.left
    }

    /// It took so long until so many bytes came.
    pub(super) fn waited(&mut self, time: Duration, bytes: usize) {
        let made_up = Duration::from_secs(1).mul_f64(bytes as f64 / f64::from(BYTES_A_SECOND));
        self.left = self.left.saturating_sub(time).saturating_add(made_up).min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long whoever sends so many bytes each time can go on, at most for an hour.
    fn lasts(bytes: usize, every: Duration) -> Duration {
        let (mut patience, mut lasted) = (Patience::new(Duration::from_secs(60)), Duration::ZERO);
        while patience.left() >= every && lasted < Duration::from_secs(3600) {
            patience.waited(every, bytes);
            lasted += every;
        }
        lasted
    }

    #[test]
    fn whoever_is_slow_all_the_time_is_given_up_and_whoever_pauses_is_not() {
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        assert_eq!(lasts(1, second), second * 60, "a byte now and then holds nothing up for long");
        assert_eq!(lasts(8 << 10, second), second * 119);
        assert_eq!(lasts(16 << 10, second), hour);
        assert_eq!(lasts(1 << 20, second * 50), hour, "a pause is made up for");
        assert_eq!(lasts(1 << 30, second * 61), Duration::ZERO, "nobody saves up for a longer one");
    }
}
