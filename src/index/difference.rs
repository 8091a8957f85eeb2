//! Two lists of one feed compared, notice by notice.

use jiff::Timestamp;

use super::asked::Asked;
use super::build::MIXER;
use super::cores::on_all_cores;
use super::segment::Said;
use super::sets::{Bodies, Body, merge};
use super::{Damaged, List, Segment};

/// What became of the notices of an earlier list. Aliases are not counted: they come and go with their notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Identities that the earlier list does not have.
    pub new: u64,
    /// Identities of both lists whose status or days differ.
    pub changed: u64,
    /// Identities that only the earlier list has.
    pub gone: u64,
    /// Of those that differ, those that are in force by the earlier list and have lapsed by the later.
    pub lapsed: u64,
}

impl<B: AsRef<[u8]> + Sync> List<B> {
    /// What this list has changed in an earlier one. Reads the earlier one from end to end, on all cores, and asks this one
    /// for each of its documents.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes of one are no longer those that were checked.
    pub fn difference<C: AsRef<[u8]> + Sync>(
        &self,
        earlier: &List<C>,
        now: Timestamp,
    ) -> Result<Difference, Damaged> {
        let parts = on_all_cores(|part, parts| self.difference_of_part(earlier, now, part, parts))?;
        let mut difference = Difference::default();
        for part in parts {
            difference.changed += part.changed;
            difference.gone += part.gone;
            difference.lapsed += part.lapsed;
        }
        // Those of documents that only this list has were not come by.
        let kept = earlier.state_digest().notices.checked_sub(difference.gone).ok_or(Damaged)?;
        difference.new = self.state_digest().notices.checked_sub(kept).ok_or(Damaged)?;
        Ok(difference)
    }

    fn difference_of_part<C: AsRef<[u8]>>(
        &self,
        earlier: &List<C>,
        now: Timestamp,
        part: u64,
        parts: u64,
    ) -> Result<Difference, Damaged> {
        let mut difference = Difference::default();
        for (which, segment) in earlier.segments().enumerate() {
            let is_base = which == 0;
            for listed in segment.keyed_of(part, parts) {
                let (h, said) = listed?;
                let asked = Asked::mixed(h);
                // What the delta says anew is compared there.
                if is_base && earlier.changes(&asked)? {
                    continue;
                }
                difference.compare(said.set(), self.set(&asked)?, now)?;
            }
            for listed in segment.long_documents().take_while(|_| part == 0) {
                let (document, said) = listed?;
                let asked = Asked::of(&document);
                if !is_base || !earlier.changes(&asked)? {
                    difference.compare(said.set(), self.set(&asked)?, now)?;
                }
            }
        }
        Ok(difference)
    }
}

impl<B: AsRef<[u8]>> Segment<B> {
    /// The documents with keys of one of so many parts, by their `h`.
    fn keyed_of(&self, part: u64, parts: u64) -> impl Iterator<Item = Result<(u64, Said<'_>), Damaged>> + '_ {
        let (view, mixer) = (self.view(), self.header().shape.mixer);
        let (table, damaged) = match view.table() {
            Ok(table) => (Some(table.into_entries_of(part, parts)), None),
            Err(damaged) => (None, Some(Err(damaged))),
        };
        let keyed = table.into_iter().flatten().map(move |entry| {
            let (h, number) = entry?;
            let code = view.header.code(number.into()).ok_or(Damaged)?;
            let said = view.set_of(h, code)?.map_or(Said::Gone, Said::Set);
            Ok((if mixer == MIXER { h } else { MIXER.mix(mixer.unmix(h)) }, said))
        });
        damaged.into_iter().chain(keyed)
    }
}

impl Difference {
    /// Compares two sets of one document. Of documents that only one list has, whoever calls this hands on an empty set.
    pub(super) fn compare(&mut self, before: &[u8], now: &[u8], time: Timestamp) -> Result<(), Damaged> {
        if before == now {
            return Ok(());
        }
        merge(counted(before), counted(now), |before, now| match (before, now) {
            (Some(before), Some(now)) if before.bytes() != now.bytes() => {
                self.changed += 1;
                self.lapsed += u64::from(before.is_in_force(time) && !now.is_in_force(time));
            }
            (Some(_), None) => self.gone += 1,
            (None, Some(_)) => self.new += 1,
            _ => {}
        })
    }
}

/// The notices of a set that are counted. One that cannot be read is not told from one that has lapsed.
fn counted(set: &[u8]) -> impl Iterator<Item = Result<Body<'_>, Damaged>> {
    Bodies::new(set).filter(|body| !body.is_ok_and(Body::is_alias))
}
