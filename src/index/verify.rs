//! Everything that is asked of a segment before it is put in force, beyond what is asked at each opening.

use crate::domain::{DocumentId, SegmentRole};

use super::build::Tally;
use super::code::Code;
use super::cores::on_all_cores;
use super::format::{GROUP_LEN, VERSION, group};
use super::open::check_set;
use super::sets::{Bodies, has_reference};
use super::view::View;
use super::{Segment, SegmentError};

impl<B: AsRef<[u8]> + Sync> Segment<B> {
    /// Checks that a lookup finds exactly what is listed: the order of the table and of the details, that each set is used
    /// and can be read, and, of a base, that all sums agree. What a delta sums up is that of another list
    /// with it, and is checked there: of a cumulative one [with its base](super::List::verify), of an increment
    /// [where it changes a list](super::Amendment::of_increments).
    ///
    /// # Errors
    /// [`SegmentError`] says what is wrong.
    pub fn verify(&self) -> Result<(), SegmentError> {
        let view = self.view();
        let bad = |at, what| SegmentError::Content { section: "slots", at, what };
        let table = view.table().map_err(|_| SegmentError::TooShort)?;
        on_all_cores(|part, parts| table.check(part, parts)).map_err(|what| bad(0, what))?;
        let detailed = check_details(view)?;
        // Groups of another size would be searched for longer than any that a builder makes.
        if view.groups() != detailed.div_ceil(GROUP_LEN) {
            return Err(SegmentError::Sums("details"));
        }
        let sums = on_all_cores(|part, parts| Sums::of_part(view, part, parts))?;
        let mut sums = sums.into_iter().reduce(Sums::merge).unwrap_or_else(|| Sums::new(view));
        for found in self.long_map().documents() {
            let unreadable = |_| SegmentError::Content {
                section: "long numbers",
                at: 0,
                what: "it has a set that does not exist",
            };
            let (document, number) = found.map_err(unreadable)?;
            let code = view.header.code_of_long(number).ok_or(SegmentError::Sums("long numbers"))?;
            let set = view.set_of_long(number).map_err(unreadable)?;
            sums.add(&document, code, set).map_err(|what| bad(0, what))?;
        }
        if sums.documents != view.header.documents() {
            return Err(bad(sums.documents, "the table has another number of entries"));
        }
        if sums.detailed != detailed {
            return Err(SegmentError::Sums("details"));
        }
        sums.check()
    }
}

/// The details ascend, each in its group, and can be read; gives how many there are.
fn check_details(view: View) -> Result<u64, SegmentError> {
    let (groups, mut count, mut before) = (view.groups(), 0, None);
    for at in 0..groups {
        let bad = |what| SegmentError::Content { section: "details", at, what };
        for detail in view.details(at).map_err(|_| bad("its place is out of range"))? {
            let (h, set) = detail.map_err(|_| bad("it is cut short"))?;
            if before.replace(h) >= Some(h) || group(h, groups) != at {
                return Err(bad("it is out of order"));
            }
            check_set(set).map_err(bad)?;
            if view.find(h) != Ok(Some(Code::Detailed)) {
                return Err(bad("it belongs to no document"));
            }
            count += 1;
        }
    }
    Ok(count)
}

/// Entries whose sets are fetched together: they lie anywhere in the dictionary.
const TOGETHER: usize = 32;

/// What is summed up over all documents, to be compared with what the file says of itself.
struct Sums<'a> {
    view: View<'a>,
    used: Vec<bool>,
    documents: u64,
    detailed: u64,
    tally: Tally,
}

impl<'a> Sums<'a> {
    fn new(view: View<'a>) -> Self {
        // Bounded: the starts of the sets, eight bytes each, are in the file.
        let used = vec![false; view.header.layout.set_count as usize];
        Self { view, used, documents: 0, detailed: 0, tally: Tally::new() }
    }

    /// Sums up one of so many parts of the table.
    fn of_part(view: View<'a>, part: u64, parts: u64) -> Result<Self, SegmentError> {
        let mut sums = Self::new(view);
        let table = view.table().map_err(|_| SegmentError::TooShort)?;
        let mut together = Vec::with_capacity(TOGETHER);
        // Not by `for`, which would ask bucket and slot anew for each entry.
        table.into_entries_of(part, parts).try_for_each(|entry| {
            let (h, number) = entry.map_err(|_| sums.bad("its place is no key's"))?;
            let code = view.header.code(number.into());
            together.push((h, code.ok_or_else(|| sums.bad("it has a set that does not exist"))?));
            if together.len() == TOGETHER { sums.add_all(&mut together) } else { Ok(()) }
        })?;
        sums.add_all(&mut together)?;
        Ok(sums)
    }

    fn add_all(&mut self, together: &mut Vec<(u64, Code)>) -> Result<(), SegmentError> {
        self.view.fetch_sets(together.iter().map(|(_, code)| *code));
        together.drain(..).try_for_each(|(h, code)| self.add_entry(h, code).map_err(|what| self.bad(what)))
    }

    fn bad(&self, what: &'static str) -> SegmentError {
        SegmentError::Content { section: "slots", at: self.documents, what }
    }

    fn add_entry(&mut self, h: u64, code: Code) -> Result<(), &'static str> {
        let document = self.view.key(h).map_err(|_| "its key is no document's")?.unpack();
        let set = self.view.set_of(h, code).map_err(|_| "it has a set that does not exist")?;
        // So that equal lists are equal files; the version before has no details.
        let is_misplaced = |set| has_reference(set) != (code == Code::Detailed);
        if self.view.header.version() == VERSION && set.is_some_and(is_misplaced) {
            return Err("its set is not where its like belong");
        }
        self.add(&document, code, set)
    }

    fn add(&mut self, document: &DocumentId, code: Code, set: Option<&[u8]>) -> Result<(), &'static str> {
        self.documents += 1;
        match code {
            Code::Set(set) => {
                *self.used.get_mut(set as usize).ok_or("it has a set that does not exist")? = true
            }
            Code::Detailed => self.detailed += 1,
            Code::Gone if self.view.header.role == SegmentRole::Delta => {}
            Code::Gone => return Err("a base says of it that it is gone"),
        }
        self.tally.add_document(document);
        for body in set.map(Bodies::new).into_iter().flatten() {
            let body = body.map_err(|_| "it has a set that can't be read")?;
            self.tally.add_body(document, body.bytes());
        }
        Ok(())
    }

    fn merge(mut self, other: Self) -> Self {
        self.used.iter_mut().zip(&other.used).for_each(|(all, used)| *all |= used);
        self.documents += other.documents;
        self.detailed += other.detailed;
        self.tally.merge(&other.tally);
        self
    }

    fn check(&self) -> Result<(), SegmentError> {
        if self.used.contains(&false) {
            return Err(SegmentError::Sums("sets"));
        }
        if self.view.header.role == SegmentRole::Delta {
            return Ok(());
        }
        if self.view.counts().map_err(|_| SegmentError::TooShort)? != self.tally.counts {
            return Err(SegmentError::Sums("counts by issuing state"));
        }
        if self.view.all_digits_lengths() != Ok(self.tally.digits_lengths.as_slice()) {
            return Err(SegmentError::Sums("lengths of numbers by issuing state"));
        }
        if self.tally.state_digest != self.view.header.state_digest {
            return Err(SegmentError::Sums("count and state digest"));
        }
        Ok(())
    }
}
