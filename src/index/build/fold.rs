//! A base and its delta become the next base.

use crate::domain::{DocumentId, SegmentRef, SegmentRole};
use crate::ground::storage::StorageFile;
use crate::index::code::Code;
use crate::index::format::{DIGITS_LEN_MIN, STATES, Stamp, VERSION};
use crate::index::segment::Said;
use crate::index::view::View;
use crate::index::{Damaged, IndexError, List, Segment, longs};

use super::MIXER;
use super::changes::has_reference;
use super::tally::Tally;
use super::write::{Contents, DETAIL_HEAD_LEN, Entries, write};

/// Writes the base that a list is: the file that a [`Builder`](super::Builder) makes of its notices, byte for byte.
/// `progress` is told how many documents of how many are written. The file is not synced.
///
/// The base enumerates in nearly the order of the new file, so that little is held in memory: what has no room in its
/// bucket, and the delta.
///
/// # Errors
/// [`IndexError::Damaged`] if the bytes of one are no longer those that were checked, [`IndexError::Write`], and
/// [`IndexError::TooLarge`].
pub fn fold<B: AsRef<[u8]>>(
    list: &List<B>,
    stamp: Stamp,
    out: &mut dyn StorageFile,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<SegmentRef, IndexError> {
    let merged = Merged::of(list)?;
    let mut used = Used::of(&merged);
    merged.walk(&mut |h, found| used.add(&merged, h, found))?;
    let longs = merged_longs(list)?;
    let Sets { sets, places } = used.sort(&merged, &longs);
    let mut tally = Tally::new();
    tally.digits_lengths.copy_from_slice(&used.digits_lengths);
    tally.state_digest = list.state_digest();
    let last = list.delta().unwrap_or(list.base());
    tally.counts = last.view().counts().map_err(|_| IndexError::Damaged)?;
    let code_of_long =
        |set: &[u8]| Code::Set(sets.partition_point(|other| &**other < set) as u32).number().into();
    let side_map = longs::build(longs.iter().map(|(document, set)| (*document, code_of_long(set))));
    let contents = Contents {
        stamp,
        role: SegmentRole::Base,
        parent: 0,
        tally: &tally,
        sets: &sets,
        longs: (&side_map, longs.len() as u64),
        documents: used.documents,
        detailed: used.detailed,
        mixer: MIXER,
    };
    let (digest, length) = write(&contents, &Remapped { merged: &merged, places: &places }, out, progress)?;
    Ok(SegmentRef { role: SegmentRole::Base, digest, length, notices: tally.state_digest.notices })
}

/// Both segments of a list, to be gone through together by ascending `h`.
struct Merged<'a> {
    /// The base, then the delta.
    views: [Option<View<'a>>; 2],
    /// What has no room in its bucket of the base.
    overflowed: Vec<(u64, Code)>,
    changed: Vec<(u64, Code)>,
}

/// What is listed under an `h`, and by which segment.
#[derive(Clone, Copy)]
struct Found {
    from: usize,
    code: Code,
}

const BASE: usize = 0;
const DELTA: usize = 1;

impl<'a> Merged<'a> {
    fn of<B: AsRef<[u8]>>(list: &'a List<B>) -> Result<Self, IndexError> {
        let views = [Some(list.base().view()), list.delta().map(Segment::view)];
        let same_order = views.iter().flatten().all(|view| view.header.shape.mixer == MIXER);
        let base = list.base().view();
        let mut overflowed = Vec::new();
        if same_order {
            let table = base.table().map_err(|_| IndexError::Damaged)?;
            overflowed.extend(
                table.into_overflowed().map(|entry| coded(base, entry)).collect::<Result<Vec<_>, _>>()?,
            );
        }
        let mut changed = Vec::new();
        if let Some(delta) = list.delta() {
            let entries = delta.view().entries();
            changed = entries.collect::<Result<Vec<_>, _>>().map_err(|_| IndexError::Damaged)?;
        }
        overflowed.sort_unstable_by_key(|(h, _)| *h);
        changed.sort_unstable_by_key(|(h, _)| *h);
        if same_order { Ok(Self { views, overflowed, changed }) } else { Err(IndexError::OtherSeed) }
    }

    fn view(&self, from: usize) -> View<'a> {
        self.views[from].expect("what was found was found in a segment that is there")
    }

    fn set(&self, h: u64, found: Found) -> Result<&'a [u8], IndexError> {
        self.view(found.from).set_of(h, found.code).ok().flatten().ok_or(IndexError::Damaged)
    }

    /// Hands on everything that is listed.
    fn walk(&self, visit: &mut impl FnMut(u64, Found) -> Result<(), IndexError>) -> Result<(), IndexError> {
        let base = self.view(BASE);
        let (mut overflowed, mut changed) =
            (self.overflowed.iter().peekable(), self.changed.iter().peekable());
        let mut of_base = |h: u64, code: Code| {
            while let Some((h, code)) = changed.next_if(|(other, _)| *other < h) {
                visit_change(*h, *code, visit)?;
            }
            match changed.next_if(|(other, _)| *other == h) {
                Some((h, code)) => visit_change(*h, *code, visit),
                None => visit(h, Found { from: BASE, code }),
            }
        };
        for entry in base.table().map_err(|_| IndexError::Damaged)?.into_settled() {
            let (h, code) = coded(base, entry)?;
            while let Some((h, code)) = overflowed.next_if(|(other, _)| *other < h) {
                of_base(*h, *code)?;
            }
            of_base(h, code)?;
        }
        overflowed.try_for_each(|(h, code)| of_base(*h, *code))?;
        changed.try_for_each(|(h, code)| visit_change(*h, *code, visit))
    }
}

fn visit_change(
    h: u64,
    code: Code,
    visit: &mut impl FnMut(u64, Found) -> Result<(), IndexError>,
) -> Result<(), IndexError> {
    if code == Code::Gone { Ok(()) } else { visit(h, Found { from: DELTA, code }) }
}

#[inline]
fn coded(view: View, entry: Result<(u64, u32), Damaged>) -> Result<(u64, Code), IndexError> {
    let (h, number) = entry.map_err(|_| IndexError::Damaged)?;
    Ok((h, view.header.code(number.into()).ok_or(IndexError::Damaged)?))
}

/// What the new base will have, found out by going through both once.
struct Used {
    documents: u64,
    detailed: (u64, u64),
    /// By segment and set.
    sets: [Vec<bool>; 2],
    digits_lengths: Vec<u8>,
}

/// The dictionary of the new base, and what stands there for each set of the old segments.
struct Sets {
    sets: Vec<Box<[u8]>>,
    places: [Vec<Code>; 2],
}

impl Used {
    fn of(merged: &Merged<'_>) -> Self {
        let sets = merged
            .views
            .map(|view| vec![false; view.map_or(0, |view| view.header.layout.set_count as usize)]);
        let digits_lengths = vec![0; STATES];
        Self { documents: 0, detailed: (0, 0), sets, digits_lengths }
    }

    fn add(&mut self, merged: &Merged<'_>, h: u64, found: Found) -> Result<(), IndexError> {
        self.documents += 1;
        let key = merged.view(found.from).key(h).map_err(|_| IndexError::Damaged)?;
        let (state, digits) = key.state_and_digits();
        if digits > 0 {
            self.digits_lengths[usize::from(state)] |= 1 << (digits - DIGITS_LEN_MIN);
        }
        match found.code {
            Code::Set(set) => {
                // A dictionary of version 2 has sets with references too.
                if merged.view(found.from).header.version() < VERSION {
                    self.add_detail_of(merged.set(h, found)?);
                }
                *self.sets[found.from].get_mut(set as usize).ok_or(IndexError::Damaged)? = true;
            }
            _ => {
                let len = merged.set(h, found)?.len() as u64;
                self.detailed = (self.detailed.0 + 1, self.detailed.1 + DETAIL_HEAD_LEN + len);
            }
        }
        Ok(())
    }

    fn add_detail_of(&mut self, set: &[u8]) {
        if has_reference(set) {
            self.detailed = (self.detailed.0 + 1, self.detailed.1 + DETAIL_HEAD_LEN + set.len() as u64);
        }
    }

    fn sort(&self, merged: &Merged<'_>, longs: &[(DocumentId, &[u8])]) -> Sets {
        let numbered =
            |from: usize| (0_u32..).zip(&self.sets[from]).map(move |(set, used)| (from, set, *used));
        let set = |from: usize, set: u32| merged.view(from).set(set).unwrap_or_default();
        let used = [BASE, DELTA].into_iter().flat_map(numbered).filter(|(.., used)| *used);
        let shared = used.map(|(from, number, _)| set(from, number)).filter(|set| !has_reference(set));
        let mut sets: Vec<Box<[u8]>> =
            shared.chain(longs.iter().map(|(_, set)| *set)).map(Into::into).collect();
        sets.sort_unstable();
        sets.dedup();
        let place = |(from, number, used): (usize, u32, bool)| {
            let set = if used { set(from, number) } else { &[] };
            if has_reference(set) {
                Code::Detailed
            } else {
                Code::Set(sets.partition_point(|other| &**other < set) as u32)
            }
        };
        let places = [BASE, DELTA].map(|from| numbered(from).map(place).collect());
        Sets { sets, places }
    }
}

/// The documents without keys, ascending, with their sets.
fn merged_longs<B: AsRef<[u8]>>(list: &List<B>) -> Result<Vec<(DocumentId, &[u8])>, IndexError> {
    let mut merged = std::collections::BTreeMap::new();
    for segment in list.segments() {
        for found in segment.long_documents() {
            match found.map_err(|_| IndexError::Damaged)? {
                (document, Said::Set(set)) => merged.insert(document, set),
                (document, Said::Gone) => merged.remove(&document),
            };
        }
    }
    Ok(merged.into_iter().collect())
}

/// What was merged, with the codes of the new base.
struct Remapped<'m, 'a> {
    merged: &'m Merged<'a>,
    places: &'m [Vec<Code>; 2],
}

impl Remapped<'_, '_> {
    #[inline]
    fn code(&self, found: Found) -> Code {
        match found.code {
            Code::Set(set) => self.places[found.from][set as usize],
            code => code,
        }
    }
}

impl Entries for Remapped<'_, '_> {
    fn entries(&self, visit: &mut impl FnMut(u64, Code) -> Result<(), IndexError>) -> Result<(), IndexError> {
        self.merged.walk(&mut |h, found| visit(h, self.code(found)))
    }

    fn details(
        &self,
        visit: &mut impl FnMut(u64, &[u8]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.merged.walk(&mut |h, found| match self.code(found) {
            Code::Detailed => visit(h, self.merged.set(h, found)?),
            _ => Ok(()),
        })
    }
}
