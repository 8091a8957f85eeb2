//! What a client of TUF fetches, through a mirror of ours.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::stream;
use tough::{Bytes, Transport, TransportError, TransportErrorKind, TransportStream};
use url::Url;

use super::metadata::MetadataFiles;
use super::mirror::{Mirror, MirrorError, read_small};

/// Fetches metadata from one mirror and remembers it byte for byte: what the client keeps is written anew and has other
/// digests than those that were signed.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    mirror: Arc<dyn Mirror>,
    known: Arc<MetadataFiles>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    failure: Option<MirrorError>,
}

/// Whatever length is signed: a stolen key must not fill the memory.
const METADATA_BYTES_MAX: u64 = 4 << 20;

impl Recording {
    /// What is known already is not asked of the mirror.
    pub(super) fn new(mirror: Arc<dyn Mirror>, known: MetadataFiles) -> Self {
        Self { mirror, known: Arc::new(known), state: Arc::default() }
    }

    /// What was fetched, and what could not be.
    pub(super) fn take(&self) -> (BTreeMap<String, Vec<u8>>, Option<MirrorError>) {
        let State { files, failure } = std::mem::take(&mut *self.state());
        (files, failure)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fetch_blocking(&self, url: &Url) -> Result<Bytes, TransportError> {
        let failed = |kind| TransportError::new(kind, url.as_str());
        let name = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
        let fetched = match self.known.get(name) {
            Some(known) => Ok(known.clone()),
            None => read_small(&*self.mirror, &format!("metadata/{name}"), METADATA_BYTES_MAX),
        };
        match fetched {
            Ok(bytes) => {
                self.state().files.insert(name.to_owned(), bytes.clone());
                Ok(bytes.into())
            }
            Err(MirrorError::NotFound) => Err(failed(TransportErrorKind::FileNotFound)),
            Err(error) => {
                self.state().failure.get_or_insert(error);
                Err(failed(TransportErrorKind::Other))
            }
        }
    }
}

#[tough::async_trait]
impl Transport for Recording {
    /// Failures are the first item of the stream: an error from here would end the search for newer roots silently, so that
    /// whoever cuts the line would choose the root.
    async fn fetch(&self, url: Url) -> Result<TransportStream, TransportError> {
        let (own, of) = (self.clone(), url.clone());
        let fetched = tokio::task::spawn_blocking(move || own.fetch_blocking(&of)).await;
        let ended = |cause| TransportError::new_with_cause(TransportErrorKind::Other, url.as_str(), cause);
        let fetched = fetched.unwrap_or_else(|cause| Err(ended(cause)));
        Ok(Box::pin(stream::iter([fetched])))
    }
}
