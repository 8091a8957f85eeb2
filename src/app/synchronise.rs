//! Feeds are brought up to date beside the answers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::ground::{causes, step_back};
use crate::index::IndexError;
use crate::screening::Screening;
use crate::syncing::{self, Activation, Board, Outcome, Source, SyncError, Synced, Wish, Woken};

/// A thread for each source: a line on which one list takes days keeps no other feed from being vouched for.
pub(super) struct Synchronise {
    board: Arc<Board>,
    threads: Vec<JoinHandle<()>>,
}

/// A source and when it is asked next.
pub(super) struct Scheduled {
    pub(super) source: Source,
    pub(super) every: Duration,
}

/// After a failure a source is asked again this soon, then after twice as long each time, until that is its own interval.
const AGAIN_AFTER: Duration = Duration::from_secs(10);
/// A list that waits for its time of day is put in force within so long of it.
const TURN_WITHIN: Duration = Duration::from_secs(20);
/// Who finds the index in use tries again after so long.
const AGAIN_AFTER_USE: Duration = Duration::from_secs(5);
/// So often it is still another feed that is folded, and nobody is told.
const IN_USE_MAX: u32 = 60;

/// What every thread works with.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) screening: Arc<Screening>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) clock: Arc<Clock>,
    pub(super) data_dir: std::path::PathBuf,
    pub(super) board: Arc<Board>,
}

impl Synchronise {
    pub(super) fn start(shared: &Shared, sources: Vec<Scheduled>) -> Self {
        let start = |scheduled: Scheduled| {
            let shared = shared.clone();
            std::thread::spawn(move || {
                step_back();
                shared.follow(&scheduled);
            })
        };
        Self { board: shared.board.clone(), threads: sources.into_iter().map(start).collect() }
    }

    pub(super) fn stop(self) {
        self.board.stop();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread that synchronises a feed had ended with a defect");
            }
        }
    }
}

impl Shared {
    fn follow(&self, Scheduled { source, every }: &Scheduled) {
        let (mut failures, mut in_use, mut seen) = (0_u32, 0, 0);
        for round in 0_u64.. {
            if self.board.stopped() {
                return;
            }
            let ended = self.attempt(source, in_use);
            in_use = if ended.as_ref().is_err_and(is_in_use) { in_use + 1 } else { 0 };
            failures = if ended.is_ok() || in_use > 0 { 0 } else { failures.saturating_add(1) };
            let waits = ended.is_ok_and(|synced| synced.outcome == Outcome::Waiting);
            let usual = if in_use > 0 { AGAIN_AFTER_USE.min(*every) } else { pause(*every, failures) };
            // Feeds of one service are spread as well, for they may have the same server.
            let who = [self.screening.log().log_id().as_bytes(), source.feed.as_str().as_bytes()].concat();
            let usual = spread(usual, &who, round);
            let pause = match source.activation {
                Activation::At(of_day) if waits => {
                    let left = until(of_day, self.clock.now().time);
                    usual.min(left + TURN_WITHIN.mul_f64(share(&who, round)))
                }
                // Who waits for a command is put in force by the command.
                Activation::At(_) | Activation::AtOnce | Activation::OnCommand => usual,
            };
            if self.board.wait(pause, &mut seen) == Woken::Stopped {
                return;
            }
        }
    }

    fn attempt(&self, source: &Source, in_use: u32) -> Result<Synced, SyncError> {
        let site = syncing::Site {
            storage: self.storage.clone(),
            data_dir: &self.data_dir,
            log: self.screening.log(),
            clock: &self.clock,
            principal: "service".into(),
        };
        let go_on = || if self.board.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let wish = Wish { repair: self.screening.site().in_force().is_damaged(), ..Wish::default() };
        let ended = syncing::sync(&site, source, wish, &mut |_, _| go_on());
        let quiet = |error: &SyncError| {
            matches!(error, SyncError::Interrupted(_)) || is_in_use(error) && in_use < IN_USE_MAX
        };
        if ended.as_ref().is_err_and(quiet) || !self.board.note(&source.feed, &ended, self.clock.now().time) {
            return ended;
        }
        match &ended {
            Err(error) => tracing::error!(
                feed = %source.feed,
                error = %causes(error),
                "a feed is not brought up to date; what is in force stays, and it is tried again"
            ),
            Ok(synced) if synced.outcome == Outcome::Waiting => {
                tracing::info!(feed = %source.feed, sequence = synced.sequence, "downloaded, and not in force yet");
            }
            Ok(synced) => tracing::info!(feed = %source.feed, sequence = synced.sequence, "up to date"),
        }
        ended
    }
}

/// Somebody else is at the index or the feed, and will not be for long.
fn is_in_use(error: &SyncError) -> bool {
    matches!(
        error,
        SyncError::Index { source: IndexError::Locked(_), .. } | SyncError::Busy(_) | SyncError::Overtaken(_)
    )
}

fn pause(every: Duration, failures: u32) -> Duration {
    match failures {
        0 => every,
        failures => AGAIN_AFTER.saturating_mul(1 << failures.min(20).saturating_sub(1)).min(every),
    }
}

/// Give or take a fifth, another for each service and each round: so that a fleet that started together does not ask together.
fn spread(pause: Duration, service: &[u8], round: u64) -> Duration {
    pause.mul_f64(0.8 + 0.4 * share(service, round))
}

/// From 0 to 1.
fn share(service: &[u8], round: u64) -> f64 {
    xxh3_64_with_seed(service, round) as f64 / u64::MAX as f64
}

/// How long it is until a time of day in UTC, in minutes from midnight; a whole day at that time itself.
fn until(of_day: u16, now: Timestamp) -> Duration {
    const SECONDS_PER_DAY: i64 = 24 * 3600;
    let left = (i64::from(of_day) * 60 - now.as_second()).rem_euclid(SECONDS_PER_DAY);
    let left = if left == 0 { SECONDS_PER_DAY } else { left };
    Duration::from_secs(left.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_tried_again_soon_then_ever_later_and_never_later_than_usual() {
        let hour = Duration::from_secs(3600);
        let pauses: Vec<_> = (0..=10).map(|failures| pause(hour, failures).as_secs()).collect();
        assert_eq!(pauses, [3600, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]);
        assert_eq!(pause(Duration::from_secs(3), 1).as_secs(), 3);
        assert_eq!(pause(hour, u32::MAX), hour);
    }

    #[test]
    fn services_that_start_together_spread_within_a_fifth() {
        let minute = Duration::from_secs(60);
        let spreads: std::collections::BTreeSet<_> =
            (0..50_u8).map(|service| spread(minute, &[service], 1)).collect();
        assert!(spreads.len() > 40);
        assert!(spreads.iter().all(|pause| (48..=72).contains(&pause.as_secs())));
    }

    #[test]
    fn a_time_of_day_is_waited_for_to_the_second() {
        let midnight = Timestamp::from_second(20_000 * 24 * 3600).unwrap();
        let after = |seconds| midnight + jiff::SignedDuration::from_secs(seconds);
        assert_eq!(until(60, after(0)).as_secs(), 3600);
        assert_eq!(until(60, after(3599)).as_secs(), 1);
        assert_eq!(until(60, after(3600)).as_secs(), 24 * 3600);
        assert_eq!(until(60, after(3601)).as_secs(), 24 * 3600 - 1);
    }
}
