//! Lets the book of cases read on, and findings say of which of them bearers are cleared.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::SignedDuration;

use crate::alerting::{CaseError, Casebook};
use crate::audit::Retention;
use crate::domain::case::CaseId;
use crate::ground::causes;
use crate::screening::Screening;

const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) struct CaseWatch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl CaseWatch {
    pub(super) fn start(screening: Arc<Screening>, book: Arc<Mutex<Casebook>>, retention: Retention) -> Self {
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut told = None;
            loop {
                let more = look(&screening, &book, retention, &mut told);
                let pause = if more { Duration::ZERO } else { LOOK_EVERY };
                if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { stop, thread }
    }

    pub(super) fn stop(self) {
        // The thread may have ended by itself; then there is nobody to tell.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the watch over cases had ended with a defect");
        }
    }
}

/// Gives whether there is more to be read at once. What cannot be read is told of once.
fn look(
    screening: &Screening,
    book: &Mutex<Casebook>,
    retention: Retention,
    told: &mut Option<String>,
) -> bool {
    let mut book = book.lock().unwrap_or_else(PoisonError::into_inner);
    let was_whole = book.is_whole();
    let mut fault = book.read_on().err();
    // The logs that can be read are read all the same.
    let more = book.has_more();
    if !more {
        if !was_whole {
            note(screening, &book);
        }
        if let Some(kept_since) = retention.hits_kept_since(screening.now()) {
            book.forget_before(kept_since);
        }
        // Without its keys nobody is cleared: a hit says less then, and nothing that is not so.
        let cleared = book.cleared(screening.now()).map_err(|error| _ = fault.get_or_insert(error));
        screening.put_cleared_in_force(cleared.unwrap_or_default());
    }
    tell(fault.as_ref(), told);
    more
}

/// A scan may be sent again to a service that was started meanwhile.
fn note(screening: &Screening, book: &Casebook) {
    let since = screening.now() - SignedDuration::from_hours(24);
    for case in book.cases().after(Some((since, CaseId([0; 16])))) {
        if let Some(seen) = case.seen.first() {
            screening.note_case(case.id, seen.place.to_string().into());
        }
    }
}

fn tell(fault: Option<&CaseError>, told: &mut Option<String>) {
    let fault = fault.map(|error| causes(error));
    if let Some(error) = fault.as_ref().filter(|fault| told.as_ref() != Some(fault)) {
        tracing::error!(%error, "cases cannot be followed: hits are recorded all the same, and show once the log can be read");
    }
    *told = fault;
}
