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
            drain_timeout: Duration::from_secs(10),
        }
    }
}
