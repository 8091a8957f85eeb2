//! The files of a store, for a thread that may wait.

use std::time::Duration;

use bytes::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::signer::Signer as _;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig};
use tokio::runtime::{Builder, Runtime};
use ureq::http::Method;

use super::line::Line;
use super::place::{Place, check_web};
use super::{StoreAccess, StoreError};
use crate::feed::mirror::{Https, HttpsError, HttpsSettings, Limits, MirrorError, Sign, agent};
use crate::ground::web::basic;

/// What is sent at a time: a part that fails is sent again, and no more than that.
const PART_BYTES: usize = 8 << 20;
/// How long what was signed for one request holds. It may wait for its turn on a thin line, and a clock may be wrong.
const SIGNED_FOR: Duration = Duration::from_secs(15 * 60);

/// As much as tells what is wrong.
const SAID_CHARS_MAX: usize = 300;

/// A folder of a store.
pub(super) struct Objects {
    store: Box<dyn ObjectStore>,
    folder: Path,
    /// Whether the store takes files in parts.
    in_parts: bool,
    runtime: Runtime,
}

impl Objects {
    /// Connects to nothing yet.
    pub(super) fn open(access: &StoreAccess<'_>) -> Result<Self, StoreError> {
        let (store, folder, in_parts): (Box<dyn ObjectStore>, _, _) = match Place::parse(access.url)? {
            Place::Bucket { bucket, folder } => {
                (Box::new(bucket_of(access, bucket, &Limits::default())?), Path::from(folder), true)
            }
            // From the server on: folders that are not there are made.
            Place::Web { server, folder } => {
                let authorization = access.credentials.map(|text| basic(text.as_bytes()));
                let authorization = authorization.transpose().map_err(HttpsError::from)?;
                let agent = agent(&settings(access, server), check_web(server)?, &Limits::default())?;
                let web = HttpBuilder::new().with_url(server).with_retry(retry());
                let web = web.with_http_connector(Line { agent, authorization }).build().map_err(wrong)?;
                (Box::new(web), Path::from(folder), false)
            }
        };
        Ok(Self { store, folder, in_parts, runtime: runtime() })
    }

    /// How long a file is; `None` if it is not there.
    pub(super) fn length_of(&self, path: &str) -> Result<Option<u64>, StoreError> {
        let head = self.runtime.block_on(self.store.head(&self.place(path)));
        found(head.map(|found| found.size)).map_err(failed("look for", path))
    }

    /// A file that is small enough for memory; `None` if it is not there.
    pub(super) fn read(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        let read = self.runtime.block_on(async { self.store.get(&self.place(path)).await?.bytes().await });
        found(read).map_err(failed("read", path))
    }

    /// Writes a file whole: readers see what was there, or all of it.
    pub(super) fn write(
        &self,
        path: &str,
        bytes: Bytes,
        written: &mut dyn FnMut(u64),
    ) -> Result<(), StoreError> {
        let place = self.place(path);
        let length = bytes.len();
        let done = if self.in_parts && length > PART_BYTES {
            self.runtime.block_on(self.write_parts(&place, bytes, written))
        } else {
            let put = self.runtime.block_on(self.store.put(&place, PutPayload::from_bytes(bytes)));
            put.map(|_| written(length as u64))
        };
        done.map_err(failed("write", path))
    }

    async fn write_parts(
        &self,
        place: &Path,
        mut bytes: Bytes,
        written: &mut dyn FnMut(u64),
    ) -> object_store::Result<()> {
        let mut upload = self.store.put_multipart(place).await?;
        while !bytes.is_empty() {
            let part = bytes.split_to(PART_BYTES.min(bytes.len()));
            let length = part.len();
            if let Err(error) = upload.put_part(PutPayload::from_bytes(part)).await {
                // What stays of it costs its owner, and is in nobody's way.
                let _ = upload.abort().await;
                return Err(error);
            }
            written(length as u64);
        }
        upload.complete().await.map(|_| ())
    }

    fn place(&self, path: &str) -> Path {
        path.split('/').fold(self.folder.clone(), |place, part| place.join(part))
    }
}

/// A bucket as a mirror: each address is signed when it is asked for. Connects to nothing yet.
///
/// # Errors
/// [`StoreError`] for settings that cannot work.
pub fn signed_mirror(access: &StoreAccess<'_>, limits: &Limits) -> Result<Https, StoreError> {
    let Place::Bucket { bucket, folder } = Place::parse(access.url)? else { return Err(StoreError::Url) };
    let store = bucket_of(access, bucket, limits)?;
    let signer = BucketSigner { store, folder: Path::from(folder), runtime: runtime() };
    let name = format!("s3://{bucket}/{folder}");
    let endpoint = access.endpoint.unwrap_or("https://s3.amazonaws.com");
    Ok(Https::signed(&settings(access, endpoint), name, Box::new(signer), limits)?)
}

struct BucketSigner {
    store: AmazonS3,
    folder: Path,
    runtime: Runtime,
}

impl Sign for BucketSigner {
    fn url(&self, path: &str) -> Result<String, MirrorError> {
        let place = path.split('/').fold(self.folder.clone(), |place, part| place.join(part));
        let signed = self.runtime.block_on(self.store.signed_url(Method::GET, &place, SIGNED_FOR));
        signed.map(String::from).map_err(|source| MirrorError::Unsigned { source: Box::new(source) })
    }
}

fn bucket_of(access: &StoreAccess<'_>, bucket: &str, limits: &Limits) -> Result<AmazonS3, StoreError> {
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry());
    if let Some(endpoint) = access.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if let Some(region) = access.region {
        builder = builder.with_region(region);
    }
    let endpoint = builder.get_config_value(&AmazonS3ConfigKey::Endpoint);
    let tls = endpoint.as_deref().map_or(Ok(true), check_web)?;
    let endpoint = endpoint.unwrap_or_else(|| "https://s3.amazonaws.com".to_owned());
    let agent = agent(&settings(access, &endpoint), tls, limits)?;
    builder.with_http_connector(Line { agent, authorization: None }).build().map_err(wrong)
}

fn settings<'s>(access: &StoreAccess<'s>, url: &'s str) -> HttpsSettings<'s> {
    HttpsSettings {
        url,
        roots_pem: access.roots_pem,
        identity: access.identity,
        proxy: access.proxy,
        plain_http: false,
    }
}

/// A line that is down for longer is somebody's to look at.
fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { max_backoff: Duration::from_secs(5), ..BackoffConfig::default() },
        max_retries: 3,
        retry_timeout: Duration::from_secs(60),
    }
}

/// Of one thread: the caller's. It waits for answers anyhow, and for nothing else but the pause before it tries again.
fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without input and output needs nothing")
}

fn found<T>(found: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match found {
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        other => other.map(Some),
    }
}

fn wrong(source: object_store::Error) -> StoreError {
    StoreError::Settings { source: Box::new(source) }
}

fn failed(action: &'static str, path: &str) -> impl FnOnce(object_store::Error) -> StoreError {
    let path = path.to_owned();
    move |error| {
        // Each error repeats the one below it, and the page that the store may have sent.
        let said = error.to_string();
        let line = said.lines().next().unwrap_or_default();
        StoreError::Store { action, path, said: line.chars().take(SAID_CHARS_MAX).collect() }
    }
}
