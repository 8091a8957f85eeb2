//! Undoing bzip2 on all cores.
//!
//! A stream is blocks of up to 900 000 bytes, each compressed by itself, one behind the other without a boundary of bytes:
//! a block begins with 48 bits that say so, wherever the one before ended. [`Scanner`] finds those bits, a worker makes a
//! stream of its own of each block for the library to undo, and [`Parallel`] hands the bytes on in order, checks each
//! block by its checksum (the library does) and all of them by the stream's.

mod bits;
mod parallel;
mod scanner;

pub(super) use parallel::Parallel;
