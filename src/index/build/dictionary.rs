//! The sets that documents share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use crate::index::IndexError;
use crate::index::code::Code;

use super::record::Packed;

/// Every set, under a number in the order in which they were met, which is no order.
#[derive(Debug, Default)]
pub(super) struct Dictionary(Mutex<HashMap<Box<[u8]>, u32>>);

/// What one worker knows of the dictionary, and how often it has used each set.
pub(super) struct Known<'d> {
    dictionary: &'d Dictionary,
    singles: HashMap<u64, u32, Xxh3DefaultBuilder>,
    before: Option<(Packed, u32)>,
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
        Self { dictionary, singles: HashMap::default(), before: None, uses: Vec::new() }
    }

    /// The number of a set of one notice without a reference. Most lists say the same of most documents.
    #[inline]
    pub(super) fn single(&mut self, packed: Packed, body: &[u8]) -> Result<u32, IndexError> {
        let number = match (self.before, self.singles.get(&packed.0)) {
            (Some((before, number)), _) if before == packed => number,
            (_, Some(number)) => *number,
            (_, None) => {
                let number = self.dictionary.number_of(body)?;
                self.singles.insert(packed.0, number);
                number
            }
        };
        self.before = Some((packed, number));
        Ok(self.used(number))
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
