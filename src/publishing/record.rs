//! What acts on generations have in common: a time that can be trusted, and an entry before the deed.

use std::sync::Arc;

use crate::audit::{Act, AuditLog, Draft};
use crate::domain::{Digest, FeedName};
use crate::ground::clock::{Clock, Now};
use crate::index::Generation;

use super::error::PublishingError;

/// The time to publish at, never below what generation and log have seen.
pub(super) fn trusted_now(
    clock: &Clock,
    log: &AuditLog,
    in_force: Option<&Generation>,
) -> Result<Now, PublishingError> {
    let seen = in_force.map(|generation| generation.highest_time);
    seen.into_iter().chain(log.highest_time()).for_each(|time| clock.observe(time));
    let now = clock.now();
    if now.trusted { Ok(now) } else { Err(PublishingError::Clock) }
}

/// Records an act, which puts the next generation in force, and waits until the entry is durable.
pub(super) fn record(
    log: &AuditLog,
    act: Act,
    principal: &Arc<str>,
    next: &Generation,
    feed: (FeedName, u64),
    now: Now,
) -> Result<(), PublishingError> {
    record_all(log, act, principal, next, vec![feed], now)
}

/// The same of an act on several feeds.
pub(super) fn record_all(
    log: &AuditLog,
    act: Act,
    principal: &Arc<str>,
    next: &Generation,
    feeds: Vec<(FeedName, u64)>,
    now: Now,
) -> Result<(), PublishingError> {
    let draft = Draft {
        generation: Some(next.id()),
        feeds,
        // Imports and acts on feeds depend on no settings.
        ..Draft::new(now.time, act, principal.clone(), Digest([0; 32]))
    };
    let _ = log.submit(draft, ())?.wait()?;
    Ok(())
}
