//! Documents of which something else is to be said, in memory.

use std::collections::BTreeSet;

use crate::domain::DocumentId;
use crate::index::IndexError;
use crate::index::code::Code;
use crate::index::sets::has_reference;

use super::write::{DETAIL_HEAD_LEN, Entries};

/// What is said now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    Gone,
    Set(Box<[u8]>),
}

/// Changes in no order.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// By mixed key.
    pub(super) keyed: Vec<(u64, Change)>,
    pub(super) long: Vec<(DocumentId, Change)>,
}

/// Changes in the order of the file.
pub(super) struct SortedSets {
    pub(super) sets: Vec<Box<[u8]>>,
    pub(super) keyed: Vec<Keyed>,
    pub(super) long: Vec<(DocumentId, Code)>,
    /// How many are in the details, and their bytes there.
    pub(super) detailed: (u64, u64),
}

/// A document with a key: what stands under its `h`, and the set if it is in the details.
pub(super) struct Keyed {
    h: u64,
    code: Code,
    detail: Option<Box<[u8]>>,
}

impl Changes {
    pub(super) fn sort(mut self) -> Result<SortedSets, IndexError> {
        self.keyed.sort_unstable_by_key(|(h, _)| *h);
        self.long.sort_unstable_by_key(|(document, _)| *document);
        let set_of = |change: &Change| match change {
            Change::Set(set) => Some(set.clone()),
            Change::Gone => None,
        };
        let shared = self.keyed.iter().map(|(_, change)| change).filter(|change| !change.has_reference());
        let shared = shared.chain(self.long.iter().map(|(_, change)| change));
        let sets: BTreeSet<_> = shared.filter_map(set_of).collect();
        let sets: Vec<_> = sets.into_iter().collect();
        if sets.len() as u64 > Code::SETS_MAX {
            return Err(IndexError::TooLarge);
        }
        let place = |set: &[u8]| sets.partition_point(|other| &**other < set) as u32;
        let long =
            self.long.iter().map(|(document, change)| (*document, change.code(place, false))).collect();
        let mut detailed = (0, 0);
        let mut keyed = Vec::with_capacity(self.keyed.len());
        for (h, change) in self.keyed {
            let in_details = change.has_reference();
            let code = change.code(place, in_details);
            let detail = match change {
                Change::Set(set) if in_details => Some(set),
                _ => None,
            };
            if let Some(set) = &detail {
                u32::try_from(set.len()).map_err(|_| IndexError::TooLarge)?;
                detailed = (detailed.0 + 1, detailed.1 + DETAIL_HEAD_LEN + set.len() as u64);
            }
            keyed.push(Keyed { h, code, detail });
        }
        Ok(SortedSets { sets, keyed, long, detailed })
    }
}

impl Change {
    /// What stands under its document.
    fn code(&self, place: impl Fn(&[u8]) -> u32, in_details: bool) -> Code {
        match self {
            Self::Gone => Code::Gone,
            Self::Set(_) if in_details => Code::Detailed,
            Self::Set(set) => Code::Set(place(set)),
        }
    }

    fn has_reference(&self) -> bool {
        match self {
            Self::Gone => false,
            Self::Set(set) => has_reference(set),
        }
    }
}

impl Entries for &[Keyed] {
    fn entries(&self, visit: &mut impl FnMut(u64, Code) -> Result<(), IndexError>) -> Result<(), IndexError> {
        self.iter().try_for_each(|keyed| visit(keyed.h, keyed.code))
    }

    fn details(
        &self,
        visit: &mut impl FnMut(u64, &[u8]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.iter().try_for_each(|keyed| keyed.detail.as_ref().map_or(Ok(()), |set| visit(keyed.h, set)))
    }
}
