//! What a whole list adds up to, as it is signed.

use std::collections::BTreeMap;

use super::FeedError;
use crate::domain::{IssuingState, Status};
use crate::feed::Sums;
use crate::index::{Counts, IndexError, List, StateDigest};

/// Counts a list from end to end.
pub(super) fn of_list<B: AsRef<[u8]>>(list: &List<B>) -> Result<Sums, FeedError> {
    let mut statuses = BTreeMap::<Status, u64>::new();
    for notice in list.notices() {
        let notice = notice.map_err(|_| IndexError::Damaged)?;
        *statuses.entry(notice.status).or_default() += u64::from(!notice.alias);
    }
    let statuses = statuses.into_iter().filter(|(_, count)| *count > 0);
    Ok(Sums {
        statuses: statuses.map(|(of, count)| (of.word().to_owned(), count)).collect(),
        ..by_states(list)
    })
}

/// Counts a list whose counts before some documents changed are known.
pub(super) fn after<B: AsRef<[u8]>>(
    list: &List<B>,
    before: &Sums,
    (gone, come): (&Counts, &Counts),
) -> Result<Sums, FeedError> {
    let mut statuses = before.statuses.clone();
    for (status, count) in &come.statuses {
        *statuses.entry(status.word().to_owned()).or_default() += count;
    }
    for (status, count) in &gone.statuses {
        let left = statuses.get(status.word()).and_then(|known| known.checked_sub(*count));
        statuses.insert(status.word().to_owned(), left.ok_or(FeedError::SelfTest)?);
    }
    statuses.retain(|_, count| *count > 0);
    Ok(Sums { statuses, ..by_states(list) })
}

/// What the files themselves say.
pub(super) fn by_states<B: AsRef<[u8]>>(list: &List<B>) -> Sums {
    let StateDigest { sum, notices } = list.state_digest();
    let states = IssuingState::all().map(|state| (state.code().to_owned(), list.reports(state)));
    let states = states.filter(|(_, count)| *count > 0).collect();
    Sums { notices, state_digest: sum, states, statuses: BTreeMap::new() }
}
