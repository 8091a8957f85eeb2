//! A generation, opened, checked and pinned in memory.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::domain::{Bulletin, DocumentId, FeedName, GenerationId, Lookalikes, Notice, SegmentRef, Verified};
use crate::ground::platform::{Mapping, Vectors};
use crate::ground::storage::Storage;

use super::asked::{Asked, Group, Questions, ask_in_groups};
use super::layout::segment_path;
use super::lookalike_keys::LookalikeKeys;
use super::scrub::Checksums;
use super::{FeedInForce, Generation, IndexError, ScrubFault, Segment, SegmentError};

/// The feeds of one generation, ready to be asked. Any number of threads may ask at once.
#[derive(Debug)]
pub struct Snapshot {
    id: GenerationId,
    published_at: Timestamp,
    highest_time: Timestamp,
    expected: Vec<FeedName>,
    feeds: Vec<FeedInForce>,
}

impl Snapshot {
    /// Maps the segments of a generation and checks every byte of them.
    ///
    /// `bulletins` are what the feed machine verified: exactly those of the generation, in any order.
    ///
    /// # Errors
    /// [`IndexError`] names the feed or the file and what to do.
    pub fn open(
        storage: &dyn Storage,
        data_dir: &Path,
        generation: &Generation,
        id: GenerationId,
        bulletins: Vec<Verified<Bulletin>>,
    ) -> Result<Self, IndexError> {
        let locate = |segment: &SegmentRef| segment_path(data_dir, segment.digest);
        Self::open_located(storage, &locate, generation, id, bulletins)
    }

    /// As [`open`](Self::open), with segments where `locate` says: also before they are in their place.
    ///
    /// # Errors
    /// As there.
    pub fn open_located(
        storage: &dyn Storage,
        locate: &dyn Fn(&SegmentRef) -> PathBuf,
        generation: &Generation,
        id: GenerationId,
        bulletins: Vec<Verified<Bulletin>>,
    ) -> Result<Self, IndexError> {
        let bulletins = bulletins.iter().map(|verified| verified.get().clone()).collect();
        Self::open_verified(storage, locate, generation, id, bulletins)
    }

    pub(super) fn open_verified(
        storage: &dyn Storage,
        locate: &dyn Fn(&SegmentRef) -> PathBuf,
        generation: &Generation,
        id: GenerationId,
        mut bulletins: Vec<Bulletin>,
    ) -> Result<Self, IndexError> {
        if generation.id() != id {
            return Err(IndexError::WrongId { number: generation.number });
        }
        bulletins.sort_by(|a, b| a.feed.cmp(&b.feed));
        for (at, record) in generation.feeds.iter().enumerate() {
            if bulletins.get(at) != Some(&record.bulletin) {
                return Err(IndexError::NotVerified(record.bulletin.feed.clone()));
            }
        }
        if let Some(stranger) = bulletins.get(generation.feeds.len()) {
            return Err(IndexError::NotVerified(stranger.feed.clone()));
        }
        let feeds = bulletins.into_iter().map(|bulletin| FeedInForce::map(storage, locate, bulletin));
        Ok(Self {
            id,
            published_at: generation.published_at,
            highest_time: generation.highest_time,
            expected: generation.expected.clone(),
            feeds: feeds.collect::<Result<_, _>>()?,
        })
    }

    /// Every notice on a document, by feed, kind and reference. Nothing is allocated if there is none.
    ///
    /// Nothing can be concluded from what is *not* found if the snapshot is [poisoned](Self::poisoned) afterwards.
    #[must_use]
    pub fn find(&self, document: &DocumentId) -> Vec<(&FeedName, Notice)> {
        let (mut found, asked) = (Vec::new(), Asked::of(document));
        for feed in &self.feeds {
            let name = &feed.bulletin.feed;
            found.extend(feed.find_asked(document, &asked).into_iter().map(|notice| (name, notice)));
        }
        found
    }

    /// Every notice on some documents, each with the place of its document among them, ascending, then by feed: for each what
    /// [`find`](Self::find) says of it, in much less time. What is not found proves nothing if the snapshot is poisoned
    /// afterwards.
    #[must_use]
    pub fn find_batch(&self, documents: &[DocumentId]) -> Vec<(usize, &FeedName, Notice)> {
        self.find_all(documents)
    }

    /// Every notice on documents of the same state whose numbers are other [readings](Lookalikes) of this one's, by reading, then
    /// by feed: what [`find_batch`](Self::find_batch) says of those, in less time, for they are not written down.
    #[must_use]
    pub fn find_lookalikes(&self, document: &DocumentId) -> Vec<(&FeedName, Notice)> {
        let found = match LookalikeKeys::of(document) {
            Some(keys) => self.find_all(keys),
            None => {
                let readings =
                    Lookalikes::of(document.number).map(|number| DocumentId { number, ..*document });
                self.find_batch(&readings.collect::<Vec<_>>())
            }
        };
        found.into_iter().map(|(_, feed, notice)| (feed, notice)).collect()
    }

    #[inline]
    fn find_all<'d>(&self, questions: impl Questions<'d>) -> Vec<(usize, &FeedName, Notice)> {
        let (mut found, mut of_feed) = (Vec::new(), Vec::new());
        let look = |first: usize, group: &Group<'_>, next: &Group<'_>| {
            let from = found.len();
            for feed in &self.feeds {
                feed.find_group((first, group), next, &mut of_feed);
                found.extend(of_feed.drain(..).map(|(at, notice)| (at, &feed.bulletin.feed, notice)));
            }
            found[from..].sort_by_key(|(at, ..)| *at);
        };
        let fetch = |group: &Group<'_>| self.feeds.iter().for_each(|feed| feed.list.fetch(group));
        ask_in_groups(Vectors::widest(), questions, fetch, look);
        found
    }

    /// Every notice on documents of the same state whose numbers are longer than this one's and begin with it, by feed,
    /// and whether a feed has more of them than are told. As with [`find`](Self::find), what is not found proves nothing
    /// if the snapshot is poisoned afterwards.
    #[must_use]
    pub fn find_longer(&self, document: &DocumentId) -> (Vec<(&FeedName, Notice)>, bool) {
        let (mut found, mut cut) = (Vec::new(), false);
        for feed in &self.feeds {
            let longer = feed.find_longer(document);
            cut |= longer.cut;
            found.extend(longer.notices.into_iter().map(|notice| (&feed.bulletin().feed, notice)));
        }
        (found, cut)
    }

    /// True if a segment was damaged after it was opened. To be asked after the last [`find`](Self::find) on which an
    /// answer rests, in the same thread.
    #[must_use]
    pub fn poisoned(&self) -> bool {
        self.feeds.iter().any(FeedInForce::poisoned)
    }

    /// Reads all segment files again, past the maps, and poisons those that are no longer what was opened.
    ///
    /// # Errors
    /// The first fault, after all files were read.
    pub fn scrub(&self) -> Result<(), ScrubFault> {
        let faults = self.files().map(|(bytes, path, checksums)| checksums.scrub(bytes, path));
        faults.fold(Ok(()), Result::and)
    }

    /// Measures all segment files and poisons those that have another length than when they were opened.
    ///
    /// # Errors
    /// The first fault, after all files were measured.
    pub fn measure(&self) -> Result<(), ScrubFault> {
        let faults = self.files().map(|(bytes, path, checksums)| checksums.measure(bytes, path));
        faults.fold(Ok(()), Result::and)
    }

    fn files(&self) -> impl Iterator<Item = (&Mapping, &Path, &Checksums)> {
        self.feeds.iter().flat_map(|feed| {
            let files = feed.list.segments().zip(&feed.files);
            files.map(|(segment, (path, checksums))| (segment.bytes(), path.as_path(), checksums))
        })
    }

    /// Keeps all files in memory whatever else needs room.
    ///
    /// # Errors
    /// [`IndexError::Io`] for the first that the operating system does not let this process lock.
    pub fn lock_in_memory(&self) -> Result<(), IndexError> {
        self.files().try_for_each(|(mapping, path, _)| {
            mapping.lock_in_memory().map_err(IndexError::io("lock in memory", path))
        })
    }

    /// Checks every list as before it was put in force: slower than opening, and nothing is taken on trust.
    ///
    /// # Errors
    /// [`IndexError::Segment`] names the first file at fault.
    pub fn verify(&self) -> Result<(), IndexError> {
        self.feeds.iter().try_for_each(|feed| {
            let path = |at: usize| feed.files.get(at).map(|(path, _)| path.clone()).unwrap_or_default();
            let refused = |at| move |source| IndexError::Segment { path: path(at), source };
            feed.list.base().verify().map_err(refused(0))?;
            feed.list.verify_delta().map_err(refused(1))
        })
    }

    /// The feeds, by name.
    pub fn feeds(&self) -> impl Iterator<Item = &FeedInForce> {
        self.feeds.iter()
    }

    /// The feeds that a `NoHit` needs, by name.
    #[must_use]
    pub fn expected(&self) -> &[FeedName] {
        &self.expected
    }

    /// The generation.
    #[must_use]
    pub fn id(&self) -> GenerationId {
        self.id
    }

    /// When the generation was put together.
    #[must_use]
    pub fn published_at(&self) -> Timestamp {
        self.published_at
    }

    /// The highest time seen when the generation was put together.
    #[must_use]
    pub fn highest_time(&self) -> Timestamp {
        self.highest_time
    }
}

/// Opens a segment wherever it stands.
///
/// # Errors
/// [`IndexError`] if it is not the one that is named, or not sound.
pub fn open_segment(
    storage: &dyn Storage,
    path: &Path,
    announced: &SegmentRef,
) -> Result<Segment<Mapping>, IndexError> {
    map(storage, path, announced)
}

/// Opens a segment of which nobody says how long it is.
///
/// # Errors
/// [`IndexError`] if it is not sound.
pub fn open_any_segment(storage: &dyn Storage, path: &Path) -> Result<Segment<Mapping>, IndexError> {
    let file = storage.open_read(path).map_err(IndexError::io("open", path))?;
    let length = file.metadata().map_err(IndexError::io("measure", path))?.len();
    map_file(file, path, length)
}

pub(super) fn map(
    storage: &dyn Storage,
    path: &Path,
    announced: &SegmentRef,
) -> Result<Segment<Mapping>, IndexError> {
    let file = storage.open_read(path).map_err(IndexError::io("open", path))?;
    let found = file.metadata().map_err(IndexError::io("measure", path))?.len();
    if found != announced.length {
        return Err(IndexError::Length { path: path.to_owned(), found, expected: announced.length });
    }
    map_file(file, path, announced.length)
}

fn map_file(file: std::fs::File, path: &Path, length: u64) -> Result<Segment<Mapping>, IndexError> {
    let mapping = Mapping::map(file, length).map_err(IndexError::io("map", path))?;
    let refused = |source| IndexError::Segment { path: path.to_owned(), source };
    let segment = Segment::open(mapping).map_err(refused)?;
    if segment.bytes().poisoned() {
        return Err(refused(SegmentError::Unreadable));
    }
    Ok(segment)
}

const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<Snapshot>();
};
