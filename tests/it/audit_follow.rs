//! Whoever follows the logs of a site sees all that is recorded, once and in order, wherever it stands by then.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{Timestamp, ToSpan};
use portcullis::audit::{
    AuditError, AuditLog, ClockBy, Config, Draft, Fault, Follower, Position, Recorded, Retention,
    RetentionClass, Role, Wanted,
};
use portcullis::domain::Durability;
use portcullis::ground::storage::Disk;
use proptest::prelude::*;

use crate::audit_samples::{content, draft, frame_offsets, record, replace, until};
use crate::support::recording::Recording;

const ALL: Wanted<'_> = Wanted { classes: RetentionClass::ALL, body: &|_| true };
const HITS: Wanted<'_> = Wanted { classes: &[RetentionClass::Hits], body: &is_hit };

fn is_hit(body: &[u8]) -> bool {
    body.windows(15).any(|bytes| bytes == b"\"verdict\":\"hit\"")
}

fn at(day: i64) -> Timestamp {
    draft(0, 0).time.checked_add((24 * day).hours()).unwrap()
}

fn on(day: i64, number: u64) -> Draft {
    let time = at(day).checked_add((number as i64).microseconds()).unwrap();
    Draft { time, ..draft(number, 0) }
}

fn open(data: &Path, role: Role, journal_bytes_max: u64, now: Timestamp) -> AuditLog {
    let config = Config { journal_bytes_max, ..Config::default() };
    AuditLog::open(Arc::new(Disk), data, role, config, now).unwrap().0
}

fn folder_of(data: &Path, log: &AuditLog) -> PathBuf {
    data.join("audit").join(&**log.log_id())
}

fn follower(data: &Path, from: Position) -> Follower {
    Follower::new(Arc::new(Disk), data.to_owned(), from)
}

/// What a poll tells: of each entry its log and place.
fn poll(follower: &mut Follower, wanted: Wanted<'_>, most: u64) -> Result<Vec<(String, u64)>, AuditError> {
    let mut seen = Vec::new();
    let mut last = None;
    let polled = follower.poll(wanted, most, &mut |log, position, recorded| {
        let Recorded::Whole(stored) = recorded else { panic!("what was erased is passed over") };
        assert_eq!(position.next(log), stored.entry.sequence + 1);
        last = Some(position.clone());
        seen.push((log.to_string(), stored.entry.sequence));
    });
    polled.map(|_| seen)
}

/// All that there is, a few at a time.
fn drain(follower: &mut Follower, wanted: Wanted<'_>, most: u64) -> Vec<(String, u64)> {
    let mut seen = Vec::new();
    loop {
        let behind = follower.behind().unwrap();
        seen.extend(poll(follower, wanted, most).unwrap());
        if behind == 0 {
            return seen;
        }
        assert!(follower.behind().unwrap() < behind, "each poll moves on");
    }
}

fn places(log: &AuditLog, entries: impl IntoIterator<Item = u64>) -> Vec<(String, u64)> {
    entries.into_iter().map(|entry| (log.log_id().to_string(), entry)).collect()
}

#[test]
fn all_that_is_recorded_while_it_is_followed_is_told_once_and_in_order() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), Role::Serve, 20_000, at(0));
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let following = scope.spawn(|| {
            let mut follower = follower(data.path(), Position::default());
            let mut seen = Vec::new();
            loop {
                let ended = done.load(Ordering::Acquire);
                seen.extend(poll(&mut follower, ALL, 70).unwrap());
                if ended && follower.behind().unwrap() == 0 {
                    return seen;
                }
            }
        });
        for number in 0..1200 {
            // Files of the journal end by their length and with the day, and are sealed meanwhile.
            let _ = record(&log, &on(number as i64 / 500, number)).unwrap();
        }
        done.store(true, Ordering::Release);
        following.join().unwrap()
    });
    assert_eq!(seen, places(&log, 0..1200));
    log.close().unwrap();
}

#[test]
fn a_position_resumes_wherever_it_was_taken_and_wherever_the_entries_are_by_then() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), Role::Serve, 20_000, at(0));
    (0..400).for_each(|number| drop(record(&log, &on(number as i64 / 150, number)).unwrap()));
    let all = places(&log, 0..400);
    let mut positions = vec![Position::default()];
    let mut first = follower(data.path(), Position::default());
    first
        .poll(ALL, 1000, &mut |_, position, _| {
            positions.push(Position::parse(&position.to_string()).unwrap())
        })
        .unwrap();
    assert_eq!(positions.len(), 401);
    let resume = || {
        for (at, position) in positions.iter().enumerate().step_by(13) {
            let rest = drain(&mut follower(data.path(), position.clone()), ALL, 90);
            assert_eq!(rest, all[at..], "{position}");
            let hits = drain(&mut follower(data.path(), position.clone()), HITS, 90);
            let right = all[at..].iter().filter(|(_, entry)| entry % 3 == 0).cloned().collect::<Vec<_>>();
            assert_eq!(hits, right, "{position}");
        }
    };
    resume();
    log.close().unwrap();
    // Now all but the newest file is sealed for certain.
    resume();
    // What tells where entries stand lags behind after a crash.
    let folder = data.path().join("audit").join(&all[0].0);
    for places in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        if places.file_name().unwrap().to_str().unwrap().starts_with("places") {
            replace(&places, &[]);
        }
    }
    resume();
}

#[test]
fn several_logs_are_followed_and_one_that_appears_later() {
    let data = tempfile::tempdir().unwrap();
    let mut follower = follower(data.path(), Position::default());
    assert!(poll(&mut follower, ALL, 100).unwrap().is_empty(), "there is no log yet");
    let serve = open(data.path(), Role::Serve, 64 << 20, at(0));
    (0..5).for_each(|number| drop(record(&serve, &on(0, number)).unwrap()));
    assert_eq!(drain(&mut follower, ALL, 100), places(&serve, 0..5));
    let cli = open(data.path(), Role::Cli, 64 << 20, at(0));
    (0..3).for_each(|number| drop(record(&cli, &on(0, number)).unwrap()));
    let _ = record(&serve, &on(0, 5)).unwrap();
    let mut seen = drain(&mut follower, ALL, 100);
    seen.sort();
    assert_eq!(seen, [places(&cli, 0..3), places(&serve, 5..6)].concat());
    assert_eq!(follower.position().to_string(), format!("{}:3,{}:6", cli.log_id(), serve.log_id()));
    // One that is put aside is no log of the site any more.
    let (folder, id) = (folder_of(data.path(), &cli), cli.log_id().clone());
    cli.close().unwrap();
    std::fs::rename(&folder, folder.with_extension("damaged")).unwrap();
    let _ = record(&serve, &on(0, 6)).unwrap();
    assert_eq!(drain(&mut follower, ALL, 100), places(&serve, 6..7));
    assert_eq!(follower.position().next(&id), 3);
    assert_eq!(follower.gone().unwrap(), [id]);
    serve.close().unwrap();
}

#[test]
fn a_busy_log_keeps_no_other_waiting() {
    let data = tempfile::tempdir().unwrap();
    let logs = [Role::Cli, Role::Serve].map(|role| open(data.path(), role, 64 << 20, at(0)));
    (0..200).for_each(|number| drop(record(&logs[0], &on(0, number)).unwrap()));
    let _ = record(&logs[1], &on(0, 0)).unwrap();
    let seen = poll(&mut follower(data.path(), Position::default()), ALL, 10).unwrap();
    assert!(seen.contains(&places(&logs[1], [0])[0]) && seen.len() < 20, "{seen:?}");
}

#[test]
fn what_begins_at_the_end_is_told_only_what_comes_after() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), Role::Serve, 64 << 20, at(0));
    (0..5).for_each(|number| drop(record(&log, &on(0, number)).unwrap()));
    let mut follower = Follower::at_end(Arc::new(Disk), data.path().to_owned()).unwrap();
    assert_eq!(follower.behind().unwrap(), 0);
    let _ = record(&log, &on(0, 5)).unwrap();
    assert_eq!(follower.behind().unwrap(), 1);
    assert_eq!(drain(&mut follower, ALL, 100), places(&log, 5..6));
}

#[test]
fn what_was_erased_is_passed_over_and_counted_if_it_was_wanted() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), Role::Serve, 64 << 20, at(0));
    (0..40).for_each(|number| drop(record(&log, &on(number as i64 / 10, number)).unwrap()));
    log.close().unwrap();
    let retention = Retention { answers_days: Some(2), hits_days: Some(3), acts_days: None };
    // What is of days before is sealed by the end of one process, and erased by the next.
    open(data.path(), Role::Serve, 64 << 20, at(4)).close().unwrap();
    let log = open(data.path(), Role::Serve, 64 << 20, at(4));
    let by = Draft { verdict: None, ..on(4, 40) };
    let erased = log.erase(&retention, (at(4), ClockBy::Word), &by, &|| true).unwrap();
    assert!(erased.iter().any(|file| file.class == RetentionClass::Hits));
    let mut hits = follower(data.path(), Position::default());
    let right = places(&log, (10..40).filter(|entry| entry % 3 == 0));
    assert_eq!(drain(&mut hits, HITS, 7), right);
    assert_eq!(hits.erased(), 4, "0, 3, 6 and 9");
    // Those of the answers are gone as well, of two days, and were not wanted.
    let mut all = follower(data.path(), Position::default());
    let _ = drain(&mut all, ALL, 100);
    assert_eq!(all.erased(), 10 + 7);
}

#[test]
fn an_entry_is_told_once_it_is_durable_and_whole() {
    let data = tempfile::tempdir().unwrap();
    let config = Config { durability: Durability::Written, ..Config::default() };
    let log = AuditLog::open(Arc::new(Disk), data.path(), Role::Serve, config, at(0)).unwrap().0;
    (0..6).for_each(|number| drop(record(&log, &on(0, number)).unwrap()));
    let folder = folder_of(data.path(), &log);
    log.close().unwrap();
    let (bodies, leaves) = (folder.join("bodies"), folder.join("leaves"));
    let (whole, all_leaves) = (content(&bodies), content(&leaves));
    let offsets = frame_offsets(&whole);
    let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
    let mut follower = follower(data.path(), Position::default());
    // Torn in the middle of its frame, then whole without a leaf, then with half of one.
    for (bodies_bytes, leaves_bytes) in
        [(offsets[4] + 30, 4 * 32), (offsets[5], 4 * 32), (offsets[5], 4 * 32 + 31)]
    {
        replace(&bodies, &whole[..bodies_bytes]);
        replace(&leaves, &all_leaves[..64 + leaves_bytes]);
        follower = self::follower(data.path(), follower.position().clone());
        let told = poll(&mut follower, ALL, 100).unwrap();
        assert!(told.iter().all(|(_, entry)| *entry < 4), "{told:?}");
        assert_eq!(follower.position().next(&name), 4);
    }
    // The same reader goes on once the rest is there.
    let append = |path: &Path, bytes: &[u8]| {
        use std::io::Write as _;
        std::fs::File::options().append(true).open(path).unwrap().write_all(bytes).unwrap();
    };
    append(&leaves, &all_leaves[64 + 4 * 32 + 31..64 + 5 * 32]);
    assert_eq!(poll(&mut follower, ALL, 100).unwrap(), [(name.clone(), 4)]);
    append(&bodies, &whole[offsets[5]..]);
    append(&leaves, &all_leaves[64 + 5 * 32..]);
    assert_eq!(poll(&mut follower, ALL, 100).unwrap(), [(name, 5)]);
}

#[test]
fn what_was_told_is_not_taken_back_whenever_the_disk_is_full() {
    let group = |first: u64| (first..first + 3).map(|number| (draft(number, 0), ())).collect::<Vec<_>>();
    let frames = {
        let data = tempfile::tempdir().unwrap();
        let log = open(data.path(), Role::Serve, 64 << 20, at(0));
        let _ = log.submit_many(group(10)).unwrap().wait().unwrap();
        content(&folder_of(data.path(), &log).join("bodies")).len() - 64
    };
    let take = |follower: &mut Follower, seen: &mut Vec<_>| {
        let taken = &mut |_: &Arc<str>, _: &Position, recorded| {
            let Recorded::Whole(stored) = recorded else { return };
            seen.push((stored.entry.sequence, stored.leaf));
        };
        follower.poll(ALL, 1000, taken).unwrap();
    };
    // Room for no frame of a group, for some, and for all of them and some of their leaves.
    for room in [0, 40, frames - 1].into_iter().chain((0..=100).step_by(9).map(|leaves| frames + leaves)) {
        let data = tempfile::tempdir().unwrap();
        let disk = Recording::new(data.path());
        let (storage, now) = (Arc::new(disk.clone()), draft(0, 0).time);
        let log = AuditLog::open(storage, data.path(), Role::Serve, Config::default(), now).unwrap().0;
        let _ = record(&log, &draft(0, 0)).unwrap();
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (mut early, told) = (follower(data.path(), Position::default()), seen.clone());
        disk.watch(move || take(&mut early, &mut told.lock().unwrap()));
        disk.disk_full_after(Some(room));
        let is_recorded = log.submit_many(group(20)).unwrap().wait().is_ok();
        disk.disk_full_after(None);
        until("the log is writable again", || log.writable());
        let _ = log.submit_many(group(30)).unwrap().wait().unwrap();
        log.close().unwrap();
        let mut all = Vec::new();
        take(&mut follower(data.path(), Position::default()), &mut all);
        assert_eq!((is_recorded, all.len()), (room >= frames, if room >= frames { 7 } else { 4 }), "{room}");
        assert_eq!(*seen.lock().unwrap(), all, "room for {room} of {frames}");
    }
}

#[test]
fn damage_is_named_and_not_passed_over_and_keeps_no_other_log_from_being_read() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), Role::Cli, 64 << 20, at(0));
    (0..10).for_each(|number| drop(record(&log, &on(0, number)).unwrap()));
    let folder = folder_of(data.path(), &log);
    log.close().unwrap();
    let other = open(data.path(), Role::Serve, 64 << 20, at(0));
    let _ = record(&other, &on(0, 0)).unwrap();
    let name = folder.file_name().unwrap().to_str().unwrap();
    let (bodies, leaves) = (folder.join("bodies"), folder.join("leaves"));
    let (whole, all_leaves) = (content(&bodies), content(&leaves));
    let offsets = frame_offsets(&whole);
    let fault_of = |bodies_now: &[u8], leaves_now: &[u8], next: u64| {
        replace(&bodies, bodies_now);
        replace(&leaves, leaves_now);
        let mut follower = follower(data.path(), Position::default());
        let fault = (0..2).map(|_| match poll(&mut follower, ALL, 100).unwrap_err() {
            AuditError::Damaged(damage) => (damage.path, damage.entry, damage.fault),
            other => panic!("{other:?}"),
        });
        let faults: Vec<_> = fault.collect();
        assert_eq!(faults[0], faults[1], "it says so again");
        assert_eq!(follower.position().next(name), next, "it stands before it");
        assert_eq!(follower.position().next(other.log_id()), 1, "the other was read");
        faults[0].clone()
    };
    let mut flipped = whole.clone();
    flipped[offsets[6] + 40] ^= 1;
    assert_eq!(fault_of(&flipped, &all_leaves, 6), (bodies.clone(), Some(6), Fault::Frame));
    let cut = &whole[..offsets[8] + 20];
    assert_eq!(fault_of(cut, &all_leaves, 8), (bodies.clone(), Some(8), Fault::Frame));
    let missing = Fault::EntriesMissing { leaves: 9, entries: 8 };
    assert_eq!(fault_of(&whole[..offsets[8]], &all_leaves, 8), (bodies.clone(), Some(8), missing));
    let twice = [&whole[..offsets[3]], &whole[offsets[2]..]].concat();
    let again = (bodies.clone(), Some(3), Fault::Sequence { found: 2 });
    assert_eq!(fault_of(&twice, &all_leaves, 3), again);
    let mut wrong_leaf = all_leaves.clone();
    wrong_leaf[64 + 5 * 32] ^= 1;
    assert_eq!(fault_of(&whole, &wrong_leaf, 5), (leaves.clone(), Some(5), Fault::Leaf));
    // A hole that a power cut left vouches for nothing, and is no damage.
    let mut hole = all_leaves.clone();
    hole[64 + 5 * 32..64 + 6 * 32].fill(0);
    replace(&leaves, &hole);
    replace(&bodies, &whole);
    assert_eq!(drain(&mut follower(data.path(), Position::default()), ALL, 100).len(), 11);
}

#[test]
fn a_log_that_has_less_than_was_read_is_told() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), Role::Serve, 64 << 20, at(0));
    (0..4).for_each(|number| drop(record(&log, &on(0, number)).unwrap()));
    let position = Position::parse(&format!("{}:9", log.log_id())).unwrap();
    let told = poll(&mut follower(data.path(), position), ALL, 100).unwrap_err();
    assert!(matches!(told, AuditError::ReadFurther { next: 9, entries: 4, .. }), "{told:?}");
}

#[test]
fn a_sealed_file_that_is_spoilt_or_taken_away_is_told() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), Role::Serve, 20_000, at(0));
    (0..400).for_each(|number| drop(record(&log, &on(0, number)).unwrap()));
    let folder = folder_of(data.path(), &log).join("sealed");
    log.close().unwrap();
    let of_class = |class: &str| {
        let paths = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|end| end == "sealed"))
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(class))
            .collect();
        paths.sort();
        paths.swap_remove(1)
    };
    let fault = |wanted| match poll(&mut follower(data.path(), Position::default()), wanted, 1000) {
        Err(AuditError::Damaged(damage)) => Some(damage.fault),
        Err(other) => panic!("{other:?}"),
        Ok(_) => None,
    };
    assert_eq!(fault(HITS), None);
    let (hits, answers) = (of_class("hits"), of_class("answers"));
    let sound = content(&hits);
    let mut spoilt = sound.clone();
    let middle = spoilt.len() * 2 / 3;
    spoilt[middle] ^= 1;
    replace(&hits, &spoilt);
    assert_eq!(fault(HITS), Some(Fault::Sealed));
    replace(&hits, &sound);
    // Of what nobody wants only what stands in clear is looked at, so that nothing goes missing unseen.
    let unwanted = content(&answers);
    let mut spoilt = unwanted.clone();
    let middle = spoilt.len() * 2 / 3;
    spoilt[middle] ^= 1;
    replace(&answers, &spoilt);
    assert_eq!(fault(HITS), None);
    assert_eq!(fault(ALL), Some(Fault::Sealed));
    std::fs::remove_file(&answers).unwrap();
    assert_eq!(fault(HITS), Some(Fault::Unaccounted));
    replace(&answers, &unwanted);
    std::fs::remove_file(&hits).unwrap();
    assert_eq!(fault(HITS), Some(Fault::Unaccounted));
}

#[test]
fn what_the_service_records_is_told_within_a_moment() {
    let data = tempfile::tempdir().unwrap();
    let config = Config { durability: Durability::Written, ..Config::default() };
    let log = AuditLog::open(Arc::new(Disk), data.path(), Role::Serve, config, at(0)).unwrap().0;
    let mut follower = follower(data.path(), Position::default());
    for number in 0..3 {
        let _ = record(&log, &on(0, number)).unwrap();
        until("it is told", || poll(&mut follower, ALL, 10).unwrap() == places(&log, [number]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// However much is looked at at once, and however often a reader begins anew where it stood.
    #[test]
    fn no_entry_is_lost_or_told_twice(
        bodies in proptest::collection::vec((0_u64..3, 0_usize..40_000), 1..40),
        most in 1_u64..20,
        anew: bool,
    ) {
        let data = tempfile::tempdir().unwrap();
        let log = open(data.path(), Role::Serve, 100_000, at(0));
        let mut reader = follower(data.path(), Position::default());
        let mut seen = Vec::new();
        for (number, (polls, long)) in (0..).zip(&bodies) {
            let entry = Draft { time: on(number as i64 / 15, number).time, ..draft(number, *long) };
            let _ = record(&log, &entry).unwrap();
            for _ in 0..*polls {
                seen.extend(poll(&mut reader, ALL, most).unwrap());
                if anew {
                    reader = follower(data.path(), reader.position().clone());
                }
            }
        }
        log.close().unwrap();
        seen.extend(drain(&mut reader, ALL, most));
        let places: Vec<_> = seen.iter().map(|(_, entry)| *entry).collect();
        prop_assert_eq!(places, (0..bodies.len() as u64).collect::<Vec<_>>());
    }
}
