//! Where a feed comes from, and what a site asks of it.

use std::sync::Arc;

use crate::domain::FeedName;
use crate::feed::mirror::{Limits, Mirror};

/// Where a feed comes from, and what a site asks of it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The feed.
    pub feed: FeedName,
    /// The root that the site was set up with, byte for byte; it got here another way than the feed.
    pub root: Vec<u8>,
    /// Who has the feed, in the order in which they are asked.
    pub mirrors: Vec<Arc<dyn Mirror>>,
    /// What lines are held to.
    pub limits: Limits,
    /// When a list that has come is put in force.
    pub activation: Activation,
    /// No publication with a lower sequence is accepted, also at a site that has lost everything.
    pub sequence_min: u64,
    /// The greatest share of the notices in force that may be gone; of 1.
    pub shrink_max: f64,
    /// MiB written in a second while a base is folded.
    pub fold_mib_per_second: u32,
}

/// When a list that has come is put in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// As soon as it is there.
    #[default]
    AtOnce,
    /// At a time of day in UTC, in minutes from midnight: a fleet turns together.
    At(u16),
    /// When somebody says so.
    OnCommand,
}
