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

    /// Counts sets, given in the order of the file, by the number of each for every document that has it.
    pub(super) fn add_sets(&mut self, sets: &[Box<[u8]>], used: impl Iterator<Item = u32>) {
        let mut uses = vec![0_u64; sets.len()];
        used.for_each(|set| uses[set as usize] += 1);
        for (set, uses) in sets.iter().zip(uses) {
            let bodies = Bodies::new(set).flatten().filter(|body| !body.is_alias());
            for (kind, status, reported_on) in bodies.filter_map(|body| body.says().ok()) {
                *self.kinds.entry(kind).or_default() += uses;
                *self.statuses.entry(status).or_default() += uses;
                *self.years.entry(reported_on.map(|day| day.year())).or_default() += uses;
            }
        }
    }
}
