//! What goes on beside the answers: following CURRENT, and scrubbing the files in force.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::config::IndexMemory;
use crate::domain::GenerationId;
use crate::ground::causes;
use crate::screening::Site;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// To look again at a generation that could not be trusted is to read all of it: seldom enough not to load the disk.
const LOOKS_BETWEEN_RETRIES: u32 = 30;
const LOOKS_BETWEEN_SCRUBS: u32 = 60;

pub(super) struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Watch {
    pub(super) fn start(site: Arc<Site>, memory: IndexMemory) -> Self {
        report(&site, memory);
        site.watched();
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut told = None;
            for look in 1_u32.. {
                if stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                if site.refresh(look.is_multiple_of(LOOKS_BETWEEN_RETRIES)) {
                    report(&site, memory);
                }
                look_after(&site, look.is_multiple_of(LOOKS_BETWEEN_SCRUBS), &mut told);
                site.watched();
            }
        });
        Self { stop, thread }
    }

    pub(super) fn stop(self) {
        // The thread may have ended by itself; then there is nobody to tell.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the watch over generations had ended with a defect");
        }
    }
}

fn report(site: &Site, memory: IndexMemory) {
    let in_force = site.in_force();
    let to_lock = in_force.snapshot.as_ref().filter(|_| memory == IndexMemory::Locked);
    if let Some(Err(error)) = to_lock.map(|snapshot| snapshot.lock_in_memory()) {
        tracing::warn!(
            error = %causes(&error),
            "the lists are not locked in memory: raise LimitMEMLOCK or `ulimit -l`; answers are as good, some may wait for the disk"
        );
    }
    if let Some(fault) = &in_force.fault {
        let kept = in_force.id().map(|id| id.number);
        tracing::error!(error = %causes(&**fault), kept, "a generation cannot be trusted and is not put in force");
    } else if let Some(id) = in_force.id() {
        tracing::info!(generation = id.number, digest = %id.digest, "generation in force");
    } else {
        tracing::warn!("no generation is in force: every answer is inconclusive until a list is imported");
    }
}

/// Measures the files in force at each look, and reads them whole at some; damage is told once for each generation, also
/// if a question met it first. What had failed in passing is put in force again.
fn look_after(site: &Site, whole: bool, told: &mut Option<GenerationId>) {
    let in_force = site.in_force();
    let Some(snapshot) = &in_force.snapshot else { return };
    if *told == Some(snapshot.id()) {
        if whole && site.reopen() {
            *told = None;
            tracing::info!(
                generation = snapshot.id().number,
                "the files of the generation in force are whole again"
            );
        }
        return;
    }
    let looked = if whole || snapshot.poisoned() { snapshot.scrub() } else { snapshot.measure() };
    if looked.is_ok() && !snapshot.poisoned() {
        return;
    }
    *told = Some(snapshot.id());
    let error = looked.err().map_or_else(|| "it failed while it was read".to_owned(), |fault| causes(&fault));
    tracing::error!(
        error,
        generation = snapshot.id().number,
        "a file of the generation in force is damaged: answers are inconclusive until it can be read whole again or another is in force: check the disk, import the list again"
    );
}
