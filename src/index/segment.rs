//! A segment that was checked: lookups in it cannot fail.

use crate::domain::{DocumentId, IssuingState, Notice};

use super::check::Checked;
use super::format::{DIGITS_LEN_MIN, Header, Keys, STATES, WORD_LEN};
use super::longs::Longs;
use super::sets::Bodies;
use super::table::{Shape, Table};
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
            Some(key) => view.find(key)?.map(u64::from),
            None => self.longs.find(document),
        };
        let Some(set) = set else { return Ok(Vec::new()) };
        view.set(set)?.map(|body| body?.notice(*document)).collect()
    }

    /// Every notice on some documents, each with the place of its document among them, ascending; what
    /// [`find`](Self::find) says of each, with memory at work on many at a time. Little is allocated if there is none.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    pub fn find_batch(&self, documents: &[DocumentId]) -> Result<Vec<(usize, Notice)>, Damaged> {
        let view = self.view();
        let mut sets = Vec::new();
        match self.header.keys {
            Keys::Sorted => {
                for (at, document) in documents.iter().enumerate() {
                    let set = Key::pack(document).map_or(Ok(None), |key| view.find(key))?;
                    sets.extend(set.map(|set| (at, u64::from(set))));
                }
            }
            Keys::Hashed(shape) => {
                let keyed = |(at, document)| Key::pack(document).map(|key| (at, shape.mixer.mix(key.bits())));
                let (places, mixed): (Vec<_>, Vec<_>) =
                    documents.iter().enumerate().filter_map(keyed).unzip();
                let mut payloads = Vec::with_capacity(mixed.len());
                view.table(shape)?.find_batch(&mixed, &mut payloads)?;
                let listed = places.into_iter().zip(payloads).filter(|(_, payload)| *payload > 0);
                sets.extend(listed.map(|(at, payload)| (at, u64::from(payload - 1))));
            }
        }
        if sets.is_empty() && self.header.longs == 0 {
            return Ok(Vec::new());
        }
        let is_long = |(at, document): (usize, &DocumentId)| {
            let set = Key::pack(document).is_none().then(|| self.longs.find(document)).flatten();
            set.map(|set| (at, set))
        };
        sets.extend(documents.iter().enumerate().filter_map(is_long));
        sets.sort_unstable();
        let notices = sets.into_iter().map(|(at, set)| {
            let bodies = view.set(set)?;
            bodies.map(|body| Ok((at, body?.notice(documents[at])?))).collect::<Result<Vec<_>, Damaged>>()
        });
        Ok(notices.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Every notice on documents of the same state whose numbers are longer than this one's and begin with it, for at
    /// most [`LONGER_MAX`] documents.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    pub fn find_longer(&self, document: &DocumentId) -> Result<Longer, Damaged> {
        let view = self.view();
        let mut longer = Longer::default();
        let keyed = view.longer(document)?.into_iter().map(|(key, set)| Ok((key.unpack(), u64::from(set))));
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

    /// Every notice, those of a document together. After the first [`Damaged`] nothing is to be relied on.
    pub fn notices(&self) -> impl Iterator<Item = Result<Notice, Damaged>> + '_ {
        let view = self.view();
        let keyed = view.keyed().map(|found| found.map(|(key, set)| (key.unpack(), u64::from(set))));
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

    /// The set number of a document with a long number.
    pub(super) fn find_long(&self, document: &DocumentId) -> Option<u64> {
        self.longs.find(document)
    }

    pub(super) fn view(&self) -> View<'_> {
        View { file: self.bytes.as_ref(), header: &self.header }
    }
}

/// From this length on, longer numbers are probed: for nine characters there are at most 11 110 of them. Shorter ones are
/// asked for but in passing.
const PROBED_LEN_MIN: usize = 8;

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

impl<'a> View<'a> {
    /// The set number of a document with a key.
    #[inline]
    pub(super) fn find(self, key: Key) -> Result<Option<u32>, Damaged> {
        match self.header.keys {
            Keys::Sorted => self.find_sorted(key),
            Keys::Hashed(shape) => {
                let payload = self.table(shape)?.find(shape.mixer.mix(key.bits()))?;
                Ok(payload.checked_sub(1))
            }
        }
    }

    /// Every document with a key, and its set number, in the order of the file.
    pub(super) fn keyed(self) -> Box<dyn Iterator<Item = Result<(Key, u32), Damaged>> + 'a> {
        match self.header.keys {
            Keys::Sorted => Box::new(self.sorted()),
            Keys::Hashed(shape) => match self.table(shape) {
                Err(damaged) => Box::new(std::iter::once(Err(damaged))),
                Ok(table) => Box::new(table.into_entries().map(move |entry| {
                    let (h, payload) = entry?;
                    let key = Key::from_bits(shape.mixer.unmix(h)).ok_or(Damaged)?;
                    Ok((key, payload.checked_sub(1).ok_or(Damaged)?))
                })),
            },
        }
    }

    /// The documents with keys whose numbers are longer than this one's and begin with it, ascending; one more than are
    /// told at most.
    fn longer(self, document: &DocumentId) -> Result<Vec<(Key, u32)>, Damaged> {
        let mut longer = match self.header.keys {
            Keys::Sorted => return self.longer_sorted(document),
            Keys::Hashed(_) if document.number.as_bytes().len() < PROBED_LEN_MIN => {
                self.longer_by_scan(document)?
            }
            Keys::Hashed(shape) => self.longer_by_probes(document, shape)?,
        };
        longer.sort_unstable_by_key(|(key, _)| key.bits());
        longer.truncate(LONGER_MAX + 1);
        Ok(longer)
    }

    /// Asks for every longer number there could be, of the lengths that the state has.
    fn longer_by_probes(self, document: &DocumentId, shape: Shape) -> Result<Vec<(Key, u32)>, Damaged> {
        let (table, lengths) = (self.table(shape)?, self.digits_lengths(document.issuing_state)?);
        let mut longer = Vec::new();
        let (mut keys, mut found) = (Vec::new(), Vec::new());
        for keys_of_length in Key::longer(document) {
            let Some(first) = Key::from_bits(keys_of_length.start) else { continue };
            let len = first.unpack().number.as_bytes().len();
            let none_of_len = len >= DIGITS_LEN_MIN && lengths & 1 << (len - DIGITS_LEN_MIN) == 0;
            if none_of_len || longer.len() > LONGER_MAX {
                continue;
            }
            keys.clear();
            found.clear();
            keys.extend(keys_of_length.clone().map(|key| shape.mixer.mix(key)));
            table.find_batch(&keys, &mut found)?;
            let listed = keys_of_length.zip(&found).filter(|(_, payload)| **payload > 0);
            longer.extend(listed.filter_map(|(key, payload)| Some((Key::from_bits(key)?, payload - 1))));
        }
        Ok(longer)
    }

    fn longer_by_scan(self, document: &DocumentId) -> Result<Vec<(Key, u32)>, Damaged> {
        let intervals: Vec<_> = Key::longer(document).collect();
        let is_longer = |key: Key| intervals.iter().any(|interval| interval.contains(&key.bits()));
        let listed = self.keyed().filter(|found| found.as_ref().map_or(true, |(key, _)| is_longer(*key)));
        listed.collect()
    }

    /// Which lengths of digits beyond nine the documents of a state have, a bit each from [`DIGITS_LEN_MIN`].
    fn digits_lengths(self, state: IssuingState) -> Result<u8, Damaged> {
        let counts = self.header.layout.counts.of(self.file).ok_or(Damaged)?;
        let lengths = counts.get(STATES * WORD_LEN as usize..).ok_or(Damaged)?;
        lengths.get(usize::from(state.number())).copied().ok_or(Damaged)
    }

    pub(super) fn table(self, shape: Shape) -> Result<Table<&'a [u8]>, Damaged> {
        self.header.layout.slots.of(self.file).and_then(|bytes| shape.table(bytes)).ok_or(Damaged)
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
