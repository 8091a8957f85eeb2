//! How long what is published will be accepted.

use jiff::Timestamp;

use crate::feed::{Lifetimes, Metadata};

/// Whoever has less than this part of a lifetime left is told so: long before readers refuse anything.
const PART_LEFT: i32 = 3;

/// The roles whose signatures end within a third of their lifetime, or have ended, and when: all but that of heartbeats.
#[must_use]
pub fn ends_soon(
    metadata: &Metadata,
    lifetimes: &Lifetimes,
    now: Timestamp,
) -> Vec<(&'static str, Timestamp)> {
    let is_near = |(role, at): &(&'static str, Timestamp)| {
        let lifetime = match *role {
            "root" => lifetimes.root,
            "timestamp" => return false,
            _ => lifetimes.publication,
        };
        at.duration_since(now) <= lifetime / PART_LEFT
    };
    metadata.expiries().filter(is_near).collect()
}

/// Whether the list should be published again, though it is the same. A root is renewed by a new one.
pub(super) fn renewal_is_due(metadata: &Metadata, lifetimes: &Lifetimes, now: Timestamp) -> bool {
    ends_soon(metadata, lifetimes, now).iter().any(|(role, _)| *role != "root")
}
