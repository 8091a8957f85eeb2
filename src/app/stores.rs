//! The stores that a publisher's settings name.

use std::path::{Path, PathBuf};

use crate::config::StoreSettings;
use crate::feed::Repository;
use crate::feed::store::{Pushed, StoreAccess, StoreError, push};
use crate::ground::storage::Storage;
use crate::ground::web::{Identity, system_roots};

/// Why a store was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// A file that the settings name cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A variable that the settings name is not there.
    #[error("the variable {0} of the environment, which feed.toml names, is not set")]
    Variable(String),
    /// The store is not as the repository is.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const FILE_BYTES_MAX: u64 = 1 << 20;

/// Makes one store hand out what the repository in a feed's folder has. `variable` knows the environment.
///
/// # Errors
/// [`PushError`].
pub fn push_to_store(
    storage: &dyn Storage,
    folder: &Path,
    repository: &Repository,
    settings: &StoreSettings,
    variable: &dyn Fn(&str) -> Option<String>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Pushed, PushError> {
    let file = |path: &Path| {
        let path = folder.join(path);
        storage.read(&path, FILE_BYTES_MAX).map_err(|source| PushError::File { path, source })
    };
    let roots = match &settings.authorities_file {
        Some(path) => Some(file(path)?),
        // A store on this machine needs none; whoever needs them is told that they are missing.
        None => system_roots(storage).ok(),
    };
    let certificate = settings.certificate_file.as_deref().map(file).transpose()?;
    let key = settings.key_file.as_deref().map(file).transpose()?.map(zeroize::Zeroizing::new);
    let identity = certificate.as_deref().zip(key.as_deref());
    let credentials = settings.credentials_variable().map(|name| {
        let value = variable(name).map(zeroize::Zeroizing::new);
        value.ok_or_else(|| PushError::Variable(name.to_owned()))
    });
    let credentials = credentials.transpose()?;
    let access = StoreAccess {
        url: &settings.url,
        endpoint: settings.endpoint.as_deref(),
        region: settings.region.as_deref(),
        credentials: credentials.as_ref().map(|credentials| credentials.as_str()),
        roots_pem: roots.as_deref(),
        identity: identity.map(|(certificates_pem, key_pem)| Identity { certificates_pem, key_pem }),
        proxy: settings.proxy.as_deref(),
    };
    Ok(push(repository, &access, progress)?)
}
