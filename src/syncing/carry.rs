//! Carrying out a plan: fetching over the line, then composing and folding at the site.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::files::Files;
use super::plan::{Plan, Step};
use super::{Site, Source, SyncError};
use crate::domain::{SegmentRef, SegmentRole};
use crate::feed::mirror::{Download, Mirror};
use crate::feed::{File, Publication};
use crate::ground::platform::Mapping;
use crate::ground::storage::Paced;
use crate::index::{self, Amendment, IndexError, List, Publisher, Segment, Staged, Stamp};

/// The most documents that are changed at once, in memory.
const DOCUMENTS_MAX: u64 = 16_000_000;

/// The line and the disk, for one feed.
pub(super) struct Carrier<'c> {
    pub(super) site: &'c Site<'c>,
    pub(super) source: &'c Source,
    pub(super) files: &'c Files<'c>,
}

/// A file that was made is not the one that is signed.
pub(super) struct Mismatch;

impl Carrier<'_> {
    /// Downloads what a plan needs and is not here; gives the bytes that came over the line.
    pub(super) fn fetch(
        &self,
        plan: &Plan,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<u64, SyncError> {
        let (mut line_bytes, mut done) = (0, 0);
        for file in plan.steps.iter().flat_map(Step::fetched) {
            if self.files.find(&file.sha256).is_some() {
                continue;
            }
            let mirrors: Vec<&dyn Mirror> = self.source.mirrors.iter().map(|mirror| &**mirror).collect();
            let path = file.path();
            let download = Download {
                storage: &*self.site.storage,
                mirrors: &mirrors,
                path: &path,
                length: file.length,
                digest: file.sha256,
                part: &self.files.part(file),
                limits: &self.source.limits,
            };
            let downloaded = download.run(&mut |at| progress(done + at.bytes, plan.bytes));
            let downloaded = downloaded
                .map_err(|source| SyncError::Download { feed: self.source.feed.clone(), source })?;
            for failure in &downloaded.failures {
                tracing::warn!(%failure, feed = %self.source.feed, "a mirror did not give a file; another did");
            }
            line_bytes += downloaded.line_bytes;
            done += file.length;
            self.files.keep(file)?;
        }
        Ok(line_bytes)
    }

    /// Makes the list of a plan whose files are here. What is made stands in the index, of which the generation does not name
    /// it yet; what came over the line stays where it is until [`put_in`](Self::put_in).
    ///
    /// The inner error is a file that came out otherwise than it is signed.
    pub(super) fn make(
        &self,
        plan: &Plan,
        publisher: &Publisher,
        held: Option<List<Mapping>>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Result<List<Mapping>, Mismatch>, SyncError> {
        let (mut base, mut delta) = match held {
            Some(list) => {
                let (base, delta) = list.into_segments();
                (Some(base), delta)
            }
            None => (None, None),
        };
        for step in &plan.steps {
            match step {
                Step::Fetch { file, role: SegmentRole::Base } => {
                    base = Some(self.open(file, SegmentRole::Base)?);
                    delta = None;
                }
                Step::Fetch { file, role: SegmentRole::Delta } => {
                    delta = Some(self.open(file, SegmentRole::Delta)?);
                }
                Step::Compose { increments, file } => {
                    let held = base.take().ok_or_else(|| self.index(IndexError::Damaged))?;
                    let list =
                        List::to_fold(held, delta.take()).map_err(|_| self.index(IndexError::Damaged))?;
                    let Some(made) = self.compose(publisher, &list, increments, file)? else {
                        return Ok(Err(Mismatch));
                    };
                    base = Some(list.into_segments().0);
                    delta = Some(made);
                }
                Step::Fold { file } => {
                    let held = base.take().ok_or_else(|| self.index(IndexError::Damaged))?;
                    let list =
                        List::to_fold(held, delta.take()).map_err(|_| self.index(IndexError::Damaged))?;
                    let Some(made) = self.fold(publisher, &list, file, progress)? else {
                        return Ok(Err(Mismatch));
                    };
                    base = Some(made);
                }
            }
        }
        let base = base.ok_or_else(|| self.index(IndexError::Damaged))?;
        let refused =
            |source| self.index(IndexError::Segment { path: self.site.data_dir.to_owned(), source });
        List::new(base, delta).map(Ok).map_err(refused)
    }

    fn compose(
        &self,
        publisher: &Publisher,
        list: &List<Mapping>,
        increments: &[crate::feed::Increment],
        file: &File,
    ) -> Result<Option<Segment<Mapping>>, SyncError> {
        let mut opened = Vec::new();
        for increment in increments {
            let path = self.path(&increment.file)?;
            let segment = increment.file.segment(SegmentRole::Delta);
            opened.push(
                index::open_segment(&*self.site.storage, &path, &segment)
                    .map_err(|source| self.index(source))?,
            );
        }
        let opened: Vec<_> = opened.iter().collect();
        let mut staged = publisher.stage().map_err(|source| self.index(source))?;
        let composed = Amendment::of_increments(list, &opened, DOCUMENTS_MAX).and_then(|amendment| {
            amendment.write_cumulative(list, stamp(file), &mut Paced::new(staged.file(), None))
        });
        match composed {
            // Not what the publisher's list came from: its delta is fetched instead.
            Err(IndexError::OtherList | IndexError::Damaged) => Ok(None),
            composed => {
                let written = composed.map_err(|source| self.index(source))?;
                self.keep(publisher, staged, &written, file)
            }
        }
    }

    fn fold(
        &self,
        publisher: &Publisher,
        list: &List<Mapping>,
        file: &File,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Option<Segment<Mapping>>, SyncError> {
        let mut staged = publisher.stage().map_err(|source| self.index(source))?;
        let mut paced = Paced::new(staged.file(), Some(self.source.fold_mib_per_second));
        let written =
            index::fold(list, stamp(file), &mut paced, progress).map_err(|source| self.index(source))?;
        self.keep(publisher, staged, &written, file)
    }

    /// Keeps what was made if it is what is signed.
    fn keep(
        &self,
        publisher: &Publisher,
        staged: Staged,
        written: &SegmentRef,
        file: &File,
    ) -> Result<Option<Segment<Mapping>>, SyncError> {
        if (written.digest, written.length) != (file.sha256, file.length) {
            return Ok(None);
        }
        publisher.keep(staged, written).map_err(|source| self.index(source))?;
        self.open(file, written.role).map(Some)
    }

    /// Puts the files of a list that passed every gate into the index. One that did not pass stays out of it: whoever publishes
    /// next removes from there what no generation names, and it would come over the line once more.
    pub(super) fn put_in(&self, publication: &Publication, publisher: &Publisher) -> Result<(), SyncError> {
        publication.files().try_for_each(|(file, role)| {
            let path = self.path(file)?;
            publisher.take_in(&path, &file.segment(role)).map_err(|source| self.index(source))
        })
    }

    fn open(&self, file: &File, role: SegmentRole) -> Result<Segment<Mapping>, SyncError> {
        let path = self.path(file)?;
        index::open_segment(&*self.site.storage, &path, &file.segment(role))
            .map_err(|source| self.index(source))
    }

    fn path(&self, file: &File) -> Result<PathBuf, SyncError> {
        self.files.find(&file.sha256).ok_or_else(|| SyncError::Io {
            path: self.files.part(file),
            source: std::io::ErrorKind::NotFound.into(),
        })
    }

    fn index(&self, source: IndexError) -> SyncError {
        SyncError::Index { feed: self.source.feed.clone(), source }
    }
}

fn stamp(file: &File) -> Stamp {
    Stamp { sequence: file.sequence, as_of: file.as_of }
}
