//! Logs are found, shared out and reused.

use std::sync::Arc;

use portcullis::audit::{AuditError, AuditLog, Config, DIGESTS_KEPT, Draft, FINDINGS_KEPT, Role, inspect};
use portcullis::domain::FindingId;
use portcullis::ground::storage::{Disk, Storage};

use crate::audit_samples::{content, draft, entries, log_of, open, record, replace};

#[test]
fn two_processes_write_two_logs_and_the_next_one_reuses_them() {
    let data = tempfile::tempdir().unwrap();
    let (first, opened_first) = open(&Disk, data.path()).unwrap();
    let (second, opened_second) = open(&Disk, data.path()).unwrap();
    assert!(opened_first.created && opened_second.created);
    assert_ne!(opened_first.log_id, opened_second.log_id);
    assert_eq!(record(&first, &draft(1, 0)).unwrap().log_id, opened_first.log_id);
    record(&second, &draft(2, 0)).unwrap();
    drop(first);
    let (third, opened_third) = open(&Disk, data.path()).unwrap();
    assert_eq!(opened_third.log_id, opened_first.log_id);
    assert_eq!((opened_third.created, opened_third.entries, opened_third.torn_bytes), (false, 1, 0));
    assert_eq!(third.highest_time(), Some(draft(1, 0).time));
    assert_eq!(record(&third, &draft(3, 0)).unwrap().entry_id, 1);
}

#[test]
fn roles_have_logs_of_their_own() {
    let data = tempfile::tempdir().unwrap();
    log_of(data.path(), 1);
    let serve = AuditLog::open(Arc::new(Disk), data.path(), Role::Serve, Config::default(), draft(0, 0).time)
        .unwrap()
        .1;
    assert!(serve.created && serve.log_id.starts_with("serve-"));
}

#[test]
fn a_clock_that_was_set_back_does_not_lower_the_highest_time() {
    let data = tempfile::tempdir().unwrap();
    let (log, opened) = open(&Disk, data.path()).unwrap();
    assert_eq!((opened.highest_time, log.highest_time()), (None, None));
    for (number, highest) in [(5, 5), (2, 5), (9, 9), (3, 9)] {
        record(&log, &draft(number, 0)).unwrap();
        assert_eq!(log.highest_time(), Some(draft(highest, 0).time));
    }
    assert!(record(&log, &draft(20, 70_000)).is_err());
    assert_eq!(log.highest_time(), Some(draft(9, 0).time), "what is not recorded raises nothing");
    log.close().unwrap();
    let (log, opened) = open(&Disk, data.path()).unwrap();
    assert_eq!((opened.highest_time, log.highest_time()), (Some(draft(9, 0).time), opened.highest_time));
    record(&log, &draft(4, 0)).unwrap();
    assert_eq!(log.highest_time(), Some(draft(9, 0).time));
    log.close().unwrap();
    let times: Vec<_> = entries(&data.path().join("audit").join(&*opened.log_id))
        .unwrap()
        .into_iter()
        .map(|entry| entry.time)
        .collect();
    assert_eq!(times, [5, 2, 9, 3, 4].map(|number| draft(number, 0).time));
}

#[test]
fn a_new_log_says_when_it_was_made() {
    let data = tempfile::tempdir().unwrap();
    let folder = log_of(data.path(), 0);
    for name in ["bodies", "leaves"] {
        let created_us = i64::from_le_bytes(*content(&folder.join(name))[32..].first_chunk().unwrap());
        assert_eq!(created_us, draft(0, 0).time.as_microsecond());
    }
}

#[test]
fn a_document_listed_thousands_of_times_is_recorded() {
    const LISTED: usize = 10_000;
    let data = tempfile::tempdir().unwrap();
    let (log, opened) = open(&Disk, data.path()).unwrap();
    let listed = Draft {
        digests: (0..LISTED).map(|at| [(at % 251) as u8; 32]).collect(),
        findings: (0..LISTED).map(|at| FindingId([(at % 241) as u8; 16])).collect(),
        ..draft(3, 2000)
    };
    record(&log, &listed).unwrap();
    log.close().unwrap();
    let found = entries(&data.path().join("audit").join(&*opened.log_id)).unwrap();
    let [entry] = &found[..] else { panic!("{} entries", found.len()) };
    assert_eq!((entry.digests_total, entry.findings_total), (Some(10_000), Some(10_000)));
    assert_eq!(entry.digests, listed.digests[..DIGESTS_KEPT]);
    assert_eq!(entry.findings, listed.findings[..FINDINGS_KEPT]);
}

#[test]
fn an_entry_by_a_newer_program_is_no_damage() {
    let data = tempfile::tempdir().unwrap();
    let folder = log_of(data.path(), 1);
    let path = folder.join("bodies");
    let mut bodies = content(&path);
    let at = bodies.windows(6).position(|bytes| bytes == b"\"v\":1,").unwrap() + 4;
    bodies[at] = b'5';
    let end = bodies.len() - 8;
    let checksum = xxhash_rust::xxh3::xxh3_64(&bodies[64..end]);
    bodies[end..].copy_from_slice(&checksum.to_le_bytes());
    replace(&path, &bodies);
    // Its leaf was made by that program too, and what it signed.
    ["checkpoints", "signing.pem"].iter().for_each(|name| std::fs::remove_file(folder.join(name)).unwrap());
    std::fs::File::options().write(true).open(folder.join("leaves")).unwrap().set_len(64).unwrap();
    let error = open(&Disk, data.path()).unwrap_err();
    assert!(matches!(error, AuditError::Newer { version: 5, .. }), "{error}");
}

#[test]
fn a_damaged_log_is_refused_until_it_is_put_aside() {
    let data = tempfile::tempdir().unwrap();
    let folder = log_of(data.path(), 2);
    let mut bodies = content(&folder.join("bodies"));
    bodies[100] ^= 1;
    replace(&folder.join("bodies"), &bodies);
    let error = open(&Disk, data.path()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("bodies at byte 64, entry 0") && text.contains(".damaged"), "{text}");
    let aside = folder.with_extension("damaged");
    Disk.rename(&folder, &aside).unwrap();
    let (_, opened) = open(&Disk, data.path()).unwrap();
    assert!(opened.created);
    let summaries = inspect(&Disk, data.path()).unwrap();
    assert_eq!(summaries.iter().filter(|summary| summary.damage.is_some()).count(), 1);
}

#[test]
fn inspecting_counts_and_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let (log, opened) = open(&Disk, data.path()).unwrap();
    for number in 0..7 {
        record(&log, &draft(number, 0)).unwrap();
    }
    let folder = data.path().join("audit").join(&*opened.log_id);
    let before = ["bodies", "leaves"].map(|name| content(&folder.join(name)));
    let summaries = inspect(&Disk, data.path()).unwrap();
    let [summary] = &summaries[..] else { panic!("{summaries:?}") };
    assert_eq!((&summary.log_id, summary.entries, summary.torn_bytes), (&opened.log_id, 7, 0));
    assert_eq!((summary.first_time, summary.last_time), (Some(draft(0, 0).time), Some(draft(6, 0).time)));
    assert_eq!(summary.acts.iter().collect::<Vec<_>>(), [(&"check".to_owned(), &7)]);
    assert_eq!(summary.verdicts.values().copied().collect::<Vec<_>>(), [3, 4]);
    assert!(summary.damage.is_none());
    drop(log);
    assert_eq!(before, ["bodies", "leaves"].map(|name| content(&folder.join(name))));
}

#[test]
fn a_log_that_is_being_written_can_be_read() {
    let data = tempfile::tempdir().unwrap();
    let (log, opened) = open(&Disk, data.path()).unwrap();
    let folder = data.path().join("audit").join(&*opened.log_id);
    std::thread::scope(|scope| {
        let writing =
            scope.spawn(|| (0..400).for_each(|number| drop(record(&log, &draft(number, 900)).unwrap())));
        let mut seen = 0;
        while !writing.is_finished() {
            let now = entries(&folder).unwrap().len();
            assert!(now >= seen);
            seen = now;
        }
    });
    assert_eq!(entries(&folder).unwrap().len(), 400);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let data = tempfile::tempdir().unwrap();
    Disk.create(&data.path().join("audit")).unwrap();
    let error = open(&Disk, data.path()).unwrap_err();
    assert!(
        matches!(&error, AuditError::Storage { path, .. } if path.starts_with(data.path().join("audit"))),
        "{error:?}"
    );
    assert!(error.to_string().contains("audit: see that it exists"), "{error}");
}
