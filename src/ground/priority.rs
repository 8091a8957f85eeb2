//! Work that can wait.

/// Lets everybody else on the machine go first, from here on: for the thread that calls it and those that it starts. Where
/// that is not to be had, nothing happens.
pub fn step_back() {
    let _ = rustix::process::nice(LEAST);
}

/// Linux cuts it off at 19, the least there is.
const LEAST: i32 = 20;
