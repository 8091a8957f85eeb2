//! What a site's operator decides about verdicts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::domain::{Deviations, FeedName};

/// The rules of verdicts that an operator may set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What a listing of another kind than the one presented is.
    pub kind_differs: KindDiffers,
    /// Issuers' series whose check digits are known to be wrong.
    pub deviations: Deviations,
    /// For feeds that are not in `feeds`.
    pub feed_defaults: FeedPolicy,
    /// For feeds by name.
    pub feeds: BTreeMap<FeedName, FeedPolicy>,
    /// Feeds that a `NoHit` needs, also if none ever came here.
    pub expected: BTreeSet<FeedName>,
}

impl Policy {
    /// The rules for one feed.
    #[must_use]
    pub fn of(&self, feed: &FeedName) -> &FeedPolicy {
        self.feeds.get(feed).unwrap_or(&self.feed_defaults)
    }
}

/// What a listing of another kind than the one presented is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KindDiffers {
    /// A hit, marked `kind_differs`.
    #[default]
    Hit,
    /// A reason for an inconclusive answer.
    Inconclusive,
}

/// The rules for one feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPolicy {
    /// From this age on the feed is `ageing`: answers say so.
    pub warn_after: SignedDuration,
    /// From this age on the feed is `stale`: no `no_hit` rests on it.
    pub stale_after: SignedDuration,
    /// What it means that the feed lists no document of the issuing state asked about.
    pub issuer_not_reported: IssuerNotReported,
}

impl Default for FeedPolicy {
    fn default() -> Self {
        Self {
            warn_after: SignedDuration::from_hours(24),
            stale_after: SignedDuration::from_hours(72),
            issuer_not_reported: IssuerNotReported::default(),
        }
    }
}

/// What it means that a feed lists no document of the issuing state asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IssuerNotReported {
    /// The answer says so.
    #[default]
    Warn,
    /// The answer says so and is inconclusive.
    Inconclusive,
}
