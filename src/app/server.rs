//! The service as one thing that starts, runs and ends.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::{Server as HttpServerTask, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};

use crate::audit::{self, Opened, Role};
use crate::config::Settings;
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::http::{Metrics, Service, count_requests, routes};
use crate::screening::{Opening, Screening};

use super::AppError;
use super::watch::Watch;

/// Opens lists and log as settings say.
///
/// # Errors
/// [`AppError::Screening`] if there is no audit log to record answers in.
pub fn open_screening(
    settings: &Settings,
    storage: Arc<dyn Storage>,
    clock: Arc<Clock>,
    role: Role,
) -> Result<(Screening, Opened), AppError> {
    let audit = audit::Config {
        durability: settings.audit.durability,
        queue_entries_max: settings.audit.queue_entries_max,
    };
    let opened = Screening::open(Opening {
        storage,
        data_dir: settings.data_dir.clone(),
        policy: settings.policy.clone(),
        settings_digest: settings.digest(),
        audit,
        role,
        clock,
    })?;
    Ok(opened)
}

/// A service that listens and has not run yet.
pub struct Server {
    screening: Arc<Screening>,
    watch: Watch,
    task: HttpServerTask,
    address: SocketAddr,
}

impl Server {
    /// Opens everything and listens. Answers begin with [`run`](Self::run).
    ///
    /// # Errors
    /// [`AppError`] if the log can't be opened or the address can't be had.
    pub fn start(
        settings: &Settings,
        storage: Arc<dyn Storage>,
        clock: Arc<Clock>,
    ) -> Result<Self, AppError> {
        let limits = &settings.service;
        if !limits.bind.ip().is_loopback() {
            return Err(AppError::NotLoopback(limits.bind));
        }
        storage
            .create_dir_all(&settings.data_dir)
            .map_err(|source| AppError::DataDir { path: settings.data_dir.clone(), source })?;
        let (screening, opened) = open_screening(settings, storage, clock, Role::Serve)?;
        if opened.torn_bytes > 0 {
            tracing::warn!(
                torn_bytes = opened.torn_bytes,
                "cut an unfinished write off the end of the audit log"
            );
        }
        let screening = Arc::new(screening);
        let metrics = Arc::new(Metrics::new(prometheus::Registry::new())?);
        let manifests = settings.manifests.clone();
        let service = Arc::new(Service::new(screening.clone(), metrics, limits.body_bytes_max, manifests));
        let http =
            HttpServer::new(move || App::new().wrap(from_fn(count_requests)).configure(routes(&service)))
                .workers(limits.workers)
                .max_connections(limits.connections_max)
                .keep_alive(limits.keep_alive)
                .client_request_timeout(limits.request_head_timeout)
                .shutdown_timeout(limits.drain_timeout.as_secs())
                .tcp_nodelay(true)
                .disable_signals()
                .bind(limits.bind)
                .map_err(|source| match source.kind() {
                    std::io::ErrorKind::AddrInUse => AppError::AddressInUse(limits.bind),
                    _ => AppError::Bind { address: limits.bind, source },
                })?;
        let address = http.addrs().first().copied().unwrap_or(limits.bind);
        let watch = Watch::start(screening.site().clone());
        Ok(Self { screening, watch, task: http.run(), address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops it: `stop(true)` lets requests in flight end first.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.task.handle()
    }

    /// Answers until it is stopped; then ends in order: no more connections, requests in flight, the watch, the log.
    ///
    /// # Errors
    /// [`AppError`] if the server failed or the log's last entries could not be made durable.
    pub async fn run(self) -> Result<(), AppError> {
        self.task.await.map_err(AppError::Server)?;
        self.watch.stop();
        match Arc::try_unwrap(self.screening) {
            Ok(screening) => screening.close().map_err(AppError::Close),
            Err(_) => {
                tracing::warn!(
                    "a manifest was cut off by the end of the service; its log is closed with the process"
                );
                Ok(())
            }
        }
    }
}
