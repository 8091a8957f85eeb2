//! Work that can wait.

use std::cell::Cell;

thread_local! {
    static IN_BACKGROUND: Cell<bool> = const { Cell::new(false) };
}

/// Lets everybody else on the machine go first, from here on: the thread that calls it and those that it starts are as nice as
/// there is, and one core is [left alone](cores). Where that is not to be had, nothing happens.
pub fn step_back() {
    IN_BACKGROUND.set(true);
    let _ = rustix::process::nice(LEAST);
}

/// Lets everybody else on the machine go first who is not in the background as well, from here on: where all are busy, the thread that
/// calls it still gets a tenth of a core. For work that somebody waits for who can wait for seconds.
pub fn step_aside() {
    let _ = rustix::process::nice(LESS);
}

/// How many cores there are for the work of the calling thread: if it [stepped back](step_back), all but one. Where all are
/// busy, whoever is woken may wait for milliseconds, however nice the others are, and on a virtual machine for its host too.
#[must_use]
pub fn cores() -> usize {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    if IN_BACKGROUND.get() { all.saturating_sub(1).max(1) } else { all }
}

/// Of two that want one core, the nicer one gets a tenth.
const LESS: i32 = 10;
/// Linux cuts it off at 19, the least there is.
const LEAST: i32 = 20;
