//! What is old is sealed by class and day, and erased when its time is over; nothing else is, and the log is proved as before.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use portcullis::audit::{
    Act, AuditError, AuditLog, ClockBy, Config, Draft, Entry, Examined, Expected, Fault, LogReader, NoteKey,
    ProofFault, Recorded, Retention, RetentionClass, Role, check_proof, copy_log, inspect, prove, read_log,
    verify,
};
use portcullis::domain::Durability;
use portcullis::ground::storage::{Disk, Storage};
use proptest::prelude::*;

use crate::audit_samples::{content, draft, entries, record, replace};
use crate::support::recording::Recording;

/// Some hours into the first day.
fn at(day: i64) -> Timestamp {
    draft(0, 0).time.checked_add((24 * day).hours()).unwrap()
}

fn on(day: i64, number: u64) -> Draft {
    let time = at(day).checked_add((number as i64).microseconds()).unwrap();
    Draft { time, ..draft(number, 0) }
}

fn open(storage: &(impl Storage + Clone + 'static), data: &Path, bytes: u64, now: Timestamp) -> AuditLog {
    let config = Config { journal_bytes_max: bytes, ..Config::default() };
    AuditLog::open(Arc::new(storage.clone()), data, Role::Serve, config, now).unwrap().0
}

fn folder_of(data: &Path, log: &AuditLog) -> PathBuf {
    data.join("audit").join(&**log.log_id())
}

/// A log with so many entries on each of some days, whose journal has the last day alone.
fn log_of_days(data: &Path, days: i64, each: u64) -> (PathBuf, Vec<Draft>) {
    let log = open(&Disk, data, 64 << 20, at(0));
    let folder = folder_of(data, &log);
    let mut drafts = Vec::new();
    for day in 0..days {
        for _ in 0..each {
            drafts.push(on(day, drafts.len() as u64));
            record(&log, &drafts[drafts.len() - 1]).unwrap();
        }
    }
    log.close().unwrap();
    (folder, drafts)
}

fn examined(folder: &Path) -> Examined {
    verify(&Disk, folder, Expected::default(), &mut |_| {}).unwrap()
}

fn by_rule(now: Timestamp) -> Draft {
    Draft::new(now, Act::Erased, "retention".into(), draft(0, 0).settings_digest)
}

fn erase(data: &Path, retention: &Retention, now: Timestamp) -> Result<u64, AuditError> {
    // What is of days before is sealed when the log is opened, and that is waited for at its end.
    open(&Disk, data, 64 << 20, now).close()?;
    let log = open(&Disk, data, 64 << 20, now);
    let erased = log.erase(retention, (now, ClockBy::Word), &by_rule(now), &|| true)?;
    log.close()?;
    Ok(erased.iter().map(|file| file.entries).sum())
}

fn sealed_files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let names = Disk.list(&folder.join("sealed")).unwrap();
    names.into_iter().filter(|path| path.extension().is_some_and(|end| end == ending)).collect()
}

fn fault(folder: &Path) -> Option<(PathBuf, Fault)> {
    match examined(folder).faults.into_iter().next()? {
        AuditError::Damaged(damage) => Some((damage.path, damage.fault)),
        other => panic!("{other:?}"),
    }
}

const SHORT: Retention = Retention { answers_days: Some(2), hits_days: None, acts_days: None };

#[test]
fn what_is_sealed_is_read_proved_and_verified_as_before() {
    let data = tempfile::tempdir().unwrap();
    let log = open(&Disk, data.path(), 40_000, at(0));
    let folder = folder_of(data.path(), &log);
    let drafts: Vec<_> = (0..900).map(|number| on(number as i64 / 400, number)).collect();
    for group in drafts.chunks(50) {
        let group = group.iter().map(|draft| (draft.clone(), ())).collect();
        let _ = log.submit_many(group).unwrap().wait().unwrap();
    }
    log.close().unwrap();
    let names = Disk.list(&folder).unwrap();
    let journal: Vec<_> = names.iter().filter(|path| path.to_str().unwrap().contains("bodies")).collect();
    assert_eq!(journal.len(), 1, "{journal:?}");
    assert!(sealed_files(&folder, "sealed").len() > 10);
    assert_eq!(sealed_files(&folder, "key").len(), 2);
    let right: Vec<_> = drafts.iter().zip(0..).map(|(draft, at)| Entry::of(draft, at)).collect();
    assert_eq!(entries(&folder).unwrap(), right);
    let sound = examined(&folder);
    assert!(sound.faults.is_empty(), "{:?}", sound.faults);
    assert_eq!((sound.entries, sound.erased), (900, 0));
    assert_eq!(inspect(&Disk, data.path()).unwrap()[0].entries, 900);
    let key = NoteKey::parse(&String::from_utf8(content(&folder.join("verify.key"))).unwrap()).unwrap();
    let reader = LogReader::new(Arc::new(Disk), data.path().to_owned());
    let log_id = folder.file_name().unwrap().to_str().unwrap();
    for entry in (0..900).step_by(53) {
        let proof = prove(&Disk, &folder, entry).unwrap();
        let proved = check_proof(&proof, &key, None).unwrap().entry.unwrap();
        assert_eq!(proved, right[entry as usize]);
        let read = reader.entries(log_id, entry, 1).unwrap().remove(0).whole().unwrap();
        assert_eq!(read.entry, right[entry as usize]);
    }
    // And the log goes on.
    let log = open(&Disk, data.path(), 40_000, at(2));
    assert_eq!(record(&log, &on(2, 900)).unwrap().entry_id, 900);
    log.close().unwrap();
    assert!(examined(&folder).faults.is_empty());
}

#[test]
fn a_log_is_copied_wherever_its_entries_are_and_the_copy_is_sound() {
    let data = tempfile::tempdir().unwrap();
    let (folder, drafts) = log_of_days(data.path(), 4, 6);
    let copied = |name: &str| {
        let to = data.path().join(name).join(folder.file_name().unwrap());
        copy_log(&Disk, &folder, &to).unwrap();
        assert!(!to.join("signing.pem").exists());
        let right = entries(&folder).unwrap();
        assert_eq!(entries(&to).unwrap(), right);
        let proof = prove(&Disk, &to, 1).unwrap();
        assert!(check_proof(&proof, &key(&folder), None).is_ok());
    };
    copied("with-a-journal");
    // A day has ended in which nothing more came: the newest file has no entry.
    open(&Disk, data.path(), 64 << 20, at(9)).close().unwrap();
    copied("with-an-empty-file");
    erase(data.path(), &SHORT, at(9)).unwrap();
    let to = data.path().join("erased").join(folder.file_name().unwrap());
    copy_log(&Disk, &folder, &to).unwrap();
    assert_eq!(examined(&to).erased, 4 * 4);
    assert_eq!(drafts.len(), 24);
}

#[test]
fn one_spoilt_file_keeps_no_other_from_being_erased() {
    let data = tempfile::tempdir().unwrap();
    let (folder, _) = log_of_days(data.path(), 5, 6);
    open(&Disk, data.path(), 64 << 20, at(9)).close().unwrap();
    let is_answers = |path: &&PathBuf| name(path).starts_with("answers");
    let spoilt = sealed_files(&folder, "sealed").iter().find(is_answers).unwrap().clone();
    let mut bytes = content(&spoilt);
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    replace(&spoilt, &bytes);
    let before = sealed_files(&folder, "sealed").iter().filter(is_answers).count();
    assert!(erase(data.path(), &SHORT, at(9)).is_err());
    assert!(spoilt.exists());
    let erased = sealed_files(&folder, "erased").len();
    assert!(erased >= before - 2 && erased > 2, "{erased} of {before}");
}

#[test]
fn sealed_entries_stand_nowhere_in_clear() {
    let data = tempfile::tempdir().unwrap();
    let (folder, drafts) = log_of_days(data.path(), 3, 20);
    let reference = drafts[7].client_reference.as_deref().unwrap().as_bytes();
    let in_clear = |path: &PathBuf| content(path).windows(reference.len()).any(|part| part == reference);
    let files = Disk.list(&folder).unwrap().into_iter().filter(|path| path.is_file());
    // The reserve is noise, in which anything short stands by accident.
    let files = files.filter(|path| !path.ends_with("reserve"));
    let all: Vec<_> = files.chain(Disk.list(&folder.join("sealed")).unwrap()).collect();
    assert!(all.len() > 10 && !all.iter().any(in_clear));
    let last = drafts[59].client_reference.as_deref().unwrap().as_bytes();
    assert!(all.iter().any(|path| content(path).windows(last.len()).any(|part| part == last)));
}

#[test]
fn what_is_over_is_erased_with_its_key_and_the_log_is_proved_as_before() {
    let data = tempfile::tempdir().unwrap();
    // The first of March, and so a new month after 31 days.
    let (folder, drafts) = log_of_days(data.path(), 34, 6);
    let receipt_leaf = check_proof(&prove(&Disk, &folder, 1).unwrap(), &key(&folder), None).unwrap().leaf;
    let erased = erase(data.path(), &SHORT, at(33)).unwrap();
    // Days 0 to 30 are over; of six entries a day four are no hits.
    assert_eq!(erased, 31 * 4);
    let keys = sealed_files(&folder, "key");
    let names: Vec<_> = keys.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["answers-2026-04.key", "hits-2026-03.key", "hits-2026-04.key"]);
    let after = examined(&folder);
    assert!(after.faults.is_empty(), "{:?}", after.faults);
    assert_eq!((after.entries, after.erased), (34 * 6 + 31, 31 * 4));

    let mut seen = 0_usize;
    read_log(&Disk, &folder, &mut |recorded| {
        match recorded {
            Recorded::Whole(stored) if seen < drafts.len() => {
                assert_eq!(stored.entry, Entry::of(&drafts[seen], seen as u64));
                assert!(seen / 6 > 30 || stored.entry.verdict.as_deref() == Some("hit"));
            }
            Recorded::Whole(stored) => assert_eq!(stored.entry.act, "erased"),
            Recorded::Erased(erased) => {
                assert_eq!((erased.sequence, erased.class), (seen as u64, RetentionClass::Answers));
                assert_eq!(drafts[seen].verdict, Some("no_hit"));
                assert_eq!(erased.day.to_string(), drafts[seen].time.to_string()[..10]);
            }
        }
        seen += 1;
    })
    .unwrap();
    assert_eq!(seen, 34 * 6 + 31);
    // The receipt is proved by its leaf, and nothing tells what it was.
    let proof = prove(&Disk, &folder, 1).unwrap();
    assert_eq!(check_proof(&proof, &key(&folder), None), Err(ProofFault::NoLeaf));
    let proved = check_proof(&proof, &key(&folder), Some(receipt_leaf)).unwrap();
    assert_eq!((proved.entry_id, proved.entry), (1, None));
    // Nothing is left to be done, and what records it is kept for good.
    let all = Retention { answers_days: Some(1), hits_days: Some(1), acts_days: Some(1) };
    assert_eq!(erase(data.path(), &SHORT, at(33)).unwrap(), 0);
    erase(data.path(), &all, at(400)).unwrap();
    assert!(examined(&folder).faults.is_empty());
    assert!(entries(&folder).unwrap().iter().all(|entry| entry.act == "erased"));
}

fn key(folder: &Path) -> NoteKey {
    NoteKey::parse(&String::from_utf8(content(&folder.join("verify.key"))).unwrap()).unwrap()
}

#[test]
fn what_was_taken_away_is_told_from_what_was_erased() {
    let data = tempfile::tempdir().unwrap();
    let (folder, _) = log_of_days(data.path(), 5, 6);
    let before: Vec<_> =
        sealed_files(&folder, "sealed").into_iter().map(|path| (content(&path), path)).collect();
    let stolen = &before[0].1;
    std::fs::remove_file(stolen).unwrap();
    let (_, what) = fault(&folder).unwrap();
    assert_eq!(what, Fault::Unaccounted);
    replace(stolen, &before[0].0);
    assert_eq!(fault(&folder), None);
    // Somebody who knows the format leaves the stub there, as an erasure would.
    let stub_bytes = {
        let bytes = &before[0].0;
        64 + u32::from_le_bytes(bytes[52..56].try_into().unwrap()) as usize + 8
    };
    std::fs::remove_file(stolen).unwrap();
    let left = stolen.with_extension("erased");
    replace(&left, &before[0].0[..stub_bytes]);
    assert_eq!(fault(&folder), Some((left.clone(), Fault::Unrecorded)));
    // Or a stub of other entries, once a right one is recorded.
    std::fs::remove_file(&left).unwrap();
    replace(stolen, &before[0].0);
    erase(data.path(), &SHORT, at(4)).unwrap();
    assert_eq!(fault(&folder), None);
    let stubs = sealed_files(&folder, "erased");
    let (one, other) = (content(&stubs[0]), content(&stubs[1]));
    replace(&stubs[0], &other);
    assert_eq!(fault(&folder), Some((stubs[0].clone(), Fault::Stub)));
    replace(&stubs[0], &one);
    // A key that is gone while its files are there destroys nothing unseen.
    std::fs::remove_file(sealed_files(&folder, "key").pop().unwrap()).unwrap();
    let faults = examined(&folder).faults;
    assert!(matches!(&faults[..], [AuditError::SealingKey { .. }]), "{faults:?}");
}

#[test]
fn a_flipped_bit_anywhere_in_what_is_sealed_is_found_and_named() {
    let data = tempfile::tempdir().unwrap();
    let (folder, _) = log_of_days(data.path(), 2, 40);
    for path in sealed_files(&folder, "sealed") {
        let sound = content(&path);
        for at in 0..sound.len() {
            let mut bytes = sound.clone();
            bytes[at] ^= 1 << (at % 8);
            replace(&path, &bytes);
            let faults = examined(&folder).faults;
            let named = faults.iter().any(|fault| match fault {
                AuditError::Damaged(damage) => damage.path == path,
                AuditError::Newer { path: newer, .. } => *newer == path,
                _ => false,
            });
            assert!(named, "byte {at} of {}: {faults:?}", path.display());
        }
        for length in (0..sound.len()).step_by(7) {
            replace(&path, &sound[..length]);
            assert!(!examined(&folder).faults.is_empty(), "{length} bytes of {}", path.display());
        }
        replace(&path, &sound);
    }
    assert!(examined(&folder).faults.is_empty());
}

#[test]
fn no_crash_while_sealing_or_erasing_loses_an_entry_or_erases_one_unrecorded() {
    for durability in [Durability::Synced, Durability::Written] {
        let root = tempfile::tempdir().unwrap();
        let disk = Recording::new(root.path());
        let again = |storage: &Recording, root: &Path| {
            let config = Config { durability, ..Config::default() };
            AuditLog::open(Arc::new(storage.clone()), root, Role::Serve, config, at(5)).unwrap().0
        };
        let mut acknowledged = Vec::new();
        let log = open(&disk, root.path(), 64 << 20, at(0));
        for number in 0..3 {
            record(&log, &on(number as i64 / 2, number)).unwrap();
            acknowledged.push(disk.operations());
        }
        log.close().unwrap();
        again(&disk, root.path()).close().unwrap();
        let log = again(&disk, root.path());
        let erasing = disk.operations();
        let erased = log.erase(&SHORT, (at(5), ClockBy::Word), &by_rule(at(5)), &|| true).unwrap();
        assert!(!erased.is_empty());
        log.close().unwrap();
        let images = disk.crash_images(11, |image| {
            let context = format!("after {}, lost {:?}, tear {:?}", image.operations, image.lost, image.tear);
            let log = again(&Recording::new(image.root()), image.root());
            let folder = folder_of(image.root(), &log);
            let receipt = record(&log, &on(5, 999)).unwrap();
            log.close().unwrap();
            let examined = verify(&Disk, &folder, Expected::default(), &mut |_| {}).unwrap();
            assert!(examined.faults.is_empty(), "{context}: {:?}", examined.faults);
            let owed = acknowledged.iter().filter(|at| **at <= image.operations).count();
            assert!(receipt.entry_id as usize >= owed, "{context}: {} of {owed}", receipt.entry_id);
            if image.operations < erasing {
                assert_eq!(examined.erased, 0, "{context}");
                let found = entries(&folder).unwrap();
                for (entry, number) in found.iter().take(owed).zip(0..) {
                    assert_eq!(*entry, Entry::of(&on(number as i64 / 2, number), number), "{context}");
                }
            }
        });
        assert!(images > 200, "{images}");
    }
}

#[test]
fn nothing_is_erased_under_the_name_of_what_is_over() {
    let data = tempfile::tempdir().unwrap();
    let (folder, _) = log_of_days(data.path(), 5, 6);
    open(&Disk, data.path(), 64 << 20, at(4)).close().unwrap();
    let log = open(&Disk, data.path(), 64 << 20, at(4));
    // Somebody wants a hit gone: its stub stands there as that of an answer of years before.
    let hit =
        sealed_files(&folder, "sealed").into_iter().find(|path| name(path).starts_with("hits")).unwrap();
    let mut bytes = content(&hit);
    bytes[12] = 0;
    bytes[48..50].copy_from_slice(&2020_u16.to_le_bytes());
    let sum = xxhash_rust::xxh3::xxh3_64(&bytes[..56]);
    bytes[56..64].copy_from_slice(&sum.to_le_bytes());
    let forged = hit.with_file_name(name(&hit).replace("hits", "answers").replace("2026", "2020"));
    replace(&forged, &bytes);
    let key = "portcullis-sealing-key 1 ".to_owned() + &"07".repeat(32) + "\n";
    replace(&hit.with_file_name("answers-2020-03.key"), key.as_bytes());
    assert!(!examined(&folder).faults.is_empty());
    assert!(log.erase(&SHORT, (at(4), ClockBy::Word), &by_rule(at(4)), &|| true).is_err());
    log.close().unwrap();
    assert!(sealed_files(&folder, "erased").iter().all(|path| !name(path).contains("2020")));
    assert!(hit.exists());
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn a_start_refuses_a_log_whose_past_has_a_gap_or_is_vouched_for_by_nobody() {
    let data = tempfile::tempdir().unwrap();
    let (folder, _) = log_of_days(data.path(), 3, 6);
    let again = || {
        let config = Config::default();
        AuditLog::open(Arc::new(Disk), data.path(), Role::Serve, config, at(2)).map(drop)
    };
    again().unwrap();
    let gone = sealed_files(&folder, "sealed").remove(0);
    let bytes = content(&gone);
    std::fs::remove_file(&gone).unwrap();
    let refused = again().unwrap_err();
    assert!(
        matches!(&refused, AuditError::Damaged(damage) if damage.fault == Fault::Unaccounted),
        "{refused}"
    );
    replace(&gone, &bytes);
    again().unwrap();
    for name in ["checkpoints", "signing.pem", "verify.key"] {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    let refused = again().unwrap_err();
    assert!(matches!(&refused, AuditError::Damaged(damage) if damage.fault == Fault::Unsigned), "{refused}");
    assert!(!examined(&folder).faults.is_empty());
}

#[test]
fn a_file_that_belongs_nowhere_is_told_of() {
    let data = tempfile::tempdir().unwrap();
    let (folder, _) = log_of_days(data.path(), 3, 6);
    let one = sealed_files(&folder, "sealed").remove(0);
    let planted = one.with_file_name("hits-2026-02-01-0000000000000003.erased");
    replace(&planted, &content(&one));
    assert_eq!(fault(&folder), Some((planted, Fault::Stray)));
}

#[test]
fn a_stub_that_ends_where_it_begins_ends_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let (folder, _) = log_of_days(data.path(), 3, 6);
    for path in sealed_files(&folder, "sealed") {
        let sound = content(&path);
        for end in [0_u64, 1, u64::MAX] {
            let mut bytes = sound.clone();
            bytes[40..48].copy_from_slice(&end.to_le_bytes());
            let sum = xxhash_rust::xxh3::xxh3_64(&bytes[..56]);
            bytes[56..64].copy_from_slice(&sum.to_le_bytes());
            replace(&path, &bytes);
            assert_eq!(fault(&folder), Some((path.clone(), Fault::Stub)));
        }
        replace(&path, &sound);
    }
}

#[test]
fn a_clock_that_is_ahead_erases_nothing_without_a_word() {
    let data = tempfile::tempdir().unwrap();
    log_of_days(data.path(), 5, 6);
    let years = at(2000);
    open(&Disk, data.path(), 64 << 20, at(5)).close().unwrap();
    let log = open(&Disk, data.path(), 64 << 20, years);
    let refused = log.erase(&SHORT, (years, ClockBy::Entries), &by_rule(years), &|| true);
    assert!(matches!(refused, Err(AuditError::UnlikelyClock { .. })), "{refused:?}");
    // Nor once it has recorded something, and was started again.
    record(&log, &Draft { time: years, ..on(0, 77) }).unwrap();
    log.close().unwrap();
    let log = open(&Disk, data.path(), 64 << 20, years);
    assert!(log.erase(&SHORT, (years, ClockBy::Entries), &by_rule(years), &|| true).is_err());
    let erased = log.erase(&SHORT, (at(4), ClockBy::Entries), &by_rule(at(4)), &|| true).unwrap();
    assert_eq!(erased.iter().map(|file| file.entries).sum::<u64>(), 2 * 4);
    log.close().unwrap();
}

#[test]
fn a_day_ends_also_where_nothing_more_is_recorded() {
    let data = tempfile::tempdir().unwrap();
    let log = open(&Disk, data.path(), 64 << 20, at(0));
    let folder = folder_of(data.path(), &log);
    record(&log, &on(0, 1)).unwrap();
    log.erase(&SHORT, (at(9), ClockBy::Word), &by_rule(at(9)), &|| true).unwrap();
    log.close().unwrap();
    assert_eq!(sealed_files(&folder, "sealed").len(), 1);
}

#[test]
fn a_key_that_is_lost_is_not_replaced() {
    let data = tempfile::tempdir().unwrap();
    let (folder, _) = log_of_days(data.path(), 3, 6);
    let (lost, before) = (sealed_files(&folder, "key").remove(0), sealed_files(&folder, "sealed").len());
    let key = content(&lost);
    std::fs::remove_file(&lost).unwrap();
    open(&Disk, data.path(), 64 << 20, at(3)).close().unwrap();
    assert!(!lost.exists(), "what it sealed could never be read again");
    replace(&lost, &key);
    open(&Disk, data.path(), 64 << 20, at(3)).close().unwrap();
    assert!(examined(&folder).faults.is_empty());
    assert!(sealed_files(&folder, "sealed").len() > before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_days_an_entry_is_there_until_its_class_is_over(
        steps in prop::collection::vec((0_i64..12, 0_u8..4), 1..120),
        bytes in 600_u64..6000,
        days in (1_u32..6, 1_u32..6, 1_u32..6),
    ) {
        let data = tempfile::tempdir().unwrap();
        let log = open(&Disk, data.path(), bytes, at(0));
        let folder = folder_of(data.path(), &log);
        // Clocks are set back, so that days come in any order.
        let drafts: Vec<_> = steps.iter().zip(0..).map(|((day, what), number)| {
            let draft = on(*day, number);
            match what {
                0 => Draft { verdict: Some("hit"), ..draft },
                1 => Draft { verdict: Some("inconclusive"), ..draft },
                2 => Draft { act: Act::Import, verdict: None, ..draft },
                _ => Draft { act: Act::ManifestLine, verdict: Some("no_hit"), ..draft },
            }
        }).collect();
        for draft in &drafts {
            record(&log, draft).unwrap();
        }
        log.close().unwrap();
        let retention =
            Retention { answers_days: Some(days.0), hits_days: Some(days.1), acts_days: Some(days.2) };
        let now = at(13);
        erase(data.path(), &retention, now).unwrap();
        prop_assert!(examined(&folder).faults.is_empty());
        let mut at_entry = 0;
        read_log(&Disk, &folder, &mut |recorded| {
            if let Some(((day, what), draft)) = steps.get(at_entry).zip(drafts.get(at_entry)) {
                let kept = match what { 0 => days.1, 2 => days.2, _ => days.0 };
                let is_over = day + i64::from(kept) < 13;
                assert_eq!(recorded.clone().whole().is_none(), is_over, "entry {at_entry}");
                if let Some(stored) = recorded.whole() {
                    assert_eq!(stored.entry, Entry::of(draft, at_entry as u64));
                }
            }
            at_entry += 1;
        }).unwrap();
        prop_assert!(at_entry >= drafts.len());
    }
}
