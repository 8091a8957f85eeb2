//! Whatever moment the power goes at while a list becomes base and delta, is folded and is taken back: what is in force is what was
//! in force before the act or after it.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use portcullis::audit::{AuditLog, Config, Role};
use portcullis::domain::SegmentRole;
use portcullis::feed::verify_local;
use portcullis::ground::clock::Clock;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::index::{FeedRecord, Snapshot, StateDigest, current, segment_path};
use portcullis::publishing::{
    Fold, Folded, Import, Inputs, Limits, Outcome, Progress, Stage, fold, import, rollback,
};
use portcullis::register::{Adapter, Format};

use crate::support::crash::Image;
use crate::support::recording::Recording;
use crate::support::site::{Standing, feed};

/// What is in force: how many segments, and what they list.
type Found = Option<(u64, Vec<SegmentRole>, StateDigest)>;

/// The acts, on a data directory whose log is kept elsewhere.
struct Operator<'a> {
    storage: Arc<dyn Storage>,
    data_dir: &'a Path,
    log: AuditLog,
    clock: Clock,
    _log_dir: tempfile::TempDir,
}

struct Silent;

impl Progress for Silent {
    fn at(&mut self, _: Stage, _: u64, _: Option<u64>) {}
}

fn as_of(hour: i8) -> Timestamp {
    format!("2026-03-01T{hour:02}:00:00Z").parse().unwrap()
}

fn register(numbers: std::ops::Range<u32>) -> Vec<u8> {
    let rows = numbers.map(|number| format!("N{number:03},UTO,passport,stolen\n"));
    std::iter::once("document_number,issuing_state,kind,status\n".to_owned())
        .chain(rows)
        .collect::<String>()
        .into()
}

impl<'a> Operator<'a> {
    fn new(storage: Arc<dyn Storage>, data_dir: &'a Path) -> Self {
        let log_dir = tempfile::tempdir().unwrap();
        let (log, _) =
            AuditLog::open(Arc::new(Disk), log_dir.path(), Role::Cli, Config::default(), as_of(20)).unwrap();
        let clock = Clock::new(Standing(as_of(20)));
        Self { storage, data_dir, log, clock, _log_dir: log_dir }
    }

    fn import(&self, numbers: std::ops::Range<u32>, hour: i8, delta: bool) {
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
                limits: Limits { rejects_max: 0.0, shrink_max: None },
                memory_bytes_max: 1 << 20,
                delta,
                dry_run: false,
            },
            Inputs::Stream(Box::new(Cursor::new(register(numbers)))),
            &mut Silent,
        );
        assert!(matches!(imported.unwrap().outcome, Outcome::Published(_)));
    }

    fn fold(&self) -> Folded {
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

    fn rollback(&self, to: u64) {
        let (storage, principal) = (self.storage.clone(), "test".into());
        rollback(storage, self.data_dir, &self.log, &self.clock, &principal, to).unwrap();
    }
}

/// Opens and verifies what a crash left, as a service and an import would.
fn open(root: &Path) -> Found {
    let storage = Recording::new(root);
    let (generation, id) = current(&storage, root).expect("what a crash left is never refused")?;
    let verify = |record: &FeedRecord| {
        verify_local(&storage, record.bulletin.clone(), |file| segment_path(root, file.digest)).unwrap()
    };
    let bulletins = generation.feeds.iter().map(verify).collect();
    let snapshot = Snapshot::open(&storage, root, &generation, id, bulletins).unwrap();
    snapshot.verify().unwrap();
    let held = snapshot.feeds().next().unwrap();
    let roles = held.bulletin().segments.iter().map(|segment| segment.role).collect();
    Some((id.number, roles, held.list().state_digest()))
}

#[test]
fn a_crash_during_a_delta_a_fold_or_a_rollback_leaves_what_was_before_or_after_it() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let operator = Operator::new(Arc::new(disk.clone()), root.path());
    let acts: [(&dyn Fn(&Operator<'_>), &[SegmentRole]); 6] = [
        (&|operator| operator.import(0..40, 1, false), &[SegmentRole::Base]),
        (&|operator| operator.import(3..44, 2, true), &[SegmentRole::Base, SegmentRole::Delta]),
        (&|operator| assert!(matches!(operator.fold(), Folded::Published(_))), &[SegmentRole::Base]),
        (&|operator| operator.import(3..45, 3, true), &[SegmentRole::Base, SegmentRole::Delta]),
        (&|operator| operator.rollback(2), &[SegmentRole::Base, SegmentRole::Delta]),
        (&|operator| assert!(matches!(operator.fold(), Folded::Published(_))), &[SegmentRole::Base]),
    ];
    let (mut states, mut committed) = (vec![None], vec![0]);
    for (act, roles) in acts {
        act(&operator);
        let found = open(root.path());
        assert_eq!(found.as_ref().map(|(_, found, _)| &found[..]), Some(roles));
        states.push(found);
        committed.push(disk.operations());
    }
    assert_eq!(states[2].as_ref().unwrap().2, states[3].as_ref().unwrap().2, "a fold lists the same");
    assert_eq!(
        states[2].as_ref().unwrap().2,
        states[5].as_ref().unwrap().2,
        "a rollback lists what was listed"
    );
    let mut seen = vec![false; states.len()];
    let images = disk.crash_images(5, |image: &Image| {
        let found = open(image.root());
        let context = format!("after {}, lost {:?}, tear {:?}", image.operations, image.lost, image.tear);
        let least = committed.iter().rposition(|at| *at <= image.operations).unwrap_or(0);
        let at = states.iter().position(|state| *state == found);
        let at = at.unwrap_or_else(|| panic!("a third thing {context}: {found:?}"));
        assert!((least..=least + 1).contains(&at), "{at} where {least} or the next was due, {context}");
        seen[at] = true;
        // Whoever goes on takes away what the crash left behind.
        if at > 0 && image.operations.is_multiple_of(11) {
            let operator = Operator::new(Arc::new(Recording::new(image.root())), image.root());
            operator.import(0..50, 19, true);
            operator.fold();
            let left = std::fs::read_dir(image.root().join("index")).unwrap();
            let left = left
                .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "tmp"));
            assert_eq!(left.count(), 0, "{context}");
        }
    });
    assert!(images > 300, "{images}");
    assert!(seen.iter().all(|seen| *seen), "{seen:?}");
}
