//! A file of the journal, read on while it is written, in large pieces.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::Place;
use crate::audit::format::{
    self, CHECKSUM_BYTES, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, FrameHead, HEADER_BYTES, Header, HeaderRefusal,
    SALT_BYTES, checksum_agrees,
};
use crate::audit::journal::JournalFile;
use crate::audit::log_id::LogId;
use crate::audit::places::PLACE_BYTES;
use crate::audit::{AuditError, Damage, Fault, HeaderFault};
use crate::ground::storage::Storage;

/// More than the longest frame, so that each piece that is read has one to its end.
const PIECE_BYTES: usize = 256 * 1024;
const _: () = assert!(PIECE_BYTES > FRAME_BYTES_MAX, "each piece makes progress");

/// What is done with each entry; it says whether to go on.
type VisitFrame<'v> = &'v mut dyn FnMut(Place<'_>, &[u8; SALT_BYTES], &[u8]) -> Result<bool, AuditError>;

/// A file, and where the next entry stands in it.
#[derive(Debug)]
pub(super) struct JournalTail {
    file: File,
    path: PathBuf,
    next: u64,
    offset: u64,
    piece: Vec<u8>,
}

impl JournalTail {
    /// Opens the file that has an entry, which is recorded; `None` if the journal has it no more.
    pub(super) fn open(
        storage: &dyn Storage,
        folder: &Path,
        id: &LogId,
        entry: u64,
    ) -> Result<Option<Self>, AuditError> {
        let files = JournalFile::list(storage, folder)?;
        let Some(of_entry) = files.into_iter().rfind(|file| file.first <= entry) else { return Ok(None) };
        let path = of_entry.bodies(folder);
        let file = storage.open_read(&path).map_err(AuditError::storage("open", &path))?;
        let (next, offset) = (of_entry.first, HEADER_BYTES as u64);
        let mut tail = Self { file, path, next, offset, piece: Vec::new() };
        tail.check_header(id, of_entry)?;
        if entry > tail.next && !tail.jump(&of_entry.places(folder), storage, entry)? {
            tail.read(entry, &mut |_, _, _| Ok(true))?;
        }
        let bytes = tail.file.metadata().map_err(AuditError::storage("measure", &tail.path))?.len();
        if tail.next < entry || tail.offset >= bytes {
            // It is recorded, and no later file has it.
            let (leaves, entries) = (entry + 1, tail.next);
            return Err(tail.damage(Fault::EntriesMissing { leaves, entries }));
        }
        Ok(Some(tail))
    }

    /// Reads up to an entry that may not be recorded yet, and tells whether the file has ended before.
    pub(super) fn read(&mut self, end: u64, visit: VisitFrame<'_>) -> Result<bool, AuditError> {
        while self.next < end {
            self.fill()?;
            if self.piece.is_empty() {
                return Ok(true);
            }
            let piece = std::mem::take(&mut self.piece);
            let read = self.piece(&piece, end, visit);
            self.piece = piece;
            if !read? {
                break;
            }
        }
        Ok(false)
    }

    /// Reads the whole frames of a piece, of which there must be one, and says whether to go on.
    fn piece(&mut self, piece: &[u8], end: u64, visit: VisitFrame<'_>) -> Result<bool, AuditError> {
        let mut at = 0;
        while self.next < end {
            let rest = &piece[at..];
            if rest.is_empty() {
                break;
            }
            let head = rest.first_chunk::<FRAME_HEAD_BYTES>().map(FrameHead::decode);
            // What is recorded is there to its end, so that only what is longer than the rest of the piece is in the next one.
            let is_cut = at > 0 && piece.len() == PIECE_BYTES;
            let Some(head) = head.flatten().filter(|head| head.frame_bytes() <= rest.len()) else {
                let may_go_on = is_cut && rest.len() < FRAME_BYTES_MAX;
                return if may_go_on { Ok(true) } else { Err(self.damage(Fault::Frame)) };
            };
            let frame = &rest[..head.frame_bytes()];
            if !checksum_agrees(frame) {
                return Err(self.damage(Fault::Frame));
            }
            if head.sequence != self.next {
                return Err(self.damage(Fault::Sequence { found: head.sequence }));
            }
            let body = &frame[FRAME_HEAD_BYTES..frame.len() - CHECKSUM_BYTES];
            let goes_on = {
                let place = Place { sequence: self.next, path: &self.path, offset: self.offset };
                visit(place, &head.salt, body)?
            };
            at += frame.len();
            self.next += 1;
            self.offset += frame.len() as u64;
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn fill(&mut self) -> Result<(), AuditError> {
        self.piece.resize(PIECE_BYTES, 0);
        let mut filled = 0;
        while filled < PIECE_BYTES {
            match self.file.read_at(&mut self.piece[filled..], self.offset + filled as u64) {
                Ok(0) => break,
                Ok(bytes) => filled += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(AuditError::storage("read", &self.path)(error)),
            }
        }
        self.piece.truncate(filled);
        Ok(())
    }

    /// Goes to an entry by what tells where each stands, which may lag behind; false if that does not lead there.
    fn jump(&mut self, places: &Path, storage: &dyn Storage, entry: u64) -> Result<bool, AuditError> {
        let mut place = [0; PLACE_BYTES];
        let at = (entry - self.next) * PLACE_BYTES as u64;
        let read = storage.open_read(places).and_then(|places| places.read_exact_at(&mut place, at));
        let mut head = [0; FRAME_HEAD_BYTES];
        let offset = u64::from_le_bytes(place);
        if read.is_err() || self.file.read_exact_at(&mut head, offset).is_err() {
            return Ok(false);
        }
        let Some(head) = FrameHead::decode(&head).filter(|head| head.sequence == entry) else {
            return Ok(false);
        };
        let mut frame = vec![0; head.frame_bytes()];
        let is_frame = self.file.read_exact_at(&mut frame, offset).is_ok() && checksum_agrees(&frame);
        if is_frame {
            (self.next, self.offset) = (entry, offset);
        }
        Ok(is_frame)
    }

    fn check_header(&self, id: &LogId, file: JournalFile) -> Result<(), AuditError> {
        let mut bytes = [0; HEADER_BYTES];
        let fault = match self.file.read_exact_at(&mut bytes, 0) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => HeaderFault::Short,
            Err(error) => return Err(AuditError::storage("read", &self.path)(error)),
            Ok(()) => match Header::decode(format::File::Bodies, &bytes) {
                Ok(header) if header.log_id != *id => HeaderFault::OtherLog,
                Ok(header) if header.before.map_or(0, |before| before.entries) == file.first => return Ok(()),
                Ok(_) => HeaderFault::OtherFile,
                Err(HeaderRefusal::Newer(version)) => {
                    return Err(AuditError::Newer { path: self.path.clone(), version });
                }
                Err(HeaderRefusal::Fault(fault)) => fault,
            },
        };
        let (path, fault) = (self.path.clone(), Fault::Header(fault));
        Err(AuditError::Damaged(Damage { path, offset: 0, entry: None, fault }))
    }

    fn damage(&self, fault: Fault) -> AuditError {
        Place { sequence: self.next, path: &self.path, offset: self.offset }.damage(fault)
    }
}
