//! The sets that documents share.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use crate::index::IndexError;
use crate::index::code::Code;

use super::record::Packed;

/// Every set, under a number in the order in which they were met, which is no order.
#[derive(Debug, Default)]
pub(super) struct Dictionary(Mutex<HashMap<Box<[u8]>, u32>>);

/// What one worker knows of the dictionary, and how often it has used each set.
pub(super) struct Known<'d> {
    dictionary: &'d Dictionary,
    singles: HashMap<u64, u32, BuildHasherDefault<WordHasher>>,
    pub(super) uses: Vec<u64>,
}

/// The sets in the order of the file.
pub(super) struct Sets {
    pub(super) sets: Vec<Box<[u8]>>,
    /// The place of each set by its number.
    pub(super) places: Vec<u32>,
}

impl Dictionary {
    fn lock(&self) -> MutexGuard<'_, HashMap<Box<[u8]>, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number_of(&self, set: &[u8]) -> Result<u32, IndexError> {
        let mut numbers = self.lock();
        if let Some(number) = numbers.get(set) {
            return Ok(*number);
        }
        let next = numbers.len() as u64;
        if next >= Code::SETS_MAX {
            return Err(IndexError::TooLarge);
        }
        numbers.insert(set.into(), next as u32);
        Ok(next as u32)
    }

    pub(super) fn sort(&self) -> Sets {
        let mut sets: Vec<_> = std::mem::take(&mut *self.lock()).into_iter().collect();
        sets.sort_unstable();
        let mut places = vec![0; sets.len()];
        for (place, (_, number)) in (0_u32..).zip(&sets) {
            places[*number as usize] = place;
        }
        Sets { sets: sets.into_iter().map(|(set, _)| set).collect(), places }
    }
}

impl<'d> Known<'d> {
    pub(super) fn new(dictionary: &'d Dictionary) -> Self {
        Self { dictionary, singles: HashMap::default(), uses: Vec::new() }
    }

    /// The number of a set of one notice without a reference. Its place in memory is anywhere: whoever asks for many in a row,
    /// and does nothing else between, has the processor wait for several at once.
    #[inline]
    pub(super) fn single(&mut self, packed: Packed) -> Result<u32, IndexError> {
        let number = match self.singles.get(&packed.0) {
            Some(number) => *number,
            None => self.meet(packed)?,
        };
        Ok(self.used(number))
    }

    #[cold]
    fn meet(&mut self, packed: Packed) -> Result<u32, IndexError> {
        let mut set = Vec::new();
        packed.push_body("", &mut set);
        let number = self.dictionary.number_of(&set)?;
        self.singles.insert(packed.0, number);
        Ok(number)
    }

    pub(super) fn set(&mut self, set: &[u8]) -> Result<u32, IndexError> {
        let number = self.dictionary.number_of(set)?;
        Ok(self.used(number))
    }

    fn used(&mut self, number: u32) -> u32 {
        let at = number as usize;
        if at >= self.uses.len() {
            self.uses.resize(at + 1, 0);
        }
        self.uses[at] += 1;
        number
    }
}

/// Hashes one word.
#[derive(Default)]
struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= xxh3_64(bytes);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
