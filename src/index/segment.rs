//! A segment that was checked: lookups in it cannot fail.

use crate::domain::{DocumentId, IssuingState, Notice};
use crate::ground::platform::Vectors;

use super::asked::{Asked, Group, ask_in_groups, remixed};
use super::format::{Header, STATES};
use super::longs::Longs;
use super::open::Opened;
use super::table::GROUP;
use super::view::{View, notices};
use super::{Damaged, SegmentError};

/// One segment over bytes that hold the whole file: a base, whose answers are those of the list, or a delta, which says
/// what is new.
///
/// The bytes may be a map of a file that somebody spoils later. Then a lookup may say [`Damaged`], or find what is not
/// there, or nothing; it never panics and never reads beyond the bytes.
pub struct Segment<B> {
    bytes: B,
    header: Header,
    longs: Longs,
    reports: Box<[u64; STATES]>,
    /// Which lengths of digits beyond nine the documents of a state have, a bit each from the shortest.
    digits_lengths: Box<[u8]>,
    checksums: Box<[u64]>,
    vectors: Vectors,
}

/// What a segment has on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    Set(&'a [u8]),
    /// Only in a delta: nothing any more.
    Gone,
}

impl<'a> Said<'a> {
    /// The set; empty if there is none any more.
    pub(super) fn set(self) -> &'a [u8] {
        match self {
            Self::Set(set) => set,
            Self::Gone => &[],
        }
    }
}

impl<B: AsRef<[u8]>> Segment<B> {
    /// Checks every byte by the checksums, and everything that a lookup rests on but the order of the table; that is for
    /// [`verify`](Self::verify), before a file is put in force.
    ///
    /// # Errors
    /// [`SegmentError`] says what is wrong.
    pub fn open(bytes: B) -> Result<Self, SegmentError> {
        let Opened { header, longs, reports, digits_lengths, checksums } = Opened::open(bytes.as_ref())?;
        let vectors = Vectors::widest();
        Ok(Self { bytes, header, longs, reports, digits_lengths, checksums, vectors })
    }

    /// The same, asked with other vectors than the widest that the processor has.
    #[must_use]
    pub fn with_vectors(self, vectors: Vectors) -> Self {
        Self { vectors, ..self }
    }

    /// Every notice on a document, whatever its kind, by kind and reference. Nothing is allocated if there is none.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    #[inline]
    pub fn find(&self, document: &DocumentId) -> Result<Vec<Notice>, Damaged> {
        match self.said(&Asked::of(document))? {
            Some(Said::Set(set)) => notices(*document, set).collect(),
            Some(Said::Gone) | None => Ok(Vec::new()),
        }
    }

    /// Every notice on some documents, each with the place of its document among them, ascending; what
    /// [`find`](Self::find) says of each, with memory at work on many at a time. Little is allocated if there is none.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    pub fn find_batch(&self, documents: &[DocumentId]) -> Result<Vec<(usize, Notice)>, Damaged> {
        let (mut found, mut damaged) = (Vec::new(), Ok(()));
        let look = |first: usize, group: &Group<'_>, next: &Group<'_>| {
            let looked = self.said_of(group, next).and_then(|said| {
                said.into_iter().try_for_each(|(at, said)| {
                    push_notices(first + at, &group.document(at), said, &mut found)
                })
            });
            damaged = damaged.and(looked);
        };
        ask_in_groups(self.vectors, documents, |group| self.fetch(group), look);
        damaged.map(|()| found)
    }

    /// Every notice on documents of the same state whose numbers are longer than this one's and begin with it, for at
    /// most [`LONGER_MAX`] documents. Of a number of fewer than [`LONGER_LEN_MIN`] characters it is not asked: the answer is
    /// that there may be.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    pub fn find_longer(&self, document: &DocumentId) -> Result<Longer, Damaged> {
        let mut longer = Longer::default();
        if document.number.as_bytes().len() < LONGER_LEN_MIN {
            longer.cut = true;
            return Ok(longer);
        }
        for (found, said) in self.longer(document, LONGER_MAX + 1)? {
            longer.add(found, said)?;
        }
        Ok(longer)
    }

    /// Every notice, those of a document together. After the first [`Damaged`] nothing is to be relied on.
    pub fn notices(&self) -> impl Iterator<Item = Result<Notice, Damaged>> + '_ {
        notices_of(self.documents())
    }

    /// How many notices there are on documents of a state; of a delta, in its base with it.
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

    /// What it has on a document.
    #[inline]
    pub(super) fn said(&self, asked: &Asked<'_>) -> Result<Option<Said<'_>>, Damaged> {
        let view = self.view();
        match *asked {
            Asked::Keyed(h) => {
                let h = remixed(h, self.header.shape.mixer);
                match view.find(h)? {
                    None => Ok(None),
                    Some(code) => said(view.set_of(h, code)).map(Some),
                }
            }
            Asked::Long(document) => self.said_of_long(document),
        }
    }

    /// The set of a document; empty if it has none.
    pub(super) fn set(&self, asked: &Asked<'_>) -> Result<&[u8], Damaged> {
        Ok(self.said(asked)?.map_or(&[], Said::set))
    }

    /// Asks memory for what [`said_of`](Self::said_of) will look at.
    #[inline]
    pub(super) fn fetch(&self, group: &Group<'_>) {
        if let Ok(table) = self.view().table() {
            table.fetch(group.keys(self.header.shape.mixer, &mut None));
        }
    }

    /// What it has on some documents, by their places, ascending; memory is asked for the lines of the next.
    #[inline]
    pub(super) fn said_of(
        &self,
        group: &Group<'_>,
        next: &Group<'_>,
    ) -> Result<Vec<(usize, Said<'_>)>, Damaged> {
        let (view, mixer) = (self.view(), self.header.shape.mixer);
        let (mut other, mut other_next) = (None, None);
        let keys = group.keys(mixer, &mut other);
        let (mut numbers, mut found) = ([0; GROUP], Vec::new());
        view.table()?.find_group(keys, next.keys(mixer, &mut other_next), &mut numbers)?;
        if numbers != [0; GROUP] {
            for (at, number) in numbers.into_iter().enumerate() {
                if number > 0 && !group.is_long(at) {
                    let code = self.header.code(number.into()).ok_or(Damaged)?;
                    found.push((at, said(view.set_of(keys.mixed[at], code))?));
                }
            }
        }
        for (at, document) in group.longs() {
            found.extend(self.said_of_long(document)?.map(|said| (at, said)));
            found.sort_unstable_by_key(|(at, _)| *at);
        }
        Ok(found)
    }

    /// What it has on documents of the same state whose numbers are longer than this one's, which has [`LONGER_LEN_MIN`]
    /// characters or more, and begin with it, those with keys first; so many of either at most.
    pub(super) fn longer(
        &self,
        document: &DocumentId,
        most: usize,
    ) -> Result<Vec<(DocumentId, Said<'_>)>, Damaged> {
        let view = self.view();
        let mut longer = Vec::new();
        let lengths = self.digits_lengths[usize::from(document.issuing_state.number())];
        for (key, code) in view.longer(document, lengths, most)? {
            let h = self.header.shape.mixer.mix(key.bits());
            longer.push((key.unpack(), said(view.set_of(h, code))?));
        }
        for found in self.longs.longer(document).take(most) {
            let (document, number) = found?;
            longer.push((document, said(view.set_of_long(number))?));
        }
        Ok(longer)
    }

    /// Every document, those with keys first, in the order of the file.
    pub(super) fn documents(&self) -> impl Iterator<Item = Result<(DocumentId, Said<'_>), Damaged>> + '_ {
        let view = self.view();
        let keyed = view.entries().map(move |entry| {
            let (h, code) = entry?;
            Ok((view.key(h)?.unpack(), said(view.set_of(h, code))?))
        });
        keyed.chain(self.long_documents())
    }

    /// The documents without keys, ascending.
    pub(super) fn long_documents(
        &self,
    ) -> impl Iterator<Item = Result<(DocumentId, Said<'_>), Damaged>> + '_ {
        let view = self.view();
        self.longs.documents().map(move |found| {
            let (document, number) = found?;
            Ok((document, said(view.set_of_long(number))?))
        })
    }

    fn said_of_long(&self, document: &DocumentId) -> Result<Option<Said<'_>>, Damaged> {
        self.longs.find(document).map(|number| said(self.view().set_of_long(number))).transpose()
    }

    /// The checksums of the file's blocks as they were when it was opened.
    pub(super) fn checksums(&self) -> &[u64] {
        &self.checksums
    }

    pub(super) fn vectors(&self) -> Vectors {
        self.vectors
    }

    pub(super) fn long_map(&self) -> &Longs {
        &self.longs
    }

    #[inline]
    pub(super) fn view(&self) -> View<'_> {
        View { file: self.bytes.as_ref(), header: &self.header, vectors: self.vectors }
    }
}

/// The notices of some documents, one after the other.
pub(super) fn notices_of<'s>(
    documents: impl Iterator<Item = Result<(DocumentId, Said<'s>), Damaged>>,
) -> impl Iterator<Item = Result<Notice, Damaged>> {
    documents.flat_map(|said| {
        let (found, damaged) = match said {
            Ok((document, Said::Set(set))) => (Some(notices(document, set)), None),
            Ok((_, Said::Gone)) => (None, None),
            Err(damaged) => (None, Some(Err(damaged))),
        };
        found.into_iter().flatten().chain(damaged)
    })
}

/// Adds the notices of a set, if it is one, with the place of their document.
pub(super) fn push_notices(
    at: usize,
    document: &DocumentId,
    said: Said<'_>,
    found: &mut Vec<(usize, Notice)>,
) -> Result<(), Damaged> {
    let Said::Set(set) = said else { return Ok(()) };
    notices(*document, set).try_for_each(|notice| {
        found.push((at, notice?));
        Ok(())
    })
}

fn said(set: Result<Option<&[u8]>, Damaged>) -> Result<Said<'_>, Damaged> {
    set.map(|set| set.map_or(Said::Gone, Said::Set))
}

/// Documents whose longer numbers are told; more would help nobody to look.
pub const LONGER_MAX: usize = 16;

/// A shorter number may begin so many longer ones that they cannot be asked for one by one; nor does any zone cut it there.
pub const LONGER_LEN_MIN: usize = 8;

/// Notices on documents with longer numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Longer {
    /// The notices, by document.
    pub notices: Vec<Notice>,
    /// There are more documents than are told, or there may be.
    pub cut: bool,
    documents: usize,
}

impl Longer {
    pub(super) fn add(&mut self, document: DocumentId, said: Said<'_>) -> Result<(), Damaged> {
        let Said::Set(set) = said else { return Ok(()) };
        if self.documents == LONGER_MAX {
            self.cut = true;
            return Ok(());
        }
        self.documents += 1;
        for notice in notices(document, set) {
            self.notices.push(notice?);
        }
        Ok(())
    }
}

impl<B> std::fmt::Debug for Segment<B> {
    /// Shows the header only: the rest is document numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segment").field("header", &self.header).finish_non_exhaustive()
    }
}
