//! What a line is held to.

use std::time::Duration;

/// How fast a mirror may and must be. The defaults suit a thin line: they wait long for an answer, and not for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A download takes no more than this, so that others can use the line too; `None` takes what there is.
    pub bytes_per_second_max: Option<u64>,
    /// A line that brings less than this while it is waited for, over a window, is given up: a mirror must not be able
    /// to keep a site from its updates by serving them slowly. 0 is content with anything that does not stall.
    pub bytes_per_second_min: u64,
    /// How long waiting is added up before the line is judged. What a download pauses by itself is not waiting.
    pub window: Duration,
    /// How long finding the host, and then connecting to it (with TLS, and through the proxy), may take each.
    pub connect_timeout: Duration,
    /// How long a line may bring nothing, and how long the head of an answer may take.
    pub stall_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_per_second_max: None,
            bytes_per_second_min: 1024,
            window: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(20),
            stall_timeout: Duration::from_secs(30),
        }
    }
}
