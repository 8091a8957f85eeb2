//! Two lists of one feed compared, notice by notice.

use std::cmp::Ordering;

use super::format::Header;
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
    /// What this list has changed in an earlier one. Reads the earlier one from end to end and asks this one for each of its
    /// documents.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes of one are no longer those that were checked.
    pub fn difference<C: AsRef<[u8]>>(&self, earlier: &Segment<C>) -> Result<Difference, Damaged> {
        let mut difference = Difference::default();
        let (ours, theirs) = (self.view(), earlier.view());
        for found in theirs.keyed() {
            let (key, set) = found?;
            let now = ours.find(key)?.map(|set| ours.set_bytes(set.into())).transpose()?;
            difference.compare_sets(theirs.set_bytes(set.into())?, now.unwrap_or_default())?;
        }
        for found in earlier.long_documents() {
            let (document, set) = found?;
            let now = self.find_long(&document).map(|set| ours.set_bytes(set)).transpose()?;
            difference.compare_sets(theirs.set_bytes(set)?, now.unwrap_or_default())?;
        }
        let notices = |header: &Header| header.state_digest.notices;
        let kept = notices(earlier.header()).checked_sub(difference.gone).ok_or(Damaged)?;
        difference.new = notices(self.header()).checked_sub(kept).ok_or(Damaged)?;
        Ok(difference)
    }
}

impl Difference {
    /// Compares what two lists say of one document; what is new of it shows in the sums.
    fn compare_sets(&mut self, before: &[u8], now: &[u8]) -> Result<(), Damaged> {
        if before == now {
            return Ok(());
        }
        merge(bodies(before), bodies(now), &mut |before, now| {
            self.gone += u64::from(before.is_some() && now.is_none());
            self.changed += u64::from(before.is_some() && now.is_some() && before != now);
        })
    }
}

type Identity<'a> = (u8, &'a [u8]);

fn bodies<'a>(set: &'a [u8]) -> impl Iterator<Item = Result<(Identity<'a>, &'a [u8]), Damaged>> {
    let counted = |body: &Result<Body<'_>, _>| !body.as_ref().is_ok_and(|body| body.is_alias());
    Bodies::new(set).filter(counted).map(|body| body.map(|body| (body.identity(), body.bytes())))
}

/// Walks through the notices of two sets, which ascend by identity, and hands on what each has of it.
fn merge<'a>(
    mut earlier: impl Iterator<Item = Result<(Identity<'a>, &'a [u8]), Damaged>>,
    mut later: impl Iterator<Item = Result<(Identity<'a>, &'a [u8]), Damaged>>,
    compare: &mut impl FnMut(Option<&'a [u8]>, Option<&'a [u8]>),
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
        compare(gone_by.map(|(_, bytes)| bytes), come.map(|(_, bytes)| bytes));
        if order.is_le() {
            before = earlier.next().transpose()?;
        }
        if order.is_ge() {
            now = later.next().transpose()?;
        }
    }
}
