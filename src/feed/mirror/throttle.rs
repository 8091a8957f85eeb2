//! Downloads that leave room on the line for others.

use std::time::{Duration, Instant};

use crate::ground::clock::monotonic;

/// Lets so many bytes a second through. Who was held up elsewhere may catch up a moment and no more.
#[derive(Debug)]
pub(super) struct Throttle {
    bytes_per_second_max: Option<u64>,
    due: Instant,
}

const LATE_MAX: Duration = Duration::from_millis(250);
const PIECE_LEN_MAX: u64 = 64 << 10;

impl Throttle {
    /// `None` lets everything through.
    pub(super) fn new(bytes_per_second_max: Option<u64>) -> Self {
        Self { bytes_per_second_max: bytes_per_second_max.map(|rate| rate.max(1)), due: monotonic() }
    }

    /// How much to read at once: no more than a pause of a moment pays for, so that a stop is heard soon.
    pub(super) fn piece_len(&self) -> usize {
        let moment = self.bytes_per_second_max.unwrap_or(u64::MAX) / 4;
        moment.clamp(1, PIECE_LEN_MAX) as usize
    }

    /// Waits until the bytes that just came are paid for.
    pub(super) fn pay(&mut self, bytes: usize) {
        let Some(rate) = self.bytes_per_second_max else { return };
        let now = monotonic();
        let begun = self.due.max(now.checked_sub(LATE_MAX).unwrap_or(now));
        self.due = begun + Duration::from_secs_f64(bytes as f64 / rate as f64);
        std::thread::sleep(self.due.saturating_duration_since(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_small_where_the_rate_is() {
        assert_eq!(Throttle::new(None).piece_len(), 64 << 10);
        assert_eq!(Throttle::new(Some(1 << 40)).piece_len(), 64 << 10);
        assert_eq!(Throttle::new(Some(1000)).piece_len(), 250);
        assert_eq!(Throttle::new(Some(0)).piece_len(), 1);
    }

    #[test]
    fn what_is_above_the_rate_waits() {
        let begun = monotonic();
        let mut throttle = Throttle::new(Some(100_000));
        for _ in 0..5 {
            throttle.pay(10_000);
        }
        let taken = monotonic().duration_since(begun);
        assert!(taken >= Duration::from_millis(490), "{taken:?}");
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let begun = monotonic();
        Throttle::new(None).pay(usize::MAX);
        assert!(monotonic().duration_since(begun) < Duration::from_secs(1));
    }
}
