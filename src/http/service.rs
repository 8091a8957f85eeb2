//! What every handler can reach.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::alerting::hits::{Hub, Sinks};
use crate::audit::LogReader;
use crate::bulk;
use crate::domain::alert::CallerClass;
use crate::screening::Screening;
use crate::syncing::Board;

use super::alert_desk::AlertDesk;
use super::cases::CaseDesk;
use super::events::Streams;
use super::limits::Limits;
use super::metrics::Metrics;
use super::refusals::Refusals;

/// What every handler can reach.
pub struct Service {
    pub(super) screening: Arc<Screening>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) body_bytes_max: usize,
    pub(super) manifests: bulk::Limits,
    pub(super) manifest_slots: Arc<Semaphore>,
    pub(super) import_slot: Arc<Semaphore>,
    pub(super) import_stall_timeout: Duration,
    pub(super) principal: Arc<str>,
    pub(super) caller_class: CallerClass,
    pub(super) desk: Option<Arc<AlertDesk>>,
    pub(super) cases: Option<Arc<CaseDesk>>,
    pub(super) board: Arc<Board>,
    pub(super) logs: Option<Arc<LogReader>>,
    pub(super) refusals: Arc<Refusals>,
    pub(super) streams: Arc<Streams>,
    pub(super) hub: Option<Arc<Hub>>,
    pub(super) sinks: Arc<Sinks>,
}

impl Service {
    /// A service that answers by `screening`.
    #[must_use]
    pub fn new(
        screening: Arc<Screening>,
        metrics: Arc<Metrics>,
        body_bytes_max: usize,
        manifests: bulk::Limits,
    ) -> Self {
        let manifest_slots = Arc::new(Semaphore::new(manifests.concurrent_max));
        // Callers are not authenticated yet, and only this machine reaches the service.
        let principal = "loopback".into();
        let (board, refusals) = (Arc::default(), Arc::default());
        let streams = Arc::new(Streams::new(Limits::default().streams_max));
        Self {
            screening,
            metrics,
            body_bytes_max,
            manifests,
            manifest_slots,
            import_slot: Arc::new(Semaphore::new(1)),
            import_stall_timeout: Limits::default().import_stall_timeout,
            principal,
            caller_class: CallerClass::default(),
            desk: None,
            cases: None,
            board,
            logs: None,
            refusals,
            streams,
            hub: None,
            sinks: Arc::default(),
        }
    }

    /// What it refused, for whoever records it.
    #[must_use]
    pub fn refusals(&self) -> &Arc<Refusals> {
        &self.refusals
    }

    /// The same, which shows auditors the logs of its site.
    #[must_use]
    pub fn with_logs(self, logs: LogReader) -> Self {
        Self { logs: Some(Arc::new(logs)), ..self }
    }

    /// The same, which takes callers for what they are.
    #[must_use]
    pub fn with_callers(self, caller_class: CallerClass) -> Self {
        Self { caller_class, ..self }
    }

    /// The same, at which alerts are issued.
    #[must_use]
    pub fn with_desk(self, desk: Arc<AlertDesk>) -> Self {
        Self { desk: Some(desk), ..self }
    }

    /// The same, which waits so long for clients of imports.
    #[must_use]
    pub fn with_import_stall_timeout(self, import_stall_timeout: Duration) -> Self {
        Self { import_stall_timeout, ..self }
    }

    /// The same, at which somebody says what became of hits.
    #[must_use]
    pub fn with_cases(self, cases: CaseDesk) -> Self {
        Self { cases: Some(Arc::new(cases)), ..self }
    }

    /// The same, with these streams of events.
    #[must_use]
    pub fn with_streams(self, streams: Arc<Streams>) -> Self {
        Self { streams, ..self }
    }

    /// The same, which tells of hits.
    #[must_use]
    pub fn with_hits(self, hub: Arc<Hub>, sinks: Arc<Sinks>) -> Self {
        Self { hub: Some(hub), sinks, ..self }
    }

    /// Has outcomes of cases counted, unless somebody has the book for longer: then they are what they were. They are told to officers
    /// only: a case may be about what others must not know.
    pub(super) fn tell_outcomes(&self) {
        let cases = self.cases.as_ref().filter(|_| self.caller_class == CallerClass::Officer);
        if let Some(book) = cases.and_then(|cases| cases.book.try_lock().ok()) {
            self.metrics.tell_outcomes(book.cases());
        }
    }

    /// The time as the screening sees it.
    pub(super) fn now(&self) -> jiff::Timestamp {
        self.screening.now()
    }

    /// The same, which tells how its feeds stand with their publishers.
    #[must_use]
    pub fn with_board(self, board: Arc<Board>) -> Self {
        Self { board, ..self }
    }
}
