//! Erases, each hour, what the service's log need not keep any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::audit::{Act, ClockBy, Draft, Retention};
use crate::domain::Digest;
use crate::ground::causes;
use crate::ground::clock::Clock;
use crate::screening::Screening;

const EVERY: Duration = Duration::from_secs(3600);

/// What the log's entries of erasures say of who did it.
const BY_RULE: &str = "retention";

pub(super) struct Eraser {
    stop: Sender<()>,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// What an eraser goes by.
pub(super) struct Erasing {
    pub(super) clock: Arc<Clock>,
    pub(super) retention: Retention,
    pub(super) settings_digest: Digest,
}

impl Eraser {
    pub(super) fn start(screening: Arc<Screening>, erasing: Erasing) -> Self {
        let (stop, stopped) = channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let ends = stopping.clone();
        let thread = std::thread::spawn(move || {
            loop {
                erasing.erase(&screening, &ends);
                if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { stop, stopping, thread }
    }

    /// Ends it after the few files that are being erased.
    pub(super) fn stop(self) {
        self.stopping.store(true, Ordering::Relaxed);
        // The thread may have ended by itself; then there is nobody to tell.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the eraser of the audit log had ended with a defect");
        }
    }
}

impl Erasing {
    fn erase(&self, screening: &Screening, stopping: &AtomicBool) {
        let now = self.clock.now();
        // A clock below what was seen already was wrong before, or is now.
        if !now.trusted {
            tracing::warn!("the clock is not trusted: nothing of the audit log is erased by it");
            return;
        }
        let draft = Draft::new(now.time, Act::Erased, BY_RULE.into(), self.settings_digest);
        let goes_on = || !stopping.load(Ordering::Relaxed);
        let erased = screening.log().erase(&self.retention, (now.time, ClockBy::Entries), &draft, &goes_on);
        match erased {
            Ok(files) if files.is_empty() => {}
            Ok(files) => {
                let entries: u64 = files.iter().map(|file| file.entries).sum();
                tracing::info!(entries, "entries of the audit log whose time was over were erased");
            }
            Err(error) => {
                tracing::error!(error = %causes(&error), "the audit log's old entries are not erased")
            }
        }
    }
}
