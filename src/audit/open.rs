//! Finds a free log or makes one, verifies its journal, and brings leaves and journal into step.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::body::time_of;
use super::checkpoints::CHECKPOINTS;
use super::elsewhere::Elsewhere;
use super::format::{File, Header, LEAF_BYTES, LEAVES, leaf, leaf_offset};
use super::journal::JournalFile;
use super::log_id::LogId;
use super::note::NoteSigner;
use super::output::Output;
use super::scan::{Found, Seen, Sound, each_frame, scan};
use super::sealed::Range;
use super::tree_writer::{TreeWriter, Trusted};
use super::vouched::Vouched;
use super::{AuditError, Damage, Fault, Opened, Role, signing};
use crate::ground::storage::{Lock, LockError, Storage, publish_file};

const LEAVES_PER_APPEND: usize = 4096;
const NEW_LOG_TRIES: u32 = 16;

/// A locked log whose files are in step and synced.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) log_id: LogId,
    pub(super) folder: PathBuf,
    /// What the first of its files begins with.
    pub(super) header: Header,
    pub(super) entries: u64,
    /// The journal's newest file.
    pub(super) newest: JournalFile,
    /// The time of its first entries.
    pub(super) newest_since: Option<Timestamp>,
    /// The files before it, which are to be sealed.
    pub(super) unsealed: Vec<JournalFile>,
    pub(super) bodies: Output,
    pub(super) leaves: Output,
    pub(super) tree: TreeWriter,
    _lock: Lock,
}

/// Which log is opened.
#[derive(Clone, Debug)]
pub(super) enum Which {
    /// The first of a role that no process holds, else a new one.
    Of(Role),
    /// One that is there.
    Named(LogId),
}

/// Opens a log, see [`AuditLog::open`](super::AuditLog::open).
pub(super) fn open(
    storage: &dyn Storage,
    data_dir: &Path,
    which: &Which,
    (exported_to, now): (&[Box<dyn Elsewhere>], Timestamp),
) -> Result<(Files, Opened), AuditError> {
    let audit = data_dir.join("audit");
    let (log_id, lock) = match which {
        Which::Of(role) => free_log(storage, &audit, *role)?,
        Which::Named(id) => (id.clone(), lock_log(storage, &audit, id)?),
    };
    let folder = audit.join(log_id.as_str());
    let key = signing::existing(storage, &folder, &log_id)?;
    let journal = JournalFile::list(storage, &folder)?;
    let (first, newest) = match &journal[..] {
        [first, ..] => (first.first, journal[journal.len() - 1]),
        [] => (0, JournalFile::default()),
    };
    let trusted = key.as_ref().map(|key| Trusted::of(storage, &folder, newest, key.key())).transpose()?;
    let trusted = trusted.unwrap_or_default();
    if trusted.signed() < newest.first {
        let (path, fault) = (folder.join(CHECKPOINTS), Fault::Unsigned);
        return Err(AuditError::Damaged(Damage { path, offset: 0, entry: None, fault }));
    }
    Range::check_joined(storage, &folder, &log_id, first)?;
    remove_unfinished(storage, &folder, &journal)?;
    let key = key.as_ref().map(NoteSigner::key);
    let mut vouched = Vouched::of(storage, &folder, &log_id, key, exported_to)?;
    vouched.begin_at(storage, &folder, first)?;
    let (mut places, mut newest_since) = (Vec::new(), None);
    let mut each = |seen: &Seen<'_>| {
        vouched.push(seen.leaf);
        if seen.file == newest && trusted.lacks_place(seen.sequence) {
            places.push(seen.offset);
        }
        if seen.sequence == newest.first {
            newest_since = Some(time_of(seen.body, seen.sequence)?);
        }
        Ok(())
    };
    let (created, header, sound) = match scan(storage, &folder, &log_id, None, &mut each)? {
        Found::Sound(header, sound) => (false, header, sound),
        Found::Unborn(header) => {
            for above in [data_dir, &audit] {
                storage.sync_dir(above).map_err(AuditError::storage("sync", above))?;
            }
            let header = give_birth(storage, &folder, &log_id, header, now)?;
            (true, header, Sound::empty())
        }
    };
    let frontier = vouched.check()?;
    let bodies = settle_bodies(storage, &folder, &sound)?;
    let leaves = complete_leaves(storage, &folder, &sound)?;
    let tree = TreeWriter::open(storage, &folder, &log_id, frontier, (newest, trusted, &places))?;
    let opened = Opened {
        log_id: log_id.text().clone(),
        created,
        entries: sound.entries,
        torn_bytes: sound.torn_bytes,
        leaves_rebuilt: sound.entries - sound.leaves_kept,
        highest_time: sound.highest_time,
        alert_floor: sound.alert_floor.0,
        key: tree.key().to_string().into(),
    };
    let mut unsealed = journal;
    unsealed.pop();
    let files = Files {
        log_id,
        folder,
        header,
        entries: sound.entries,
        newest,
        newest_since,
        unsealed,
        bodies,
        leaves,
        tree,
        _lock: lock,
    };
    Ok((files, opened))
}

fn lock_log(storage: &dyn Storage, audit: &Path, id: &LogId) -> Result<Lock, AuditError> {
    let folder = audit.join(id.as_str());
    if storage.open_read(&folder.join(LEAVES)).is_err() {
        return Err(AuditError::NoLog { path: folder });
    }
    let path = folder.join("LOCK");
    storage.lock(&path).map_err(|error| match error {
        LockError::Held => AuditError::InUse { path: folder },
        LockError::Io(error) => AuditError::storage("lock", &path)(error),
    })
}

/// The first log of the role that no process holds, else a new folder.
fn free_log(storage: &dyn Storage, audit: &Path, role: Role) -> Result<(LogId, Lock), AuditError> {
    let lock = |id: &LogId| {
        let path = audit.join(id.as_str()).join("LOCK");
        match storage.lock(&path) {
            Ok(lock) => Ok(Some(lock)),
            Err(LockError::Held) => Ok(None),
            Err(LockError::Io(error)) => Err(AuditError::storage("lock", &path)(error)),
        }
    };
    let there = storage.list(audit).map_err(AuditError::storage("list", audit))?;
    let ids = there.iter().filter_map(|path| LogId::parse(path.file_name()?.to_str()?));
    for id in ids.filter(|id| id.role() == role) {
        if let Some(lock) = lock(&id)? {
            return Ok((id, lock));
        }
    }
    for _ in 0..NEW_LOG_TRIES {
        let id = LogId::new(role, getrandom::u32().map_err(AuditError::Random)?);
        let folder = audit.join(id.as_str());
        storage.create_dir_all(&folder).map_err(AuditError::storage("create", &folder))?;
        // Another process that looks for a free log may take this one first.
        if let Some(lock) = lock(&id)? {
            return Ok((id, lock));
        }
    }
    Err(AuditError::storage("lock a new log in", audit)(std::io::ErrorKind::ResourceBusy.into()))
}

/// Publishes the two headers, the journal's last: a log without it never acknowledged anything.
fn give_birth(
    storage: &dyn Storage,
    folder: &Path,
    log_id: &LogId,
    leaves_header: Option<Header>,
    now: Timestamp,
) -> Result<Header, AuditError> {
    let publish = |path: PathBuf, file: File, header: &Header| {
        publish_file(storage, &path, &header.encode(file)).map_err(AuditError::storage("create", &path))
    };
    let header = match leaves_header {
        Some(header) => {
            // The name may have been seen before it was durable.
            storage.sync_dir(folder).map_err(AuditError::storage("sync", folder))?;
            header
        }
        None => {
            let created = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
            let header = Header { log_id: log_id.clone(), created, before: None };
            publish(folder.join(LEAVES), File::Leaves, &header)?;
            header
        }
    };
    publish(JournalFile::default().bodies(folder), File::Bodies, &header)?;
    Ok(header)
}

/// What was about to be a file of the journal when a process ended, or went with one that is sealed.
fn remove_unfinished(
    storage: &dyn Storage,
    folder: &Path,
    journal: &[JournalFile],
) -> Result<(), AuditError> {
    let names = storage.list(folder).map_err(AuditError::storage("list", folder))?;
    for path in names.iter().filter(|path| JournalFile::is_left_over(path, folder, journal)) {
        storage.remove(path).map_err(AuditError::storage("remove", path))?;
    }
    Ok(())
}

/// Cuts the torn tail off the journal's newest file and syncs it, so that leaves may be written for all that is left.
fn settle_bodies(storage: &dyn Storage, folder: &Path, sound: &Sound) -> Result<Output, AuditError> {
    let path = sound.newest.bodies(folder);
    let mut file = storage.open_append(&path).map_err(AuditError::storage("write on in", &path))?;
    if sound.torn_bytes > 0 {
        file.truncate(sound.bodies_bytes).map_err(AuditError::storage("cut", &path))?;
    }
    file.sync().map_err(AuditError::storage("sync", &path))?;
    // The names of a log that was being born when its process ended may not be durable yet.
    storage.sync_dir(folder).map_err(AuditError::storage("sync", folder))?;
    Ok(Output { file, path, bytes: sound.bodies_bytes })
}

/// Cuts `leaves` to what is right and makes the missing ones again from the bodies.
fn complete_leaves(storage: &dyn Storage, folder: &Path, sound: &Sound) -> Result<Output, AuditError> {
    let path = folder.join(LEAVES);
    let mut file = storage.open_append(&path).map_err(AuditError::storage("write on in", &path))?;
    let kept_bytes = leaf_offset(sound.leaves_kept);
    if sound.leaves_bytes > kept_bytes {
        file.truncate(kept_bytes).map_err(AuditError::storage("cut", &path))?;
    }
    if sound.entries > sound.leaves_kept {
        rebuild(storage, folder, sound, &mut |leaves| {
            file.append(leaves).map_err(AuditError::storage("write", &path))
        })?;
    }
    file.sync().map_err(AuditError::storage("sync", &path))?;
    Ok(Output { file, path, bytes: leaf_offset(sound.entries) })
}

fn rebuild(
    storage: &dyn Storage,
    folder: &Path,
    sound: &Sound,
    append: &mut dyn FnMut(&[u8]) -> Result<(), AuditError>,
) -> Result<(), AuditError> {
    let (path, missing) = (sound.newest.bodies(folder), sound.entries - sound.leaves_kept);
    let mut leaves = Vec::new();
    each_frame(storage, &path, (sound.rebuild_from, sound.leaves_kept, missing), &mut |salt, body| {
        leaves.extend_from_slice(&leaf(salt, body));
        if leaves.len() == LEAVES_PER_APPEND * LEAF_BYTES {
            append(&leaves)?;
            leaves.clear();
        }
        Ok(())
    })?;
    if leaves.is_empty() { Ok(()) } else { append(&leaves) }
}
