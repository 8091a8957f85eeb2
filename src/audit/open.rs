//! Finds a free log or makes one, verifies it, and brings its two files into step.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::format::{
    CHECKSUM_BYTES, FRAME_HEAD_BYTES, File, FrameHead, HEADER_BYTES, Header, LEAF_BYTES, leaf, leaf_offset,
};
use super::log_id::LogId;
use super::note::NoteSigner;
use super::scan::{Found, Seen, Sound, scan};
use super::tree_writer::{TreeWriter, Trusted};
use super::vouched::Vouched;
use super::{AuditError, Config, Opened, Role, signing};
use crate::ground::storage::{Lock, LockError, Storage, StorageFile, publish_file};

const LEAVES_PER_APPEND: usize = 4096;
const NEW_LOG_TRIES: u32 = 16;

/// A locked log whose files are in step and synced.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) log_id: LogId,
    pub(super) entries: u64,
    pub(super) bodies: Output,
    pub(super) leaves: Output,
    pub(super) tree: TreeWriter,
    _lock: Lock,
}

/// A file with its known length.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) file: Box<dyn StorageFile>,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// Opens a log of a role, see [`AuditLog::open`](super::AuditLog::open).
pub(super) fn open(
    storage: &dyn Storage,
    data_dir: &Path,
    role: Role,
    (config, now): (&Config, Timestamp),
) -> Result<(Files, Opened), AuditError> {
    let audit = data_dir.join("audit");
    let (log_id, lock) = free_log(storage, &audit, role)?;
    let folder = audit.join(log_id.as_str());
    let key = signing::existing(storage, &folder, &log_id)?;
    let exported_to = &config.checkpoints_to;
    let trusted = key.as_ref().map(|key| Trusted::of(storage, &folder, key.key())).transpose()?;
    let trusted = trusted.unwrap_or_default();
    let key = key.as_ref().map(NoteSigner::key);
    let mut vouched = Vouched::of(storage, &folder, &log_id, key, exported_to)?;
    let mut places = Vec::new();
    let mut each = |seen: &Seen<'_>| {
        vouched.push(seen.leaf);
        if trusted.lacks_place(seen.sequence) {
            places.push(seen.offset);
        }
        Ok(())
    };
    let (created, sound) = match scan(storage, &folder, &log_id, &mut each)? {
        Found::Sound(sound) => (false, sound),
        Found::Unborn(header) => {
            for above in [data_dir, &audit] {
                storage.sync_dir(above).map_err(AuditError::storage("sync", above))?;
            }
            give_birth(storage, &folder, &log_id, header, now)?;
            (true, Sound::empty())
        }
    };
    let frontier = vouched.check()?;
    let bodies = settle_bodies(storage, &folder, &sound)?;
    let leaves = complete_leaves(storage, &folder, &sound)?;
    let tree = TreeWriter::open(storage, &folder, &log_id, frontier, (trusted, &places))?;
    let opened = Opened {
        log_id: log_id.text().clone(),
        created,
        entries: sound.entries,
        torn_bytes: sound.torn_bytes,
        leaves_rebuilt: sound.entries - sound.leaves_kept,
        highest_time: sound.highest_time,
        key: tree.key().to_string().into(),
    };
    Ok((Files { log_id, entries: sound.entries, bodies, leaves, tree, _lock: lock }, opened))
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

/// Publishes the two headers, `bodies` last: a log without it never acknowledged anything.
fn give_birth(
    storage: &dyn Storage,
    folder: &Path,
    log_id: &LogId,
    leaves_header: Option<Header>,
    now: Timestamp,
) -> Result<(), AuditError> {
    let publish = |file: File, header: &Header| {
        let path = folder.join(file.name());
        publish_file(storage, &path, &header.encode(file)).map_err(AuditError::storage("create", &path))
    };
    let header = match leaves_header {
        Some(header) => {
            // The name may have been seen before it was durable.
            storage.sync_dir(folder).map_err(AuditError::storage("sync", folder))?;
            header
        }
        None => {
            let header = Header { log_id: log_id.clone(), created: now };
            publish(File::Leaves, &header)?;
            header
        }
    };
    publish(File::Bodies, &header)
}

/// Cuts the torn tail off `bodies` and syncs it, so that leaves may be written for all that is left.
fn settle_bodies(storage: &dyn Storage, folder: &Path, sound: &Sound) -> Result<Output, AuditError> {
    let path = folder.join(File::Bodies.name());
    let mut file = storage.open_append(&path).map_err(AuditError::storage("open", &path))?;
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
    let path = folder.join(File::Leaves.name());
    let mut file = storage.open_append(&path).map_err(AuditError::storage("open", &path))?;
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
    use std::io::{BufReader, Read, Seek, SeekFrom};
    let path = folder.join(File::Bodies.name());
    let file = storage.open_read(&path).map_err(AuditError::storage("open", &path))?;
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(sound.rebuild_from)).map_err(AuditError::storage("read", &path))?;
    let mut head = [0; FRAME_HEAD_BYTES];
    let mut rest = Vec::new();
    let mut leaves = Vec::new();
    for entry in sound.leaves_kept..sound.entries {
        reader.read_exact(&mut head).map_err(AuditError::storage("read", &path))?;
        let read = FrameHead::decode(&head).filter(|head| head.sequence == entry);
        let Some(head) = read else {
            // It was sound a moment ago.
            return Err(AuditError::storage("read again", &path)(std::io::ErrorKind::InvalidData.into()));
        };
        rest.resize(head.body_bytes + CHECKSUM_BYTES, 0);
        reader.read_exact(&mut rest).map_err(AuditError::storage("read", &path))?;
        leaves.extend_from_slice(&leaf(&head.salt, &rest[..head.body_bytes]));
        if leaves.len() == LEAVES_PER_APPEND * LEAF_BYTES {
            append(&leaves)?;
            leaves.clear();
        }
    }
    if leaves.is_empty() { Ok(()) } else { append(&leaves) }
}

impl Sound {
    /// A log that holds nothing yet.
    fn empty() -> Self {
        let header = HEADER_BYTES as u64;
        Self {
            entries: 0,
            bodies_bytes: header,
            torn_bytes: 0,
            leaves_bytes: header,
            leaves_kept: 0,
            rebuild_from: header,
            highest_time: None,
        }
    }
}
