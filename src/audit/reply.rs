//! How those who wait for an entry hear of it: all that were recorded together are told first, and then woken, one of each thread by
//! the writing thread, and the others by that one.
//!
//! To wake somebody in another thread costs a call to the operating system, and where both share a core, two switches between them; to
//! wake somebody in the own thread costs next to nothing.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread, ThreadId};

use super::AuditError;
use crate::domain::Receipt;

type Outcome = Result<Receipt, AuditError>;

/// What the writing thread holds of somebody who waits. Dropped without a word, it says that the writer is gone.
#[derive(Debug)]
pub(super) struct Reply(Option<Arc<Slot>>);

/// What somebody who waits holds.
#[derive(Debug)]
pub(super) struct Receiving(Arc<Slot>);

#[derive(Debug)]
struct Slot(Mutex<State>);

#[derive(Debug)]
enum State {
    /// Nobody has looked yet, or somebody waits in a thread.
    Waiting(Option<(ThreadId, Waker)>),
    /// It is there; whoever takes it wakes the others of the thread.
    Arrived(Outcome, Option<Arc<Others>>),
    /// It was taken, or nobody wants it any more.
    Over,
}

/// Those of one thread who are to be woken by the first of them; `None` once that was done.
#[derive(Debug)]
struct Others(Mutex<Option<Vec<Waker>>>);

/// Who is to be woken for a group.
#[derive(Debug, Default)]
pub(super) struct Waking(Vec<(ThreadId, Waker, Arc<Others>)>);

/// A way to hear of an entry, from the end that tells to the end that waits.
pub(super) fn reply() -> (Reply, Receiving) {
    let slot = Arc::new(Slot(Mutex::new(State::Waiting(None))));
    (Reply(Some(slot.clone())), Receiving(slot))
}

impl Reply {
    /// Says what became of it. Whoever waits is woken with the group.
    pub(super) fn put(mut self, outcome: Outcome, waking: &mut Waking) {
        if let Some(slot) = self.0.take() {
            slot.put(outcome, Some(waking));
        }
    }

    /// Says what became of it, at once.
    pub(super) fn send(mut self, outcome: Outcome) {
        if let Some(slot) = self.0.take() {
            slot.put(outcome, None);
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(slot) = self.0.take() {
            slot.put(Err(AuditError::WriterGone), None);
        }
    }
}

impl Slot {
    fn put(&self, outcome: Outcome, waking: Option<&mut Waking>) {
        let mut state = self.state();
        let State::Waiting(waiting) = &mut *state else { return };
        match (waiting.take(), waking) {
            (Some((thread, waker)), Some(waking)) => {
                let (others, at_once) = waking.add(thread, waker);
                *state = State::Arrived(outcome, Some(others));
                drop(state);
                at_once.into_iter().for_each(Waker::wake);
            }
            (waiting, _) => {
                *state = State::Arrived(outcome, None);
                drop(state);
                waiting.into_iter().for_each(|(_, waker)| waker.wake());
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waking {
    /// Leaves a waker to the first of its thread. It comes back if that one was there already, and looked for others.
    fn add(&mut self, thread: ThreadId, waker: Waker) -> (Arc<Others>, Option<Waker>) {
        if let Some((_, _, others)) = self.0.iter().find(|(first, ..)| *first == thread) {
            let at_once = match others.waiting().as_mut() {
                Some(waiting) => {
                    waiting.push(waker);
                    None
                }
                None => Some(waker),
            };
            return (others.clone(), at_once);
        }
        let others = Arc::new(Others(Mutex::new(Some(Vec::new()))));
        self.0.push((thread, waker, others.clone()));
        (others, None)
    }

    /// Wakes the first of each thread.
    pub(super) fn wake(&self) {
        self.0.iter().for_each(|(_, first, _)| first.wake_by_ref());
    }

    /// Wakes whoever still sleeps because the first of his thread has not looked.
    pub(super) fn wake_rest(self) {
        self.0.into_iter().for_each(|(.., others)| others.wake());
    }

    /// Whether somebody may still sleep.
    pub(super) fn may_sleep(&self) -> bool {
        self.0.iter().any(|(.., others)| others.waiting().as_ref().is_some_and(|waiting| !waiting.is_empty()))
    }
}

impl Others {
    fn waiting(&self) -> MutexGuard<'_, Option<Vec<Waker>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        let waiting = self.waiting().take();
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}

impl Receiving {
    /// Ready once it is known what became of the entry; then no more.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Outcome> {
        let mut state = self.0.state();
        match mem::replace(&mut *state, State::Over) {
            State::Waiting(_) => {
                *state = State::Waiting(Some((thread::current().id(), context.waker().clone())));
                Poll::Pending
            }
            State::Arrived(outcome, others) => {
                drop(state);
                others.iter().for_each(|others| others.wake());
                Poll::Ready(outcome)
            }
            State::Over => Poll::Ready(Err(AuditError::WriterGone)),
        }
    }

    /// Blocks the thread until it is known.
    pub(super) fn wait(&self) -> Outcome {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        loop {
            match self.poll(&Context::from_waker(&waker)) {
                Poll::Ready(outcome) => return outcome,
                Poll::Pending => thread::park(),
            }
        }
    }
}

impl Drop for Receiving {
    /// Whoever goes away while others rely on him wakes them first.
    fn drop(&mut self) {
        let state = mem::replace(&mut *self.0.state(), State::Over);
        if let State::Arrived(_, Some(others)) = state {
            others.wake();
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// So many who wait in this thread, each with its count of being woken.
    fn waiting(count: usize) -> Vec<(Option<Reply>, Option<Receiving>, Arc<Woken>)> {
        let one = |_| {
            let ((reply, receiving), woken) = (reply(), Arc::<Woken>::default());
            assert!(receiving.poll(&Context::from_waker(&Waker::from(woken.clone()))).is_pending());
            (Some(reply), Some(receiving), woken)
        };
        (0..count).map(one).collect()
    }

    fn woken(all: &[(Option<Reply>, Option<Receiving>, Arc<Woken>)]) -> Vec<usize> {
        all.iter().map(|(.., woken)| woken.0.load(Ordering::SeqCst)).collect()
    }

    fn take(receiving: &Receiving) -> Outcome {
        match receiving.poll(&Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("it is there"),
        }
    }

    fn put(all: &mut [(Option<Reply>, Option<Receiving>, Arc<Woken>)], waking: &mut Waking) {
        for reply in all.iter_mut().filter_map(|(reply, ..)| reply.take()) {
            reply.put(Err(AuditError::WriterGone), waking);
        }
    }

    #[test]
    fn the_first_of_a_thread_is_woken_and_wakes_the_others_when_it_looks() {
        let mut all = waiting(3);
        let mut waking = Waking::default();
        put(&mut all, &mut waking);
        assert_eq!(woken(&all), [0, 0, 0], "all are told before anybody is woken");
        waking.wake();
        assert_eq!(woken(&all), [1, 0, 0]);
        assert!(take(all[0].1.as_ref().unwrap()).is_err());
        assert_eq!(woken(&all), [1, 1, 1]);
    }

    #[test]
    fn whoever_goes_away_leaves_nobody_asleep() {
        // Before it is told, after it was told and before it is woken, after it was woken.
        for moment in 0..3 {
            let mut all = waiting(3);
            let mut waking = Waking::default();
            let leave = |now: usize, all: &mut Vec<(Option<Reply>, Option<Receiving>, Arc<Woken>)>| {
                if now == moment {
                    all[0].1.take();
                }
            };
            leave(0, &mut all);
            put(&mut all, &mut waking);
            leave(1, &mut all);
            waking.wake();
            leave(2, &mut all);
            let first = all.iter().find_map(|(_, receiving, woken)| {
                receiving.as_ref().filter(|_| woken.0.load(Ordering::SeqCst) > 0)
            });
            assert!(take(first.expect("somebody is awake")).is_err());
            assert!(woken(&all)[1..].iter().all(|times| *times > 0), "{moment}: {:?}", woken(&all));
        }
    }

    #[test]
    fn who_looked_before_the_group_was_whole_does_not_keep_the_rest_asleep() {
        let (mut early, mut late) = (waiting(1), waiting(2));
        let mut waking = Waking::default();
        put(&mut early, &mut waking);
        assert!(take(early[0].1.as_ref().unwrap()).is_err());
        put(&mut late, &mut waking);
        waking.wake();
        assert_eq!(woken(&late), [1, 1]);
    }

    #[test]
    fn who_relies_on_somebody_who_never_looks_is_woken_all_the_same() {
        let mut all = waiting(3);
        let mut waking = Waking::default();
        put(&mut all, &mut waking);
        waking.wake();
        assert!(waking.may_sleep());
        waking.wake_rest();
        assert_eq!(woken(&all), [1, 1, 1]);
    }

    #[test]
    fn a_reply_that_is_dropped_says_that_the_writer_is_gone() {
        let mut all = waiting(1);
        all[0].0.take();
        assert_eq!(woken(&all), [1]);
        assert!(matches!(take(all[0].1.as_ref().unwrap()), Err(AuditError::WriterGone)));
    }

    #[test]
    fn many_threads_wait_for_many_groups() {
        let (sender, queue) = std::sync::mpsc::channel::<Reply>();
        let writer = thread::spawn(move || {
            while let Ok(first) = queue.recv() {
                let mut waking = Waking::default();
                for reply in std::iter::once(first).chain(queue.try_iter()) {
                    reply.put(Err(AuditError::WriterGone), &mut waking);
                }
                waking.wake();
            }
        });
        thread::scope(|scope| {
            for _ in 0..8 {
                let sender = sender.clone();
                scope.spawn(move || {
                    for _ in 0..2000 {
                        let (reply, receiving) = reply();
                        sender.send(reply).unwrap();
                        assert!(receiving.wait().is_err());
                    }
                });
            }
        });
        drop(sender);
        writer.join().unwrap();
    }
}
