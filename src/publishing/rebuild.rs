//! A generation of before is put together again: of the files that it names, by their SHA-256, and where those are gone, of the registers
//! that they were built of. What is built must come to the very file that was in force.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::{Digest, FeedName, SegmentRef, SegmentRole};
use crate::feed;
use crate::ground::storage::{Paced, Storage};
use crate::index::{
    self, Builder, Built, DELTA_DOCUMENTS_MAX, FeedRecord, Generation, Publisher, Snapshot, Staged, Stamp,
};
use crate::register::Adapter;

use super::error::PublishingError;
use super::import::{Inputs, Progress, Stage, open_sources};
use super::reading::{Reading, read};

/// What a generation is rebuilt of.
pub struct Rebuild<'r> {
    /// Where files are.
    pub storage: Arc<dyn Storage>,
    /// A folder for index files that are built; none of them is left there.
    pub scratch: &'r Path,
    /// Folders that may still have index files, as `<SHA-256>.segment`.
    pub folders: &'r [PathBuf],
    /// Of each feed the registers of the files that are in none of these, in their order: of its base, then of the list that its delta
    /// made of that.
    pub registers: BTreeMap<FeedName, Vec<PathBuf>>,
    /// How the registers are written.
    pub adapter: Adapter,
    /// Generations that may tell under which sequence and time a base was built.
    pub known: &'r [Generation],
    /// As [`Import::memory_bytes_max`](super::Import::memory_bytes_max).
    pub memory_bytes_max: u64,
}

const REJECTS: &str = "rejects.csv";

/// A generation of before, open.
#[derive(Debug)]
pub struct Rebuilt {
    /// What it listed.
    pub snapshot: Snapshot,
    /// The files that were built of registers, and are byte for byte those that were in force.
    pub built: Vec<Digest>,
}

/// Opens a generation as it was in force. Every file has the SHA-256 that the generation names, and signed feeds are what was signed.
///
/// # Errors
/// [`PublishingError::NoRegister`] if a file is gone and no register given for it, [`PublishingError::OtherList`] if a register gives
/// another file, and those of reading and building.
pub fn rebuild(
    mut rebuild: Rebuild<'_>,
    generation: &Generation,
    progress: &mut dyn Progress,
) -> Result<Rebuilt, PublishingError> {
    let publisher = Publisher::lock(rebuild.storage.clone(), rebuild.scratch)?;
    let rebuilt = rebuild_locked(&mut rebuild, &publisher, generation, progress);
    // What is open stays open. Nothing is left of it: there are numbers in it.
    let segments = index::segment_path(rebuild.scratch, Digest([0; 32]));
    let segments = segments.parent().map(|folder| rebuild.storage.list(folder).unwrap_or_default());
    for path in segments.into_iter().flatten().chain([rebuild.scratch.join(REJECTS)]) {
        let _ = rebuild.storage.remove(&path);
    }
    rebuilt
}

fn rebuild_locked(
    rebuild: &mut Rebuild<'_>,
    publisher: &Publisher,
    generation: &Generation,
    progress: &mut dyn Progress,
) -> Result<Rebuilt, PublishingError> {
    let mut built = Vec::new();
    for record in &generation.feeds {
        let mut registers = rebuild.registers.remove(&record.bulletin.feed).unwrap_or_default().into_iter();
        for segment in record.bulletin.segments.iter().filter(|segment| !rebuild.has(segment)) {
            let (feed, digest) = (record.bulletin.feed.clone(), segment.digest);
            let register = registers.next();
            let register =
                register.ok_or_else(|| PublishingError::NoRegister { feed: feed.clone(), digest })?;
            let step = Step { rebuild, publisher, generation, record, register };
            let made = match segment.role {
                SegmentRole::Base => step.base(segment, progress)?,
                SegmentRole::Delta => step.delta(progress)?.filter(|(_, made)| made == segment),
            };
            let (staged, _) = made.ok_or(PublishingError::OtherList { feed, digest })?;
            publisher.keep(staged, segment)?;
            built.push(digest);
        }
    }
    let locate = |segment: &SegmentRef| rebuild.place(segment);
    let verify = |record: &FeedRecord| {
        feed::verify(&*rebuild.storage, record.bulletin.clone(), record.proof(), locate)
            .map_err(|source| PublishingError::Verify { feed: record.bulletin.feed.clone(), source })
    };
    let bulletins = generation.feeds.iter().map(verify).collect::<Result<_, _>>()?;
    let snapshot =
        Snapshot::open_located(&*rebuild.storage, &locate, generation, generation.id(), bulletins)?;
    Ok(Rebuilt { snapshot, built })
}

impl Rebuild<'_> {
    /// Where a file is, or would be if it is built.
    fn place(&self, segment: &SegmentRef) -> PathBuf {
        let name = format!("{}.segment", segment.digest);
        let mut there = self.folders.iter().map(|folder| folder.join(&name));
        let there = there.find(|path| self.storage.open_read(path).is_ok());
        there.unwrap_or_else(|| index::segment_path(self.scratch, segment.digest))
    }

    fn has(&self, segment: &SegmentRef) -> bool {
        self.storage.open_read(&self.place(segment)).is_ok()
    }
}

/// One file that is built of one register.
struct Step<'s> {
    rebuild: &'s Rebuild<'s>,
    publisher: &'s Publisher,
    generation: &'s Generation,
    record: &'s FeedRecord,
    register: PathBuf,
}

impl Step<'_> {
    /// The base, under whichever of the stamps that it may have had gives the file; `None` if none does.
    fn base(
        &self,
        wanted: &SegmentRef,
        progress: &mut dyn Progress,
    ) -> Result<Option<(Staged, SegmentRef)>, PublishingError> {
        for stamp in self.stamps() {
            let (staged, built) = self.build(stamp, progress)?;
            if built.segment == *wanted {
                return Ok(Some((staged, built.segment)));
            }
        }
        Ok(None)
    }

    /// What the list of the register changes in the base.
    fn delta(&self, progress: &mut dyn Progress) -> Result<Option<(Staged, SegmentRef)>, PublishingError> {
        let Some(base) = self.record.bulletin.segments.first() else { return Ok(None) };
        let base = index::open_segment(&*self.rebuild.storage, &self.rebuild.place(base), base)?;
        let stamp = stamp_of(self.record);
        let (full, built) = self.build(stamp, progress)?;
        let full = full.segment(&built.segment)?;
        let mut staged = self.publisher.stage()?;
        let mut file = Paced::new(staged.file(), None);
        let written = index::delta(&base, &full, stamp, DELTA_DOCUMENTS_MAX, &mut file)?;
        Ok(Some((staged, written)))
    }

    /// A base may be older than the list that it is part of: then it has the stamp of the list that it was.
    fn stamps(&self) -> Vec<Stamp> {
        let Some(base) = self.record.bulletin.segments.first() else { return Vec::new() };
        let generations = [self.generation].into_iter().chain(self.rebuild.known);
        let records = generations.filter_map(|generation| generation.record(&self.record.bulletin.feed));
        let of_base = records.filter(|record| record.bulletin.segments == [base.clone()]);
        let mut stamps: Vec<_> = of_base.map(stamp_of).collect();
        stamps.sort_unstable_by_key(|stamp| (stamp.sequence, stamp.as_of));
        stamps.dedup();
        stamps
    }

    fn build(&self, stamp: Stamp, progress: &mut dyn Progress) -> Result<(Staged, Built), PublishingError> {
        let Rebuild { storage, scratch, adapter, memory_bytes_max, .. } = self.rebuild;
        let mut builder = Builder::within(*memory_bytes_max, self.publisher.stage()?)?;
        let reading =
            Reading { storage: &**storage, adapter: adapter.clone(), rejects: scratch.join(REJECTS) };
        let sources = open_sources(&**storage, Inputs::Files(vec![self.register.clone()]))?;
        read(&reading, sources, &mut builder, progress)?;
        let mut staged = self.publisher.stage()?;
        let mut file = Paced::new(staged.file(), None);
        let built = builder.finish(stamp, &mut file, &mut |done, total| {
            progress.at(Stage::Building, done, Some(total));
        })?;
        Ok((staged, built))
    }
}

fn stamp_of(record: &FeedRecord) -> Stamp {
    Stamp { sequence: record.bulletin.sequence, as_of: record.bulletin.as_of }
}
