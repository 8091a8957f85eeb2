//! The service as one thing that starts, runs and ends.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::Server as HttpServerTask;
use actix_web::{App, HttpServer};

use crate::alerting::hits::{HitSite, Hub, Sinks};
use crate::alerting::{CaseRules, Casebook, Queue};
use crate::audit::{Act, Follower, LogReader, Opened, Role};
use crate::config::Settings;
use crate::domain::alert::CallerClass;
use crate::ground::causes;
use crate::ground::clock::Clock;
use crate::ground::storage::Storage;
use crate::http::{AlertDesk, CaseDesk, Metrics, Service, Streams, routes};
use crate::screening::{Opening, Screening};
use crate::syncing::Board;

use super::AppError;
use super::alert_watch::AlertWatch;
use super::case_watch::CaseWatch;
use super::eraser::{Eraser, Erasing};
use super::handle::Handle;
use super::hits::{Telling, couriers};
use super::recorder::Recorder;
use super::rules::SiteRules;
use super::sources::sources;
use super::synchronise::{Scheduled, Shared, Synchronise};
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
    let opened = Screening::open(Opening {
        storage,
        data_dir: settings.data_dir.clone(),
        policy: settings.policy.clone(),
        settings_digest: settings.digest(),
        audit: settings.audit.clone(),
        role,
        clock,
    })?;
    Ok(opened)
}

/// A service that listens and has not run yet.
pub struct Server {
    screening: Arc<Screening>,
    watch: Watch,
    case_watch: CaseWatch,
    alert_watch: AlertWatch,
    recorder: Recorder,
    eraser: Eraser,
    telling: Telling,
    synchronise: Option<Synchronise>,
    board: Arc<Board>,
    streams: Arc<Streams>,
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
        let scheduled: Vec<_> = sources(settings, &storage, None)?
            .into_iter()
            .zip(settings.sources.values())
            .map(|(source, settings)| Scheduled { source, every: settings.every })
            .collect();
        let (data_dir, name) = (settings.data_dir.clone(), limits.site.clone());
        let hit_site = HitSite { storage: storage.clone(), data_dir, name };
        let sinks = Arc::new(Sinks::default());
        let couriers = couriers(settings, &hit_site, &clock, &sinks)?;
        let (screening, opened) = open_screening(settings, storage.clone(), clock.clone(), Role::Serve)?;
        if opened.torn_bytes > 0 {
            tracing::warn!(
                torn_bytes = opened.torn_bytes,
                "cut an unfinished write off the end of the audit log"
            );
        }
        // Where callers are not officers nobody acts: what its settings say of it is nobody's rule.
        if limits.caller_class == CallerClass::Officer
            && let Err(error) = SiteRules::of(settings).keep(&*storage, &settings.data_dir)
        {
            tracing::error!(error = %causes(&error), "commands without --config do not go by the rules of this service");
        }
        // Once the log is in order, and before there is an answer in it.
        let end = Follower::at_end(storage.clone(), settings.data_dir.clone()).map_err(AppError::Logs)?;
        let screening = Arc::new(screening);
        let metrics = Arc::new(Metrics::new(prometheus::Registry::new())?);
        let manifests = settings.manifests.clone();
        let board = Arc::new(Board::default());
        let logs = LogReader::new(storage.clone(), settings.data_dir.clone());
        let service = Service::new(screening.clone(), metrics, limits.body_bytes_max, manifests);
        let recorder = Recorder::start(screening.clone(), service.refusals().clone());
        let desk = Arc::new(AlertDesk {
            storage: storage.clone(),
            data_dir: settings.data_dir.clone(),
            clock: clock.clone(),
            policy: settings.alerts,
            known: Mutex::default(),
            queue: Queue::default(),
        });
        let book = Arc::new(Mutex::new(Casebook::new(storage.clone(), settings.data_dir.clone())));
        let rules = CaseRules { policy: settings.cases, retention: settings.retention };
        let cases = CaseDesk { book: book.clone(), clock: clock.clone(), rules };
        let streams = Arc::new(Streams::new(limits.streams_max));
        let service = service.with_desk(desk.clone()).with_cases(cases).with_streams(streams.clone());
        let hub = Arc::new(Hub::new(hit_site));
        let service = service.with_hits(hub.clone(), sinks);
        let service = service.with_import_stall_timeout(limits.import_stall_timeout);
        let service =
            Arc::new(service.with_board(board.clone()).with_logs(logs).with_callers(limits.caller_class));
        let http = HttpServer::new(move || App::new().configure(routes(&service)))
            .workers(limits.workers)
            .max_connections(limits.connections_max)
            .keep_alive(limits.keep_alive)
            .client_request_timeout(limits.request_head_timeout)
            .shutdown_timeout(limits.drain_timeout.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
            .tcp_nodelay(true)
            .disable_signals()
            .bind(limits.bind)
            .map_err(|source| AppError::bind(limits.bind, source))?;
        let address = http.addrs().first().copied().unwrap_or(limits.bind);
        let (retention, settings_digest) = (settings.retention, settings.digest());
        let erasing = Erasing { clock: clock.clone(), retention, settings_digest };
        let eraser = Eraser::start(screening.clone(), erasing);
        let telling = Telling::start(hub, couriers, end.position());
        let case_watch = CaseWatch::start(screening.clone(), book, settings.retention);
        let watch = Watch::start(screening.site().clone(), settings.index_memory);
        let alert_watch = AlertWatch::start(screening.clone(), desk);
        let synchronise = (!scheduled.is_empty()).then(|| {
            let (screening, board) = (screening.clone(), board.clone());
            let shared = Shared { screening, storage, clock, data_dir: settings.data_dir.clone(), board };
            Synchronise::start(&shared, scheduled)
        });
        let task = http.run();
        Ok(Self {
            screening,
            watch,
            case_watch,
            alert_watch,
            recorder,
            eraser,
            telling,
            synchronise,
            board,
            streams,
            task,
            address,
        })
    }

    /// Records that it is about to answer, and by which settings: another digest than at the start before is another policy. `principal`
    /// is who started it.
    ///
    /// # Errors
    /// [`AppError::Start`] if the log takes no entry: then there would be no answer either.
    pub async fn record_start(&self, principal: &Arc<str>) -> Result<(), AppError> {
        let version = env!("CARGO_PKG_VERSION").into();
        let pending = self.screening.record_act(Act::Started, principal, version).map_err(AppError::Start)?;
        let recorded = pending.await.map_err(AppError::Start)?;
        let () = *recorded.get();
        Ok(())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How its feeds stand, and the way to have them looked at now.
    #[must_use]
    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    /// What stops it: `stop(true)` lets requests in flight end first.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { server: self.task.handle(), streams: self.streams.clone() }
    }

    /// Answers until it is stopped; then ends in order: no more connections, requests in flight, the
    /// synchronisation of feeds, the telling of hits, the watches, the recorder, the eraser, the log.
    ///
    /// # Errors
    /// [`AppError`] if the server failed or the log's last entries could not be made durable.
    pub async fn run(self) -> Result<(), AppError> {
        self.task.await.map_err(AppError::Server)?;
        if let Some(synchronise) = self.synchronise {
            synchronise.stop();
        }
        self.telling.stop();
        self.watch.stop();
        self.case_watch.stop();
        self.alert_watch.stop();
        self.recorder.stop();
        self.eraser.stop();
        sole_owner(self.screening).await.map_or(Ok(()), Screening::close).map_err(AppError::Close)
    }
}

const LOOKS_MAX: u32 = 250;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Workers let go of the service a moment after they have ended, and a manifest once its chunk is recorded.
async fn sole_owner(mut screening: Arc<Screening>) -> Option<Screening> {
    for _ in 0..LOOKS_MAX {
        match Arc::try_unwrap(screening) {
            Ok(alone) => return Some(alone),
            Err(shared) => screening = shared,
        }
        actix_web::rt::time::sleep(LOOK_EVERY).await;
    }
    tracing::warn!("a manifest was cut off by the end of the service; the log is closed with the process");
    None
}
