//! The handle that callers hold.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;

use super::alert_floor::AlertFloor;
use super::elsewhere::places;
use super::export::{Exported, Exporter};
use super::group::{Job, Place};
use super::log_id::LogId;
use super::open::Which;
use super::reply::reply;
use super::sealed::{Sealer, Sealing};
use super::writer::Writer;
use super::{AuditError, Config, Draft, Pending, Role, alert_floor, open};
use crate::ground::storage::Storage;

/// A log that this process writes. One thread does; this handle is shared by all that decide.
#[derive(Debug)]
pub struct AuditLog {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) folder: PathBuf,
    /// Held by whoever changes sealed files.
    pub(super) sealing: Sealing,
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<Result<(), AuditError>>>,
    shared: Arc<Shared>,
    pub(super) queue_entries_max: usize,
    role: Role,
    log_id: Arc<str>,
    /// What the other logs of the site knew of alerts when somebody wanted to know first.
    others: Arc<OnceLock<AlertFloor>>,
}

/// Each time is a sync, for which those wait as well who sync other files of the disk; and so do they for what is written at once.
const AT_ONCE: usize = 1024;
/// Questions that wait for the same log wait for few.
const AT_ONCE_BESIDE_QUESTIONS: usize = 256;

/// What was found, made and mended when a log was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The log's id, which is its folder's name.
    pub log_id: Arc<str>,
    /// True if the log is new.
    pub created: bool,
    /// Entries found.
    pub entries: u64,
    /// What a crash left half-written after the last entry; never acknowledged as synced, and cut off.
    pub torn_bytes: u64,
    /// Leaves that a crash had lost, made again from their entries.
    pub leaves_rebuilt: u64,
    /// The highest time of any entry. Clocks are set back, so that it need not be the last one's.
    pub highest_time: Option<Timestamp>,
    /// The revision that the store of alerts had at least, as entries say: `None` if they say nothing of one.
    pub alert_floor: Option<u64>,
    /// The public key that verifies its checkpoints, as C2SP's `signed-note` shows keys.
    pub key: Arc<str>,
}

/// What the handle and the writing thread both see.
#[derive(Debug)]
pub(super) struct Shared {
    /// Entries in the queue.
    pub(super) waiting: AtomicUsize,
    /// The last write failed and was undone.
    pub(super) failing: AtomicBool,
    /// Why nothing more is recorded, for good.
    pub(super) stopped: OnceLock<AuditError>,
    /// The highest time of any entry in the log, in µs since 1970; [`i64::MIN`] if there is none.
    pub(super) highest_us: AtomicI64,
    /// What the log knows of alerts.
    alert_floor: Mutex<AlertFloor>,
    /// How often entries and leaves were synced, and how long that took in all, in ns.
    pub(super) syncs: AtomicU64,
    pub(super) sync_ns: AtomicU64,
}

impl Shared {
    pub(super) fn alert_floor(&self) -> AlertFloor {
        *self.alert_floor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what a group says of alerts, as far as it was recorded.
    pub(super) fn note_alerts<'g>(
        &self,
        group: impl Iterator<Item = (&'g Job, &'g Result<Place, AuditError>)>,
    ) {
        let recorded = group.filter(|(_, place)| place.is_ok()).flat_map(|(job, _)| &job.drafts);
        let mut floor = self.alert_floor.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.for_each(|draft| floor.record(draft.act, draft.alert_revision));
    }
}

impl AuditLog {
    /// Opens the first log of the role that no process holds, else makes a new one, and starts its writing
    /// thread.
    ///
    /// The log's journal is verified from its first entry to its last, and what is sealed must join it without a gap; `verify` reads that too.
    /// What a crash tore off is cut and reported in
    /// [`Opened`]. `data_dir` exists already, and its own name is durable. `now` is when a new log says that it
    /// was made.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] if the log is not as it was written; it is then left as it is. Those of the file
    /// system.
    pub fn open(
        storage: Arc<dyn Storage>,
        data_dir: &Path,
        role: Role,
        config: Config,
        now: Timestamp,
    ) -> Result<(Self, Opened), AuditError> {
        Self::open_which(storage, data_dir, &Which::Of(role), (config, now))
    }

    /// Opens a log that is there, by the name of its folder.
    ///
    /// # Errors
    /// As [`open`](Self::open), [`AuditError::NoLog`], and [`AuditError::InUse`] if another process writes it.
    pub fn open_named(
        storage: Arc<dyn Storage>,
        data_dir: &Path,
        log: &str,
        config: Config,
        now: Timestamp,
    ) -> Result<(Self, Opened), AuditError> {
        let id = LogId::parse(log);
        let id = id.ok_or_else(|| AuditError::NoLog { path: data_dir.join("audit").join(log) })?;
        Self::open_which(storage, data_dir, &Which::Named(id), (config, now))
    }

    fn open_which(
        storage: Arc<dyn Storage>,
        data_dir: &Path,
        which: &Which,
        (config, now): (Config, Timestamp),
    ) -> Result<(Self, Opened), AuditError> {
        let elsewhere = places(&storage, &config)?;
        let (mut files, opened) = open::open(&*storage, data_dir, which, (&elsewhere, now))?;
        let shared = Arc::new(Shared {
            waiting: AtomicUsize::new(0),
            failing: AtomicBool::new(false),
            stopped: OnceLock::new(),
            highest_us: AtomicI64::new(opened.highest_time.map_or(i64::MIN, Timestamp::as_microsecond)),
            alert_floor: Mutex::new(AlertFloor(opened.alert_floor)),
            syncs: AtomicU64::new(0),
            sync_ns: AtomicU64::new(0),
        });
        let (jobs, queue) = mpsc::channel();
        let newest = files.tree.newest(&*storage);
        let exported = Exported {
            storage: storage.clone(),
            folder: files.folder.clone(),
            id: files.log_id.clone(),
            key: files.tree.key().clone(),
            shared: shared.clone(),
        };
        let exporter = Exporter::start(elsewhere, exported, newest)?;
        let queue_entries_max = config.queue_entries_max;
        let unsealed = std::mem::take(&mut files.unsealed);
        let role = files.log_id.role();
        let (folder, id, sealing) = (files.folder.clone(), files.log_id.clone(), Sealing::default());
        let sealer = Sealer::start((storage.clone(), folder.clone(), id), sealing.clone(), unsealed)?;
        let writer = Writer::new((storage.clone(), files, config), shared.clone(), (exporter, sealer));
        let thread = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(&queue, now))
            .map_err(|error| AuditError::Thread(Arc::new(error)))?;
        let log = Self {
            storage,
            folder,
            sealing,
            jobs: Some(jobs),
            thread: Some(thread),
            shared,
            queue_entries_max,
            role,
            log_id: opened.log_id.clone(),
            others: Arc::default(),
        };
        Ok((log, opened))
    }

    /// Hands in an entry; `what` comes back as `Audited` once it is durable. Never blocks.
    ///
    /// # Errors
    /// [`AuditError::Overloaded`] if the queue is full, [`AuditError::Stopped`] once the log can't be written any
    /// more.
    pub fn submit<T>(&self, draft: Draft, what: T) -> Result<Pending<T>, AuditError> {
        self.send(vec![draft], what, false)
    }

    /// Hands in several entries as one: all are recorded or none. The receipt names the first; the others
    /// follow it one by one. Takes as many places in the queue as there are entries. Never blocks.
    ///
    /// # Errors
    /// Those of [`submit`](Self::submit), and [`AuditError::BatchLength`] for none or more than the queue
    /// ever takes.
    pub fn submit_many<T>(&self, entries: Vec<(Draft, T)>) -> Result<Pending<Vec<T>>, AuditError> {
        let (drafts, what) = entries.into_iter().unzip();
        self.send(drafts, what, false)
    }

    /// How many entries whoever has many hands in [together](Self::submit_many).
    #[must_use]
    pub fn entries_at_once(&self) -> usize {
        let at_once = match self.role {
            Role::Cli => AT_ONCE,
            Role::Serve => AT_ONCE_BESIDE_QUESTIONS,
        };
        at_once.min(self.queue_entries_max)
    }

    /// As [`submit_many`](Self::submit_many), and synced whatever the durability of others.
    pub(super) fn submit_synced<T>(&self, entries: Vec<(Draft, T)>) -> Result<Pending<Vec<T>>, AuditError> {
        let (drafts, what) = entries.into_iter().unzip();
        self.send(drafts, what, true)
    }

    /// Lets the log know what time it is, so that a day ends in which nothing more is recorded.
    pub(super) fn tell_time(&self, now: Timestamp) -> Result<(), AuditError> {
        let (reply, told) = reply();
        let jobs = self.jobs.as_ref().expect("the queue closes only when the handle ends");
        let job = Job { drafts: Vec::new(), synced: false, now: Some(now), reply };
        jobs.send(job).map_err(|_| AuditError::WriterGone)?;
        told.wait().map(drop)
    }

    /// True if an entry handed in now can be expected to be recorded. For readiness.
    #[must_use]
    pub fn writable(&self) -> bool {
        self.shared.stopped.get().is_none()
            && !self.shared.failing.load(Ordering::Relaxed)
            && self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// The highest time of any entry, found when the log was opened or recorded since: a floor for the clock.
    ///
    /// Not that of the last entry: a draft's time is recorded as it is, also when a clock was set back.
    #[must_use]
    pub fn highest_time(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.shared.highest_us.load(Ordering::Relaxed)).ok()
    }

    /// The revision that the store of alerts had at least, as entries of the site's logs say: `None` if they say nothing of one. A store with a
    /// lower one, or none, is not what it was.
    ///
    /// # Errors
    /// Those of the file system, for other logs of the site.
    pub fn alert_floor(&self) -> Result<Option<u64>, AuditError> {
        self.alert_floors()()
    }

    /// Gives the same whenever it is asked, for whoever follows alerts.
    pub fn alert_floors(&self) -> impl Fn() -> Result<Option<u64>, AuditError> + Send + Sync + use<> {
        let (storage, folder) = (self.storage.clone(), self.folder.clone());
        let (shared, others) = (self.shared.clone(), self.others.clone());
        move || {
            let others = match others.get() {
                Some(others) => *others,
                None => {
                    let read = alert_floor::of_others(&*storage, &folder)?;
                    *others.get_or_init(|| read)
                }
            };
            Ok(others.max(shared.alert_floor()).0)
        }
    }

    /// How often entries and leaves were synced since the log was opened, and how long that took in all.
    #[must_use]
    pub fn syncs(&self) -> (u64, Duration) {
        let (syncs, ns) = (&self.shared.syncs, &self.shared.sync_ns);
        (syncs.load(Ordering::Relaxed), Duration::from_nanos(ns.load(Ordering::Relaxed)))
    }

    /// The log's id, which is its folder's name.
    #[must_use]
    pub fn log_id(&self) -> &Arc<str> {
        &self.log_id
    }

    /// Records what still waits, syncs both files and ends the thread. Dropping does the same and tells
    /// nothing.
    ///
    /// # Errors
    /// [`AuditError`] if the log could not be brought to its end.
    pub fn close(mut self) -> Result<(), AuditError> {
        self.end()
    }

    fn send<T>(&self, drafts: Vec<Draft>, what: T, synced: bool) -> Result<Pending<T>, AuditError> {
        if let Some(error) = self.shared.stopped.get() {
            return Err(error.clone());
        }
        let (entries, entries_max) = (drafts.len(), self.queue_entries_max);
        if entries == 0 || entries > entries_max {
            return Err(AuditError::BatchLength { entries, entries_max });
        }
        self.shared
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
                Some(waiting + entries).filter(|waiting| *waiting <= entries_max)
            })
            .map_err(|_| AuditError::Overloaded { queue_entries_max: entries_max })?;
        let (reply, receipt) = reply();
        let jobs = self.jobs.as_ref().expect("the queue closes only when the handle ends");
        jobs.send(Job { drafts, synced, now: None, reply }).map_err(|_| AuditError::WriterGone)?;
        Ok(Pending::new(what, receipt))
    }

    fn end(&mut self) -> Result<(), AuditError> {
        self.jobs = None;
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or(Err(AuditError::WriterGone))
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        // Whoever wants to know calls `close`.
        let _ = self.end();
    }
}
