//! A sealed file that is read: the stub, 8 random bytes, the blocks, and a table of where each block ends (`u32`, from the first
//! block on) and how long its content is (`u32`).
//!
//! A block has the next [`BLOCK_ENTRIES`] members, the last one the rest: for each salt 16, length `u32` and body. It is compressed
//! (Zstandard), then sealed (AES-256-GCM): the nonce is the file's 8 random bytes and the block's number (`u32`, big-endian); what is
//! authenticated besides is the stub's SHA-256. So no block can stand in another's place, or under another stub.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce};

use super::name::SealedName;
use super::stub::{HEAD_BYTES, Stub, StubRefusal};
use super::{KeyName, State, key};
use crate::audit::format::{BODY_BYTES_MAX, SALT_BYTES};
use crate::audit::log_id::LogId;
use crate::audit::{AuditError, Damage, Fault};
use crate::domain::Digest;
use crate::ground::storage::Storage;

pub(super) const BLOCK_ENTRIES: u64 = 256;
pub(super) const PREFIX_BYTES: usize = 8;
/// What the table has of a block.
pub(super) const ROW_BYTES: usize = 8;
/// What stands before a body in a block.
pub(super) const ENTRY_HEAD_BYTES: usize = SALT_BYTES + 4;
const BLOCK_BYTES_MAX: usize = BLOCK_ENTRIES as usize * (ENTRY_HEAD_BYTES + BODY_BYTES_MAX);

/// Salt and body of an entry.
pub(in crate::audit) type Written = ([u8; SALT_BYTES], Vec<u8>);

/// A sealed file, or what is left of it.
#[derive(Debug)]
pub(in crate::audit) struct SealedFile {
    pub(in crate::audit) stub: Stub,
    path: PathBuf,
    /// `None` once it is erased.
    blocks: Option<Blocks>,
}

struct Blocks {
    file: File,
    opener: Opener,
    /// Where the first one begins.
    start: u64,
    /// For each where it ends, from the first on, and how long its content is.
    table: Vec<(u32, u32)>,
}

impl SealedFile {
    /// Opens one, whose log has that id.
    pub(in crate::audit) fn open(
        storage: &dyn Storage,
        log: &Path,
        log_id: &LogId,
        name: SealedName,
    ) -> Result<Self, AuditError> {
        let (file, length, unopened) = Self::begin(storage, log, log_id, name)?;
        let Self { stub, path, .. } = unopened;
        if name.state == State::Erased {
            return Ok(Self { stub, path, blocks: None });
        }
        let failed = |error| AuditError::storage("read", &path)(error);
        let key = key::existing(storage, &KeyName::of(name).path(log))?;
        let blocks = Blocks::open(file, length, &stub, key).map_err(failed)?;
        let blocks = blocks.ok_or_else(|| damage(&path, 0, None, Fault::Sealed))?;
        Ok(Self { stub, path, blocks: Some(blocks) })
    }

    /// Opens what stands in clear.
    pub(in crate::audit) fn open_stub(
        storage: &dyn Storage,
        log: &Path,
        log_id: &LogId,
        name: SealedName,
    ) -> Result<Self, AuditError> {
        Self::begin(storage, log, log_id, name).map(|(_, _, unopened)| unopened)
    }

    fn begin(
        storage: &dyn Storage,
        log: &Path,
        log_id: &LogId,
        name: SealedName,
    ) -> Result<(File, u64, Self), AuditError> {
        let path = name.path(log);
        let failed = |error| AuditError::storage("read", &path)(error);
        let file = storage.open_read(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let stub = read_stub(&file, length, &path, (log_id, name)).map_err(failed)??;
        Ok((file, length, Self { stub, path, blocks: None }))
    }

    /// Opens a block; `None` if the file is erased.
    pub(super) fn block(&self, number: u64) -> Result<Option<Block>, AuditError> {
        let Some(blocks) = &self.blocks else { return Ok(None) };
        let read = blocks.read(number).map_err(AuditError::storage("read", &self.path))?;
        let members = BLOCK_ENTRIES.min(self.stub.members.total() - number * BLOCK_ENTRIES);
        let block = read.and_then(|bytes| Block::of(bytes, members));
        let spoilt = || {
            let entry = self.stub.members.iter().nth((number * BLOCK_ENTRIES) as usize);
            damage(&self.path, blocks.offset(number), entry, Fault::Sealed)
        };
        block.map(Some).ok_or_else(spoilt)
    }

    /// Salt and body of an entry that the file has; `None` if it is erased.
    pub(in crate::audit) fn read(&self, entry: u64) -> Result<Option<Written>, AuditError> {
        let Some(rank) = self.stub.members.rank(entry) else { return Ok(None) };
        let block = self.block(rank / BLOCK_ENTRIES)?;
        Ok(block.map(|block| {
            let (salt, body) = block.entry((rank % BLOCK_ENTRIES) as usize);
            (*salt, body.to_vec())
        }))
    }

    /// Whether it has an entry, or had it.
    pub(in crate::audit) fn has(&self, entry: u64) -> bool {
        self.stub.members.rank(entry).is_some()
    }

    pub(in crate::audit) fn name(&self) -> SealedName {
        self.stub.name
    }

    pub(in crate::audit) fn path(&self) -> &Path {
        &self.path
    }
}

fn read_stub(
    file: &File,
    length: u64,
    path: &Path,
    (log_id, name): (&LogId, SealedName),
) -> io::Result<Result<Stub, AuditError>> {
    let spoilt = || Ok(Err(damage(path, 0, None, Fault::Stub)));
    let mut head = [0; HEAD_BYTES];
    if length < HEAD_BYTES as u64 {
        return spoilt();
    }
    file.read_exact_at(&mut head, 0)?;
    let stub_bytes = match Stub::length(&head) {
        Ok(bytes) if bytes as u64 <= length => bytes,
        Err(StubRefusal::Newer(version)) => {
            return Ok(Err(AuditError::Newer { path: path.to_owned(), version }));
        }
        _ => return spoilt(),
    };
    if name.state == State::Erased && stub_bytes as u64 != length {
        return spoilt();
    }
    let mut bytes = vec![0; stub_bytes];
    file.read_exact_at(&mut bytes, 0)?;
    match Stub::decode(&bytes, log_id, name) {
        Some(stub) => Ok(Ok(stub)),
        None => spoilt(),
    }
}

pub(super) fn damage(path: &Path, offset: u64, entry: Option<u64>, fault: Fault) -> AuditError {
    AuditError::Damaged(Damage { path: path.to_owned(), offset, entry, fault })
}

impl Blocks {
    fn open(file: File, length: u64, stub: &Stub, key: LessSafeKey) -> io::Result<Option<Self>> {
        let count = stub.members.total().div_ceil(BLOCK_ENTRIES);
        let prefix_at = stub.encode().len() as u64;
        let start = prefix_at + PREFIX_BYTES as u64;
        let table_bytes = count.saturating_mul(ROW_BYTES as u64);
        let Some(table_at) = length.checked_sub(table_bytes).filter(|at| *at >= start) else {
            return Ok(None);
        };
        let mut prefix = [0; PREFIX_BYTES];
        file.read_exact_at(&mut prefix, prefix_at)?;
        let mut bytes = vec![0; table_bytes as usize];
        file.read_exact_at(&mut bytes, table_at)?;
        let (rows, _) = bytes.as_chunks::<ROW_BYTES>();
        let word =
            |row: &[u8; ROW_BYTES], at: usize| u32::from_le_bytes(std::array::from_fn(|byte| row[at + byte]));
        let table: Vec<_> = rows.iter().map(|row| (word(row, 0), word(row, 4))).collect();
        let grows = table.is_sorted_by(|(before, _), (after, _)| before < after);
        let fits = table.last().map_or(0, |(end, _)| u64::from(*end)) == table_at - start;
        let bounded = table.iter().all(|(_, raw)| *raw as usize <= BLOCK_BYTES_MAX);
        let opener = Opener { key, prefix, digest: stub.digest() };
        Ok((grows && fits && bounded).then_some(Self { file, opener, start, table }))
    }

    fn offset(&self, number: u64) -> u64 {
        let before = number.checked_sub(1).map_or(0, |before| self.table[before as usize].0);
        self.start + u64::from(before)
    }

    /// The content of a block; `None` if it cannot be opened.
    fn read(&self, number: u64) -> io::Result<Option<Vec<u8>>> {
        let (end, raw_bytes) = self.table[number as usize];
        let offset = self.offset(number);
        let mut sealed = vec![0; (self.start + u64::from(end) - offset) as usize];
        self.file.read_exact_at(&mut sealed, offset)?;
        Ok(self.opener.open(number as u32, &mut sealed, raw_bytes as usize))
    }
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks").field("count", &self.table.len()).finish_non_exhaustive()
    }
}

/// What seals the blocks of a file, and opens them.
pub(super) struct Opener {
    pub(super) key: LessSafeKey,
    pub(super) prefix: [u8; PREFIX_BYTES],
    /// Of the stub.
    pub(super) digest: Digest,
}

impl Opener {
    /// Seals a block that was compressed.
    pub(super) fn seal(&self, number: u32, mut block: Vec<u8>) -> io::Result<Vec<u8>> {
        let aad = Aad::from(self.digest.0);
        let sealed = self.key.seal_in_place_append_tag(self.nonce(number), aad, &mut block);
        sealed.map(|()| block).map_err(|_| io::Error::other("the block is too long for its cipher"))
    }

    fn open(&self, number: u32, sealed: &mut [u8], raw_bytes: usize) -> Option<Vec<u8>> {
        if sealed.len() < AES_256_GCM.tag_len() {
            return None;
        }
        let aad = Aad::from(self.digest.0);
        let compressed = self.key.open_in_place(self.nonce(number), aad, sealed).ok()?;
        let content = zstd::bulk::decompress(compressed, raw_bytes).ok()?;
        (content.len() == raw_bytes).then_some(content)
    }

    fn nonce(&self, number: u32) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[..PREFIX_BYTES].copy_from_slice(&self.prefix);
        nonce[PREFIX_BYTES..].copy_from_slice(&number.to_be_bytes());
        Nonce::assume_unique_for_key(nonce)
    }
}

/// The content of a block.
#[derive(Debug)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Where each entry begins.
    entries: Vec<usize>,
}

impl Block {
    /// Content that has so many entries and nothing else.
    fn of(bytes: Vec<u8>, members: u64) -> Option<Self> {
        let (mut entries, mut at) = (Vec::with_capacity(members as usize), 0);
        for _ in 0..members {
            let head = bytes.get(at..at + ENTRY_HEAD_BYTES)?;
            let length: [u8; 4] = *head.last_chunk()?;
            entries.push(at);
            let length = u32::from_le_bytes(length) as usize;
            at += ENTRY_HEAD_BYTES + Some(length).filter(|length| (1..=BODY_BYTES_MAX).contains(length))?;
        }
        (at == bytes.len()).then_some(Self { bytes, entries })
    }

    /// Salt and body of the entry at a place.
    pub(super) fn entry(&self, at: usize) -> (&[u8; SALT_BYTES], &[u8]) {
        let end = self.entries.get(at + 1).copied().unwrap_or(self.bytes.len());
        let entry = &self.bytes[self.entries[at]..end];
        let salt = entry.first_chunk().expect("an entry begins with its salt");
        (salt, &entry[ENTRY_HEAD_BYTES..])
    }
}
