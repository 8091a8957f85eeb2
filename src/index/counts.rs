//! Live notices, counted by what they say.

use std::collections::BTreeMap;

use crate::domain::{IssuingState, Kind, Status};

use super::Damaged;
use super::format::STATES;
use super::sets::Bodies;

/// How many live notices there are of each sort; aliases are not counted. What nothing was counted of is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By issuing state, in the order of the table of states.
    pub states: BTreeMap<IssuingState, u64>,
    /// By kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// By status.
    pub statuses: BTreeMap<Status, u64>,
    /// By the year of the report; `None` counts those without a day.
    pub years: BTreeMap<Option<i16>, u64>,
}

impl Counts {
    /// The counts of a list of which some documents, counted before and after, are changed, as by an
    /// [`Amendment`](super::Amendment).
    ///
    /// # Errors
    /// [`Damaged`] if more was counted of them than of all: then these are not the counts of their list.
    pub fn changed(mut self, before: &Self, after: &Self) -> Result<Self, Damaged> {
        take_away(&mut self.states, &before.states)?;
        take_away(&mut self.kinds, &before.kinds)?;
        take_away(&mut self.statuses, &before.statuses)?;
        take_away(&mut self.years, &before.years)?;
        self.merge(after.clone());
        Ok(self)
    }

    pub(super) fn of_states(counts: &[u64; STATES]) -> Self {
        let states = IssuingState::all().map(|state| (state, counts[usize::from(state.number())]));
        Self { states: states.filter(|(_, count)| *count > 0).collect(), ..Self::default() }
    }

    /// Counts a set that so many documents have.
    pub(super) fn add_set(&mut self, set: &[u8], uses: u64) {
        let bodies = Bodies::new(set).flatten().filter(|body| !body.is_alias());
        for (kind, status, reported_on) in bodies.filter_map(|body| body.says().ok()) {
            *self.kinds.entry(kind).or_default() += uses;
            *self.statuses.entry(status).or_default() += uses;
            *self.years.entry(reported_on.map(|day| day.year())).or_default() += uses;
        }
    }

    /// Adds what was counted elsewhere.
    pub(super) fn merge(&mut self, other: Self) {
        other.states.into_iter().for_each(|(state, count)| *self.states.entry(state).or_default() += count);
        other.kinds.into_iter().for_each(|(kind, count)| *self.kinds.entry(kind).or_default() += count);
        other
            .statuses
            .into_iter()
            .for_each(|(status, count)| *self.statuses.entry(status).or_default() += count);
        other.years.into_iter().for_each(|(year, count)| *self.years.entry(year).or_default() += count);
    }
}

fn take_away<K: Ord>(counts: &mut BTreeMap<K, u64>, others: &BTreeMap<K, u64>) -> Result<(), Damaged> {
    for (key, other) in others {
        let count = counts.get_mut(key).ok_or(Damaged)?;
        *count = count.checked_sub(*other).ok_or(Damaged)?;
    }
    counts.retain(|_, count| *count > 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples::{a_few, build};
    use super::*;

    #[test]
    fn what_is_taken_away_is_absent_and_more_than_there_is_cannot_be_taken() {
        let of = |range| build(&a_few()[range]).1.counts;
        let (all, first, rest) = (of(0..6), of(0..2), of(2..6));
        assert_eq!(all.clone().changed(&first, &Counts::default()), Ok(rest.clone()));
        assert_eq!(all.clone().changed(&all, &first), Ok(first.clone()));
        assert_eq!(rest.changed(&all, &all), Err(Damaged));
        assert_eq!(Counts::default().changed(&first, &all), Err(Damaged));
    }
}
