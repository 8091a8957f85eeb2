//! Tells hits: to streams, and to the webhooks of the settings.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::alerting::hits::{Courier, HitSite, Hub, Secret, Sinks, TargetFault, WebTarget};
use crate::audit::Position;
use crate::config::{Settings, WebhookSettings};
use crate::domain::FeedName;
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::ground::web::system_roots;

const LOOK_EVERY: Duration = Duration::from_millis(250);
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Why a receiver of hits cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// A file that the settings name cannot be read.
    #[error("webhooks.{sink}: cannot read {}", path.display())]
    File {
        /// The receiver.
        sink: FeedName,
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The secret is none.
    #[error("webhooks.{sink}: {} has no secret: it is whsec_ and 24 to 64 bytes in base64", path.display())]
    Secret {
        /// The receiver.
        sink: FeedName,
        /// The file.
        path: PathBuf,
    },
    /// Its address or certificates cannot be used.
    #[error("webhooks.{sink}: its receiver cannot be reached")]
    Target {
        /// The receiver.
        sink: FeedName,
        /// Why.
        source: TargetFault,
    },
}

/// The couriers of the settings, which have not begun.
pub(super) fn couriers(
    settings: &Settings,
    site: &HitSite,
    clock: &Arc<Clock>,
    sinks: &Arc<Sinks>,
) -> Result<Vec<Courier>, WebhookError> {
    let courier = |(sink, webhook): (&FeedName, &WebhookSettings)| {
        let secret_file = webhook.secret_file.as_deref().unwrap_or(Path::new(""));
        let text = zeroize::Zeroizing::new(read(&site.storage, sink, secret_file)?);
        let secret = std::str::from_utf8(&text).ok().and_then(Secret::parse);
        let no_secret = || WebhookError::Secret { sink: sink.clone(), path: secret_file.to_owned() };
        let target = WebTarget::new(&webhook.url, roots(site, sink, webhook)?.as_deref(), webhook.timeout);
        let target = target.map_err(|source| WebhookError::Target { sink: sink.clone(), source })?;
        sinks.expect(&sink.as_str().into(), webhook.class);
        Ok(Courier {
            name: sink.as_str().into(),
            site: site.clone(),
            class: webhook.class,
            target: Box::new(target),
            secret: secret.ok_or_else(no_secret)?,
            clock: clock.clone(),
            sinks: sinks.clone(),
        })
    };
    settings.webhooks.iter().map(courier).collect()
}

fn roots(
    site: &HitSite,
    sink: &FeedName,
    webhook: &WebhookSettings,
) -> Result<Option<Vec<u8>>, WebhookError> {
    if let Some(path) = &webhook.authorities_file {
        return read(&site.storage, sink, path).map(Some);
    }
    if !webhook.url.starts_with("https://") {
        return Ok(None);
    }
    let path = PathBuf::from("the certificate authorities of this machine");
    let roots = system_roots(&*site.storage);
    roots.map(Some).map_err(|source| WebhookError::File { sink: sink.clone(), path, source })
}

fn read(storage: &Arc<dyn Storage>, sink: &FeedName, path: &Path) -> Result<Vec<u8>, WebhookError> {
    let failed = |source| WebhookError::File { sink: sink.clone(), path: path.to_owned(), source };
    storage.read(path, FILE_BYTES_MAX).map_err(failed)
}

/// What tells hits while the service runs.
pub(super) struct Telling(Vec<(Sender<()>, JoinHandle<()>)>);

impl Telling {
    /// `from` is where couriers begin that have never begun.
    pub(super) fn start(hub: Arc<Hub>, couriers: Vec<Courier>, from: &Position) -> Self {
        let mut threads = vec![thread(move |wait| {
            while wait(LOOK_EVERY) {
                hub.turn();
            }
        })];
        threads.extend(couriers.into_iter().map(|courier| {
            let from = from.clone();
            thread(move |wait| courier.run(&from, wait))
        }));
        Self(threads)
    }

    /// Ends it after what is being delivered. What is not told yet is told after the next start.
    pub(super) fn stop(self) {
        // All are told first, for each may have to wait for its receiver.
        let threads: Vec<_> = self.0.into_iter().map(|(_, thread)| thread).collect();
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread that tells hits had ended with a defect");
            }
        }
    }
}

/// Runs until its sender is dropped, which its wait says.
fn thread(
    run: impl FnOnce(&mut dyn FnMut(Duration) -> bool) + Send + 'static,
) -> (Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = channel();
    let mut wait = move |time| stopped.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    (stop, std::thread::spawn(move || run(&mut wait)))
}
