//! What goes on beside the answers with alerts: following what is issued elsewhere, and putting on record what has expired. It has a thread
//! of its own, since the store may be held by others for a while, and a large table takes a while to be made.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::ground::{causes, step_aside};
use crate::http::AlertDesk;
use crate::screening::{Overlay, Screening};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Also in the store itself, and for alerts whose time is over.
const LOOKS_BETWEEN_SWEEPS: u32 = 60;

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
            for look in 0_u32.. {
                let sweeps = look.is_multiple_of(LOOKS_BETWEEN_SWEEPS);
                let overlay = screening.overlay();
                // The store itself was read when it was opened.
                if overlay.refresh(sweeps && look > 0) {
                    report(overlay);
                }
                if sweeps {
                    expire(&screening, &desk);
                }
                if stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
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

/// Only an act needs the store: whether there is anything to be put on record is known without it.
fn expire(screening: &Screening, desk: &AlertDesk) {
    if !screening.overlay().has_over(screening.now()) {
        return;
    }
    match desk.expire(screening) {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "alerts have expired"),
        Err(error) => {
            tracing::warn!(error = %causes(&error), "alerts whose time is over are not yet on record as expired");
        }
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
