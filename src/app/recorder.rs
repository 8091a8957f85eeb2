//! Records, second by second, how many requests got no answer.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::audit::Pending;
use crate::http::Refusals;
use crate::screening::Screening;

const RECORD_EVERY: Duration = Duration::from_secs(1);

/// What the log's entries of requests that got no answer say of who asked: nobody has authenticated them.
const NOBODY: &str = "unauthenticated";

pub(super) struct Recorder {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Recorder {
    pub(super) fn start(screening: Arc<Screening>, refusals: Arc<Refusals>) -> Self {
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            loop {
                let ends = stopped.recv_timeout(RECORD_EVERY) != Err(RecvTimeoutError::Timeout);
                record(&screening, &refusals);
                if ends {
                    return;
                }
            }
        });
        Self { stop, thread }
    }

    /// Ends it once what is left is recorded.
    pub(super) fn stop(self) {
        // The thread may have ended by itself; then there is nobody to tell.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the recorder of requests without an answer had ended with a defect");
        }
    }
}

fn record(screening: &Screening, refusals: &Refusals) {
    let counts = refusals.take();
    if counts.is_empty() {
        return;
    }
    let recorded = screening.record_refusals(&NOBODY.into(), counts.clone()).and_then(Pending::wait);
    if recorded.is_err() {
        // A log that cannot be written has told so; they are recorded once it can.
        refusals.put_back(counts);
    }
}
