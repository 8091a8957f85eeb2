//! What an engine must be able to do to be compared.

use std::hint::black_box;
use std::path::Path;

use anyhow::Result;

use crate::data::{Asked, Record};

/// Questions asked at once, as a manifest does.
pub(crate) const GROUP: usize = 1024;

/// Answers questions, and tells how many were found.
pub(crate) trait Engine {
    fn ask_singly(&mut self, asked: &Asked) -> usize;
    fn ask_in_groups(&mut self, asked: &Asked) -> usize;
}

/// A store of keys.
pub(crate) trait Peer: Sized {
    /// Takes records, which are sorted, in, and leaves nothing to be done before the first question.
    fn load(folder: &Path, records: &[Record]) -> Result<Self>;

    /// What it takes to hold the records: in the files that are mapped or cached, or in memory.
    fn bytes(&mut self) -> Result<u64>;

    fn find(&mut self, key: u64) -> Option<u32>;

    /// How many of the keys are listed, each asked without waiting for another.
    fn find_batch(&mut self, keys: &[u64]) -> usize {
        keys.iter().filter(|key| black_box(self.find(**key)).is_some()).count()
    }

    /// Asks one after another, each when the one before is answered.
    fn find_each(&mut self, keys: &[u64]) -> usize {
        chain(keys, |key| self.find(*key).map(|number| number as usize))
    }
}

impl<P: Peer> Engine for P {
    fn ask_singly(&mut self, asked: &Asked) -> usize {
        self.find_each(&asked.keys)
    }

    fn ask_in_groups(&mut self, asked: &Asked) -> usize {
        asked.keys.chunks(GROUP).map(|group| self.find_batch(group)).sum()
    }
}

/// Counts the questions that are answered; a question cannot be read before what the last one gave is known.
pub(crate) fn chain<Q>(questions: &[Q], mut find: impl FnMut(&Q) -> Option<usize>) -> usize {
    // The compiler cannot know that nothing is left of an answer.
    let nothing = black_box(0);
    let (mut found, mut before) = (0, 0);
    for at in 0..questions.len() {
        let answer = find(&questions[at + (before & nothing)]);
        found += usize::from(answer.is_some());
        before = answer.unwrap_or(0);
    }
    found
}
