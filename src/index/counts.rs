//! Live notices, counted by what they say.

use std::collections::BTreeMap;

use crate::domain::{IssuingState, Kind, Status};

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
