//! What the mirrors of a feed have, one after the other.

use super::files::Files;
use super::{Site, Source, SyncError};
use crate::feed::{self, Accepted, RefreshError, Refreshed};
use crate::ground::causes;
use crate::ground::clock::Now;
use crate::index::Generation;

/// The newest that may be accepted: of the first mirror that has something new, or of the last that was read.
pub(super) fn refresh(
    site: &Site<'_>,
    source: &Source,
    generation: Option<&Generation>,
    files: &Files<'_>,
    now: Now,
) -> Result<Refreshed, SyncError> {
    let record = generation.and_then(|generation| generation.record(&source.feed));
    let kept = generation.and_then(|generation| generation.floors.get(&source.feed));
    // After a rollback what is kept is newer than what is in force.
    let (root, metadata) = match (kept, record) {
        (Some(kept), _) => (kept.root.as_deref(), Some(&kept.metadata)),
        (None, Some(record)) => (record.root.as_deref(), Some(&record.metadata)),
        (None, None) => (None, None),
    };
    let accepted = Accepted { root: root.unwrap_or(&source.root), metadata };
    let times = (now.time, site.clock.source_time());
    let (mut newest, mut failures) = (None::<Refreshed>, Vec::new());
    for mirror in &source.mirrors {
        let known = files.roots()?;
        let mut roots = known.clone();
        let refreshed = feed::refresh(mirror, accepted, &mut roots, &*site.storage, &files.scratch(), times);
        files.keep_roots(&known, &roots)?;
        match refreshed {
            Ok(refreshed) => {
                let is_new = metadata != Some(&refreshed.files);
                let is_newer =
                    |newest: &Refreshed| newest.metadata.versions() < refreshed.metadata.versions();
                if newest.as_ref().is_none_or(is_newer) {
                    newest = Some(refreshed);
                }
                // One that stands still may hide another that does not.
                if is_new {
                    break;
                }
            }
            Err(error) => failures.push((mirror.name(), error)),
        }
    }
    for (mirror, error) in &failures {
        tracing::warn!(feed = %source.feed, mirror, error = %causes(error), "a mirror is of no use");
    }
    newest.ok_or_else(|| refused(source, failures))
}

/// Of several failures the one that somebody must know of: a line that is down hides no attack at the next mirror.
fn refused(source: &Source, mut failures: Vec<(&str, RefreshError)>) -> SyncError {
    let feed = source.feed.clone();
    let failed = failures.len();
    let told = failures.iter().position(|(_, error)| !matches!(error.code(), "line" | "missing"));
    if failures.is_empty() {
        return SyncError::NoMirror(feed);
    }
    let (mirror, error) = failures.swap_remove(told.unwrap_or(0));
    SyncError::Refresh { feed, failed, mirror: mirror.to_owned(), source: Box::new(error) }
}
