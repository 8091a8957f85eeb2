//! When somebody looked last whether there is something newer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::ground::clock::monotonic;

/// When somebody looked last, and whether he promised to look again and again.
#[derive(Debug)]
pub(super) struct Looks {
    began: Instant,
    /// In seconds since this was made.
    last_s: AtomicU64,
    is_promised: AtomicBool,
}

impl Default for Looks {
    fn default() -> Self {
        Self { began: monotonic(), last_s: AtomicU64::new(0), is_promised: AtomicBool::new(false) }
    }
}

impl Looks {
    /// Somebody has just looked.
    pub(super) fn look(&self) {
        self.last_s.store(self.began.elapsed().as_secs(), Ordering::Relaxed);
    }

    /// Somebody promises to look again within seconds, time after time.
    pub(super) fn promise(&self) {
        self.is_promised.store(true, Ordering::Relaxed);
    }

    /// How long ago it was.
    pub(super) fn age(&self) -> Duration {
        self.age_at(monotonic())
    }

    /// Whether a look was promised, and the last is longer ago than that. Whoever looks once promises nothing.
    pub(super) fn overdue(&self, after: Duration) -> bool {
        self.overdue_at(monotonic(), after)
    }

    fn age_at(&self, now: Instant) -> Duration {
        let last = Duration::from_secs(self.last_s.load(Ordering::Relaxed));
        now.saturating_duration_since(self.began).saturating_sub(last)
    }

    fn overdue_at(&self, now: Instant, after: Duration) -> bool {
        self.is_promised.load(Ordering::Relaxed) && self.age_at(now) > after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_overdue_only_where_it_was_promised_and_only_after_its_time() {
        let (looks, minutes, seconds) = (Looks::default(), Duration::from_secs(600), Duration::from_secs(5));
        let at = |time: Duration| looks.overdue_at(monotonic() + time, minutes);
        assert!(!at(60 * minutes), "a command that looks once promises nothing");
        looks.promise();
        assert!(!at(minutes - seconds) && at(minutes + seconds));
        assert_eq!(looks.age_at(looks.began + seconds), seconds);
    }
}
