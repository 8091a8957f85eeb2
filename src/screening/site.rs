//! The generation in force at this site.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::domain::alert::Revision;
use crate::domain::{DocumentId, FeedName, GenerationId, Notice, SegmentRef};
use crate::feed::{self, VerifyError};
use crate::ground::causes;
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::index::{self, FeedRecord, Generation, IndexError, Snapshot};
use crate::overlay::Table;

use super::evidence::{Lists, Longer};
use super::looks::Looks;

/// A site's data directory and what is in force there.
#[derive(Debug)]
pub struct Site {
    storage: Arc<dyn Storage>,
    data_dir: PathBuf,
    clock: Arc<Clock>,
    in_force: ArcSwap<InForce>,
    /// The highest number that CURRENT was seen to name.
    highest_named: AtomicU64,
    /// At CURRENT, by whoever promised it.
    looks: Looks,
}

/// How long a watch may not look at CURRENT: far longer than opening the largest generation takes.
const LOOK_OVERDUE: Duration = Duration::from_secs(600);

/// What is in force at one moment.
#[derive(Debug, Default)]
pub struct InForce {
    /// The open generation; `None` if there is none, or none that can be trusted.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Why the generation that CURRENT names is not the one in force.
    pub fault: Option<Arc<SiteError>>,
    /// The generation that has the fault, where it is one generation's.
    failed: Option<GenerationId>,
    /// What the open generation holds, to compare with what comes after it.
    pub generation: Option<Arc<Generation>>,
}

/// Why a generation is not put in force.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The generation or one of its files cannot be used.
    #[error("the generation cannot be opened")]
    Index(#[from] IndexError),
    /// CURRENT names an older generation, or another one of the same number, than was seen before.
    #[error(
        "the index was put back: CURRENT names generation {named} (0: none), and {newest} was seen. Bring back the newer index folder, or restart the service to accept the older one"
    )]
    NotNewer {
        /// The number in CURRENT, or 0 where there is none.
        named: u64,
        /// The highest number that was seen there.
        newest: u64,
    },
    /// A feed is not what was accepted.
    #[error("a feed of the generation cannot be verified")]
    Feed(#[from] VerifyError),
}

impl Site {
    /// Opens what CURRENT names. A site without a generation, or with one that cannot be trusted, opens too: its
    /// answers say so.
    #[must_use]
    pub fn open(storage: Arc<dyn Storage>, data_dir: PathBuf, clock: Arc<Clock>) -> Self {
        let in_force = ArcSwap::from_pointee(InForce::default());
        let highest_named = AtomicU64::new(0);
        let site = Self { storage, data_dir, clock, in_force, highest_named, looks: Looks::default() };
        site.refresh(false);
        site
    }

    /// What is in force now. Hold it for one question or one chunk, then ask again.
    #[must_use]
    pub fn in_force(&self) -> Arc<InForce> {
        self.in_force.load_full()
    }

    /// Promises to look again within seconds, time after time: from now on no `no_hit` is given once that is overdue, for
    /// nobody would know of a newer generation.
    pub fn watched(&self) {
        self.looks.look();
        self.looks.promise();
    }

    /// True if a look was promised and is overdue for minutes.
    #[must_use]
    pub fn look_overdue(&self) -> bool {
        self.looks.overdue(LOOK_OVERDUE)
    }

    /// Looks at CURRENT and puts what it names in force. What cannot be trusted leaves the last good generation open, so
    /// that its hits are still found, and is remembered as its fault: no `no_hit` rests on it.
    ///
    /// A generation that was found untrustworthy is looked at again only if `again`: that means reading all of it.
    ///
    /// Returns true if another generation is in force, or another fault is known, than before.
    pub fn refresh(&self, again: bool) -> bool {
        let before = self.in_force();
        let (failed, fault) = match self.named(&before) {
            Ok(Named::AsBefore) => return false,
            Ok(Named::Nothing) => {
                self.in_force.store(Arc::new(InForce::default()));
                return true;
            }
            Ok(Named::Open) => {
                self.in_force.store(Arc::new(before.without_fault()));
                return true;
            }
            Ok(Named::Other(_, id)) if before.failed == Some(id) && !again => return false,
            Ok(Named::Other(generation, id)) => match self.load(&before, &generation, id) {
                Ok(snapshot) => {
                    let snapshot = Some(Arc::new(snapshot));
                    let generation = Some(Arc::new(*generation));
                    self.in_force.store(Arc::new(InForce { snapshot, generation, ..InForce::default() }));
                    return true;
                }
                Err(fault) => (Some(id), fault),
            },
            Err(fault) => (before.failed, fault),
        };
        let known = before.fault.as_ref().is_some_and(|known| causes(&**known) == causes(&fault));
        let known = known && before.failed == failed;
        self.in_force.store(Arc::new(InForce {
            fault: Some(Arc::new(fault)),
            failed,
            ..before.without_fault()
        }));
        !known
    }

    /// Opens the generation in force once more, with all that is verified at the start, if a file of it failed: what failed in
    /// passing is asked again. Returns true if it is whole now.
    pub fn reopen(&self) -> bool {
        let before = self.in_force();
        let (Some(generation), Some(id)) = (before.generation.clone(), before.id()) else { return false };
        let reopened = if before.is_damaged() { self.load(&before, &generation, id).ok() } else { None };
        let Some(snapshot) = reopened else { return false };
        let (fault, failed) = (before.fault.clone(), before.failed);
        self.in_force.store(Arc::new(InForce {
            snapshot: Some(Arc::new(snapshot)),
            generation: Some(generation),
            fault,
            failed,
        }));
        true
    }

    /// What CURRENT names, as against what is open.
    fn named(&self, before: &InForce) -> Result<Named, SiteError> {
        let current = index::current(&*self.storage, &self.data_dir)?;
        let named = current.as_ref().map_or(0, |(_, id)| id.number);
        let highest = self.highest_named.fetch_max(named, Ordering::Relaxed);
        match (before.id(), current) {
            (None, None) if before.fault.is_some() => Ok(Named::Nothing),
            (None, None) => Ok(Named::AsBefore),
            _ if named < highest => Err(SiteError::NotNewer { named, newest: highest }),
            (Some(open), Some((_, id))) if open == id => {
                Ok(if before.fault.is_none() { Named::AsBefore } else { Named::Open })
            }
            (Some(open), Some((_, id))) if id.number <= open.number => {
                Err(SiteError::NotNewer { named, newest: open.number })
            }
            (_, Some((generation, id))) => Ok(Named::Other(Box::new(generation), id)),
            (Some(open), None) => Err(SiteError::NotNewer { named, newest: open.number }),
        }
    }

    fn load(
        &self,
        before: &InForce,
        generation: &Generation,
        id: GenerationId,
    ) -> Result<Snapshot, SiteError> {
        if let Some(open) = &before.generation {
            generation.check_keeps(open)?;
        }
        let locate = |file: &SegmentRef| index::segment_path(&self.data_dir, file.digest);
        let verify = |record: &FeedRecord| {
            // What this process has open it has checked, and nothing has happened to it since that was told.
            let open = before.snapshot.as_ref().is_some_and(|snapshot| !snapshot.poisoned());
            let open = before.generation.as_ref().filter(|_| open);
            let in_force = open.map_or(&[][..], |generation| generation.segments(&record.bulletin.feed));
            feed::verify_next(&*self.storage, record.bulletin.clone(), record.proof(), in_force, locate)
        };
        let bulletins = generation.feeds.iter().map(verify).collect::<Result<Vec<_>, VerifyError>>()?;
        let snapshot = Snapshot::open(&*self.storage, &self.data_dir, generation, id, bulletins)?;
        self.clock.observe(snapshot.highest_time());
        Ok(snapshot)
    }
}

/// What CURRENT names.
enum Named {
    /// What it named before.
    AsBefore,
    /// Nothing, and nothing is open.
    Nothing,
    /// What is open, after it had named something else.
    Open,
    /// A generation that is to be opened.
    Other(Box<Generation>, GenerationId),
}

impl InForce {
    /// A generation that is in force nowhere.
    pub(super) fn of(snapshot: Option<Snapshot>) -> Self {
        Self { snapshot: snapshot.map(Arc::new), ..Self::default() }
    }

    /// The generation in force.
    #[must_use]
    pub fn id(&self) -> Option<GenerationId> {
        self.snapshot.as_ref().map(|snapshot| snapshot.id())
    }

    fn without_fault(&self) -> Self {
        let (snapshot, generation) = (self.snapshot.clone(), self.generation.clone());
        Self { snapshot, generation, ..Self::default() }
    }

    /// True once a file of the generation failed while it was in use, or has another length than it had: what was cut off
    /// within a page reads as zeros, and no signal tells.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.snapshot.as_ref().is_some_and(|snapshot| snapshot.measure().is_err() || snapshot.poisoned())
    }
}

/// What a question is asked of: the lists, and what this site knows itself.
pub(super) struct Consulted<'c> {
    pub(super) in_force: &'c InForce,
    pub(super) table: &'c Table,
}

impl Lists for Consulted<'_> {
    fn notices(&self, document: &DocumentId) -> Vec<(FeedName, Notice)> {
        let Some(snapshot) = &self.in_force.snapshot else { return Vec::new() };
        snapshot.find(document).into_iter().map(|(feed, notice)| (feed.clone(), notice)).collect()
    }

    fn notices_of_all(&self, documents: &[DocumentId]) -> Vec<(FeedName, Notice)> {
        let Some(snapshot) = &self.in_force.snapshot else { return Vec::new() };
        let found = snapshot.find_batch(documents);
        found.into_iter().map(|(_, feed, notice)| (feed.clone(), notice)).collect()
    }

    fn notices_of_lookalikes(&self, document: &DocumentId) -> Vec<(FeedName, Notice)> {
        let Some(snapshot) = &self.in_force.snapshot else { return Vec::new() };
        let found = snapshot.find_lookalikes(document);
        found.into_iter().map(|(feed, notice)| (feed.clone(), notice)).collect()
    }

    fn longer(&self, document: &DocumentId) -> Longer {
        let Some(snapshot) = &self.in_force.snapshot else { return Longer::default() };
        let (found, cut) = snapshot.find_longer(document);
        Longer { notices: found.into_iter().map(|(feed, notice)| (feed.clone(), notice)).collect(), cut }
    }

    fn alerts(&self, document: &DocumentId) -> Vec<Arc<Revision>> {
        self.table.find(document)
    }

    fn alerts_of_all(&self, documents: &[DocumentId]) -> Vec<(usize, Arc<Revision>)> {
        self.table.find_batch(documents)
    }

    fn longer_alerts(&self, document: &DocumentId) -> Vec<(DocumentId, Arc<Revision>)> {
        self.table.longer(document)
    }

    fn has_alerts(&self) -> bool {
        !self.table.is_empty()
    }
}
