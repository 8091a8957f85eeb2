//! What the machines stand on: storage, memory, time, and the way to web servers. Any machine may import it; it imports `domain` only.

pub mod alarm;
mod causes;
pub mod clock;
pub mod platform;
mod priority;
pub mod storage;
pub mod web;

pub use causes::causes;
pub use priority::{cores, step_aside, step_back};
