//! Carrying out a plan: fetching over the line, then composing and folding at the site.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::files::Files;
use super::plan::{Plan, Step};
use super::{Site, Source, SyncError};
use crate::domain::{SegmentRef, SegmentRole};
use crate::feed::mirror::{Download, DownloadError, Mirror};
use crate::feed::{File, Increment};
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

/// What was made, or what it was to be made of, is not what is signed.
pub(super) struct Mismatch(pub(super) IndexError);

impl Carrier<'_> {
    /// Downloads what a plan needs and is not here; gives the bytes that came over the line.
    pub(super) fn fetch(
        &self,
        plan: &Plan,
        is_here: &dyn Fn(&File) -> bool,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<u64, SyncError> {
        let (mut line_bytes, mut done) = (0, 0);
        for file in plan.steps.iter().flat_map(Step::fetched) {
            if is_here(file) {
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
            let downloaded = downloaded.map_err(|source| match source {
                DownloadError::Stopped => SyncError::Interrupted(self.source.feed.clone()),
                source => SyncError::Download { feed: self.source.feed.clone(), source },
            })?;
            for failure in &downloaded.failures {
                tracing::warn!(%failure, feed = %self.source.feed, "a mirror did not give a file; another did");
            }
            line_bytes += downloaded.line_bytes;
            done += file.length;
            self.files.keep(file)?;
        }
        Ok(line_bytes)
    }

    /// Makes the list of a plan whose files are here. Those that came stay where they are until they are
    /// [taken in](Self::take_in).
    ///
    /// The inner error is a list that cannot be had in this way.
    pub(super) fn make(
        &self,
        plan: &Plan,
        publisher: &Publisher,
        held: Option<List<Mapping>>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Result<List<Mapping>, Mismatch>, SyncError> {
        match self.made(plan, publisher, held, progress) {
            Ok(list) => Ok(Ok(list)),
            // The disk, and what others do, is nothing that other files would mend.
            Err(error @ (IndexError::Io { .. } | IndexError::Write(_) | IndexError::Locked(_))) => {
                Err(self.index(error))
            }
            Err(error) => Ok(Err(Mismatch(error))),
        }
    }

    fn made(
        &self,
        plan: &Plan,
        publisher: &Publisher,
        held: Option<List<Mapping>>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<List<Mapping>, IndexError> {
        let (mut base, mut delta) = held.map(List::into_segments).map_or((None, None), |(b, d)| (Some(b), d));
        for step in &plan.steps {
            match step {
                Step::Fetch { file, role: SegmentRole::Base } => {
                    (base, delta) = (Some(self.open(file, SegmentRole::Base)?), None);
                }
                Step::Fetch { file, role: SegmentRole::Delta } => {
                    delta = Some(self.open(file, SegmentRole::Delta)?);
                }
                Step::Compose { increments, file } => {
                    let list = self.list_to_fold(&mut base, &mut delta)?;
                    delta = Some(self.compose(publisher, &list, increments, file)?);
                    base = Some(list.into_segments().0);
                }
                Step::Fold { file } => {
                    let list = self.list_to_fold(&mut base, &mut delta)?;
                    base = Some(self.fold(publisher, &list, file, progress)?);
                }
            }
        }
        let path = self.site.data_dir.to_owned();
        let refused = |source| IndexError::Segment { path, source };
        List::new(base.ok_or(IndexError::Damaged)?, delta).map_err(refused)
    }

    fn list_to_fold(
        &self,
        base: &mut Option<Segment<Mapping>>,
        delta: &mut Option<Segment<Mapping>>,
    ) -> Result<List<Mapping>, IndexError> {
        let path = self.site.data_dir.to_owned();
        let refused = |source| IndexError::Segment { path, source };
        List::to_fold(base.take().ok_or(IndexError::Damaged)?, delta.take()).map_err(refused)
    }

    fn compose(
        &self,
        publisher: &Publisher,
        list: &List<Mapping>,
        increments: &[Increment],
        file: &File,
    ) -> Result<Segment<Mapping>, IndexError> {
        let opened = increments.iter().map(|increment| self.open(&increment.file, SegmentRole::Delta));
        let opened: Vec<_> = opened.collect::<Result<_, _>>()?;
        let opened: Vec<_> = opened.iter().collect();
        let mut staged = publisher.stage()?;
        let amendment = Amendment::of_increments(list, &opened, DOCUMENTS_MAX)?;
        let written = amendment.write_cumulative(list, stamp(file), &mut Paced::new(staged.file(), None))?;
        self.keep(publisher, staged, &written, file)
    }

    fn fold(
        &self,
        publisher: &Publisher,
        list: &List<Mapping>,
        file: &File,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Segment<Mapping>, IndexError> {
        let mut staged = publisher.stage()?;
        let mut paced = Paced::new(staged.file(), Some(self.source.fold_mib_per_second));
        let written = index::fold(list, stamp(file), &mut paced, progress)?;
        self.keep(publisher, staged, &written, file)
    }

    /// Keeps what was made if it is what is signed.
    fn keep(
        &self,
        publisher: &Publisher,
        staged: Staged,
        written: &SegmentRef,
        file: &File,
    ) -> Result<Segment<Mapping>, IndexError> {
        if (written.digest, written.length) != (file.sha256, file.length) {
            return Err(IndexError::OtherList);
        }
        publisher.keep(staged, written)?;
        self.open(file, written.role)
    }

    /// Puts the files of a list that came into the index. Until then they are not in the way of whoever tidies that, and need
    /// not come again if the list is not let through.
    pub(super) fn take_in(
        &self,
        publisher: &Publisher,
        files: &mut dyn Iterator<Item = (&File, SegmentRole)>,
    ) -> Result<(), SyncError> {
        for (file, role) in files {
            let taken = self.path(file).and_then(|path| publisher.take_in(&path, &file.segment(role)));
            taken.map_err(|source| self.index(source))?;
        }
        Ok(())
    }

    fn open(&self, file: &File, role: SegmentRole) -> Result<Segment<Mapping>, IndexError> {
        index::open_segment(&*self.site.storage, &self.path(file)?, &file.segment(role))
    }

    fn path(&self, file: &File) -> Result<PathBuf, IndexError> {
        self.files.find(&file.sha256).ok_or_else(|| IndexError::Io {
            doing: "find",
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
