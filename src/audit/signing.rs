//! The key with which a log signs its checkpoints: `signing.pem` in its folder. `verify.key` shows its public half.

use std::io;
use std::path::Path;

use super::AuditError;
use super::checkpoint::Checkpoint;
use super::checkpoints::CHECKPOINTS;
use super::log_id::LogId;
use super::note::{NoteKey, NoteSigner};
use crate::ground::storage::{Storage, publish_file, publish_readable_file};

pub(super) const SIGNING: &str = "signing.pem";
pub(super) const VERIFYING: &str = "verify.key";
const FILE_BYTES_MAX: u64 = 4096;

/// The key of a log; `None` if nothing was ever signed.
///
/// # Errors
/// Those of the file system, and [`AuditError::SigningKey`] if the key is spoilt, or gone while its checkpoints are there.
pub(super) fn existing(
    storage: &dyn Storage,
    folder: &Path,
    id: &LogId,
) -> Result<Option<NoteSigner>, AuditError> {
    let (path, name) = (folder.join(SIGNING), Checkpoint::origin(id.as_str()));
    match storage.read(&path, FILE_BYTES_MAX) {
        Ok(bytes) => {
            let signer = NoteSigner::parse(&name, &zeroize::Zeroizing::new(bytes));
            signer.map(Some).ok_or(AuditError::SigningKey { path })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let names = storage.list(folder).map_err(AuditError::storage("list", folder))?;
            let signed = names.contains(&folder.join(CHECKPOINTS));
            if signed { Err(AuditError::SigningKey { path }) } else { Ok(None) }
        }
        Err(error) => Err(AuditError::storage("read", &path)(error)),
    }
}

/// Reads the key of a locked log, or makes it.
pub(super) fn signer(storage: &dyn Storage, folder: &Path, id: &LogId) -> Result<NoteSigner, AuditError> {
    let signer = match existing(storage, folder, id)? {
        Some(signer) => signer,
        None => {
            let path = folder.join(SIGNING);
            let made = NoteSigner::generate(&Checkpoint::origin(id.as_str()));
            let (signer, pem) = made.ok_or(AuditError::NoSigningKey)?;
            let pem = zeroize::Zeroizing::new(pem);
            publish_file(storage, &path, pem.as_bytes()).map_err(AuditError::storage("write", &path))?;
            signer
        }
    };
    let (path, text) = (folder.join(VERIFYING), format!("{}\n", signer.key()));
    if storage.read(&path, FILE_BYTES_MAX).ok().as_deref() != Some(text.as_bytes()) {
        publish_readable_file(storage, &path, text.as_bytes())
            .map_err(AuditError::storage("write", &path))?;
    }
    Ok(signer)
}

/// The public key that a log shows; `None` if it never signed anything.
///
/// # Errors
/// Those of the file system, and [`AuditError::SigningKey`] for what is no key.
pub(super) fn public_key(storage: &dyn Storage, folder: &Path) -> Result<Option<NoteKey>, AuditError> {
    let path = folder.join(VERIFYING);
    match storage.read(&path, FILE_BYTES_MAX) {
        Ok(bytes) => {
            let key = std::str::from_utf8(&bytes).ok().and_then(NoteKey::parse);
            key.map(Some).ok_or(AuditError::SigningKey { path })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AuditError::storage("read", &path)(error)),
    }
}
