//! Whatever moment the power goes at: no acknowledged entry is lost, none is made up, and the next start
//! works.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::path::Path;
use std::time::Duration;

use portcullis::audit::{AuditLog, Config, Digester, Draft, Entry, Expected, Pending, inspect, verify};
use portcullis::domain::Durability;
use portcullis::ground::storage::Disk;

use crate::audit_samples::{draft, entries, open, open_as, until};
use crate::support::crash::Image;
use crate::support::recording::Recording;

/// A run that is recorded: what was submitted, and after how many operations which of it was acknowledged.
struct Run {
    disk: Recording,
    submitted: Vec<Draft>,
    acknowledged: Vec<(usize, usize)>,
}

impl Run {
    fn new(root: &Path) -> Self {
        Self { disk: Recording::new(root), submitted: Vec::new(), acknowledged: Vec::new() }
    }

    fn open(&self, root: &Path, durability: Durability) -> AuditLog {
        let config = Config { durability, ..Config::default() };
        open_as(&self.disk, root, config).unwrap().0
    }

    /// Records a group of entries of which each is some bytes longer than the shortest.
    fn record(&mut self, log: &AuditLog, long: &[usize]) -> bool {
        let group: Vec<_> = long.iter().map(|long| (self.submitted.len() as u64, *long)).collect();
        let drafts: Vec<_> =
            group.iter().enumerate().map(|(at, (first, long))| draft(first + at as u64, *long)).collect();
        let pending = log.submit_many(drafts.iter().map(|draft| (draft.clone(), ())).collect()).unwrap();
        let recorded = pending.wait().is_ok();
        if recorded {
            self.submitted.extend(drafts);
            self.acknowledged.push((self.disk.operations(), self.submitted.len()));
        }
        recorded
    }

    /// How many entries a crash after so many operations must not lose.
    fn owed(&self, operations: usize) -> usize {
        let due = self.acknowledged.iter().filter(|(at, _)| *at <= operations);
        due.map(|(_, entries)| *entries).max().unwrap_or(0)
    }

    /// Starts again on what a crash left.
    fn survives(&self, image: &Image, durable: bool) {
        let context = format!("after {}, lost {:?}, tear {:?}", image.operations, image.lost, image.tear);
        for log in inspect(&Disk, image.root()).unwrap() {
            assert!(log.damage.is_none(), "{context}: {:?}", log.damage);
        }
        let (log, opened) = open(&Recording::new(image.root()), image.root())
            .unwrap_or_else(|error| panic!("{context}: {error}"));
        let folder = image.root().join("audit").join(&*opened.log_id);
        let found = entries(&folder).unwrap();
        let owed = if durable { self.owed(image.operations) } else { 0 };
        assert!((owed..=self.submitted.len()).contains(&found.len()), "{context}: {} of {owed}", found.len());
        assert_eq!(opened.entries as usize, found.len());
        for ((found, submitted), at) in found.iter().zip(&self.submitted).zip(0..) {
            assert_eq!(*found, Entry::of(submitted, at), "{context}");
        }
        let next = draft(1_000_000, 0);
        let receipt = log.submit(next.clone(), ()).and_then(Pending::wait).unwrap().receipt().clone();
        assert_eq!(receipt.entry_id as usize, found.len());
        log.close().unwrap();
        assert_eq!(entries(&folder).unwrap().last(), Some(&Entry::of(&next, receipt.entry_id)));
        // What is computed is that of these entries, and every checkpoint, also of before, vouches for them.
        let examined = verify(&Disk, &folder, Expected::default(), &mut |_| {}).unwrap();
        assert!(examined.faults.is_empty() && examined.torn_bytes == 0, "{context}: {:?}", examined.faults);
        assert_eq!(examined.newest.map(|newest| newest.size), Some(receipt.entry_id + 1), "{context}");
    }
}

/// The length of a frame, see `src/audit/format.rs`.
fn frame_bytes(draft: &Draft, sequence: u64) -> usize {
    serde_json::to_vec(&Entry::of(draft, sequence)).unwrap().len() + 4 + 8 + 16 + 8
}

#[test]
fn no_crash_loses_an_acknowledged_entry_or_makes_one_up() {
    let root = tempfile::tempdir().unwrap();
    let mut run = Run::new(root.path());
    let log = run.open(root.path(), Durability::Synced);
    for group in [&[0_usize][..], &[0, 5], &[300, 0, 900, 20], &[0]] {
        assert!(run.record(&log, group));
    }
    log.close().unwrap();
    let log = run.open(root.path(), Durability::Synced);
    for group in [&[40_usize, 700, 700, 700, 1][..], &[0]] {
        assert!(run.record(&log, group));
    }
    drop(log);
    let images = run.disk.crash_images(1, |image| run.survives(image, true));
    assert!(images > 200, "{images}");
}

#[test]
fn a_crash_after_a_full_disk_loses_nothing_either() {
    let root = tempfile::tempdir().unwrap();
    let mut run = Run::new(root.path());
    let log = run.open(root.path(), Durability::Synced);
    assert!(run.record(&log, &[0, 0]));
    let refused: Vec<_> = (10..14).map(|number| draft(number, 0)).collect();
    let group = || refused.iter().map(|draft| (draft.clone(), ())).collect();
    let frames: usize = (2..6).map(|number| frame_bytes(&draft(number, 0), number)).sum();
    // Room for some of the frames.
    run.disk.disk_full_after(Some(600));
    assert!(log.submit_many(group()).unwrap().wait().is_err());
    run.disk.disk_full_after(None);
    until("the log is writable again", || log.writable());
    // For all of them and one of their leaves: then they stand.
    run.disk.disk_full_after(Some(frames + 40));
    assert!(run.record(&log, &[0; 4]));
    run.disk.disk_full_after(None);
    assert!(run.record(&log, &[0, 600]));
    log.close().unwrap();
    // What was refused may have survived whole for a moment, before it was cut off: it was submitted, not
    // made up.
    run.disk.crash_images(2, |image| {
        let (_, opened) = open(&Recording::new(image.root()), image.root()).unwrap();
        let found = entries(&image.root().join("audit").join(&*opened.log_id)).unwrap();
        assert!(found.len() >= run.owed(image.operations));
        for (entry, at) in found.iter().zip(0..) {
            let known = run.submitted.get(at as usize).into_iter().chain(&refused);
            assert!(known.into_iter().any(|draft| *entry == Entry::of(draft, at)));
        }
    });
}

#[test]
fn a_crash_during_recovery_loses_nothing() {
    let first = tempfile::tempdir().unwrap();
    let mut run = Run::new(first.path());
    let log = run.open(first.path(), Durability::Synced);
    for group in [&[0_usize, 0][..], &[0], &[600, 600]] {
        assert!(run.record(&log, group));
    }
    let mut crashed = 0;
    run.disk.crash_images(3, |image| {
        // The last moments, at which the leaves lag behind and the tail is torn.
        if image.operations < run.disk.operations() - 3 || image.tear.is_none() {
            return;
        }
        crashed += 1;
        let again = Recording::new(image.root());
        let owed = run.owed(image.operations);
        drop(open(&again, image.root()).unwrap());
        again.crash_images(4, |image| {
            let (_, opened) = open(&Recording::new(image.root()), image.root()).unwrap();
            assert!((opened.entries as usize) >= owed);
        });
    });
    assert!(crashed > 3, "{crashed}");
    drop(log);
}

#[test]
fn what_a_killed_process_left_unsynced_is_synced_before_leaves_vouch_for_it() {
    let root = tempfile::tempdir().unwrap();
    let mut run = Run::new(root.path());
    let log = run.open(root.path(), Durability::Written);
    assert!(run.record(&log, &[0, 600]) && run.record(&log, &[0]));
    run.acknowledged.clear();
    run.disk.fail_sync(1);
    assert!(log.close().is_err());
    let log = run.open(root.path(), Durability::Synced);
    run.acknowledged.push((run.disk.operations(), run.submitted.len()));
    assert!(run.record(&log, &[0]));
    log.close().unwrap();
    run.disk.crash_images(7, |image| run.survives(image, true));
}

#[test]
fn written_entries_may_be_lost_but_never_keep_a_log_from_opening() {
    let root = tempfile::tempdir().unwrap();
    let mut run = Run::new(root.path());
    let log = run.open(root.path(), Durability::Written);
    for group in [&[0_usize][..], &[0, 600], &[700]] {
        assert!(run.record(&log, group));
    }
    std::thread::sleep(Duration::from_millis(1200));
    let owed = run.submitted.len();
    let synced_by = run.disk.operations();
    for group in [&[0_usize][..], &[500, 700], &[0], &[900]] {
        assert!(run.record(&log, group));
    }
    log.close().unwrap();
    run.disk.crash_images(5, |image| {
        run.survives(image, false);
        if image.operations >= synced_by {
            let summaries = inspect(&Disk, image.root()).unwrap();
            assert!(summaries[0].entries as usize > owed);
        }
    });
}

#[test]
fn no_crash_leaves_half_a_key() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let key_id = Digester::open(&disk, root.path()).unwrap().key_id();
    let made = disk.operations();
    disk.crash_images(6, |image| {
        let again = Digester::open(&Recording::new(image.root()), image.root()).unwrap();
        if image.operations == made {
            assert_eq!(again.key_id(), key_id);
        }
    });
}
