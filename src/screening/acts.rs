//! What acts on generations have in common: a time that can be trusted, and an entry before the deed.

use std::sync::Arc;

use crate::audit::{Act, AuditError, AuditLog, Draft};
use crate::domain::{Digest, FeedName};
use crate::ground::clock::{Clock, Now};
use crate::index::Generation;

/// Why nothing may be put in force.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ActError {
    /// The system clock runs behind what this site has seen.
    #[error(
        "the system clock is more than ten minutes behind the latest time this site has seen: set it right first"
    )]
    Clock,
    /// The act could not be recorded.
    #[error("the act cannot be recorded in the audit log, so it was not done")]
    Audit(#[from] AuditError),
}

/// The time to publish at, never below what generation and log have seen.
///
/// # Errors
/// [`ActError::Clock`].
pub fn trusted_now(clock: &Clock, log: &AuditLog, in_force: Option<&Generation>) -> Result<Now, ActError> {
    let seen = in_force.map(|generation| generation.highest_time);
    seen.into_iter().chain(log.highest_time()).for_each(|time| clock.observe(time));
    let now = clock.now();
    if now.trusted { Ok(now) } else { Err(ActError::Clock) }
}

/// Records an act, which puts the next generation in force, and waits until the entry is durable.
///
/// # Errors
/// [`ActError::Audit`].
pub fn record(
    log: &AuditLog,
    act: Act,
    principal: &Arc<str>,
    next: &Generation,
    feed: (FeedName, u64),
    now: Now,
) -> Result<(), ActError> {
    record_all(log, act, principal, next, vec![feed], now)
}

/// The same of an act on several feeds.
///
/// # Errors
/// [`ActError::Audit`].
pub fn record_all(
    log: &AuditLog,
    act: Act,
    principal: &Arc<str>,
    next: &Generation,
    feeds: Vec<(FeedName, u64)>,
    now: Now,
) -> Result<(), ActError> {
    let draft = Draft {
        generation: Some(next.id()),
        feeds,
        // Imports and acts on feeds depend on no settings.
        ..Draft::new(now.time, act, principal.clone(), Digest([0; 32]))
    };
    let _ = log.submit(draft, ())?.wait()?;
    Ok(())
}
