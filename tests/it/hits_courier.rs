//! Hits are delivered at least once and in order, whatever the receiver, the log and the disk do meanwhile.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use portcullis::alerting::hits::{
    Courier, Cursor, CursorError, HitReader, HitSite, Hub, Message, Outcome, Reply, Secret, Sinks, Target,
    Told, Trouble,
};
use portcullis::audit::{AuditError, AuditLog, ClockBy, Config, Draft, Position, Retention, Role};
use portcullis::domain::alert::CallerClass;
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::{Disk, Storage};

use crate::audit_samples::{content, draft, record, replace};
use crate::support::recording::Recording;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn at(day: i64) -> Timestamp {
    draft(0, 0).time.checked_add((24 * day).hours()).unwrap()
}

/// Every third is a hit.
fn on(day: i64, number: u64) -> Draft {
    let time = at(day).checked_add((number as i64).microseconds()).unwrap();
    Draft { time, ..draft(number, 0) }
}

fn open(data: &Path, journal_bytes_max: u64, now: Timestamp) -> AuditLog {
    let config = Config { journal_bytes_max, ..Config::default() };
    AuditLog::open(Arc::new(Disk), data, Role::Serve, config, now).unwrap().0
}

fn write(log: &AuditLog, day: i64, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| drop(record(log, &on(day, number)).unwrap()));
}

fn ids(log: &AuditLog, numbers: std::ops::Range<u64>) -> Vec<String> {
    let hits = numbers.filter(|number| number.is_multiple_of(3));
    hits.map(|number| format!("{}-{number}", log.log_id())).collect()
}

fn site(data: &Path) -> HitSite {
    HitSite { storage: Arc::new(Disk), data_dir: data.to_owned(), name: None }
}

/// What was delivered, and what the receiver says to each.
#[derive(Clone, Default)]
struct Desk {
    posted: Arc<Mutex<Vec<Message>>>,
    says: Arc<Mutex<Vec<std::io::Result<Reply>>>>,
}

impl Desk {
    /// What it says next; once that is said it takes everything.
    fn says(&self, says: impl IntoIterator<Item = std::io::Result<Reply>>) {
        *self.says.lock().unwrap() = says.into_iter().collect::<Vec<_>>();
        self.says.lock().unwrap().reverse();
    }

    fn ids(&self) -> Vec<String> {
        self.posted.lock().unwrap().iter().map(|message| message.id.clone()).collect()
    }
}

impl Target for Desk {
    fn post(&self, message: &Message) -> std::io::Result<Reply> {
        self.posted.lock().unwrap().push(message.clone());
        self.says.lock().unwrap().pop().unwrap_or(Ok(status(204)))
    }
}

fn status(status: u16) -> Reply {
    Reply { status, retry_after: None }
}

fn away() -> std::io::Result<Reply> {
    Err(std::io::ErrorKind::ConnectionRefused.into())
}

struct Run {
    desk: Desk,
    sinks: Arc<Sinks>,
}

impl Run {
    fn new() -> Self {
        Self { desk: Desk::default(), sinks: Arc::default() }
    }

    /// Runs a courier until it has waited so often; gives the waits.
    fn waits(&self, site: HitSite, times: usize) -> Vec<Duration> {
        self.waits_and(site, times, |_| {})
    }

    /// The same, with something done at each wait.
    fn waits_and(&self, site: HitSite, times: usize, mut done: impl FnMut(usize)) -> Vec<Duration> {
        let end = HitReader::at_end(&site, CallerClass::Officer).unwrap().position().clone();
        let mut waits = Vec::new();
        let courier = Courier {
            name: "desk".into(),
            site,
            class: CallerClass::Officer,
            target: Box::new(self.desk.clone()),
            secret: Secret::parse(SECRET).unwrap(),
            clock: Arc::new(Clock::new(SystemClock)),
            sinks: self.sinks.clone(),
        };
        courier.run(&end, &mut |time| {
            waits.push(time);
            done(waits.len());
            waits.len() < times
        });
        waits
    }

    fn trouble(&self) -> Option<Trouble> {
        self.sinks.all()["desk"].trouble.clone()
    }

    fn count(&self, outcome: Outcome) -> u64 {
        self.sinks.all()["desk"].deliveries.get(&outcome).copied().unwrap_or_default()
    }
}

#[test]
fn a_sink_begins_with_what_comes_from_its_first_start_on() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    write(&log, 0, 0..10);
    let run = Run::new();
    run.waits(site(data.path()), 1);
    write(&log, 0, 10..20);
    run.waits(site(data.path()), 1);
    run.waits(site(data.path()), 1);
    assert_eq!(run.desk.ids(), ids(&log, 10..20), "each once, also over a restart");
}

#[test]
fn a_new_sink_loses_no_hit_while_its_first_cursor_cannot_be_written() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    write(&log, 0, 0..10);
    let (run, hits) = (Run::new(), data.path().join("hits"));
    std::fs::write(&hits, "no folder").unwrap();
    run.waits_and(site(data.path()), 4, |waits| match waits {
        1 => write(&log, 0, 10..20),
        2 => std::fs::remove_file(&hits).unwrap(),
        _ => {}
    });
    assert_eq!((run.desk.ids(), run.trouble()), (ids(&log, 10..20), None));
}

#[test]
fn a_sink_has_begun_once_it_is_told_all_that_comes_whatever_ends() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    let (run, hits) = (Run::new(), data.path().join("hits"));
    let begun = || run.sinks.all()["desk"].begun;
    std::fs::write(&hits, "no folder").unwrap();
    run.waits_and(site(data.path()), 3, |waits| match waits {
        1 => assert!(!begun()),
        2 => std::fs::remove_file(&hits).unwrap(),
        _ => assert!(begun()),
    });
    write(&log, 0, 0..10);
    std::fs::write(hits.join("desk.cursor"), "spoilt").unwrap();
    run.waits_and(site(data.path()), 2, |_| assert!(begun(), "it was told how far it got"));
    let lock = Cursor::lock(&Disk, data.path(), "desk").unwrap();
    run.waits_and(site(data.path()), 2, |_| assert!(begun(), "whoever delivers knows it"));
    std::fs::remove_file(hits.join("desk.cursor")).unwrap();
    run.waits_and(site(data.path()), 2, |_| assert!(!begun(), "nobody knows it"));
    drop(lock);
}

#[test]
fn whoever_comes_back_is_told_everything_also_what_was_sealed_meanwhile() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 20_000, at(0));
    let run = Run::new();
    run.waits(site(data.path()), 1);
    write(&log, 0, 0..300);
    run.desk.says(std::iter::repeat_with(away).take(4));
    run.waits(site(data.path()), 4);
    assert_eq!(run.trouble(), Some(Trouble::Delivery(Outcome::Unreachable, "connection refused".into())));
    write(&log, 1, 300..700);
    log.close().unwrap();
    let log = open(data.path(), 20_000, at(2));
    write(&log, 2, 700..800);
    run.desk.posted.lock().unwrap().clear();
    run.waits(site(data.path()), 20);
    assert_eq!(run.desk.ids(), ids(&log, 0..800));
    assert_eq!((run.trouble(), run.count(Outcome::Unreachable)), (None, 4));
    assert_eq!(run.sinks.all()["desk"].behind, 0);
}

#[test]
fn a_delivery_is_tried_until_it_is_taken_with_the_same_id_and_longer_waits() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    let run = Run::new();
    run.waits(site(data.path()), 1);
    write(&log, 0, 0..4);
    let asks = Reply { status: 429, retry_after: Some(Duration::from_secs(77)) };
    let asks_too_much = Reply { status: 503, retry_after: Some(Duration::from_secs(86_400)) };
    let replies = [away(), Ok(status(500)), Ok(status(410)), Ok(status(301)), Ok(asks), Ok(asks_too_much)];
    run.desk.says(replies);
    let waits = run.waits(site(data.path()), 7);
    for (wait, whole) in waits.iter().zip([1, 2, 4, 8]) {
        assert!((whole * 500..=whole * 1000).contains(&(wait.as_millis() as u64)), "{waits:?}");
    }
    assert_eq!(
        waits[4..6],
        [Duration::from_secs(77), Duration::from_secs(300)],
        "what it asks for, in bounds"
    );
    let first = ids(&log, 0..1).remove(0);
    let right: Vec<_> = std::iter::repeat_n(first, 6).chain(ids(&log, 0..4)).collect();
    assert_eq!(run.desk.ids(), right, "nothing comes before what is before it");
    let counts = Outcome::ALL.iter().map(|outcome| run.count(*outcome)).collect::<Vec<_>>();
    assert_eq!(counts, [2, 2, 3, 1], "delivered, refused, failed, unreachable");
}

#[test]
fn a_process_that_ends_before_it_has_written_how_far_it_was_repeats_and_loses_nothing() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    let run = Run::new();
    run.waits(site(data.path()), 1);
    let cursor = data.path().join("hits/desk.cursor");
    let before = content(&cursor);
    write(&log, 0, 0..30);
    run.waits(site(data.path()), 1);
    assert_eq!(run.desk.ids(), ids(&log, 0..30));
    replace(&cursor, &before);
    write(&log, 0, 30..33);
    run.waits(site(data.path()), 1);
    assert_eq!(run.desk.ids(), [ids(&log, 0..30), ids(&log, 0..33)].concat());
}

#[test]
fn hits_that_were_erased_before_they_could_be_told_are_counted() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    let run = Run::new();
    run.waits(site(data.path()), 1);
    for day in 0..4 {
        write(&log, day, 10 * day as u64..10 * day as u64 + 10);
    }
    log.close().unwrap();
    let retention = Retention { hits_days: Some(3), ..Retention::default() };
    open(data.path(), 64 << 20, at(4)).close().unwrap();
    let log = open(data.path(), 64 << 20, at(4));
    let by = Draft { verdict: None, ..on(4, 40) };
    let erased = log.erase(&retention, (at(4), ClockBy::Word), &by, &|| true).unwrap();
    assert_eq!(erased.iter().map(|file| file.entries).sum::<u64>(), 4);
    run.waits(site(data.path()), 1);
    assert_eq!(run.desk.ids(), ids(&log, 10..40));
    assert_eq!(run.sinks.all()["desk"].erased, 4);
}

#[test]
fn a_cursor_that_is_spoilt_stops_the_sink_until_it_is_restored_and_is_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    let run = Run::new();
    run.waits(site(data.path()), 1);
    write(&log, 0, 0..9);
    let cursor = data.path().join("hits/desk.cursor");
    let sound = content(&cursor);
    let mut spoilt = sound.clone();
    spoilt[30] ^= 1;
    replace(&cursor, &spoilt);
    run.waits(site(data.path()), 3);
    let Some(Trouble::Reading(why)) = run.trouble() else { panic!("{:?}", run.trouble()) };
    assert!(why.contains("desk.cursor") && why.contains("spoilt"), "{why}");
    assert_eq!((run.desk.ids().len(), content(&cursor)), (0, spoilt));
    replace(&cursor, &sound);
    run.waits(site(data.path()), 1);
    assert_eq!((run.desk.ids(), run.trouble()), (ids(&log, 0..9), None));
}

#[test]
fn a_log_that_is_damaged_is_told_and_hits_of_others_are_delivered() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    let run = Run::new();
    run.waits(site(data.path()), 1);
    let other = AuditLog::open(Arc::new(Disk), data.path(), Role::Cli, Config::default(), at(0)).unwrap().0;
    write(&other, 0, 0..9);
    let bodies = data.path().join("audit").join(&**other.log_id()).join("bodies");
    other.close().unwrap();
    let mut bytes = content(&bodies);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    replace(&bodies, &bytes);
    write(&log, 0, 0..9);
    run.waits(site(data.path()), 2);
    assert!(ids(&log, 0..9).iter().all(|id| run.desk.ids().contains(id)), "{:?}", run.desk.ids());
    let Some(Trouble::Reading(why)) = run.trouble() else { panic!("{:?}", run.trouble()) };
    assert!(why.contains("damaged") && why.contains("bodies"), "{why}");
}

#[test]
fn two_processes_do_not_deliver_to_one_sink() {
    let data = tempfile::tempdir().unwrap();
    let _log = open(data.path(), 64 << 20, at(0));
    let run = Run::new();
    run.waits(site(data.path()), 1);
    let _held = Disk.lock(&data.path().join("hits/desk.lock")).unwrap();
    run.waits(site(data.path()), 1);
    assert_eq!(run.trouble(), Some(Trouble::Reading("another process delivers them".into())));
}

#[test]
fn a_crash_at_any_moment_leaves_a_cursor_that_says_no_more_than_was_written_and_no_less_than_was_kept() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let cursor = Cursor::of(Arc::new(disk.clone()), root.path(), "desk");
    let position = |next: u64| Position::parse(&format!("serve-00c0ffee:{next}")).unwrap();
    let mut kept = Vec::new();
    for next in 1..5 {
        cursor.write(&position(next)).unwrap();
        kept.push((disk.operations(), next));
    }
    let images = disk.crash_images(7, |image| {
        let read = Cursor::of(Arc::new(Disk), image.root(), "desk").read();
        let found = read.unwrap_or_else(|error| panic!("{error} in {image:?}"));
        let found = found.map_or(0, |position| position.next("serve-00c0ffee"));
        let owed = kept.iter().filter(|(operations, _)| *operations <= image.operations);
        let owed = owed.map(|(_, next)| *next).max().unwrap_or(0);
        assert!((owed..=owed + 1).contains(&found), "{found} where {owed} was kept");
    });
    assert!(images > 20, "{images}");
}

#[test]
fn a_full_disk_keeps_no_hit_from_being_told_and_the_cursor_as_it_was() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let cursor = Cursor::of(Arc::new(disk.clone()), root.path(), "desk");
    let position = Position::parse("serve-00c0ffee:7").unwrap();
    cursor.write(&position).unwrap();
    disk.disk_full_after(Some(10));
    let refused = cursor.write(&Position::parse("serve-00c0ffee:8").unwrap());
    assert!(matches!(refused, Err(CursorError::Storage { .. })), "{refused:?}");
    assert_eq!(cursor.read().unwrap(), Some(position));
}

/// All that a stream has, while the hub turns.
fn take(hub: &Hub, hits: &mut tokio::sync::mpsc::Receiver<Told>, count: usize) -> Vec<Told> {
    let mut taken = Vec::new();
    for _ in 0..200 {
        hub.turn();
        while taken.len() < count
            && let Ok(told) = hits.try_recv()
        {
            taken.push(told);
        }
    }
    taken
}

fn told_ids(told: &[Told]) -> Vec<String> {
    told.iter().map(|told| told.event.id.clone()).collect()
}

#[test]
fn streams_are_told_the_same_wherever_they_begin_and_however_slowly_they_take() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    write(&log, 0, 0..300);
    let hub = Hub::new(site(data.path()));
    let mut old = hub.subscribe(Some(Position::default())).unwrap();
    let mut slow = hub.subscribe(Some(Position::default())).unwrap();
    let mut new = hub.subscribe(None).unwrap();
    assert_eq!(new.from.next(log.log_id()), 300);
    let begun = take(&hub, &mut old.hits, 100);
    assert_eq!(told_ids(&begun), ids(&log, 0..300));
    // More than is kept for whoever does not take it.
    let entries = (300..6000).map(|number| (on(0, number), ())).collect::<Vec<_>>();
    for group in entries.chunks(500) {
        let _ = log.submit_many(group.to_vec()).unwrap().wait().unwrap();
        hub.turn();
    }
    assert_eq!(told_ids(&take(&hub, &mut old.hits, 1900)), ids(&log, 300..6000));
    assert_eq!(told_ids(&take(&hub, &mut new.hits, 1900)), ids(&log, 300..6000));
    let taken = take(&hub, &mut slow.hits, 2000);
    assert_eq!(told_ids(&taken), ids(&log, 0..6000));
    let mut again = hub.subscribe(Some(taken[999].after.clone())).unwrap();
    assert_eq!(told_ids(&take(&hub, &mut again.hits, 1000)), ids(&log, 3000..6000));
    // And all go on with what comes.
    write(&log, 0, 6000..6004);
    for stream in [&mut old, &mut new, &mut slow, &mut again] {
        assert_eq!(told_ids(&take(&hub, &mut stream.hits, 2)), ids(&log, 6000..6004));
    }
}

#[test]
fn a_stream_from_beyond_the_log_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let log = open(data.path(), 64 << 20, at(0));
    let beyond = Position::parse(&format!("{}:1", log.log_id())).unwrap();
    let refused = Hub::new(site(data.path())).subscribe(Some(beyond));
    assert!(matches!(refused, Err(AuditError::ReadFurther { .. })), "{refused:?}");
}
