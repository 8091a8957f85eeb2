//! What the audit log keeps of acts on generations.

use std::sync::Arc;

use crate::audit::{Act, AuditLog, Draft};
use crate::domain::{Digest, FeedName};
use crate::ground::clock::Now;

use super::error::PublishingError;

/// Records an act and waits until the entry is durable.
pub(super) fn record(
    log: &AuditLog,
    act: Act,
    principal: &Arc<str>,
    generation: u64,
    feed: (FeedName, u64),
    now: Now,
) -> Result<(), PublishingError> {
    let draft = Draft {
        generation: Some(generation),
        feeds: vec![feed],
        // Imports and acts on feeds depend on no settings.
        ..Draft::new(now.time, act, principal.clone(), Digest([0; 32]))
    };
    let _ = log.submit(draft, ())?.wait()?;
    Ok(())
}
