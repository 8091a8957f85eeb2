//! Two lists of one feed compared, notice by notice.

use std::cmp::Ordering;

use crate::domain::DocumentId;

use super::segment::View;
use super::sets::{Bodies, Body};
use super::{Damaged, Segment};

/// What became of the notices of an earlier list. Aliases are not counted: they come and go with their notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Identities that the earlier list does not have.
    pub new: u64,
    /// Identities of both lists whose status or days differ.
    pub changed: u64,
    /// Identities that only the earlier list has.
    pub gone: u64,
}

impl<B: AsRef<[u8]>> Segment<B> {
    /// What this list has changed in an earlier one. Reads both from end to end, side by side.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes of one are no longer those that were checked.
    pub fn difference<C: AsRef<[u8]>>(&self, earlier: &Segment<C>) -> Result<Difference, Damaged> {
        let mut difference = Difference::default();
        let (ours, theirs) = (self.view(), earlier.view());
        let mut compare = |before, now| difference.compare_sets(before, now);
        merge(slots(theirs), slots(ours), &mut compare)?;
        let (before, now) = (earlier.long_documents(), self.long_documents());
        merge(sets_of(theirs, before), sets_of(ours, now), &mut compare)?;
        Ok(difference)
    }
}

impl Difference {
    /// Compares what two lists say of one document.
    fn compare_sets(&mut self, before: Option<&[u8]>, now: Option<&[u8]>) -> Result<(), Damaged> {
        if before == now {
            return Ok(());
        }
        merge(bodies(before.unwrap_or_default()), bodies(now.unwrap_or_default()), &mut |before, now| {
            match (before, now) {
                (Some(_), None) => self.gone += 1,
                (None, Some(_)) => self.new += 1,
                (before, now) => self.changed += u64::from(before != now),
            }
            Ok(())
        })
    }
}

fn slots<'a>(view: View<'a>) -> impl Iterator<Item = Result<(u64, &'a [u8]), Damaged>> {
    (0..view.header.layout.slot_count).map(move |at| {
        let slot = view.slot(at)?;
        Ok((slot.key, view.set_bytes(slot.set.into())?))
    })
}

fn sets_of<'a>(
    view: View<'a>,
    documents: impl Iterator<Item = Result<(DocumentId, u64), Damaged>>,
) -> impl Iterator<Item = Result<(DocumentId, &'a [u8]), Damaged>> {
    documents.map(move |found| {
        let (document, set) = found?;
        Ok((document, view.set_bytes(set)?))
    })
}

type Identity<'a> = (u8, &'a [u8]);

fn bodies<'a>(set: &'a [u8]) -> impl Iterator<Item = Result<(Identity<'a>, &'a [u8]), Damaged>> {
    let counted = |body: &Result<Body<'_>, _>| !body.as_ref().is_ok_and(|body| body.is_alias());
    Bodies::new(set).filter(counted).map(|body| body.map(|body| (body.identity(), body.bytes())))
}

/// Walks through two lists that ascend by `K` and hands on what each has under it.
fn merge<'a, K: Ord>(
    mut earlier: impl Iterator<Item = Result<(K, &'a [u8]), Damaged>>,
    mut later: impl Iterator<Item = Result<(K, &'a [u8]), Damaged>>,
    compare: &mut impl FnMut(Option<&'a [u8]>, Option<&'a [u8]>) -> Result<(), Damaged>,
) -> Result<(), Damaged> {
    let (mut before, mut now) = (earlier.next().transpose()?, later.next().transpose()?);
    loop {
        let order = match (&before, &now) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((before, _)), Some((now, _))) => before.cmp(now),
        };
        let gone_by = if order.is_le() { before.take() } else { None };
        let come = if order.is_ge() { now.take() } else { None };
        compare(gone_by.map(|(_, bytes)| bytes), come.map(|(_, bytes)| bytes))?;
        if order.is_le() {
            before = earlier.next().transpose()?;
        }
        if order.is_ge() {
            now = later.next().transpose()?;
        }
    }
}
