//! Time that never runs below the highest time this site has seen.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// How far the system clock may lag behind the highest time seen before it is not trusted.
pub const LAG_MAX: SignedDuration = SignedDuration::from_mins(10);

/// Where the time comes from. Handed in wherever time is needed.
pub trait TimeSource: Send + Sync {
    /// The time, as the source believes it to be.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl TimeSource for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Time that only ever goes on: for intervals and deadlines within the process, never for what is recorded.
#[must_use]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// A time source held above a floor: the highest time that it ever gave, or that was seen in the generation, the log
/// and signed metadata.
pub struct Clock {
    source: Box<dyn TimeSource>,
    floor_us: AtomicI64,
}

/// A reading of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The time to decide by, never below the floor, in whole microseconds.
    pub time: Timestamp,
    /// False if the source lags more than [`LAG_MAX`] behind the floor: no answer may claim freshness.
    pub trusted: bool,
}

impl Clock {
    /// A clock without a floor yet.
    #[must_use]
    pub fn new(source: impl TimeSource + 'static) -> Self {
        Self { source: Box::new(source), floor_us: AtomicI64::new(i64::MIN) }
    }

    /// Raises the floor to a time that somebody vouched for.
    pub fn observe(&self, seen: Timestamp) {
        self.floor_us.fetch_max(seen.as_microsecond(), Ordering::Relaxed);
    }

    /// What the source says, whatever was seen: to judge by whether somebody else's clock is ahead. What was seen is partly
    /// what they said.
    #[must_use]
    pub fn source_time(&self) -> Timestamp {
        self.source.now()
    }

    /// Reads the clock, and raises the floor to what it reads: a clock that is set back is found out.
    #[must_use]
    pub fn now(&self) -> Now {
        let source_us = self.source.now().as_microsecond();
        let floor_us = self.floor_us.fetch_max(source_us, Ordering::Relaxed);
        let lag_us = floor_us.saturating_sub(source_us);
        let time = Timestamp::from_microsecond(source_us.max(floor_us)).unwrap_or(Timestamp::MAX);
        Now { time, trusted: i128::from(lag_us) <= LAG_MAX.as_micros() }
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clock").field("floor_us", &self.floor_us).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Timestamp);

    impl TimeSource for Fixed {
        fn now(&self) -> Timestamp {
            self.0
        }
    }

    #[test]
    fn time_never_runs_below_the_highest_time_seen() {
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let clock = Clock::new(Fixed(noon));
        assert_eq!(clock.now(), Now { time: noon, trusted: true });
        let later = noon + SignedDuration::from_mins(10);
        clock.observe(later);
        assert_eq!(clock.now(), Now { time: later, trusted: true });
        let much_later = later + SignedDuration::from_micros(1);
        clock.observe(much_later);
        assert_eq!(clock.now(), Now { time: much_later, trusted: false });
    }

    #[test]
    fn a_clock_that_is_set_back_while_the_process_runs_is_not_trusted() {
        struct Steps(AtomicI64);
        impl TimeSource for Steps {
            fn now(&self) -> Timestamp {
                // Noon, then noon three days later, then noon again.
                let hours = [0, 72, 0][usize::try_from(self.0.fetch_add(1, Ordering::Relaxed)).unwrap()];
                "2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
            }
        }
        let clock = Clock::new(Steps(AtomicI64::new(0)));
        let (first, second, third) = (clock.now(), clock.now(), clock.now());
        assert!(first.trusted && second.trusted && !third.trusted);
        assert_eq!(third.time, second.time);
    }
}
