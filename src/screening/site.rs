//! The generation in force at this site.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::{DocumentId, FeedName, GenerationId, Notice};
use crate::feed::{LocalError, verify_local};
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::index::{self, Generation, IndexError, Snapshot};

use super::evidence::Lists;

/// A site's data directory and what is in force there.
#[derive(Debug)]
pub struct Site {
    storage: Arc<dyn Storage>,
    data_dir: PathBuf,
    clock: Arc<Clock>,
    in_force: ArcSwap<InForce>,
}

/// What is in force at one moment.
#[derive(Debug, Default)]
pub struct InForce {
    /// The open generation; `None` if there is none, or none that can be trusted.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Why the generation that CURRENT names is not the one in force.
    pub fault: Option<Arc<SiteError>>,
    /// The generation that has the fault, where it is one generation's.
    failed: Option<GenerationId>,
}

/// Why a generation is not put in force.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The generation or one of its files cannot be used.
    #[error("the generation cannot be opened")]
    Index(#[from] IndexError),
    /// CURRENT names an older generation, or another one of the same number, than the one that is open.
    #[error(
        "CURRENT names generation {named}, and {open} is open: numbers only rise. Bring back the newer index folder, or restart the service to accept the older one"
    )]
    NotNewer {
        /// The number in CURRENT.
        named: u64,
        /// The number of the one that is open.
        open: u64,
    },
    /// A feed is not what was accepted.
    #[error("a feed of the generation cannot be verified")]
    Feed(#[from] LocalError),
}

impl Site {
    /// Opens what CURRENT names. A site without a generation, or with one that cannot be trusted, opens too: its
    /// answers say so.
    #[must_use]
    pub fn open(storage: Arc<dyn Storage>, data_dir: PathBuf, clock: Arc<Clock>) -> Self {
        let site = Self { storage, data_dir, clock, in_force: ArcSwap::from_pointee(InForce::default()) };
        site.refresh(false);
        site
    }

    /// What is in force now. Hold it for one question or one chunk, then ask again.
    #[must_use]
    pub fn in_force(&self) -> Arc<InForce> {
        self.in_force.load_full()
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
            Ok(Named::Open) => {
                let after = InForce { snapshot: before.snapshot.clone(), ..InForce::default() };
                self.in_force.store(Arc::new(after));
                return true;
            }
            Ok(Named::Other(_, id)) if before.failed == Some(id) && !again => return false,
            Ok(Named::Other(generation, id)) => match self.load(&generation, id) {
                Ok(snapshot) => {
                    let after = InForce { snapshot: Some(Arc::new(snapshot)), ..InForce::default() };
                    self.in_force.store(Arc::new(after));
                    return true;
                }
                Err(fault) => (Some(id), fault),
            },
            Err(fault) => (None, fault),
        };
        let known = before.fault.as_ref().is_some_and(|known| known.to_string() == fault.to_string());
        let known = known && before.failed == failed;
        let after = InForce { snapshot: before.snapshot.clone(), fault: Some(Arc::new(fault)), failed };
        self.in_force.store(Arc::new(after));
        !known
    }

    /// What CURRENT names, as against what is open.
    fn named(&self, before: &InForce) -> Result<Named, SiteError> {
        let current = index::current(&*self.storage, &self.data_dir)?;
        match (before.id(), current) {
            (None, None) => Ok(Named::AsBefore),
            (Some(open), None) => Err(SiteError::NotNewer { named: 0, open: open.number }),
            (Some(open), Some((_, id))) if open == id => {
                Ok(if before.fault.is_none() { Named::AsBefore } else { Named::Open })
            }
            (Some(open), Some((_, id))) if id.number <= open.number => {
                Err(SiteError::NotNewer { named: id.number, open: open.number })
            }
            (_, Some((generation, id))) => Ok(Named::Other(Box::new(generation), id)),
        }
    }

    fn load(&self, generation: &Generation, id: GenerationId) -> Result<Snapshot, SiteError> {
        let verify = |bulletin| {
            verify_local(&*self.storage, bulletin, |file| index::segment_path(&self.data_dir, file.digest))
        };
        let bulletins = generation
            .feeds
            .iter()
            .map(|feed| verify(feed.bulletin.clone()))
            .collect::<Result<Vec<_>, LocalError>>()?;
        let snapshot = Snapshot::open(&*self.storage, &self.data_dir, generation, id, bulletins)?;
        self.clock.observe(snapshot.highest_time());
        Ok(snapshot)
    }
}

/// What CURRENT names.
enum Named {
    /// What it named before.
    AsBefore,
    /// What is open, after it had named something else.
    Open,
    /// A generation that is to be opened.
    Other(Box<Generation>, GenerationId),
}

impl InForce {
    /// The generation in force.
    #[must_use]
    pub fn id(&self) -> Option<GenerationId> {
        self.snapshot.as_ref().map(|snapshot| snapshot.id())
    }

    /// True once a file of the generation failed while it was in use.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.snapshot.as_ref().is_some_and(|snapshot| snapshot.poisoned())
    }
}

impl Lists for InForce {
    fn notices(&self, document: &DocumentId) -> Vec<(FeedName, Notice)> {
        let Some(snapshot) = &self.snapshot else { return Vec::new() };
        snapshot.find(document).into_iter().map(|(feed, notice)| (feed.clone(), notice)).collect()
    }
}
