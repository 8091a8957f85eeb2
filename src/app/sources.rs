//! Sources of signed feeds, from settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Settings, SourceSettings};
use crate::domain::FeedName;
use crate::feed::mirror::{Directory, Https, HttpsSettings, Limits, Mirror};
use crate::feed::store::{StoreAccess, StoreError, signed_mirror};
use crate::ground::storage::Storage;
use crate::ground::web::{Identity, system_roots};
use crate::syncing::Source;

/// Why a source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file that the settings name cannot be read.
    #[error("feed {feed}: cannot read {}", path.display())]
    File {
        /// The feed.
        feed: FeedName,
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A mirror's address or certificates cannot be used.
    #[error("feed {feed}: its mirror number {number} cannot be used")]
    Mirror {
        /// The feed.
        feed: FeedName,
        /// Its place among the mirrors, from 1.
        number: usize,
        /// Why.
        source: StoreError,
    },
}

const FILE_BYTES_MAX: u64 = 1 << 20;

/// The sources of the settings; with `from`, that folder is the only mirror of each.
///
/// # Errors
/// [`SourceError`] names the feed.
pub fn sources(
    settings: &Settings,
    storage: &Arc<dyn Storage>,
    from: Option<&Path>,
) -> Result<Vec<Source>, SourceError> {
    settings.sources.iter().map(|(feed, source)| Reading { feed, storage }.source(source, from)).collect()
}

struct Reading<'r> {
    feed: &'r FeedName,
    storage: &'r Arc<dyn Storage>,
}

impl Reading<'_> {
    fn source(&self, settings: &SourceSettings, from: Option<&Path>) -> Result<Source, SourceError> {
        let limits = Limits {
            bytes_per_second_max: Some(settings.bytes_per_second_max as u64).filter(|most| *most > 0),
            bytes_per_second_min: settings.bytes_per_second_min as u64,
            ..Limits::default()
        };
        let mirrors = match from {
            Some(folder) => vec![self.folder(folder)],
            None => self.mirrors(settings, &limits)?,
        };
        Ok(Source {
            feed: self.feed.clone(),
            root: self.file(settings.root_file.as_deref())?.unwrap_or_default(),
            mirrors,
            limits,
            activation: settings.activation,
            sequence_min: settings.sequence_min as u64,
            shrink_max: settings.shrink_max,
            fold_mib_per_second: u32::try_from(settings.fold_mib_per_second).unwrap_or(u32::MAX),
        })
    }

    fn mirrors(
        &self,
        settings: &SourceSettings,
        limits: &Limits,
    ) -> Result<Vec<Arc<dyn Mirror>>, SourceError> {
        let is_url = |mirror: &String| mirror.contains("://");
        let needs_roots = settings.mirrors.iter().any(is_url);
        let system = PathBuf::from("the certificate authorities of this machine");
        let roots = match self.file(settings.authorities_file.as_deref())? {
            Some(roots) => Some(roots),
            None if needs_roots => {
                Some(system_roots(&**self.storage).map_err(|source| self.failed(&system, source))?)
            }
            None => None,
        };
        let certificate = self.file(settings.certificate_file.as_deref())?;
        let key = self.file(settings.key_file.as_deref())?.map(zeroize::Zeroizing::new);
        let identity = certificate.as_deref().zip(key.as_deref());
        let identity = identity.map(|(certificates_pem, key_pem)| Identity { certificates_pem, key_pem });
        let text = |set: &Option<PathBuf>| set.as_ref().map(|text| text.display().to_string());
        let (proxy, endpoint, region) =
            (text(&settings.proxy), text(&settings.s3_endpoint), text(&settings.s3_region));
        let mut mirrors: Vec<Arc<dyn Mirror>> = Vec::new();
        for (at, mirror) in settings.mirrors.iter().enumerate() {
            if !is_url(mirror) {
                mirrors.push(self.folder(Path::new(mirror)));
                continue;
            }
            let wrong = |source| SourceError::Mirror { feed: self.feed.clone(), number: at + 1, source };
            if mirror.starts_with("s3://") {
                let access = StoreAccess {
                    url: mirror,
                    endpoint: endpoint.as_deref(),
                    region: region.as_deref(),
                    credentials: None,
                    roots_pem: roots.as_deref(),
                    identity,
                    proxy: proxy.as_deref(),
                };
                mirrors.push(Arc::new(signed_mirror(&access, limits).map_err(wrong)?));
                continue;
            }
            let https = HttpsSettings {
                url: mirror,
                roots_pem: roots.as_deref(),
                identity,
                proxy: proxy.as_deref(),
                plain_http: false,
            };
            let made = Https::new(&https, limits);
            mirrors.push(Arc::new(made.map_err(|fault| wrong(fault.into()))?));
        }
        Ok(mirrors)
    }

    fn folder(&self, folder: &Path) -> Arc<dyn Mirror> {
        Arc::new(Directory::new(self.storage.clone(), folder))
    }

    fn file(&self, path: Option<&Path>) -> Result<Option<Vec<u8>>, SourceError> {
        let read =
            |path: &Path| self.storage.read(path, FILE_BYTES_MAX).map_err(|source| self.failed(path, source));
        path.map(read).transpose()
    }

    fn failed(&self, path: &Path, source: std::io::Error) -> SourceError {
        SourceError::File { feed: self.feed.clone(), path: path.to_owned(), source }
    }
}
