//! Many wait for one sync, and what goes wrong with it reaches all of them.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portcullis::audit::{Act, AuditError, AuditLog, Config, Draft};
use portcullis::domain::Durability;

use crate::audit_samples::{content, draft, entries, frame_offsets, open, open_as, record, until};
use crate::support::recording::Recording;

fn recorded() -> (tempfile::TempDir, Recording, AuditLog, PathBuf) {
    let data = tempfile::tempdir().unwrap();
    let disk = Recording::new(data.path());
    let (log, opened) = open(&disk, data.path()).unwrap();
    let folder = data.path().join("audit").join(&*opened.log_id);
    (data, disk, log, folder)
}

fn bodies(folder: &Path) -> PathBuf {
    folder.join("bodies")
}

#[test]
fn everybody_who_waits_shares_one_sync_and_is_covered_by_it() {
    const CLIENTS: u64 = 64;
    const EACH: u64 = 50;
    let (_data, disk, log, folder) = recorded();
    disk.slow_syncs(Duration::from_millis(2));
    let before = disk.syncs();
    let acknowledged = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (log, disk, folder, acknowledged) = (&log, &disk, &folder, &acknowledged);
            scope.spawn(move || {
                for number in 0..EACH {
                    let receipt = record(log, &draft(client * EACH + number, 0)).unwrap();
                    let covered = disk.synced_bytes(&bodies(folder));
                    acknowledged.lock().unwrap().push((receipt.entry_id, covered));
                }
            });
        }
    });
    let syncs = disk.syncs() - before;
    log.close().unwrap();
    let acknowledged = acknowledged.into_inner().unwrap();
    assert_eq!(acknowledged.len() as u64, CLIENTS * EACH);
    assert!((syncs as u64) < CLIENTS * EACH / 8, "{syncs} syncs");
    let ends = frame_offsets(&content(&bodies(&folder)));
    for (entry, covered) in acknowledged {
        assert!(covered >= ends[entry as usize + 1] as u64, "entry {entry}");
    }
    let mut found: Vec<_> =
        entries(&folder).unwrap().into_iter().map(|entry| entry.generation.unwrap().number).collect();
    found.sort_unstable();
    assert_eq!(found, (0..CLIENTS * EACH).collect::<Vec<_>>());
}

#[test]
fn an_entry_is_recorded_though_nobody_waits_for_it() {
    let (_data, _disk, log, folder) = recorded();
    drop(log.submit(draft(1, 0), ()).unwrap());
    log.close().unwrap();
    assert_eq!(entries(&folder).unwrap().len(), 1);
}

#[test]
fn a_pending_entry_can_be_awaited() {
    let (_data, _disk, log, _folder) = recorded();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let audited = runtime.block_on(log.submit(draft(1, 0), "answer").unwrap()).unwrap();
    assert_eq!((*audited.get(), audited.receipt().entry_id), ("answer", 0));
    assert_eq!(audited.receipt().durability, Durability::Synced);
}

#[test]
fn a_batch_stands_together_and_its_receipt_names_the_first() {
    let (_data, _disk, log, folder) = recorded();
    record(&log, &draft(0, 0)).unwrap();
    let batch =
        log.submit_many((1..4).map(|number| (draft(number, 0), number)).collect()).unwrap().wait().unwrap();
    assert_eq!((batch.get(), batch.receipt().entry_id), (&vec![1, 2, 3], 1));
    let found: Vec<_> =
        entries(&folder).unwrap().into_iter().map(|entry| entry.generation.unwrap().number).collect();
    assert_eq!(found, [0, 1, 2, 3]);
}

#[test]
fn a_full_queue_refuses_at_once() {
    let data = tempfile::tempdir().unwrap();
    let disk = Recording::new(data.path());
    let config = Config { queue_entries_max: 4, ..Config::default() };
    let (log, opened) = open_as(&disk, data.path(), config).unwrap();
    disk.slow_syncs(Duration::from_millis(1500));
    let first = log.submit(draft(0, 0), ()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    let batch = log.submit_many((1..4).map(|number| (draft(number, 0), ())).collect()).unwrap();
    assert!(matches!(
        log.submit_many(vec![(draft(9, 0), ()), (draft(9, 0), ())]),
        Err(AuditError::Overloaded { .. })
    ));
    let last = log.submit(draft(4, 0), ()).unwrap();
    assert!(matches!(log.submit(draft(9, 0), ()), Err(AuditError::Overloaded { queue_entries_max: 4 })));
    assert!(start.elapsed() < Duration::from_millis(1000));
    disk.slow_syncs(Duration::ZERO);
    for length in [0, 5] {
        let batch = (0..length).map(|number| (draft(number, 0), ())).collect();
        assert!(matches!(log.submit_many(batch), Err(AuditError::BatchLength { entries_max: 4, .. })));
    }
    drop(first.wait().unwrap());
    drop(batch.wait().unwrap());
    assert_eq!(last.wait().unwrap().receipt().entry_id, 4);
    record(&log, &draft(5, 0)).unwrap();
    log.close().unwrap();
    assert_eq!(entries(&data.path().join("audit").join(&*opened.log_id)).unwrap().len(), 6);
}

#[test]
fn an_entry_that_is_too_long_is_refused_alone() {
    let (_data, _disk, log, folder) = recorded();
    let error = record(&log, &draft(0, 70_000)).unwrap_err();
    assert!(matches!(error, AuditError::EntryTooLong { bytes_max: 65_536, .. }));
    let spoilt = log.submit_many(vec![(draft(1, 0), ()), (draft(2, 70_000), ())]).unwrap();
    assert!(spoilt.wait().is_err());
    assert_eq!(record(&log, &draft(3, 65_000)).unwrap().entry_id, 0);
    assert!(log.writable());
    assert_eq!(entries(&folder).unwrap().len(), 1);
}

#[test]
fn a_failed_sync_is_final() {
    let (data, disk, log, _folder) = recorded();
    record(&log, &draft(0, 0)).unwrap();
    disk.slow_syncs(Duration::from_millis(50));
    disk.fail_sync(1);
    let waiting: Vec<_> = (1..9).filter_map(|number| log.submit(draft(number, 0), ()).ok()).collect();
    for pending in waiting {
        assert!(matches!(pending.wait(), Err(AuditError::Stopped { .. })));
    }
    assert!(matches!(log.submit(draft(9, 0), ()), Err(AuditError::Stopped { .. })));
    assert!(!log.writable());
    let error = log.close().unwrap_err();
    assert!(error.to_string().ends_with("restart the process"), "{error}");
    // The restart.
    let (log, opened) = open(&disk, data.path()).unwrap();
    assert!(opened.entries >= 1);
    record(&log, &draft(10, 0)).unwrap();
}

#[test]
fn a_full_disk_is_said_and_survived() {
    let (_data, disk, log, folder) = recorded();
    record(&log, &draft(0, 0)).unwrap();
    let before = content(&bodies(&folder));
    for room in [0, 1, 30, 200] {
        disk.disk_full_after(Some(room));
        let error = record(&log, &draft(1, 0)).unwrap_err();
        assert!(matches!(error, AuditError::NotWritten { .. }), "{error:?}");
        assert!(!log.writable());
        assert_eq!(content(&bodies(&folder)), before);
        disk.disk_full_after(None);
        until("the log is writable again", || log.writable());
    }
    assert_eq!(record(&log, &draft(2, 0)).unwrap().entry_id, 1);
    // Room for the body and none for its leaf: it is recorded, and its leaf is written once there is.
    let frames = frame_offsets(&content(&bodies(&folder)));
    disk.disk_full_after(Some(frames[2] - frames[1] + 3));
    assert_eq!(record(&log, &draft(3, 0)).unwrap().entry_id, 2);
    assert_eq!(content(&folder.join("leaves")).len(), 64 + 2 * 32);
    disk.disk_full_after(None);
    until("its leaf is there", || content(&folder.join("leaves")).len() == 64 + 3 * 32);
    assert!(log.writable());
    log.close().unwrap();
    let found: Vec<_> =
        entries(&folder).unwrap().into_iter().map(|entry| entry.generation.unwrap().number).collect();
    assert_eq!(found, [0, 2, 3]);
    assert_eq!(content(&folder.join("leaves")).len(), 64 + 3 * 32);
}

#[test]
fn readiness_comes_back_by_itself_once_the_disk_has_room() {
    let (_data, disk, log, folder) = recorded();
    disk.fail_append(1);
    assert!(record(&log, &draft(0, 0)).is_err());
    assert!(!log.writable());
    until("the log is writable again", || log.writable());
    assert_eq!(content(&bodies(&folder)).len(), 64);
    disk.disk_full_after(Some(100));
    assert!(record(&log, &draft(0, 0)).is_err());
    std::thread::sleep(Duration::from_millis(1300));
    assert!(!log.writable());
    disk.disk_full_after(None);
    until("the log is writable again", || log.writable());
    record(&log, &draft(1, 0)).unwrap();
    log.close().unwrap();
    assert_eq!(entries(&folder).unwrap().len(), 1);
}

#[test]
fn on_a_full_disk_what_may_make_room_is_recorded_and_no_answer_is() {
    let (data, disk, log, folder) = recorded();
    record(&log, &draft(0, 0)).unwrap();
    disk.disk_full_after(Some(10));
    assert!(matches!(record(&log, &draft(1, 0)), Err(AuditError::NotWritten { .. })));
    // There is no room but for what the log has given away itself, and it does not take that for room.
    for _ in 0..130 {
        assert!(!log.writable());
        std::thread::sleep(Duration::from_millis(10));
    }
    let act = |number| Draft { act: Act::Erased, verdict: None, ..draft(number, 0) };
    let pending = [act(2), draft(3, 0), act(4)].map(|draft| log.submit(draft, ()).unwrap());
    let recorded = pending.map(|pending| pending.wait().map(|audited| audited.receipt().entry_id).ok());
    assert_eq!(recorded, [Some(1), None, Some(2)]);
    assert!(!log.writable());
    log.close().unwrap();

    // Who starts without a reserve answers nothing, until there is room for one.
    let (log, opened) = open(&disk, data.path()).unwrap();
    assert_eq!(opened.entries, 3);
    assert!(!log.writable());
    assert!(record(&log, &draft(8, 0)).is_err());
    disk.disk_full_after(None);
    until("the log is writable again", || log.writable());
    record(&log, &draft(9, 0)).unwrap();
    log.close().unwrap();
    let found: Vec<_> =
        entries(&folder).unwrap().iter().map(|entry| entry.generation.unwrap().number).collect();
    assert_eq!(found, [0, 2, 4, 9]);
}

#[test]
fn acts_that_have_used_up_the_reserve_are_refused_too_and_all_comes_back() {
    let (_data, disk, log, folder) = recorded();
    disk.disk_full_after(Some(0));
    let act = |number| Draft { act: Act::Sync, verdict: None, ..draft(number, 60_000) };
    let done = (0..100).take_while(|number| record(&log, &act(*number)).is_ok()).count();
    assert!((10..20).contains(&done), "{done}");
    disk.disk_full_after(None);
    until("the log is writable again", || log.writable());
    record(&log, &draft(200, 0)).unwrap();
    log.close().unwrap();
    assert_eq!(entries(&folder).unwrap().len(), done + 1);
}

#[test]
fn a_failed_write_that_cannot_be_undone_is_final() {
    let (_data, disk, log, folder) = recorded();
    record(&log, &draft(0, 0)).unwrap();
    disk.disk_full_after(Some(20));
    disk.fail_truncates(true);
    assert!(matches!(record(&log, &draft(1, 0)), Err(AuditError::Stopped { .. })));
    disk.disk_full_after(None);
    disk.fail_truncates(false);
    assert!(matches!(record(&log, &draft(2, 0)), Err(AuditError::Stopped { .. })));
    assert!(log.close().is_err());
    assert_eq!(entries(&folder).unwrap().len(), 1);
}

#[test]
fn written_entries_are_acknowledged_before_they_are_synced() {
    let data = tempfile::tempdir().unwrap();
    let disk = Recording::new(data.path());
    let config = Config { durability: Durability::Written, ..Config::default() };
    let (log, opened) = open_as(&disk, data.path(), config).unwrap();
    let folder = data.path().join("audit").join(&*opened.log_id);
    let log = Arc::new(log);
    let receipt = record(&log, &draft(0, 0)).unwrap();
    assert_eq!(receipt.durability, Durability::Written);
    assert_eq!(disk.synced_bytes(&bodies(&folder)), 64);
    assert_eq!(content(&folder.join("leaves")).len(), 64);
    until("the entry is synced", || content(&folder.join("leaves")).len() == 96);
    assert_eq!(disk.synced_bytes(&bodies(&folder)), content(&bodies(&folder)).len() as u64);
}
