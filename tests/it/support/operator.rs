//! Imports, folds and rollbacks as an operator does them, through the flows.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use portcullis::audit::{AuditLog, Config, Role};
use portcullis::ground::clock::Clock;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::publishing::{
    Fold, Folded, Import, Inputs, Limits, Outcome, Progress, PublishingError, Stage, fold, import, rollback,
};
use portcullis::register::{Adapter, Format};

use super::site::{Standing, feed};

/// The acts, on a data directory whose log is kept elsewhere.
pub(crate) struct Operator<'a> {
    storage: Arc<dyn Storage>,
    data_dir: &'a Path,
    log: AuditLog,
    clock: Clock,
    _log_dir: tempfile::TempDir,
}

/// Tells nobody how far it is.
struct Silent;

impl Progress for Silent {
    fn at(&mut self, _: Stage, _: u64, _: Option<u64>) {}
}

fn as_of(hour: i8) -> Timestamp {
    format!("2026-03-01T{hour:02}:00:00Z").parse().unwrap()
}

/// A register of passports `N000` and so on.
fn register(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let rows = numbers.into_iter().map(|number| format!("N{number:03},UTO,passport,stolen\n"));
    std::iter::once("document_number,issuing_state,kind,status\n".to_owned())
        .chain(rows)
        .collect::<String>()
        .into()
}

impl<'a> Operator<'a> {
    pub(crate) fn new(storage: Arc<dyn Storage>, data_dir: &'a Path) -> Self {
        let log_dir = tempfile::tempdir().unwrap();
        let (log, _) =
            AuditLog::open(Arc::new(Disk), log_dir.path(), Role::Cli, Config::default(), as_of(20)).unwrap();
        let clock = Clock::new(Standing(as_of(20)));
        Self { storage, data_dir, log, clock, _log_dir: log_dir }
    }

    /// Imports a list, however much it takes away.
    pub(crate) fn import(&self, numbers: impl IntoIterator<Item = u32>, hour: i8, delta: bool) {
        self.import_within(Limits { rejects_max: 0.0, shrink_max: None }, numbers, hour, delta)
    }

    pub(crate) fn import_within(
        &self,
        limits: Limits,
        numbers: impl IntoIterator<Item = u32>,
        hour: i8,
        delta: bool,
    ) {
        let imported = import(
            &Import {
                storage: self.storage.clone(),
                data_dir: self.data_dir,
                log: &self.log,
                clock: &self.clock,
                principal: "test".into(),
                feed: feed("local"),
                adapter: Adapter::from(Format::Csv),
                as_of: Some(as_of(hour)),
                rejects: self.data_dir.join("rejects.csv"),
                limits,
                memory_bytes_max: 1 << 20,
                delta,
                dry_run: false,
            },
            Inputs::Stream(Box::new(Cursor::new(register(numbers)))),
            &mut Silent,
        );
        let outcome = imported.unwrap().outcome;
        assert!(matches!(outcome, Outcome::Published(_) | Outcome::Unchanged(_)), "{outcome:?}");
    }

    pub(crate) fn fold(&self) -> Folded {
        let what = Fold {
            storage: self.storage.clone(),
            data_dir: self.data_dir,
            log: &self.log,
            clock: &self.clock,
            principal: "test".into(),
            feed: feed("local"),
            mib_per_second: None,
        };
        fold(&what, &mut |_, _| {}).unwrap()
    }

    pub(crate) fn rollback(&self, to: u64) {
        let (storage, principal) = (self.storage.clone(), "test".into());
        match rollback(storage, self.data_dir, &self.log, &self.clock, &principal, to) {
            // What is in force already is refused, and stays.
            Ok(_) | Err(PublishingError::SameLists(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
}
