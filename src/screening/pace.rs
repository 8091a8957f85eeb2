//! How often something is made anew that takes a while.

use std::time::{Duration, Instant};

use crate::ground::clock::monotonic;

/// How long making it took last, and when it may be made again: after ten times as long, so that it never takes more than about a tenth of
/// a core; and in any case after [`PAUSE_MAX`], so that what is new is never long in coming.
#[derive(Debug, Default)]
pub(super) struct Pace {
    took: Duration,
    due: Option<Instant>,
}

const PAUSES_PER_WORK: u32 = 10;
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// What nobody minds to wait for.
const QUICK: Duration = Duration::from_millis(20);

impl Pace {
    /// Whether it may be made again.
    pub(super) fn is_due(&self) -> bool {
        self.is_due_at(monotonic())
    }

    /// Whether it was made in no time.
    pub(super) fn is_quick(&self) -> bool {
        self.took < QUICK
    }

    /// Makes it.
    pub(super) fn time<T>(&mut self, make: impl FnOnce() -> T) -> T {
        let begun = monotonic();
        let made = make();
        self.made(begun, monotonic());
        made
    }

    fn made(&mut self, begun: Instant, ended: Instant) {
        self.took = ended.saturating_duration_since(begun);
        // What is quick is never waited for.
        let pause = if self.is_quick() { Duration::ZERO } else { self.took * PAUSES_PER_WORK };
        self.due = Some(ended + pause.min(PAUSE_MAX));
    }

    fn is_due_at(&self, now: Instant) -> bool {
        self.due.is_none_or(|due| now >= due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_while_pauses_for_ten_times_as_long_and_never_for_long() {
        let mut pace = Pace::default();
        let begun = monotonic();
        assert!(pace.is_due_at(begun) && pace.is_quick());
        for (took_ms, pause_ms) in [(1, 0), (19, 0), (100, 1000), (500, 5000), (5000, 10_000)] {
            let ended = begun + Duration::from_millis(took_ms);
            pace.made(begun, ended);
            assert_eq!(pace.is_quick(), pause_ms == 0);
            let due = ended + Duration::from_millis(pause_ms);
            assert!(pace.is_due_at(due));
            assert!(pause_ms == 0 || !pace.is_due_at(due - Duration::from_millis(1)));
        }
    }
}
