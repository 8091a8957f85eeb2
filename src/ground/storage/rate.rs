//! How fast something is written.

use std::time::{Duration, Instant};

use crate::ground::clock::monotonic;

/// So many MiB a second at most. Who comes late may catch up a few and no more.
#[derive(Debug)]
pub struct Rate {
    /// How long a MiB takes at least.
    mib: Duration,
    /// When the next piece is to be written.
    due: Instant,
}

const MIB: f64 = 1_048_576.0;
/// As much as is handed in at once: it takes time to make, in which nothing is written.
const LATE_MIB_MAX: u32 = 2;

impl Rate {
    /// `None` is as fast as the disk.
    #[must_use]
    pub fn new(mib_per_second: Option<u32>) -> Self {
        let mib = mib_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1));
        Self { mib, due: monotonic() }
    }

    /// Waits until so many bytes may be written.
    pub fn wait_for(&mut self, bytes: u64) {
        std::thread::sleep(self.due.saturating_duration_since(monotonic()));
        let begun = self.due.max(monotonic().checked_sub(self.mib * LATE_MIB_MAX).unwrap_or(self.due));
        self.due = begun + self.mib.mul_f64(bytes as f64 / MIB);
    }
}
