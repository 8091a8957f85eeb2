//! Lines that are too slow.

use std::time::Duration;

use super::{Limits, MirrorError};

/// Adds up what a line brings while it is waited for.
///
/// Only waiting counts: whoever reads slowly finds bytes that wait for him, and does not blame the line for it.
#[derive(Debug)]
pub(super) struct Pace {
    bytes_per_second_min: u64,
    window: Duration,
    bytes: u64,
    waited: Duration,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        let Limits { bytes_per_second_min, window, .. } = *limits;
        Self { bytes_per_second_min, window, bytes: 0, waited: Duration::ZERO }
    }

    /// Notes that `bytes` came after a wait.
    ///
    /// # Errors
    /// [`MirrorError::TooSlow`] once the waits fill the window and too little came in them.
    pub(super) fn note(&mut self, bytes: u64, waited: Duration) -> Result<(), MirrorError> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.waited = self.waited.saturating_add(waited);
        if self.waited < self.window {
            return Ok(());
        }
        let (bytes, waited) = (self.bytes, self.waited);
        self.forget();
        if (bytes as f64) < self.bytes_per_second_min as f64 * waited.as_secs_f64() {
            let Self { bytes_per_second_min, window, .. } = *self;
            return Err(MirrorError::TooSlow { bytes_per_second_min, window });
        }
        Ok(())
    }

    /// Begins a new window.
    pub(super) fn forget(&mut self) {
        (self.bytes, self.waited) = (0, Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        Pace::new(&Limits { bytes_per_second_min: 100, window: Duration::from_secs(10), ..Limits::default() })
    }

    fn waits(pace: &mut Pace, times: usize, bytes: u64) -> usize {
        (0..times).take_while(|_| pace.note(bytes, Duration::from_secs(1)).is_ok()).count()
    }

    #[test]
    fn a_line_that_brings_the_least_is_kept_and_one_that_brings_a_byte_less_is_not() {
        assert_eq!(waits(&mut pace(), 1000, 100), 1000);
        assert_eq!(waits(&mut pace(), 1000, 99), 9, "it is judged when the window is full");
    }

    #[test]
    fn a_burst_buys_a_drip_no_more_than_the_window_it_came_in() {
        let mut pace = pace();
        assert!(pace.note(1 << 40, Duration::from_secs(1)).is_ok());
        assert_eq!(waits(&mut pace, 1000, 1), 18);
    }

    #[test]
    fn bytes_that_were_there_already_cost_no_time() {
        let mut pace = pace();
        assert!((0..1_000_000).all(|_| pace.note(1, Duration::ZERO).is_ok()));
    }
}
