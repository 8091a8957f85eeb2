//! A base and its delta become the next base.

use crate::domain::{DocumentId, SegmentRef, SegmentRole};
use crate::ground::storage::StorageFile;
use crate::index::code::Code;
use crate::index::format::{DIGITS_LEN_MIN, STATES, Stamp, VERSION};
use crate::index::segment::Said;
use crate::index::sets::has_reference;
use crate::index::table::Planning;
use crate::index::view::View;
use crate::index::{Damaged, IndexError, List, Segment, longs};

use super::MIXER;
use super::tally::Tally;
use super::write::{Contents, DETAIL_HEAD_LEN, Entries, code_max, plan, write};

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
    let mut planning = Planning::new(MIXER, merged.documents, code_max(used.sets.len())?);
    merged.walk(&mut |h, found| {
        used.add(&merged, h, found)?;
        planning.add((h, merged.joined(found)?.number()));
        Ok(())
    })?;
    if used.documents != merged.documents {
        return Err(IndexError::Damaged);
    }
    let longs = merged_longs(list)?;
    let Sets { sets, places } = used.sort(&merged, &longs);
    let mut tally = Tally::stated(list.last().view())?;
    tally.digits_lengths.copy_from_slice(&used.digits_lengths);
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
    let remapped = Remapped { merged: &merged, places: &places };
    // Nearly always slots are as wide as the sets of both would have asked for.
    let place = |number: u32| remapped.place(Code::from_number(number)).expect("it was found to be used");
    let becomes = |number: u32| place(number).number();
    let plan = match planning.finish_as(code_max(sets.len())?, becomes) {
        Some(plan) => plan,
        None => plan(&contents, &remapped)?,
    };
    let (digest, length) = write(&contents, &plan, &remapped, out, progress)?;
    Ok(SegmentRef { role: SegmentRole::Base, digest, length, notices: tally.state_digest.notices })
}

/// Both segments of a list, to be gone through together by ascending `h`.
struct Merged<'a> {
    /// The base, then the delta.
    views: [Option<View<'a>>; 2],
    /// What has no room in its bucket of the base.
    overflowed: Vec<(u64, Code)>,
    changed: Vec<(u64, Code)>,
    /// With keys.
    documents: u64,
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
            let table = base.table()?;
            overflowed.extend(
                table.into_overflowed().map(|entry| coded(base, entry)).collect::<Result<Vec<_>, _>>()?,
            );
        }
        let mut changed = Vec::new();
        if let Some(delta) = list.delta() {
            let entries = delta.view().entries();
            changed = entries.collect::<Result<Vec<_>, _>>()?;
        }
        overflowed.sort_unstable_by_key(|(h, _)| *h);
        changed.sort_unstable_by_key(|(h, _)| *h);
        if !same_order {
            return Err(IndexError::OtherSeed);
        }
        let mut documents = base.header.layout.slot_count;
        for (h, code) in &changed {
            let (is_new, is_old) = (*code != Code::Gone, base.find(*h)?.is_some());
            documents =
                (documents + u64::from(is_new)).checked_sub(is_old.into()).ok_or(IndexError::Damaged)?;
        }
        Ok(Self { views, overflowed, changed, documents })
    }

    /// What was found, with the number of its set among those of both.
    #[inline]
    fn joined(&self, found: Found) -> Result<Code, Damaged> {
        match found.code {
            Code::Set(set) if u64::from(set) >= self.sets(found.from) => Err(Damaged),
            Code::Set(set) if found.from == DELTA => {
                Ok(Code::Set(set.saturating_add(self.sets(BASE) as u32)))
            }
            code => Ok(code),
        }
    }

    fn sets(&self, from: usize) -> u64 {
        self.views[from].map_or(0, |view| view.header.layout.set_count)
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
        let mut before = None;
        // So it was when it was opened; whoever writes a table takes it for granted.
        let visit = &mut |h, found| {
            if before.replace(h) < Some(h) { visit(h, found) } else { Err(IndexError::Damaged) }
        };
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
        // Not by `for`, which would ask bucket and slot anew for each entry.
        base.table()?.into_settled().try_for_each(|entry| {
            let (h, code) = coded(base, entry)?;
            while let Some((h, code)) = overflowed.next_if(|(other, _)| *other < h) {
                of_base(*h, *code)?;
            }
            of_base(h, code)
        })?;
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
    let (h, number) = entry?;
    Ok((h, view.header.code(number.into()).ok_or(IndexError::Damaged)?))
}

/// What the new base will have, found out by going through both once.
struct Used {
    documents: u64,
    detailed: (u64, u64),
    /// By the number of the set among those of both.
    sets: Vec<bool>,
    digits_lengths: Vec<u8>,
}

/// The dictionary of the new base, and what stands there for each set by its number among those of both.
struct Sets {
    sets: Vec<Box<[u8]>>,
    places: Vec<Code>,
}

impl Used {
    fn of(merged: &Merged<'_>) -> Self {
        let sets = vec![false; (merged.sets(BASE) + merged.sets(DELTA)) as usize];
        let digits_lengths = vec![0; STATES];
        Self { documents: 0, detailed: (0, 0), sets, digits_lengths }
    }

    fn add(&mut self, merged: &Merged<'_>, h: u64, found: Found) -> Result<(), IndexError> {
        self.documents += 1;
        let key = merged.view(found.from).key(h)?;
        let (state, digits) = key.state_and_digits();
        if digits > 0 {
            self.digits_lengths[usize::from(state)] |= 1 << (digits - DIGITS_LEN_MIN);
        }
        match merged.joined(found)? {
            Code::Set(set) => {
                // A dictionary of version 2 has sets with references too.
                if merged.view(found.from).header.version() < VERSION {
                    self.add_detail_of(merged.set(h, found)?);
                }
                *self.sets.get_mut(set as usize).ok_or(IndexError::Damaged)? = true;
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
        let of = |from: usize| (0..merged.sets(from) as u32).map(move |set| (from, set));
        let of_both = || [BASE, DELTA].into_iter().flat_map(of).zip(&self.sets);
        let set = |(from, set): (usize, u32)| merged.view(from).set(set).unwrap_or_default();
        let used = of_both().filter(|(_, used)| **used).map(|(at, _)| set(at));
        let shared = used.filter(|set| !has_reference(set));
        let mut sets: Vec<Box<[u8]>> =
            shared.chain(longs.iter().map(|(_, set)| *set)).map(Into::into).collect();
        sets.sort_unstable();
        sets.dedup();
        let place = |(at, used): ((usize, u32), &bool)| {
            let set = if *used { set(at) } else { &[] };
            if has_reference(set) {
                Code::Detailed
            } else {
                Code::Set(sets.partition_point(|other| &**other < set) as u32)
            }
        };
        let places = of_both().map(place).collect();
        Sets { sets, places }
    }
}

/// The documents without keys, ascending, with their sets.
fn merged_longs<B: AsRef<[u8]>>(list: &List<B>) -> Result<Vec<(DocumentId, &[u8])>, IndexError> {
    let mut merged = std::collections::BTreeMap::new();
    for segment in list.segments() {
        for found in segment.long_documents() {
            match found? {
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
    places: &'m [Code],
}

impl Remapped<'_, '_> {
    #[inline]
    fn code(&self, found: Found) -> Result<Code, Damaged> {
        self.place(self.merged.joined(found)?).ok_or(Damaged)
    }

    #[inline]
    fn place(&self, joined: Code) -> Option<Code> {
        match joined {
            Code::Set(set) => self.places.get(set as usize).copied(),
            code => Some(code),
        }
    }
}

impl Entries for Remapped<'_, '_> {
    fn entries(&self, visit: &mut impl FnMut(u64, Code) -> Result<(), IndexError>) -> Result<(), IndexError> {
        let mut documents = 0;
        self.merged.walk(&mut |h, found| {
            documents += 1;
            visit(h, self.code(found)?)
        })?;
        if documents == self.merged.documents { Ok(()) } else { Err(IndexError::Damaged) }
    }

    fn details(
        &self,
        visit: &mut impl FnMut(u64, &[u8]) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        self.merged.walk(&mut |h, found| match self.code(found)? {
            Code::Detailed => visit(h, self.merged.set(h, found)?),
            _ => Ok(()),
        })
    }
}
