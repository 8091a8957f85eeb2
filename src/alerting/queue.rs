//! Acts that wait at the same time are done together: one opening of the store, one write to it and few to the log serve them all.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Mutex, PoisonError};

use super::error::AlertingError;
use super::wish::{Fulfilled, Wish};
use crate::overlay::Alerts;

/// As many as are done together; others wait for the next time.
const TOGETHER_MAX: usize = 256;

/// What became of a wish, or why nothing did.
pub type Outcome = Result<Fulfilled, AlertingError>;

/// Those who wait for their act.
#[derive(Debug, Default)]
pub struct Queue(Mutex<Vec<(Wish, Sender<Outcome>)>>);

impl Queue {
    /// Has a wish fulfilled. Whoever gets hold of what is `known` first does it for all who wait by then; `fulfil` gives an outcome for
    /// each wish, in their order. Blocks.
    ///
    /// # Errors
    /// [`AlertingError`], also if whoever did it came to grief.
    pub fn fulfil(
        &self,
        wish: Wish,
        known: &Mutex<Alerts>,
        mut fulfil: impl FnMut(&mut Alerts, Vec<Wish>) -> Vec<Outcome>,
    ) -> Outcome {
        let (sender, outcome) = channel();
        self.waiting().push((wish, sender));
        loop {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(outcome) = arrived(&outcome) {
                return outcome;
            }
            let (wishes, senders): (Vec<_>, Vec<_>) = self.next().into_iter().unzip();
            for (sender, outcome) in senders.iter().zip(fulfil(&mut known, wishes)) {
                // Nobody waits any more whose connection has gone; it is done all the same.
                let _ = sender.send(outcome);
            }
        }
    }

    fn next(&self) -> Vec<(Wish, Sender<Outcome>)> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(TOGETHER_MAX);
        waiting.drain(..count).collect()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(Wish, Sender<Outcome>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outcome, if it is there or never comes.
fn arrived(outcome: &Receiver<Outcome>) -> Option<Outcome> {
    match outcome.try_recv() {
        Ok(outcome) => Some(outcome),
        Err(TryRecvError::Empty) => None,
        Err(TryRecvError::Disconnected) => Some(Err(AlertingError::Unfinished)),
    }
}
