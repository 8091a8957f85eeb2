//! A list built anew, where more changes than is held in memory.

use super::FeedError;
use super::folder::{Pending, PendingKind};
use super::make::Work;
use crate::domain::{Notice, SegmentRef};
use crate::ground::platform::Mapping;
use crate::ground::storage::Paced;
use crate::index::{Builder, Damaged, IndexError, List, Segment, Staged};

/// Changes that change nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unseen {
    /// Withdrawals of notices that were not listed.
    pub(super) unknown: u64,
    /// Additions that are not listed, because what is listed under their identity is later.
    pub(super) overtaken: u64,
}

/// What is beyond waits in a file.
const BUILD_BYTES_MAX: u64 = 512 << 20;

impl Work<'_> {
    /// Makes a base of a list, if there is one, and of all that waits. It is the list that an amendment comes to: of each
    /// notice is asked whether it is withdrawn later, and of what is left under one identity the latest wins.
    pub(super) fn anew(
        &self,
        before: Option<&List<Mapping>>,
        pending: &[Pending],
        canaries: &Segment<Mapping>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<((Staged, SegmentRef, u128), Unseen), FeedError> {
        if before.is_none() && pending.first().is_none_or(|first| first.kind == PendingKind::Withdraw) {
            return Err(FeedError::NothingToWithdraw);
        }
        let segments = self.segments(pending)?;
        let steps =
            Steps { before, steps: pending.iter().map(|pending| pending.kind).zip(&segments).collect() };
        let mut builder = Builder::within(BUILD_BYTES_MAX, self.publisher.stage()?)?;
        let mut unknown = 0;
        for notice in before.into_iter().flat_map(List::notices) {
            let notice = notice.map_err(damaged)?;
            if !steps.withdraw(&notice, 0)? {
                builder.push(&notice)?;
            }
        }
        for (at, (kind, segment)) in steps.steps.iter().enumerate() {
            for notice in segment.notices() {
                let notice = notice.map_err(damaged)?;
                if *kind == PendingKind::Withdraw {
                    unknown += u64::from(!notice.alias && !steps.list(&notice, at)?);
                } else if !steps.withdraw(&notice, at + 1)? {
                    builder.push(&notice)?;
                }
            }
        }
        for notice in canaries.notices() {
            builder.push(&notice.map_err(damaged)?)?;
        }
        let mut staged = self.publisher.stage()?;
        let built = builder.finish(self.stamp, &mut Paced::new(staged.file(), None), progress)?;
        let overtaken = steps.overtaken(&staged.segment(&built.segment)?)?;
        Ok(((staged, built.segment, built.state_digest.sum), Unseen { unknown, overtaken }))
    }
}

/// A list, and what becomes of it, step by step.
struct Steps<'s> {
    before: Option<&'s List<Mapping>>,
    steps: Vec<(PendingKind, &'s Segment<Mapping>)>,
}

impl Steps<'_> {
    /// Whether a notice is withdrawn by a step, from one on.
    fn withdraw(&self, notice: &Notice, from: usize) -> Result<bool, FeedError> {
        for (kind, segment) in &self.steps[from..] {
            if *kind == PendingKind::Withdraw && has(&segment.find(&notice.document), notice)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a notice's identity is listed when it is the turn of a step.
    fn list(&self, notice: &Notice, at: usize) -> Result<bool, FeedError> {
        for (kind, segment) in self.steps[..at].iter().rev() {
            if has(&segment.find(&notice.document), notice)? {
                return Ok(*kind != PendingKind::Withdraw);
            }
        }
        self.before.map_or(Ok(false), |list| has(&list.find(&notice.document), notice))
    }

    /// Counts the additions in whose place the list that came of it has another.
    fn overtaken(&self, list: &Segment<Mapping>) -> Result<u64, FeedError> {
        let mut overtaken = 0;
        for (at, (kind, segment)) in self.steps.iter().enumerate() {
            for notice in segment.notices().take_while(|_| *kind != PendingKind::Withdraw) {
                let notice = notice.map_err(damaged)?;
                let is_listed = list.find(&notice.document).map_err(damaged)?.contains(&notice);
                overtaken += u64::from(!is_listed && !notice.alias && !self.withdraw(&notice, at + 1)?);
            }
        }
        Ok(overtaken)
    }
}

/// Whether there is a notice of one identity with another among those on its document.
fn has(found: &Result<Vec<Notice>, Damaged>, notice: &Notice) -> Result<bool, FeedError> {
    let identity = |notice: &Notice| (notice.kind, notice.alias, notice.reference.clone());
    let found = found.as_ref().map_err(|_| IndexError::Damaged)?;
    Ok(found.iter().any(|other| identity(other) == identity(notice)))
}

fn damaged(_: Damaged) -> IndexError {
    IndexError::Damaged
}
