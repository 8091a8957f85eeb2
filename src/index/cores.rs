//! Work on large files, in parts.

use std::thread;

use crate::ground::cores;

/// Does each of so many parts of a work, counted from 0, on a core of its own, and gives what they come to, in order; in the
/// background not on [all of them](cores).
pub(super) fn on_all_cores<T: Send, E: Send>(
    work: impl Fn(u64, u64) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let cores = cores() as u64;
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..cores).map(|part| scope.spawn(move || work(part, cores))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread has panicked")).collect()
    })
}
