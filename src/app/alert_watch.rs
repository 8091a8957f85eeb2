//! What goes on beside the answers with alerts: following what is issued elsewhere, and putting on record what has expired. It has a thread
//! of its own, since the store may be held by others for a while, and a large table takes a while to be made.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::alerting::{AlertingError, EXPIRED_AT_ONCE, EXPIRY_REST};
use crate::domain::alert::Revision;
use crate::ground::{causes, step_aside};
use crate::http::AlertDesk;
use crate::screening::{Overlay, Screening};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Also in the store itself, and for alerts whose time is over.
const LOOKS_BETWEEN_SWEEPS: u32 = 60;
/// In all of the store, for what was damaged since it was read.
const LOOKS_BETWEEN_READINGS: u32 = 3600;

pub(super) struct AlertWatch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl AlertWatch {
    pub(super) fn start(screening: Arc<Screening>, desk: Arc<AlertDesk>) -> Self {
        report(screening.overlay());
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            // Questions go first, and a new alert is in force within seconds all the same.
            step_aside();
            screening.overlay().watched();
            let mut expiry = Expiry::default();
            for look in 0_u32.. {
                let sweeps = look.is_multiple_of(LOOKS_BETWEEN_SWEEPS);
                let overlay = screening.overlay();
                if look.is_multiple_of(LOOKS_BETWEEN_READINGS) && look > 0 {
                    overlay.read_all();
                }
                // The store itself was read when it was opened.
                if overlay.refresh(sweeps && look > 0) {
                    report(overlay);
                }
                // Whoever waits for the store looks at nothing meanwhile, and what is damaged is not added to.
                if overlay.in_force().fault.is_none() && !desk.is_busy() {
                    if sweeps && expiry.is_done() {
                        expiry.begin(&screening, &desk);
                    }
                    expiry.go_on(&screening, &desk);
                }
                // Those that issue, and those that follow, have their turn before there are more.
                let rest = if expiry.is_done() { LOOK_EVERY } else { EXPIRY_REST };
                if stopped.recv_timeout(rest) != Err(RecvTimeoutError::Timeout) {
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
            tracing::error!("the watch over alerts had ended with a defect");
        }
    }
}

/// Alerts whose time is over, on their way to the record.
#[derive(Default)]
struct Expiry {
    over: std::vec::IntoIter<Arc<Revision>>,
    expired: u64,
}

impl Expiry {
    fn is_done(&self) -> bool {
        self.over.len() == 0
    }

    /// Only an act needs the store: whether there is anything to be put on record is known without it.
    fn begin(&mut self, screening: &Screening, desk: &AlertDesk) {
        if !screening.overlay().has_over(screening.now()) {
            return;
        }
        match desk.over(screening) {
            Ok(over) => self.over = over.into_iter(),
            Err(error) => self.fail(&error),
        }
    }

    /// Puts some of them on record.
    fn go_on(&mut self, screening: &Screening, desk: &AlertDesk) {
        let some: Vec<_> = self.over.by_ref().take(EXPIRED_AT_ONCE).collect();
        if some.is_empty() {
            return;
        }
        match desk.expire_some(screening, &some) {
            Ok(count) => self.expired += count,
            Err(error) => self.fail(&error),
        }
        if self.is_done() && self.expired > 0 {
            tracing::info!(count = std::mem::take(&mut self.expired), "alerts have expired");
        }
    }

    /// The next sweep finds them again.
    fn fail(&mut self, error: &AlertingError) {
        self.over = Vec::new().into_iter();
        tracing::warn!(error = %causes(error), "alerts whose time is over are not yet on record as expired");
    }
}

fn report(overlay: &Overlay) {
    let in_force = overlay.in_force();
    match &in_force.fault {
        Some(fault) => {
            tracing::error!(error = %causes(&**fault), "the alerts cannot be read, so that no answer is clear");
        }
        None if in_force.table.counter() > 0 => {
            tracing::info!(revision = in_force.table.counter(), "alerts in force");
        }
        None => {}
    }
}
