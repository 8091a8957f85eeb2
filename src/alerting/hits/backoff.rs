//! How long to wait before a delivery that failed is tried again.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// The wait after so many failures in a row: twice as long each time, up to five minutes, of which the second half is drawn from `seed`, so
/// that sites that lost a receiver together do not come back together. At least as long as the receiver asks for, within the same bound.
pub(super) fn wait(failures: u32, asked_for: Option<Duration>, seed: &str) -> Duration {
    let whole = FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST);
    let share = xxh3_64(format!("{seed} {failures}").as_bytes()) as f64 / u64::MAX as f64;
    let drawn = whole / 2 + (whole / 2).mul_f64(share);
    drawn.max(asked_for.unwrap_or_default().min(LONGEST))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_double_up_to_five_minutes_and_are_never_shorter_than_half(failures in 1_u32..=40, seed: String) {
            let whole = Duration::from_secs(1 << (failures - 1).min(20)).min(LONGEST);
            let waited = wait(failures, None, &seed);
            prop_assert!((whole / 2..=whole).contains(&waited), "{:?} of {:?}", waited, whole);
        }

        #[test]
        fn what_the_receiver_asks_for_is_waited_within_the_bound(seconds: u64) {
            let waited = wait(1, Some(Duration::from_secs(seconds)), "");
            prop_assert!(waited >= Duration::from_secs(seconds.min(300)) && waited <= LONGEST);
        }
    }

    #[test]
    fn two_sites_wait_for_different_times() {
        assert_ne!(wait(5, None, "north"), wait(5, None, "south"));
    }
}
