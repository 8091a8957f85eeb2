//! A list and what becomes of it, document by document.

use crate::index::asked::Asked;
use crate::index::sets::{Bodies, Body, merge};
use crate::index::{Damaged, IndexError, List, Segment, SegmentError};

use super::amendment::Edit;
use super::changes::Changes;
use super::tally::Tally;

/// Only those documents are held that differ from the list: what is changed back takes no memory.
pub(super) struct Amending<'l, B> {
    list: &'l List<B>,
    documents_max: u64,
    pub(super) changes: Changes,
    /// Withdrawals of what was not listed.
    pub(super) unknown: u64,
    /// Additions of what is listed otherwise, and later.
    pub(super) overtaken: u64,
}

impl<'l, B: AsRef<[u8]>> Amending<'l, B> {
    pub(super) fn of(list: &'l List<B>, documents_max: u64) -> Self {
        Self { list, documents_max, changes: Changes::default(), unknown: 0, overtaken: 0 }
    }

    /// The set of a document as it is by now; empty if it is not listed.
    fn set(&self, asked: &Asked<'_>) -> Result<&[u8], Damaged> {
        self.changes.find(asked).map_or_else(|| self.list.set(asked), Ok)
    }

    fn put(&mut self, asked: &Asked<'_>, set: &[u8]) -> Result<(), IndexError> {
        self.changes.put(asked, self.list.set(asked)?, set);
        match self.changes.documents() {
            documents if documents > self.documents_max => {
                Err(IndexError::DeltaTooLarge { documents_max: self.documents_max })
            }
            _ => Ok(()),
        }
    }

    /// Adds the notices of a segment, or takes them out.
    pub(super) fn edit<E: AsRef<[u8]>>(&mut self, edit: &Edit<'_, E>) -> Result<(), IndexError> {
        let mut set = Vec::new();
        let (Edit::Add(segment) | Edit::Withdraw(segment)) = edit;
        for listed in segment.documents() {
            let (document, said) = listed?;
            let asked = Asked::of(&document);
            let now = self.set(&asked)?;
            set.clear();
            let (unknown, overtaken) = match edit {
                Edit::Add(_) => (0, add(now, said.set(), &mut set)?),
                Edit::Withdraw(_) => (withdraw(now, said.set(), &mut set)?, 0),
            };
            self.unknown += unknown;
            self.overtaken += overtaken;
            self.put(&asked, &set)?;
        }
        Ok(())
    }

    /// Does what an increment says to a list of this tally, and gives the tally of the list after it.
    pub(super) fn step<C: AsRef<[u8]>>(
        &mut self,
        tally: Tally,
        increment: &Segment<C>,
        at: usize,
    ) -> Result<Tally, IndexError> {
        let refused = |source| IndexError::Amends { at, source };
        increment.header().check_changes(tally.state_digest).map_err(refused)?;
        let (mut before, mut after) = (Tally::new(), Tally::new());
        for (entry, listed) in (0..).zip(increment.documents()) {
            let (document, said) = listed?;
            let asked = Asked::of(&document);
            let now = self.set(&asked)?;
            if now == said.set() {
                let what = "it says nothing new";
                return Err(refused(SegmentError::Content { section: "documents", at: entry, what }));
            }
            before.add_set(&document, now)?;
            after.add_set(&document, said.set())?;
            self.put(&asked, said.set())?;
        }
        let tally = tally.changed(&before, &after)?;
        tally.check(&Tally::stated(increment.view())?).map_err(refused)?;
        Ok(tally)
    }

    /// Does what turns the list into its base with another delta.
    pub(super) fn replace<C: AsRef<[u8]>>(&mut self, delta: Option<&Segment<C>>) -> Result<(), IndexError> {
        let base = self.list.base();
        let own = self.list.delta().into_iter().flat_map(Segment::documents);
        let others = delta.into_iter().flat_map(Segment::documents);
        let own = own.map(|listed| listed.map(|(document, _)| document));
        for document in own.chain(others.map(|listed| listed.map(|(document, _)| document))) {
            let document = document?;
            let asked = Asked::of(&document);
            let changed = delta.map(|delta| delta.said(&asked)).transpose()?.flatten();
            let set = changed.map_or_else(|| base.set(&asked), |said| Ok(said.set()))?;
            self.put(&asked, set)?;
        }
        Ok(())
    }
}

/// Puts notices into a set; of one identity the later stays. Gives how many were not put in for that, without aliases.
fn add(now: &[u8], added: &[u8], set: &mut Vec<u8>) -> Result<u64, Damaged> {
    let mut overtaken = 0;
    merge(Bodies::new(now), Bodies::new(added), |now, added| {
        let later = now.into_iter().chain(added).max_by_key(|body| body.lateness());
        set.extend(later.into_iter().flat_map(|body| body.bytes()));
        let lost = |added: &Body<'_>| later.is_some_and(|later| later.bytes() != added.bytes());
        overtaken += u64::from(added.is_some_and(|added| lost(&added) && !added.is_alias()));
    })?;
    Ok(overtaken)
}

/// Takes notices out of a set by their identities, and gives how many of them it did not have, without aliases.
fn withdraw(now: &[u8], withdrawn: &[u8], set: &mut Vec<u8>) -> Result<u64, Damaged> {
    let mut unknown = 0;
    merge(Bodies::new(now), Bodies::new(withdrawn), |now, withdrawn| match (now, withdrawn) {
        (Some(body), None) => set.extend_from_slice(body.bytes()),
        (None, Some(body)) => unknown += u64::from(!body.is_alias()),
        _ => {}
    })?;
    Ok(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Kind, Notice, Reference, Status};
    use crate::index::samples::notice;

    /// The set of some notices on one document, by ascending identity.
    fn set(notices: &[Notice]) -> Vec<u8> {
        let mut set = Vec::new();
        for notice in notices {
            let (mut canonical, head) = (Vec::new(), 3 + notice.document.number.as_bytes().len());
            notice.canonical_bytes(&mut canonical);
            set.extend_from_slice(&canonical[head..]);
        }
        set
    }

    fn some() -> [Notice; 4] {
        let passport = notice("UTO", "L898902C3");
        let reference = Some(Reference::parse("A").unwrap());
        [
            passport.clone(),
            Notice { reference, ..passport.clone() },
            Notice { kind: Kind::Visa, ..passport.clone() },
            Notice { alias: true, ..passport },
        ]
    }

    fn with(now: &[Notice], added: &[Notice]) -> Vec<u8> {
        let mut all = Vec::new();
        add(&set(now), &set(added), &mut all).unwrap();
        all
    }

    #[test]
    fn what_is_added_takes_its_place_among_the_others() {
        let [plain, referenced, visa, alias] = some();
        let all = set(&some());
        assert_eq!(with(&[], &some()), all);
        assert_eq!(with(&some(), &[]), all);
        assert_eq!(with(&some(), &some()), all);
        assert_eq!(with(&[plain.clone(), visa.clone()], &[referenced.clone(), alias.clone()]), all);
        assert_eq!(with(&[referenced, alias], &[plain, visa]), all);
    }

    #[test]
    fn of_one_identity_the_later_stays_whichever_comes_first() {
        let earlier = notice("UTO", "L898902C3");
        let day = |year| Some(jiff::civil::date(year, 1, 1));
        for later in [
            Notice { reported_on: day(2025), ..earlier.clone() },
            Notice { status: Status::Revoked, ..earlier.clone() },
            Notice { review_on: day(2030), ..earlier.clone() },
        ] {
            let (one, other) = (&[earlier.clone()][..], &[later.clone()][..]);
            assert_eq!(with(one, other), set(other));
            assert_eq!(with(other, one), set(other));
        }
    }

    #[test]
    fn what_is_withdrawn_goes_whatever_else_is_said_of_it_and_what_is_unknown_is_counted() {
        let [plain, referenced, visa, alias] = some();
        let without = |now: &[Notice], withdrawn: &[Notice]| {
            let mut left = Vec::new();
            let unknown = withdraw(&set(now), &set(withdrawn), &mut left).unwrap();
            (left, unknown)
        };
        let other = Notice { status: Status::Revoked, reported_on: None, ..plain.clone() };
        let left = [referenced.clone(), visa.clone(), alias.clone()];
        assert_eq!(without(&some(), &[other]), (set(&left), 0));
        assert_eq!(without(&some(), &some()), (Vec::new(), 0));
        assert_eq!(without(&[], &some()), (Vec::new(), 3), "an alias is not counted");
        assert_eq!(without(&[plain.clone(), visa], &[plain, referenced, alias]).1, 1);
    }

    #[test]
    fn a_set_cut_short_is_damage() {
        let (whole, mut out) = (set(&some()), Vec::new());
        let cut = &whole[..whole.len() - 1];
        assert_eq!(add(cut, &whole, &mut out), Err(Damaged));
        assert_eq!(withdraw(&whole, cut, &mut out), Err(Damaged));
    }
}
