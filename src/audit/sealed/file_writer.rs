//! A sealed file that is written. It has its name once it is whole and durable.

use std::path::{Path, PathBuf};

use super::file::{BLOCK_ENTRIES, ENTRY_HEAD_BYTES, Opener, PREFIX_BYTES, ROW_BYTES};
use super::key;
use super::name::sealed_folder;
use super::stub::Stub;
use crate::audit::AuditError;
use crate::audit::format::SALT_BYTES;
use crate::ground::storage::{Storage, StorageFile};

/// The one that takes least: files are sealed beside answers.
const LEVEL: i32 = 1;
/// What a file is called before it has its name.
pub(super) const TEMPORARY: &str = "tmp";

pub(super) struct FileWriter {
    file: Box<dyn StorageFile>,
    temporary: PathBuf,
    path: PathBuf,
    opener: Opener,
    compressor: zstd::bulk::Compressor<'static>,
    content: Vec<u8>,
    entries: u64,
    blocks_bytes: u64,
    table: Vec<u8>,
}

impl FileWriter {
    /// Begins one that is to have the members of the stub.
    pub(super) fn create(storage: &dyn Storage, log: &Path, stub: &Stub) -> Result<Self, AuditError> {
        let name = stub.name;
        let key = key::existing_or_new(storage, log, name)?;
        let temporary = sealed_folder(log).join(format!("{}.{TEMPORARY}", name.stem()));
        let mut file = storage.create(&temporary).map_err(AuditError::storage("create", &temporary))?;
        let mut prefix = [0; PREFIX_BYTES];
        getrandom::fill(&mut prefix).map_err(AuditError::Random)?;
        file.append(&[&stub.encode()[..], &prefix].concat())
            .map_err(AuditError::storage("write", &temporary))?;
        let opener = Opener { key, prefix, digest: stub.digest() };
        let compressor = zstd::bulk::Compressor::new(LEVEL);
        let compressor = compressor.map_err(AuditError::storage("compress entries into", &temporary))?;
        let path = name.path(log);
        let (content, table) = (Vec::new(), Vec::new());
        Ok(Self { file, temporary, path, opener, compressor, content, entries: 0, blocks_bytes: 0, table })
    }

    /// The next member.
    pub(super) fn push(&mut self, salt: &[u8; SALT_BYTES], body: &[u8]) -> Result<(), AuditError> {
        let length = u32::try_from(body.len()).expect("a body's length was bounded");
        self.content.reserve(ENTRY_HEAD_BYTES + body.len());
        self.content.extend_from_slice(salt);
        self.content.extend_from_slice(&length.to_le_bytes());
        self.content.extend_from_slice(body);
        self.entries += 1;
        if self.entries.is_multiple_of(BLOCK_ENTRIES) { self.write_block() } else { Ok(()) }
    }

    fn write_block(&mut self) -> Result<(), AuditError> {
        let failed = AuditError::storage("seal entries into", &self.temporary);
        let number = (self.table.len() / ROW_BYTES) as u32;
        let compressed = self.compressor.compress(&self.content);
        let sealed = compressed.and_then(|block| self.opener.seal(number, block)).map_err(failed)?;
        let appended = self.file.append(&sealed).and_then(|()| self.file.write_behind(sealed.len() as u64));
        appended.map_err(AuditError::storage("write", &self.temporary))?;
        self.blocks_bytes += sealed.len() as u64;
        let end = u32::try_from(self.blocks_bytes).map_err(|_| std::io::ErrorKind::FileTooLarge.into());
        let end = end.map_err(AuditError::storage("write", &self.temporary))?;
        self.table.extend_from_slice(&end.to_le_bytes());
        self.table.extend_from_slice(&(self.content.len() as u32).to_le_bytes());
        self.content.clear();
        Ok(())
    }

    /// Gives it its name. The folder is to be synced then.
    pub(super) fn finish(mut self, storage: &dyn Storage) -> Result<(), AuditError> {
        if !self.content.is_empty() {
            self.write_block()?;
        }
        let ended = self.file.append(&self.table).and_then(|()| self.file.sync());
        ended.map_err(AuditError::storage("write", &self.temporary))?;
        storage.rename(&self.temporary, &self.path).map_err(AuditError::storage("rename", &self.temporary))
    }
}
