//! How each feed of a service stands with its publisher, for whoever asks.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::{Outcome, SyncError, Synced};
use crate::domain::FeedName;

/// How each feed stands, and whether somebody wants it looked at now.
#[derive(Debug, Default)]
pub struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    feeds: BTreeMap<FeedName, Standing>,
    /// How often somebody has wanted that.
    wanted: u64,
    stopped: bool,
}

/// How a feed stands with its publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The newest publication that was accepted, in force or not.
    pub published: Option<u64>,
    /// It has come and is not in force: the settings say when.
    pub waiting: bool,
    /// When the feed was last found up to date, or waiting.
    pub synced_at: Option<Timestamp>,
    /// Attempts that failed since then.
    pub failures: u64,
    /// Why the last attempt failed: a stable word, and a text for people.
    pub error: Option<(&'static str, String)>,
    /// What came over the line for it since the service started, in bytes of files.
    pub line_bytes: u64,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// The time was over.
    Due,
    /// Somebody wants every feed looked at now.
    Wanted,
    /// The service ends.
    Stopped,
}

impl Board {
    /// Wants every feed looked at now.
    pub fn want(&self) {
        let mut state = self.state();
        state.wanted = state.wanted.wrapping_add(1);
        drop(state);
        self.changed.notify_all();
    }

    /// Ends the wait for good.
    pub fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    /// True once the service ends.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.state().stopped
    }

    /// Waits, at most so long. `seen` is how often this one was wanted so far: each of several that wait is woken.
    pub fn wait(&self, at_most: Duration, seen: &mut u64) -> Woken {
        let idle = |state: &mut State| state.wanted == *seen && !state.stopped;
        let waited = self.changed.wait_timeout_while(self.state(), at_most, idle);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let wanted = std::mem::replace(seen, state.wanted) != state.wanted;
        match (state.stopped, wanted) {
            (true, _) => Woken::Stopped,
            (false, true) => Woken::Wanted,
            (false, false) => Woken::Due,
        }
    }

    /// How each feed stands, by name.
    #[must_use]
    pub fn feeds(&self) -> BTreeMap<FeedName, Standing> {
        self.state().feeds.clone()
    }

    /// Notes how an attempt ended; gives true if that is not what the one before said.
    pub fn note(&self, feed: &FeedName, ended: &Result<Synced, SyncError>, now: Timestamp) -> bool {
        let mut state = self.state();
        let standing = state.feeds.entry(feed.clone()).or_default();
        match ended {
            Ok(synced) => {
                let waiting = synced.outcome == Outcome::Waiting;
                let news = standing.error.is_some()
                    || standing.published != Some(synced.sequence)
                    || standing.waiting != waiting;
                *standing = Standing {
                    published: Some(synced.sequence),
                    waiting,
                    synced_at: Some(now),
                    failures: 0,
                    error: None,
                    line_bytes: standing.line_bytes.saturating_add(synced.line_bytes),
                };
                news
            }
            Err(error) => {
                standing.failures = standing.failures.saturating_add(1);
                let error = (error.code(), crate::ground::causes(error));
                standing.error.replace(error.clone()) != Some(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_demand_wakes_everybody_once_also_who_was_busy_and_a_stop_wakes_for_good() {
        let board = Board::default();
        let (mut first, mut second) = (0, 0);
        board.want();
        board.want();
        for seen in [&mut first, &mut second] {
            assert_eq!(board.wait(LONG, seen), Woken::Wanted);
            assert_eq!(board.wait(Duration::ZERO, seen), Woken::Due);
        }
        std::thread::scope(|scope| {
            let waiting = [&mut first, &mut second].map(|seen| scope.spawn(|| board.wait(LONG, seen)));
            board.want();
            waiting.into_iter().for_each(|waiting| assert_eq!(waiting.join().unwrap(), Woken::Wanted));
        });
        board.stop();
        board.want();
        assert_eq!(board.wait(LONG, &mut first), Woken::Stopped);
        assert_eq!(board.wait(LONG, &mut first), Woken::Stopped);
    }
}
