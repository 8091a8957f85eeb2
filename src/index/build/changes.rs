//! Documents of which something else is to be said, in memory, and the delta that says it.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{DocumentId, SegmentRef, SegmentRole};
use crate::ground::storage::StorageFile;
use crate::index::asked::Asked;
use crate::index::code::Code;
use crate::index::sets::has_reference;
use crate::index::{IndexError, Key, Stamp, longs};

use super::MIXER;
use super::tally::Tally;
use super::write::{Contents, DETAIL_HEAD_LEN, Entries, plan, write};

/// The whole new set of each document; an empty one where nothing is listed any more.
#[derive(Default)]
pub(super) struct Changes {
    /// By mixed key.
    keyed: BTreeMap<u64, Box<[u8]>>,
    long: BTreeMap<DocumentId, Box<[u8]>>,
}

impl Changes {
    pub(super) fn insert(&mut self, asked: &Asked<'_>, set: &[u8]) {
        match *asked {
            Asked::Keyed(h) => self.keyed.insert(h, set.into()),
            Asked::Long(document) => self.long.insert(*document, set.into()),
        };
    }

    /// Notes what is said of a document by now, unless it is what was said before.
    pub(super) fn put(&mut self, asked: &Asked<'_>, before: &[u8], now: &[u8]) {
        if before != now {
            return self.insert(asked, now);
        }
        match *asked {
            Asked::Keyed(h) => self.keyed.remove(&h),
            Asked::Long(document) => self.long.remove(document),
        };
    }

    pub(super) fn find(&self, asked: &Asked<'_>) -> Option<&[u8]> {
        let set = match *asked {
            Asked::Keyed(h) => self.keyed.get(&h),
            Asked::Long(document) => self.long.get(document),
        };
        set.map(|set| &**set)
    }

    pub(super) fn documents(&self) -> u64 {
        (self.keyed.len() + self.long.len()) as u64
    }

    /// Every document with its set, those with keys first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (DocumentId, &[u8])> {
        let document = |h| Key::from_bits(MIXER.unmix(h)).expect("it was mixed from a key").unpack();
        let keyed = self.keyed.iter().map(move |(h, set)| (document(*h), &**set));
        keyed.chain(self.long.iter().map(|(document, set)| (*document, &**set)))
    }

    /// Writes them as the delta of a list with this sum, after which a list is what the tally says.
    pub(super) fn write(
        &self,
        parent: u128,
        tally: &Tally,
        stamp: Stamp,
        out: &mut dyn StorageFile,
    ) -> Result<SegmentRef, IndexError> {
        let SortedSets { sets, keyed, long, detailed } = self.sort()?;
        let side_map = longs::build(long.iter().map(|(document, code)| (*document, code.number().into())));
        let contents = Contents {
            stamp,
            role: SegmentRole::Delta,
            parent,
            tally,
            sets: &sets,
            longs: (&side_map, long.len() as u64),
            documents: keyed.len() as u64,
            detailed,
            mixer: MIXER,
        };
        let keyed = keyed.as_slice();
        let (digest, length) = write(&contents, &plan(&contents, &keyed)?, &keyed, out, &mut |_, _| {})?;
        Ok(SegmentRef { role: SegmentRole::Delta, digest, length, notices: tally.state_digest.notices })
    }

    fn sort(&self) -> Result<SortedSets<'_>, IndexError> {
        let shared = self.keyed.values().filter(|set| !has_reference(set)).chain(self.long.values());
        let sets: BTreeSet<&[u8]> = shared.map(|set| &**set).filter(|set| !set.is_empty()).collect();
        let sets: Vec<Box<[u8]>> = sets.into_iter().map(Into::into).collect();
        if sets.len() as u64 > Code::SETS_MAX {
            return Err(IndexError::TooLarge);
        }
        let code = |set: &[u8]| match set {
            [] => Code::Gone,
            set => Code::Set(sets.partition_point(|other| &**other < set) as u32),
        };
        let long = self.long.iter().map(|(document, set)| (*document, code(set))).collect();
        let mut detailed = (0, 0);
        let mut keyed = Vec::with_capacity(self.keyed.len());
        for (h, set) in &self.keyed {
            if has_reference(set) {
                u32::try_from(set.len()).map_err(|_| IndexError::TooLarge)?;
                detailed = (detailed.0 + 1, detailed.1 + DETAIL_HEAD_LEN + set.len() as u64);
                keyed.push(Keyed { h: *h, code: Code::Detailed, set });
            } else {
                keyed.push(Keyed { h: *h, code: code(set), set });
            }
        }
        Ok(SortedSets { sets, keyed, long, detailed })
    }
}

/// Changes in the order of the file.
struct SortedSets<'c> {
    sets: Vec<Box<[u8]>>,
    keyed: Vec<Keyed<'c>>,
    long: Vec<(DocumentId, Code)>,
    /// How many are in the details, and their bytes there.
    detailed: (u64, u64),
}

/// A document with a key, and what stands under its `h`.
struct Keyed<'c> {
    h: u64,
    code: Code,
    set: &'c [u8],
}

impl Entries for &[Keyed<'_>] {
    fn entries(&self, visit: &mut impl FnMut(u64, Code) -> Result<(), IndexError>) -> Result<(), IndexError> {
        self.iter().try_for_each(|keyed| visit(keyed.h, keyed.code))
    }

    fn details(
        &self,
        visit: &mut impl FnMut(u64, &[u8]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        let mut detailed = self.iter().filter(|keyed| keyed.code == Code::Detailed);
        detailed.try_for_each(|keyed| visit(keyed.h, keyed.set))
    }
}
