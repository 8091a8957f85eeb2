//! Reads the hits of a site as they are recorded.

use std::path::PathBuf;
use std::sync::Arc;

use memchr::memmem;

use super::{HitEvent, hit_events};
use crate::audit::{AuditError, Follower, Position, RetentionClass, Wanted};
use crate::domain::alert::CallerClass;
use crate::ground::storage::Storage;

/// How many entries are looked at in one go.
const ENTRIES_AT_ONCE: u64 = 16_384;
const CLASSES: &[RetentionClass] = &[RetentionClass::Hits];
/// The end of the names of two members: what was told, and what would have been.
const VERDICT_HIT: &[u8] = b"verdict\":\"hit\"";

/// The site whose hits are told.
#[derive(Clone, Debug)]
pub struct HitSite {
    /// Where files are.
    pub storage: Arc<dyn Storage>,
    /// The site's data directory.
    pub data_dir: PathBuf,
    /// What it is called.
    pub name: Option<Arc<str>>,
}

/// A hit, and where to go on once it is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What is told.
    pub event: HitEvent,
    /// The log that has its entry.
    pub log: Arc<str>,
    /// The entry.
    pub entry: u64,
    /// Where to go on: after the entry, or at it while more hits of it follow, so that none of them is lost.
    pub after: Position,
}

/// What there was.
#[derive(Debug)]
pub struct Batch {
    /// The hits, in the order of each log.
    pub events: Vec<Told>,
    /// There is more to be read at once.
    pub more: bool,
    /// Why a log could not be opened or read further; the others were.
    pub fault: Option<AuditError>,
}

/// Reads the hits of a site that are for callers of a class.
#[derive(Debug)]
pub struct HitReader {
    follower: Follower,
    name: Option<Arc<str>>,
    class: CallerClass,
}

impl HitReader {
    /// Goes on from a position.
    #[must_use]
    pub fn new(site: &HitSite, class: CallerClass, from: Position) -> Self {
        let follower = Follower::new(site.storage.clone(), site.data_dir.clone(), from);
        let follower = follower.with_restored();
        Self { follower, name: site.name.clone(), class }
    }

    /// Begins with what comes from now on.
    ///
    /// # Errors
    /// As [`Follower::at_end`].
    pub fn at_end(site: &HitSite, class: CallerClass) -> Result<Self, AuditError> {
        let follower = Follower::at_end(site.storage.clone(), site.data_dir.clone())?;
        Ok(Self { follower, name: site.name.clone(), class })
    }

    /// The logs as they are read, to ask how far they have been.
    pub fn follower(&mut self) -> &mut Follower {
        &mut self.follower
    }

    /// Where it stands.
    #[must_use]
    pub fn position(&self) -> &Position {
        self.follower.position()
    }

    /// Reads on: about so many hits, and no more than some thousand entries.
    pub fn read(&mut self, events_max: usize) -> Batch {
        let (mut events, name, class) = (Vec::new(), self.name.as_ref(), self.class);
        let is_hit = |body: &[u8]| memmem::find(body, VERDICT_HIT).is_some();
        let wanted = Wanted { classes: CLASSES, body: &is_hit };
        let polled = self.follower.poll_while(wanted, ENTRIES_AT_ONCE, &mut |log, after, recorded| {
            let Some(stored) = recorded.whole() else { return true };
            let entry = stored.entry.sequence;
            let at = after.with(log, entry);
            let hits = hit_events((name, class), log, &stored.entry);
            events.extend(hits.map(|event| Told { event, log: log.clone(), entry, after: at.clone() }));
            if let Some(last) = events.last_mut().filter(|last| last.entry == entry && last.log == *log) {
                last.after = after.clone();
            }
            events.len() < events_max
        });
        let (more, fault) = match polled {
            Ok(more) => (more, None),
            Err(fault) => (self.follower.has_more(), Some(fault)),
        };
        Batch { events, more, fault }
    }
}
