//! Feeds are brought up to date beside the answers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::ground::clock::{Clock, monotonic};
use crate::ground::storage::Storage;
use crate::ground::{causes, step_back};
use crate::screening::Screening;
use crate::syncing::{self, Board, Outcome, Source, SyncError, Synced, Wish, Woken};

/// The thread that goes round the sources.
pub(super) struct Synchronise {
    board: Arc<Board>,
    thread: JoinHandle<()>,
}

/// A source and when it is asked next.
pub(super) struct Scheduled {
    pub(super) source: Source,
    pub(super) every: Duration,
}

/// After a failure a source is asked again this soon, then after twice as long each time, until that is its own interval.
const AGAIN_AFTER: Duration = Duration::from_secs(10);
/// A list that waits for its time of day is put in force within so long of it.
const LOOK_EVERY: Duration = Duration::from_secs(20);

impl Synchronise {
    pub(super) fn start(
        screening: Arc<Screening>,
        storage: Arc<dyn Storage>,
        clock: Arc<Clock>,
        data_dir: std::path::PathBuf,
        sources: Vec<Scheduled>,
        board: Arc<Board>,
    ) -> Self {
        let of_thread = board.clone();
        let thread = std::thread::spawn(move || {
            step_back();
            let site = syncing::Site {
                storage,
                data_dir: &data_dir,
                log: screening.log(),
                clock: &clock,
                principal: "service".into(),
            };
            go_round(&site, sources, &of_thread);
        });
        Self { board, thread }
    }

    pub(super) fn stop(self) {
        self.board.stop();
        if self.thread.join().is_err() {
            tracing::error!("the thread that synchronises feeds had ended with a defect");
        }
    }
}

fn go_round(site: &syncing::Site<'_>, sources: Vec<Scheduled>, board: &Board) {
    let mut due = vec![monotonic(); sources.len()];
    let mut failures = vec![0_u32; sources.len()];
    for round in 0_u64.. {
        for (at, Scheduled { source, every }) in sources.iter().enumerate() {
            if due[at] > monotonic() || board.stopped() {
                continue;
            }
            let ended = attempt(site, source, board);
            failures[at] = if ended.is_ok() { 0 } else { failures[at].saturating_add(1) };
            let waits = ended.is_ok_and(|synced| synced.outcome == Outcome::Waiting);
            let pause = if waits { LOOK_EVERY.min(*every) } else { pause(*every, failures[at]) };
            due[at] = monotonic() + spread(pause, site.log.log_id().as_bytes(), round);
        }
        let next = due.iter().min().copied().unwrap_or_else(monotonic);
        match board.wait(next.saturating_duration_since(monotonic())) {
            Woken::Stopped => return,
            Woken::Wanted => due.fill(monotonic()),
            Woken::Due => {}
        }
    }
}

fn attempt(site: &syncing::Site<'_>, source: &Source, board: &Board) -> Result<Synced, SyncError> {
    let go_on = || if board.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let ended = syncing::sync(site, source, Wish::default(), &mut |_, _| go_on());
    let news = board.note(&source.feed, &ended, site.clock.now().time);
    match &ended {
        _ if !news => {}
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

fn pause(every: Duration, failures: u32) -> Duration {
    match failures {
        0 => every,
        failures => AGAIN_AFTER.saturating_mul(1 << failures.min(20).saturating_sub(1)).min(every),
    }
}

/// Give or take a fifth, another for each service and each round: so that a fleet that started together does not ask together.
fn spread(pause: Duration, service: &[u8], round: u64) -> Duration {
    let share = xxh3_64_with_seed(service, round) as f64 / u64::MAX as f64;
    pause.mul_f64(0.8 + 0.4 * share)
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
}
