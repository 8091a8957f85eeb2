//! What a publisher has decided for a feed.

use crate::domain::{DocumentId, FeedName};
use crate::feed::{Lifetimes, Terms};

/// What a publisher has decided for a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSettings {
    /// The feed.
    pub feed: FeedName,
    /// How long what is signed is accepted.
    pub lifetimes: Lifetimes,
    /// A delta that changes more documents than this is folded into the next base.
    pub delta_documents_max: u64,
    /// Where more documents are changed than this, the list is built anew: changes are held in memory, some hundred bytes each.
    pub changes_max: u64,
    /// Documents that are listed with every publication, and documents that never are. They are nobody's.
    pub canaries: (Vec<CanaryDocument>, Vec<CanaryDocument>),
    /// What the list may be used for.
    pub terms: Terms,
}

impl FeedSettings {
    /// As many changes as two gigabytes hold.
    pub const CHANGES_MAX: u64 = 16_000_000;
}

/// A document that proves a list to be this one.
pub type CanaryDocument = DocumentId;
