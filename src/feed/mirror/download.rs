//! Large files, whose length and digest somebody has signed.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::part::Part;
use super::throttle::Throttle;
use super::{DownloadError, Failure, Limits, Mirror, MirrorError, Opened};
use crate::domain::Digest;
use crate::ground::storage::Storage;

/// A file that is to be downloaded.
///
/// It grows in one file at the site, which is continued by whoever comes next: the next mirror, and the next download of
/// the same file. So a line that breaks every few minutes brings it in the end. Two downloads must not share that file
/// at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Download<'d> {
    /// Where the site's files are.
    pub storage: &'d dyn Storage,
    /// Who may have it, in the order in which they are asked, once each.
    pub mirrors: &'d [&'d dyn Mirror],
    /// Its name in the repository, such as `targets/<digest>.<name>`.
    pub path: &'d str,
    /// Its length in bytes. No more are ever written.
    pub length: u64,
    /// Its SHA-256.
    pub digest: Digest,
    /// The file in which it grows, in a folder that is there. What is in it is continued.
    pub part: &'d Path,
    /// How fast it may come. How fast it must come is the mirrors' business.
    pub limits: &'d Limits,
}

/// How far a download has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many bytes of the file there are, those of earlier downloads among them. Goes back to 0 if they were wrong.
    pub bytes: u64,
    /// How many there will be.
    pub length: u64,
    /// How many bytes of files the mirrors have sent for it this time: with those that were thrown away, without what
    /// HTTP and TLS add.
    pub line_bytes: u64,
}

/// A file that has come, and is what was signed.
#[derive(Debug)]
pub struct Downloaded {
    /// Where it is: in the file in which it grew, synced. Its name is durable once the folder is synced.
    pub path: PathBuf,
    /// The mirror that brought its last byte; none if all of it was there already.
    pub mirror: Option<Box<str>>,
    /// As in [`Progress`].
    pub line_bytes: u64,
    /// The mirrors before that one, and what was wrong with each.
    pub failures: Vec<Failure>,
}

/// Who is to blame that the file did not come.
enum Fault {
    Mirror(MirrorError),
    Site(DownloadError),
}

impl From<MirrorError> for Fault {
    fn from(error: MirrorError) -> Self {
        Self::Mirror(error)
    }
}

impl From<DownloadError> for Fault {
    fn from(error: DownloadError) -> Self {
        Self::Site(error)
    }
}

impl<'d> Download<'d> {
    /// Downloads the file, and checks length and digest of what is on the disk.
    ///
    /// `progress` is told before each mirror is asked and after each piece, and may end the download; while a line
    /// stalls, it is heard only when that ends.
    ///
    /// # Errors
    /// [`DownloadError`]. What came stays in `part` if it may be the beginning of the file.
    pub fn run(
        &self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Downloaded, DownloadError> {
        let part = Part::open(self.storage, self.part, self.length)?;
        let throttle = Throttle::new(self.limits.bytes_per_second_max);
        let mut running = Running { of: self, part, throttle, line_bytes: 0, progress };
        let mut failures = Vec::new();
        if running.part.is_whole(self.digest)? {
            return Ok(running.downloaded(None, failures));
        }
        for mirror in self.mirrors {
            match running.bring(*mirror) {
                Ok(()) => return Ok(running.downloaded(Some(mirror.name().into()), failures)),
                Err(Fault::Site(error)) => return Err(error),
                Err(Fault::Mirror(error)) => {
                    failures.push(Failure { mirror: mirror.name().into(), error });
                }
            }
        }
        Err(DownloadError::Mirrors { path: self.path.into(), failures })
    }
}

struct Running<'r, 'd> {
    of: &'r Download<'d>,
    part: Part<'d>,
    throttle: Throttle,
    line_bytes: u64,
    progress: &'r mut dyn FnMut(Progress) -> ControlFlow<()>,
}

impl Running<'_, '_> {
    /// Brings all that is missing from one mirror.
    fn bring(&mut self, mirror: &dyn Mirror) -> Result<(), Fault> {
        loop {
            let begun_at = self.part.len();
            self.read(mirror)?;
            if self.part.is_whole(self.of.digest)? {
                return Ok(());
            }
            if begun_at == 0 {
                return Err(MirrorError::WrongDigest.into());
            }
            // What was there before may have been the wrong half: all of it once more, from this one alone.
        }
    }

    fn read(&mut self, mirror: &dyn Mirror) -> Result<(), Fault> {
        self.tell()?;
        let asked = self.part.len();
        let Opened { from, mut bytes } = mirror.open(self.of.path, asked, Some(self.of.length))?;
        let mut skip = asked.checked_sub(from).ok_or(MirrorError::Range { from: asked })?;
        let mut buffer = vec![0; self.throttle.piece_len()];
        while self.part.missing() > 0 {
            let wanted = buffer
                .len()
                .min(usize::try_from(skip.saturating_add(self.part.missing())).unwrap_or(usize::MAX));
            let came = match bytes.read(&mut buffer[..wanted]) {
                Ok(0) => return Err(MirrorError::Cut { at: self.part.len(), length: self.of.length }.into()),
                Ok(came) => came,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(MirrorError::of_read(error).into()),
            };
            self.line_bytes += came as u64;
            let skipped = came.min(usize::try_from(skip).unwrap_or(usize::MAX));
            skip -= skipped as u64;
            self.part.append(&buffer[skipped..came])?;
            self.tell()?;
            self.throttle.pay(came);
        }
        Ok(())
    }

    fn tell(&mut self) -> Result<(), DownloadError> {
        let (bytes, length, line_bytes) = (self.part.len(), self.of.length, self.line_bytes);
        match (self.progress)(Progress { bytes, length, line_bytes }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(DownloadError::Stopped),
        }
    }

    fn downloaded(self, mirror: Option<Box<str>>, failures: Vec<Failure>) -> Downloaded {
        Downloaded { path: self.of.part.to_owned(), mirror, line_bytes: self.line_bytes, failures }
    }
}
