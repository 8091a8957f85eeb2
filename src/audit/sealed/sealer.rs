//! Seals the journal's files that nobody writes to any more, in a thread of its own.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use super::class::day_of;
use super::file_writer::{FileWriter, TEMPORARY};
use super::membership::Membership;
use super::name::{SealedName, State, sealed_folder};
use super::stub::Stub;
use super::{Range, RetentionClass};
use crate::audit::body::Sorting;
use crate::audit::format::HEADER_BYTES;
use crate::audit::journal::JournalFile;
use crate::audit::log_id::LogId;
use crate::audit::scan::{each_frame, scan_settled};
use crate::audit::{AuditError, Fault};
use crate::ground::storage::Storage;
use crate::ground::{causes, step_back};

const TRY_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Whoever changes a log's sealed files does so alone.
#[derive(Clone, Debug, Default)]
pub(in crate::audit) struct Sealing(Arc<Mutex<()>>);

impl Sealing {
    pub(in crate::audit) fn alone(&self) -> MutexGuard<'_, ()> {
        // What another has left half done is found by whoever comes next, as after a crash.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seals files in the order in which they are handed in.
#[derive(Debug)]
pub(in crate::audit) struct Sealer {
    files: Option<mpsc::Sender<JournalFile>>,
    thread: Option<JoinHandle<()>>,
}

impl Sealer {
    /// Begins with those that a process before has left.
    pub(in crate::audit) fn start(
        (storage, log, log_id): (Arc<dyn Storage>, PathBuf, LogId),
        sealing: Sealing,
        left: Vec<JournalFile>,
    ) -> Result<Self, AuditError> {
        let (files, queue) = mpsc::channel();
        for file in left {
            // It waits in the queue, whose other end is at hand.
            let _ = files.send(file);
        }
        let run = move || run((&*storage, &log, &log_id), &sealing, &queue);
        let thread = std::thread::Builder::new().name("audit-seal".to_owned()).spawn(run);
        let thread = thread.map_err(|error| AuditError::Thread(Arc::new(error)))?;
        Ok(Self { files: Some(files), thread: Some(thread) })
    }

    /// Hands in a file that is settled, with a file after it. Never blocks.
    pub(in crate::audit) fn send(&self, file: JournalFile) {
        // A thread that is gone has told so.
        let _ = self.files.as_ref().map(|files| files.send(file));
    }
}

impl Drop for Sealer {
    /// Waits until all that can be sealed is.
    fn drop(&mut self) {
        self.files = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn run(
    (storage, log, log_id): (&dyn Storage, &Path, &LogId),
    sealing: &Sealing,
    queue: &mpsc::Receiver<JournalFile>,
) {
    // Whoever waits for an answer goes first.
    step_back();
    let finished = {
        let _alone = sealing.alone();
        finish_erasures(storage, log)
    };
    if let Err(error) = finished {
        tracing::warn!(error = %causes(&error), "what was erased from the audit log before is not removed yet");
    }
    let (mut waiting, mut ended, mut failing) = (VecDeque::new(), false, false);
    while !ended {
        match queue.recv_timeout(if waiting.is_empty() { Duration::MAX } else { TRY_AGAIN_AFTER }) {
            Ok(file) => waiting.push_back(file),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => ended = true,
        }
        while let Some(file) = waiting.front() {
            let sealed = {
                let _alone = sealing.alone();
                seal(storage, log, log_id, *file)
            };
            if let Err(error) = sealed {
                // Those after it wait behind it. What is left when the process ends is sealed by the next.
                if !failing {
                    tracing::warn!(error = %causes(&error), "a file of the audit log's journal is not sealed yet");
                }
                failing = true;
                break;
            }
            failing = false;
            waiting.pop_front();
        }
    }
}

/// Seals a file of the journal that is settled, and removes it once what is sealed was read again. Done twice it does the same.
fn seal(storage: &dyn Storage, log: &Path, log_id: &LogId, file: JournalFile) -> Result<(), AuditError> {
    let folder = sealed_folder(log);
    let synced = |path: &Path| storage.sync_dir(path).map_err(AuditError::storage("sync", path));
    let journal = JournalFile::list(storage, log)?;
    if !journal.contains(&file) {
        // It was sealed, and only what goes with it is left.
        remove_if_there(storage, &file.places(log))?;
        return synced(log);
    }
    storage.create_dir_all(&folder).map_err(AuditError::storage("create", &folder))?;
    synced(log)?;
    remove_unfinished(storage, &folder)?;

    let mut sorted: BTreeMap<SealedName, Membership> = BTreeMap::new();
    let end = scan_settled(storage, log, log_id, file, &mut |seen| {
        let entry = Sorting::of(seen.body, seen.sequence)?;
        let (class, day) = (RetentionClass::of(&entry), day_of(entry.time));
        let name = SealedName { first: file.first, class, day, state: State::Sealed };
        sorted.entry(name).or_default().push(seen.sequence);
        Ok(())
    })?;
    if journal.iter().find(|other| other.first > file.first).is_none_or(|next| next.first != end) {
        return Err(super::file::damage(&file.bodies(log), 0, Some(end), Fault::Frame));
    }
    let mut writers = Vec::new();
    for (name, members) in sorted {
        let stub = Stub { log_id: log_id.clone(), name, end, members };
        let writer = FileWriter::create(storage, log, &stub)?;
        writers.push((stub.members.into_iter().peekable(), writer));
    }
    let (mut sequence, from) = (file.first, (HEADER_BYTES as u64, file.first, end - file.first));
    each_frame(storage, &file.bodies(log), from, &mut |salt, body| {
        let mut writers = writers.iter_mut();
        let own = writers.find_map(|(members, writer)| members.next_if_eq(&sequence).map(|_| writer));
        sequence += 1;
        own.expect("each entry was sorted").push(salt, body)
    })?;
    writers.into_iter().try_for_each(|(_, writer)| writer.finish(storage))?;
    synced(&folder)?;

    let names = SealedName::list(storage, log)?;
    let range = Range::open(storage, log, log_id, (&names, file.first))?;
    let read = range.map(|range| range.walk(storage, log, &mut |_| Ok(()))).transpose()?;
    if read != Some(end) {
        let path = file.bodies(log);
        return Err(super::file::damage(&path, 0, Some(file.first), Fault::Unaccounted));
    }
    gone(&file.bodies(log), storage.remove_slowly(&file.bodies(log)))?;
    remove_if_there(storage, &file.places(log))?;
    synced(log)
}

/// Removes what a crash left of files of which the stub stands already beside them.
fn finish_erasures(storage: &dyn Storage, log: &Path) -> Result<(), AuditError> {
    let folder = sealed_folder(log);
    let names = storage.list(&folder).map_err(AuditError::storage("list", &folder))?;
    let erased = SealedName::list(storage, log)?.into_iter().filter(|name| name.state == State::Erased);
    let left = erased.map(|name| SealedName { state: State::Sealed, ..name }.path(log));
    left.filter(|path| names.contains(path)).try_for_each(|path| remove_if_there(storage, &path))
}

/// What was being written when a process was killed, or the disk full.
fn remove_unfinished(storage: &dyn Storage, folder: &Path) -> Result<(), AuditError> {
    let names = storage.list(folder).map_err(AuditError::storage("list", folder))?;
    let unfinished = names.iter().filter(|path| path.extension().is_some_and(|end| end == TEMPORARY));
    unfinished.into_iter().try_for_each(|path| remove_if_there(storage, path))
}

fn remove_if_there(storage: &dyn Storage, path: &Path) -> Result<(), AuditError> {
    gone(path, storage.remove(path))
}

fn gone(path: &Path, removed: io::Result<()>) -> Result<(), AuditError> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(AuditError::storage("remove", path)(error))
        }
        _ => Ok(()),
    }
}
