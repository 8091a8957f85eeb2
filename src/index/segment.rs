//! A segment that was checked: lookups in it cannot fail.

use std::ops::Range;

use crate::domain::{DocumentId, IssuingState, Notice};

use super::check::Checked;
use super::format::{Header, STATES};
use super::longs::Longs;
use super::sets::Bodies;
use super::{Damaged, Key, SegmentError};

/// One base segment over bytes that hold the whole file.
///
/// The bytes may be a map of a file that somebody spoils later. Then a lookup may say [`Damaged`], or find what is not
/// there, or nothing; it never panics and never reads beyond the bytes.
pub struct Segment<B> {
    bytes: B,
    header: Header,
    longs: Longs,
    reports: Box<[u64; STATES]>,
    checksums: Box<[u64]>,
}

impl<B: AsRef<[u8]>> Segment<B> {
    /// Checks every byte: checksums, order, ranges, that every set can be read, and that all sums agree.
    ///
    /// # Errors
    /// [`SegmentError`] says what is wrong.
    pub fn open(bytes: B) -> Result<Self, SegmentError> {
        let Checked { header, longs, reports, checksums } = Checked::check(bytes.as_ref())?;
        Ok(Self { bytes, header, longs, reports, checksums })
    }

    /// Every notice on a document, whatever its kind, by kind and reference. Nothing is allocated if there is none.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    pub fn find(&self, document: &DocumentId) -> Result<Vec<Notice>, Damaged> {
        let view = self.view();
        let set = match Key::pack(document) {
            Some(key) => view.find_slot(key)?.map(u64::from),
            None => self.longs.find(document),
        };
        let Some(set) = set else { return Ok(Vec::new()) };
        view.set(set)?.map(|body| body?.notice(*document)).collect()
    }

    /// Every notice on documents of the same state whose numbers are longer than this one's and begin with it, for at
    /// most [`LONGER_MAX`] documents.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    pub fn find_longer(&self, document: &DocumentId) -> Result<Longer, Damaged> {
        let view = self.view();
        let mut longer = Longer::default();
        let keyed = Key::longer(document).flat_map(|keys| view.slots_in(keys));
        let keyed = keyed.map(|slot| {
            let slot = slot?;
            Ok((Key::from_bits(slot.key).ok_or(Damaged)?.unpack(), u64::from(slot.set)))
        });
        for (documents, found) in keyed.chain(self.longs.longer(document)).enumerate() {
            let (found, set) = found?;
            if documents == LONGER_MAX {
                longer.cut = true;
                break;
            }
            for body in view.set(set)? {
                longer.notices.push(body?.notice(found)?);
            }
        }
        Ok(longer)
    }

    /// Every notice, by document. After the first [`Damaged`] nothing is to be relied on.
    pub fn notices(&self) -> impl Iterator<Item = Result<Notice, Damaged>> + '_ {
        let view = self.view();
        let keyed = (0..self.header.layout.slot_count).map(move |at| {
            let slot = view.slot(at)?;
            Ok((Key::from_bits(slot.key).ok_or(Damaged)?.unpack(), u64::from(slot.set)))
        });
        keyed.chain(self.longs.documents()).flat_map(move |found| {
            let set = found.and_then(|(document, set)| Ok((document, view.set(set)?)));
            let (bodies, damaged) = match set {
                Ok((document, bodies)) => (Some(bodies.map(move |body| body?.notice(document))), None),
                Err(damaged) => (None, Some(Err(damaged))),
            };
            bodies.into_iter().flatten().chain(damaged)
        })
    }

    /// How many notices there are on documents of a state.
    #[must_use]
    pub fn reports(&self, state: IssuingState) -> u64 {
        self.reports[usize::from(state.number())]
    }

    /// What stands at its head.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The bytes it reads.
    #[must_use]
    pub fn bytes(&self) -> &B {
        &self.bytes
    }

    /// The checksums of the file's blocks as they were when it was opened.
    pub(super) fn checksums(&self) -> &[u64] {
        &self.checksums
    }

    /// The documents with long numbers and their set numbers, ascending.
    pub(super) fn long_documents(&self) -> impl Iterator<Item = Result<(DocumentId, u64), Damaged>> + '_ {
        self.longs.documents()
    }

    pub(super) fn view(&self) -> View<'_> {
        View { file: self.bytes.as_ref(), header: &self.header }
    }
}

/// Documents whose longer numbers are told; more would help nobody to look.
pub const LONGER_MAX: usize = 16;

/// Notices on documents with longer numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Longer {
    /// The notices, by document.
    pub notices: Vec<Notice>,
    /// There are more documents than are told.
    pub cut: bool,
}

impl<B> std::fmt::Debug for Segment<B> {
    /// Shows the header only: the rest is document numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment").field("header", &self.header).finish_non_exhaustive()
    }
}

/// A file and where its sections stand: reads with bounds, believes nothing.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) file: &'a [u8],
    pub(super) header: &'a Header,
}

/// One entry of the slots.
pub(super) struct Slot {
    pub(super) key: u64,
    pub(super) set: u32,
    pub(super) reserved: u32,
}

impl<'a> View<'a> {
    pub(super) fn slot(self, at: u64) -> Result<Slot, Damaged> {
        let slots = self.header.layout.slots.of(self.file).ok_or(Damaged)?;
        let slot =
            usize::try_from(at).ok().and_then(|at| slots.as_chunks::<16>().0.get(at)).ok_or(Damaged)?;
        let [key @ .., _, _, _, _, _, _, _, _] = *slot;
        let [_, _, _, _, _, _, _, _, set @ .., _, _, _, _] = *slot;
        let [_, _, _, _, _, _, _, _, _, _, _, _, reserved @ ..] = *slot;
        Ok(Slot {
            key: u64::from_le_bytes(key),
            set: u32::from_le_bytes(set),
            reserved: u32::from_le_bytes(reserved),
        })
    }

    /// The slots whose keys are in an interval.
    fn slots_in(self, keys: Range<u64>) -> impl Iterator<Item = Result<Slot, Damaged>> + use<'a> {
        let (mut at, mut fault) = match self.first_slot(keys.start) {
            Ok(at) => (at, None),
            Err(damaged) => (self.header.layout.slot_count, Some(Err(damaged))),
        };
        std::iter::from_fn(move || {
            if fault.is_some() || at >= self.header.layout.slot_count {
                return fault.take();
            }
            let slot = self.slot(at);
            at += 1;
            match slot {
                Ok(slot) if slot.key >= keys.end => None,
                other => Some(other),
            }
        })
    }

    /// Where the first slot stands whose key is not below this one.
    fn first_slot(self, key: u64) -> Result<u64, Damaged> {
        let (mut low, mut high) = (0, self.header.layout.slot_count);
        while low < high {
            let middle = low + (high - low) / 2;
            let slot = self.slot(middle)?;
            if slot.key == 0 {
                return Err(Damaged);
            }
            if slot.key < key { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// The set number in the slot of a key.
    fn find_slot(self, key: Key) -> Result<Option<u32>, Damaged> {
        let (mut low, mut high) = (0, self.header.layout.slot_count);
        while low < high {
            let middle = low + (high - low) / 2;
            let slot = self.slot(middle)?;
            // What was cut off a file within its last page reads as zeros and raises no signal; no document has that key.
            if slot.key == 0 {
                return Err(Damaged);
            }
            match slot.key.cmp(&key.bits()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Ok(Some(slot.set)),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    pub(super) fn start(self, set: u64) -> Result<u64, Damaged> {
        let starts = self.header.layout.starts.of(self.file).ok_or(Damaged)?.as_chunks::<8>().0;
        let start = usize::try_from(set).ok().and_then(|set| starts.get(set)).ok_or(Damaged)?;
        Ok(u64::from_le_bytes(*start))
    }

    pub(super) fn set_bytes(self, set: u64) -> Result<&'a [u8], Damaged> {
        let bodies = self.header.layout.bodies.of(self.file).ok_or(Damaged)?;
        let start = usize::try_from(self.start(set)?).map_err(|_| Damaged)?;
        let end = usize::try_from(self.start(set + 1)?).map_err(|_| Damaged)?;
        bodies.get(start..end).filter(|set| !set.is_empty()).ok_or(Damaged)
    }

    pub(super) fn set(self, set: u64) -> Result<Bodies<'a>, Damaged> {
        Ok(Bodies::new(self.set_bytes(set)?))
    }
}
