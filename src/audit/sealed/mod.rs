//! What the journal has no room for: entries of one retention class and one day, compressed and sealed with the key of that class
//! and month, so that they can be destroyed without touching any other, or the tree.
//!
//! A journal's file becomes one sealed file for each class and day that it has entries of, all with the same range of the log
//! (`sealer.rs`). Each begins with its [`Stub`], in clear: which entries it has. When its time is over, key and file are destroyed
//! and the stub stays.

mod class;
mod file;
mod file_writer;
mod key;
mod membership;
mod name;
mod picked;
mod range;
mod sealer;
mod stub;
#[cfg(test)]
mod tests;

pub(super) use class::day_of;
pub use class::{Retention, RetentionClass, bounds_of};
pub(super) use file::SealedFile;
pub(super) use key::KeyName;
pub(super) use name::{SealedName, State, sealed_folder};
pub(super) use picked::Picked;
pub(super) use range::{Kept, Past, Range};
pub(super) use sealer::{Sealer, Sealing};
