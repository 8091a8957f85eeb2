//! A file and where its sections stand: reads with bounds, believes nothing.

use crate::domain::DocumentId;
use crate::ground::platform::{Vectors, prefetch};

use super::code::Code;
use super::format::{DIGITS_LEN_MIN, Header, STATES, WORD_LEN, group};
use super::sections::Section;
use super::sets::Bodies;
use super::table::Table;
use super::{Damaged, Key};

/// The bytes of a segment, and its head.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) file: &'a [u8],
    pub(super) header: &'a Header,
    pub(super) vectors: Vectors,
}

impl<'a> View<'a> {
    /// What stands under a mixed key.
    #[inline]
    pub(super) fn find(self, h: u64) -> Result<Option<Code>, Damaged> {
        match self.table()?.find(h)? {
            0 => Ok(None),
            number => self.header.code(number.into()).map(Some).ok_or(Damaged),
        }
    }

    /// Every document with a key, by its `h`, in the order of the file, and what stands under it.
    pub(super) fn entries(self) -> impl Iterator<Item = Result<(u64, Code), Damaged>> + use<'a> {
        let (table, damaged) = match self.table() {
            Ok(table) => (Some(table.into_entries()), None),
            Err(damaged) => (None, Some(Err(damaged))),
        };
        let entries = table.into_iter().flatten().map(move |entry| {
            let (h, number) = entry?;
            Ok((h, self.header.code(number.into()).ok_or(Damaged)?))
        });
        damaged.into_iter().chain(entries)
    }

    /// The key of an `h`.
    pub(super) fn key(self, h: u64) -> Result<Key, Damaged> {
        Key::from_bits(self.header.shape.mixer.unmix(h)).ok_or(Damaged)
    }

    /// The set of a document with a key, by what stands under it; `None` if there is none any more.
    #[inline]
    pub(super) fn set_of(self, h: u64, code: Code) -> Result<Option<&'a [u8]>, Damaged> {
        match code {
            Code::Set(set) => self.set(set).map(Some),
            Code::Detailed => self.detail(h).map(Some),
            Code::Gone => Ok(None),
        }
    }

    /// The set of a document without a key.
    pub(super) fn set_of_long(self, number: u64) -> Result<Option<&'a [u8]>, Damaged> {
        match self.header.code_of_long(number).ok_or(Damaged)? {
            Code::Set(set) => self.set(set).map(Some),
            Code::Gone => Ok(None),
            Code::Detailed => Err(Damaged),
        }
    }

    /// A set of the dictionary.
    pub(super) fn set(self, set: u32) -> Result<&'a [u8], Damaged> {
        let (start, end) = self.bounds(self.header.layout.starts, set.into())?;
        let bodies = self.header.layout.bodies.of(self.file).ok_or(Damaged)?;
        bodies.get(start..end).filter(|set| !set.is_empty()).ok_or(Damaged)
    }

    /// Asks memory for the sets of the dictionary that are about to be read.
    pub(super) fn fetch_sets(self, codes: impl Iterator<Item = Code> + Clone) {
        let starts = self.header.layout.starts.of(self.file).unwrap_or_default().as_chunks::<8>().0;
        let bodies = self.header.layout.bodies.of(self.file).unwrap_or_default();
        let sets = codes.filter_map(|code| match code {
            Code::Set(set) => starts.get(set as usize),
            Code::Detailed | Code::Gone => None,
        });
        sets.clone().for_each(prefetch);
        sets.filter_map(|start| bodies.get(u64::from_le_bytes(*start) as usize)).for_each(prefetch);
    }

    /// Where the entry with a number begins and ends, by the starts of a section.
    pub(super) fn bounds(self, starts: Section, at: u64) -> Result<(usize, usize), Damaged> {
        let starts = starts.of(self.file).ok_or(Damaged)?.as_chunks::<8>().0;
        let start = |at: u64| {
            let start = usize::try_from(at).ok().and_then(|at| starts.get(at)).ok_or(Damaged)?;
            usize::try_from(u64::from_le_bytes(*start)).map_err(|_| Damaged)
        };
        Ok((start(at)?, start(at + 1)?))
    }

    /// How many groups the details have.
    pub(super) fn groups(self) -> u64 {
        (self.header.layout.details_starts.length / WORD_LEN).saturating_sub(1)
    }

    /// The details of a group.
    pub(super) fn details(self, group: u64) -> Result<Details<'a>, Damaged> {
        let (start, end) = self.bounds(self.header.layout.details_starts, group)?;
        let details = self.header.layout.details.of(self.file).ok_or(Damaged)?;
        details.get(start..end).map(Details).ok_or(Damaged)
    }

    fn detail(self, h: u64) -> Result<&'a [u8], Damaged> {
        for detail in self.details(group(h, self.groups()))? {
            let (own, set) = detail?;
            if own == h {
                return if set.is_empty() { Err(Damaged) } else { Ok(set) };
            }
        }
        Err(Damaged)
    }

    /// The documents with keys whose numbers are longer than this one's and begin with it, ascending; so many at most.
    ///
    /// Every such number that there could be is asked for, of the lengths that its state has: for one of nine characters
    /// these are 11 110 at most.
    pub(super) fn longer(
        self,
        document: &DocumentId,
        lengths: u8,
        most: usize,
    ) -> Result<Vec<(Key, Code)>, Damaged> {
        let table = self.table()?;
        let mut longer = Vec::new();
        let (mut mixed, mut found) = (Vec::new(), Vec::new());
        for keys in Key::longer(document) {
            let Some(first) = Key::from_bits(keys.start) else { continue };
            let len = first.unpack().number.as_bytes().len();
            let none_of_len = len >= DIGITS_LEN_MIN && lengths & 1 << (len - DIGITS_LEN_MIN) == 0;
            if none_of_len || longer.len() >= most {
                continue;
            }
            mixed.clear();
            found.clear();
            mixed.extend(keys.clone().map(|key| self.header.shape.mixer.mix(key)));
            table.find_batch(&mixed, &mut found)?;
            for (key, number) in keys.zip(&found).filter(|(_, number)| **number > 0) {
                let code = self.header.code((*number).into()).ok_or(Damaged)?;
                longer.extend(Key::from_bits(key).map(|key| (key, code)));
            }
        }
        longer.sort_unstable_by_key(|(key, _)| key.bits());
        longer.truncate(most);
        Ok(longer)
    }

    /// Of each state, which lengths of digits beyond nine its documents have, a bit each from [`DIGITS_LEN_MIN`].
    pub(super) fn all_digits_lengths(self) -> Result<&'a [u8], Damaged> {
        let counts = self.header.layout.counts.of(self.file).ok_or(Damaged)?;
        counts.get(STATES * WORD_LEN as usize..).ok_or(Damaged)
    }

    /// Notices of each state, as the file says.
    pub(super) fn counts(self) -> Result<Box<[u64; STATES]>, Damaged> {
        let counts = self.header.layout.counts.of(self.file).ok_or(Damaged)?.as_chunks::<8>().0;
        let mut all = Box::new([0; STATES]);
        let stated = counts.get(..STATES).ok_or(Damaged)?;
        all.iter_mut().zip(stated).for_each(|(count, stated)| *count = u64::from_le_bytes(*stated));
        Ok(all)
    }

    #[inline]
    pub(super) fn table(self) -> Result<Table<&'a [u8]>, Damaged> {
        let slots = self.header.layout.slots.of(self.file).ok_or(Damaged)?;
        self.header.shape.table(self.vectors, slots).ok_or(Damaged)
    }
}

/// Some of the details, one after the other: `h` and set. After a damaged one there are no more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Details<'a>(&'a [u8]);

impl<'a> Iterator for Details<'a> {
    type Item = Result<(u64, &'a [u8]), Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.0);
        let detail = rest.split_first_chunk().and_then(|(h, rest)| {
            let (len, rest) = rest.split_first_chunk()?;
            let (set, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            self.0 = rest;
            Some((u64::from_le_bytes(*h), set))
        });
        Some(detail.ok_or(Damaged))
    }
}

/// The notices of a set on its document.
pub(super) fn notices(
    document: DocumentId,
    set: &[u8],
) -> impl Iterator<Item = Result<crate::domain::Notice, Damaged>> + use<'_> {
    Bodies::new(set).map(move |body| body?.notice(document))
}
