//! Requests that got no answer. They are recorded as well, but counted, so that nobody can fill the disk with them.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

/// What was refused since it was last recorded, by the code that the caller got.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<BTreeMap<&'static str, u64>>);

impl Refusals {
    /// One more.
    pub(super) fn note(&self, code: &'static str) {
        *self.counts().entry(code).or_default() += 1;
    }

    /// Takes what is to be recorded.
    pub fn take(&self) -> BTreeMap<&'static str, u64> {
        mem::take(&mut *self.counts())
    }

    /// Puts back what could not be recorded.
    pub fn put_back(&self, counts: BTreeMap<&'static str, u64>) {
        let mut all = self.counts();
        counts.into_iter().for_each(|(code, count)| *all.entry(code).or_default() += count);
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
