//! Erases, each hour, what the service's log need not keep any more.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::audit::{Act, Draft, Erasure, Retention};
use crate::domain::Digest;
use crate::ground::causes;
use crate::ground::clock::{Clock, monotonic};
use crate::ground::storage::Storage;
use crate::screening::Screening;

const EVERY: Duration = Duration::from_secs(3600);
/// How far a clock may be ahead of the log's newest entry at the start, before somebody has to say that it is right: a clock that
/// jumps by years must not take years of the log with it.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);

/// What the log's entries of erasures say of who did it.
const BY_RULE: &str = "retention";

pub(super) struct Eraser {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

/// What an eraser works on.
pub(super) struct Erasing {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) clock: Arc<Clock>,
    pub(super) data_dir: PathBuf,
    pub(super) retention: Retention,
    pub(super) settings_digest: Digest,
    /// The highest time in the log when it was opened.
    pub(super) highest_time: Option<Timestamp>,
}

impl Eraser {
    pub(super) fn start(screening: Arc<Screening>, erasing: Erasing) -> Self {
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let begun = monotonic();
            loop {
                let running = SignedDuration::try_from(begun.elapsed()).unwrap_or(SignedDuration::MAX);
                erasing.erase(&screening, running);
                if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { stop, thread }
    }

    /// Ends it after the file that is being erased.
    pub(super) fn stop(self) {
        // The thread may have ended by itself; then there is nobody to tell.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the eraser of the audit log had ended with a defect");
        }
    }
}

impl Erasing {
    fn erase(&self, screening: &Screening, running: SignedDuration) {
        let now = self.clock.now().time;
        let expected = self.highest_time.unwrap_or(now).checked_add(AHEAD_MAX.saturating_add(running));
        let is_ahead = expected.is_ok_and(|expected| now > expected);
        let log = self.data_dir.join("audit").join(&**screening.log().log_id());
        let erased = Erasure::plan(&*self.storage, &log, &self.retention, now).and_then(|erasure| {
            if erasure.is_empty() {
                return Ok(0);
            }
            if is_ahead {
                tracing::warn!(
                    "the clock is more than 31 days ahead of the audit log's newest entry: nothing is erased; if it is right, stop the \
                     service and say `portcullis audit erase`"
                );
                return Ok(0);
            }
            let draft = Draft::new(now, Act::Erased, BY_RULE.into(), self.settings_digest);
            erasure.carry_out(&*self.storage, screening.log(), &draft)
        });
        match erased {
            Ok(0) => {}
            Ok(entries) => {
                tracing::info!(entries, "entries of the audit log whose time was over were erased")
            }
            Err(error) => {
                tracing::error!(error = %causes(&error), "the audit log's old entries are not erased")
            }
        }
    }
}
