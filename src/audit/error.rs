//! What can go wrong with a log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::body::BodyFault;
use super::see_that::see_that;
use crate::ground::web::{AddressFault, TlsFault};

/// Why something was not recorded, or a log not opened. Cheap to clone: everybody who waited for a group gets
/// it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AuditError {
    /// The file system refused something while a log or a key was opened or read.
    #[error("cannot {doing} {}: see that it exists, that {}", path.display(), see_that(doing))]
    Storage {
        /// What we were doing, to be followed by the path.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// A log is not as it was written. It was left untouched.
    #[error(
        "the audit log is damaged: {0}. Nothing was changed. Keep the log's folder for an investigation and rename \
         it to end in \".damaged\"; the next start then begins a new log"
    )]
    Damaged(Damage),
    /// A log was written by a newer program.
    #[error("{} has format version {version}: it needs a program that reads it, this one is older", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version it names.
        version: u32,
    },
    /// A place for checkpoints that cannot be used.
    #[error("audit.checkpoints-to has a place that cannot be used")]
    Elsewhere(#[source] ElsewhereFault),
    /// More entries wait than are allowed.
    #[error("the audit log has {queue_entries_max} entries waiting already: ask again later")]
    Overloaded {
        /// The limit.
        queue_entries_max: usize,
    },
    /// A batch that no queue could ever take.
    #[error(
        "a batch for the audit log has 1 to {entries_max} entries, not {entries}: cut it into smaller ones"
    )]
    BatchLength {
        /// How many were handed in.
        entries: usize,
        /// The limit, which is the queue's.
        entries_max: usize,
    },
    /// An entry's fields are too long together.
    #[error(
        "an audit entry would have {bytes} bytes, of which {bytes_max} are allowed: shorten its references"
    )]
    EntryTooLong {
        /// How long it would be.
        bytes: usize,
        /// The limit.
        bytes_max: usize,
    },
    /// The write failed and was undone. Nothing was recorded; later entries may succeed without a restart.
    #[error("writing {} failed and was undone, nothing was recorded: see that the disk has room and ask again", path.display())]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The file's state is unknown, for good. Nothing more is recorded by this process.
    #[error("{doing} {} failed, so that nobody knows what of it is durable: restart the process", path.display())]
    Stopped {
        /// What we were doing, to be followed by the path.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The writing thread is gone.
    #[error("the thread that writes the audit log has ended: restart the process")]
    WriterGone,
    /// The writing thread could not be started.
    #[error("cannot start the thread that writes the audit log: see the limits on this account's threads")]
    Thread(#[source] Arc<io::Error>),
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes: see that /dev/urandom or getrandom is available")]
    Random(#[source] getrandom::Error),
    /// A log has fewer entries than were vouched for.
    #[error(
        "{} vouches for {size} entries of the audit log, which has {entries}: entries were cut off, or an older copy of the log \
         was put back. Nothing was changed. After a restore, `portcullis adopt` begins new logs; else keep the log's folder for an \
         investigation and rename it to end in \".damaged\"; the next start then begins a new log",
        path.display()
    )]
    CutOff {
        /// The checkpoint's file.
        path: PathBuf,
        /// How many entries it vouches for.
        size: u64,
        /// How many there are.
        entries: u64,
    },
    /// A reader has read more of a log than there is.
    #[error(
        "{} has {entries} entries, and {next} of it were read before: entries were cut off, or an older copy of the log was put back; \
         `portcullis audit verify` says which",
        path.display()
    )]
    ReadFurther {
        /// The log's folder.
        path: PathBuf,
        /// The entry that is to be read next.
        next: u64,
        /// How many there are.
        entries: u64,
    },
    /// A log has other entries than were vouched for.
    #[error(
        "{} vouches for other entries of the audit log than it has among its first {size}: they were changed, or two processes \
         went on from copies of one log. Nothing was changed. On a clone, `portcullis adopt` begins new logs; else keep the log's \
         folder for an investigation and rename it to end in \".damaged\"; the next start then begins a new log",
        path.display()
    )]
    Forked {
        /// The checkpoint's file.
        path: PathBuf,
        /// The entries among which the others are.
        size: u64,
    },
    /// Somebody writes a log that is to be put aside.
    #[error("{} is being written: stop the service, and whatever else works on this data directory, first", path.display())]
    InUse {
        /// The log's folder.
        path: PathBuf,
    },
    /// No checkpoint covers an entry yet.
    #[error(
        "the log {log} has no checkpoint yet that covers entry {entry} (the newest covers {entries}): one is made within a minute, \
         or when the process that writes the log ends"
    )]
    NotSigned {
        /// The log.
        log: Arc<str>,
        /// The entry.
        entry: u64,
        /// How many the newest checkpoint covers.
        entries: u64,
    },
    /// The tree does not lead to what was signed.
    #[error("entry {entry} of {} cannot be proved: the log was changed; `portcullis audit verify` says where", path.display())]
    Unprovable {
        /// The log's folder.
        path: PathBuf,
        /// The entry.
        entry: u64,
    },
    /// A folder has no log.
    #[error("{} is no log: a log's folder is named serve- or cli- and 8 hexadecimal digits", path.display())]
    NoLog {
        /// The folder.
        path: PathBuf,
    },
    /// A log's key is another than somebody noted.
    #[error("{} has the key {found}, which is none of those that were given: the log, or its key, was replaced", path.display())]
    OtherKey {
        /// The log's folder.
        path: PathBuf,
        /// Its key.
        found: Arc<str>,
    },
    /// An exported checkpoint is none of this log's.
    #[error("{} is no checkpoint that this log has signed: see who writes there, and move it away", path.display())]
    Exported {
        /// The file.
        path: PathBuf,
    },
    /// Somebody gives as a checkpoint what is none of the log's.
    #[error(
        "what was given as the newest checkpoint of {log} is not signed with that log's key: see whom it was asked of"
    )]
    NotItsNote {
        /// The log.
        log: Arc<str>,
    },
    /// The key of a log's checkpoints can't be used.
    #[error(
        "{} is no key of the audit log beside it, or is gone: restore it from a backup, or rename the log's folder to end in \
         \".damaged\"; the next start then begins a new log",
        path.display()
    )]
    SigningKey {
        /// The key's file.
        path: PathBuf,
    },
    /// A clock by which nothing is erased.
    #[error(
        "the clock says {now:.0}, and the audit log has entries of fewer than three of the 31 days before that: nothing is erased. If the \
         clock is right, stop the service and say `portcullis audit erase`"
    )]
    UnlikelyClock {
        /// What it says.
        now: jiff::Timestamp,
    },
    /// The key of sealed entries can't be used.
    #[error(
        "{} is no key of the entries that were sealed with it, or is gone: restore it from a backup; without it nobody can read them",
        path.display()
    )]
    SealingKey {
        /// The key's file.
        path: PathBuf,
    },
    /// No key could be made.
    #[error(
        "no key for the audit log's checkpoints could be made: see that the operating system gives random bytes"
    )]
    NoSigningKey,
    /// A digest key can't be used.
    #[error("{} is no digest key of this program: restore it from a backup", path.display())]
    KeyUnreadable {
        /// The key's file.
        path: PathBuf,
    },
    /// There is more than one digest key.
    #[error("{} has {keys} digest keys and no file `current` that names the one in use: write the id there that the newest entries name", path.display())]
    KeyAmbiguous {
        /// The folder of keys.
        path: PathBuf,
        /// How many there are.
        keys: usize,
    },
    /// A key that makes digests is not destroyed.
    #[error("key {key} makes the digests: `portcullis audit rotate-digest-key` makes another one first")]
    KeyInUse {
        /// The key.
        key: super::KeyId,
    },
    /// There is no such key.
    #[error("there is no digest key {key}: it was destroyed, or is another site's")]
    NoKey {
        /// The key.
        key: super::KeyId,
    },
    /// Another process held the lock on the keys for too long.
    #[error("another process holds {}: end it or wait for it", path.display())]
    KeyLocked {
        /// The lock's file.
        path: PathBuf,
    },
}

impl AuditError {
    /// True if something was not written for want of room.
    pub(super) fn is_no_room(&self) -> bool {
        let Self::NotWritten { source, .. } = self else { return false };
        matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// For `map_err`: the file system refused while we were `doing` something to `path`.
    pub(super) fn storage(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Storage { doing, path: path.to_owned(), source: Arc::new(error) }
    }
}

/// Why a place for checkpoints cannot be used. Shows no credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElsewhereFault {
    /// No address.
    #[error(transparent)]
    Address(#[from] AddressFault),
    /// It has credentials in it.
    #[error(
        "an address there has no credentials in it: put them into the file that audit.checkpoints-credentials-file names"
    )]
    Credentials,
    /// What vouches for it is not readable.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// Nothing vouches for it.
    #[error(
        "{name} is reached over TLS, and this machine has no certificate authorities: set audit.checkpoints-authorities-file"
    )]
    NoRoots {
        /// The address.
        name: String,
    },
}

/// Where a log is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} at byte {offset}{}: {fault}", path.display(), entry.map_or(String::new(), |entry| format!(", entry {entry}")))]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where in the file, in bytes from its beginning.
    pub offset: u64,
    /// The entry concerned; `None` for a header.
    pub entry: Option<u64>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong at one place of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file is gone while its companion is there.
    #[error("the file is missing")]
    Missing,
    /// The header is not one.
    #[error("{0}")]
    Header(HeaderFault),
    /// A frame's checksum, length or end is wrong, although the frame was durable once.
    #[error("the entry is incomplete or its checksum does not agree")]
    Frame,
    /// A sound frame in the wrong place.
    #[error("entry {found} stands where this one belongs")]
    Sequence {
        /// The sequence in the frame.
        found: u64,
    },
    /// The leaf is not the hash of the entry.
    #[error("the leaf is not the hash of the entry")]
    Leaf,
    /// What a sealed file says of its entries is not what was written.
    #[error("what the sealed file says of its entries is incomplete, or was changed")]
    Stub,
    /// A block of a sealed file is not what was written.
    #[error("the sealed entries cannot be opened: they were changed, or are incomplete")]
    Sealed,
    /// An entry is in no file.
    #[error("no file has the entry, and none says that it was erased: the file that had it was taken away")]
    Unaccounted,
    /// Entries are gone and nobody recorded that they were to go.
    #[error("the entries are gone, and the log does not say that they were erased: they were taken away")]
    Unrecorded,
    /// A file stands where the log has none.
    #[error("the file belongs to no part of the log: see who writes there, and move it away")]
    Stray,
    /// What stands before the journal is not vouched for.
    #[error("no checkpoint covers what stands before the journal's newest file: checkpoints were taken away")]
    Unsigned,
    /// There are more leaves than entries.
    #[error("{leaves} leaves stand for {entries} entries: entries were cut off")]
    EntriesMissing {
        /// Whole leaves in the file.
        leaves: u64,
        /// Entries in the other.
        entries: u64,
    },
    /// A checkpoint is not one that the log has signed.
    #[error("the checkpoint is not one that the log has signed")]
    Checkpoint,
    /// A checkpoint does not cover more than the one before.
    #[error("the checkpoint covers no more than the one before it")]
    CheckpointOrder,
    /// An entry stands elsewhere.
    #[error(
        "the entry stands elsewhere; if it is the newest such file, remove it, and the next start makes it again"
    )]
    Place,
    /// A hash of the tree is not that of the hashes below it.
    #[error(
        "the hash is not that of the leaves below it; remove the file, and the next start makes it again"
    )]
    Tree,
    /// The body is sound but makes no sense.
    #[error("the entry cannot be understood: {0}")]
    Body(BodyFault),
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// Shorter than a header.
    #[error("the header is incomplete")]
    Short,
    /// Not the magic bytes of this file.
    #[error("the file does not begin as an audit file of its name does")]
    Magic,
    /// The checksum or a field is wrong.
    #[error("the header's checksum or one of its fields is wrong")]
    Content,
    /// The header names another log than the folder.
    #[error("the header names another log than the folder")]
    OtherLog,
    /// The two files of a log don't belong together.
    #[error("the header does not agree with that of the log's other file")]
    OtherFile,
}
