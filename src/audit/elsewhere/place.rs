//! What a place is, and those of a log's settings.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::folder::Folder;
use super::web::Web;
use crate::audit::log_id::LogId;
use crate::audit::{AuditError, Config};
use crate::ground::storage::Storage;
use crate::ground::web::system_roots;

/// The name of a log's newest checkpoint below its id.
pub(in crate::audit) const EXPORTED: &str = "checkpoint";
const AUTHORITIES_BYTES_MAX: u64 = 1 << 20;
const CREDENTIALS_BYTES_MAX: u64 = 4096;

/// A place that keeps the newest checkpoint of logs. Everything blocks its thread.
pub(in crate::audit) trait Elsewhere: Send + Sync + std::fmt::Debug {
    /// Where it keeps that of a log, for people.
    fn path(&self, log: &LogId) -> PathBuf;

    /// What it keeps of a log, if anything.
    fn newest(&self, log: &LogId) -> io::Result<Option<Vec<u8>>>;

    /// Has it keep another one instead.
    fn put(&self, log: &LogId, note: &str) -> io::Result<()>;
}

/// The places of the settings: folders, and addresses of web servers.
///
/// # Errors
/// [`AuditError::Elsewhere`] for an address that cannot be used, and those of reading certificate authorities.
pub(in crate::audit) fn places(
    storage: &Arc<dyn Storage>,
    config: &Config,
) -> Result<Vec<Box<dyn Elsewhere>>, AuditError> {
    let is_address = |to: &String| to.contains("://");
    let roots = match &config.checkpoints_authorities {
        _ if !config.checkpoints_to.iter().any(is_address) => None,
        Some(path) => {
            let read = storage.read(path, AUTHORITIES_BYTES_MAX);
            Some(read.map_err(AuditError::storage("read", path))?)
        }
        // A machine without any reaches its own web servers all the same.
        None => system_roots(&**storage).ok(),
    };
    let credentials = match &config.checkpoints_credentials {
        _ if !config.checkpoints_to.iter().any(is_address) => None,
        None => None,
        Some(path) => {
            let read =
                storage.read(path, CREDENTIALS_BYTES_MAX).map_err(AuditError::storage("read", path))?;
            Some(Zeroizing::new(read))
        }
    };
    let credentials = credentials.as_deref().map(|text| text.trim_ascii_end());
    let place = |to: &String| -> Result<Box<dyn Elsewhere>, AuditError> {
        if !is_address(to) {
            return Ok(Box::new(Folder::new(storage.clone(), to.into())));
        }
        Ok(Box::new(Web::new(to, roots.as_deref(), credentials).map_err(AuditError::Elsewhere)?))
    };
    config.checkpoints_to.iter().map(place).collect()
}
