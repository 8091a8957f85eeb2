//! The desk of alerts: drafts, expiry, acts that are done together, and wishes that are told twice.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use portcullis::alerting::{
    AlertPolicy, AlertRequest, AlertingError, Change, Deed, Desk, Fulfilled, Issue, Queue, Wanted, Wish,
};
use portcullis::audit::{self, Act, AuditLog, ClockBy, Draft, Role};
use portcullis::domain::Digest;
use portcullis::domain::alert::{AlertId, Life, LifeFault, Revision, Standing, Statement};
use portcullis::ground::clock::{Clock, TimeSource};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Alerts, Store};
use redb::{ReadableDatabase as _, ReadableTable as _};
use serde_json::json;

use crate::support::recording::Recording;

const DAY_ONE: i64 = 1_772_366_400;

/// A clock that is set.
#[derive(Clone)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(DAY_ONE)))
    }

    pub(crate) fn goes_on(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl TimeSource for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// A site with a desk and nothing else.
pub(crate) struct Office {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) log: AuditLog,
    pub(crate) clock: Clock,
    pub(crate) hand: Hand,
    pub(crate) policy: AlertPolicy,
    data: std::path::PathBuf,
}

impl Office {
    pub(crate) fn at(storage: Arc<dyn Storage>, data: &Path) -> Self {
        let hand = Hand::new();
        let clock = Clock::new(hand.clone());
        let now = clock.now().time;
        let (log, _) =
            AuditLog::open(storage.clone(), data, Role::Cli, audit::Config::default(), now).unwrap();
        Self { storage, log, clock, hand, policy: AlertPolicy::default(), data: data.to_owned() }
    }

    pub(crate) fn desk(&self, known: Alerts) -> Desk<'_> {
        Desk {
            storage: self.storage.clone(),
            data_dir: self.data.clone(),
            log: &self.log,
            clock: &self.clock,
            policy: self.policy,
            known,
        }
    }

    pub(crate) fn kept(&self) -> Vec<Revision> {
        let mut kept = Vec::new();
        if let Some(store) = Store::open(&self.storage, &self.data).unwrap() {
            store.each_after(0, &mut |revision| kept.push(revision)).unwrap();
        }
        kept
    }
}

pub(crate) fn hours(hours: i64) -> Timestamp {
    Timestamp::from_second(DAY_ONE).unwrap() + SignedDuration::from_hours(hours)
}

fn wanted(number: &str, more: &[(&str, &str)]) -> Wanted {
    let mut alert = json!({
        "document": { "issuing_state": "UTO", "number": number },
        "category": "revoked",
        "action": "refer",
        "originator": { "name": "Registry", "contact": "+999" },
        "grade": { "scheme": "3x5x2", "code": "1AP" },
        "handling": { "classes": ["officer"] },
        "valid": { "to": hours(24).to_string() },
    });
    for (field, text) in more {
        alert["valid"][*field] = json!(text);
    }
    let request = AlertRequest::parse(alert.to_string().as_bytes()).unwrap();
    request.into_wanted(Timestamp::from_second(DAY_ONE).unwrap()).unwrap()
}

pub(crate) fn statement(number: &str) -> Statement {
    wanted(number, &[]).statement
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, AlertingError>) -> LifeFault {
    match outcome {
        Err(AlertingError::Life(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

fn issue(number: &str, key: Option<&str>) -> Deed {
    Deed::Issue(Box::new(Issue { wanted: wanted(number, &[]), key: key.map(Into::into), draft: false }))
}

fn wish(deed: Deed) -> Wish {
    Wish { by: "one".into(), deed }
}

#[test]
fn a_draft_is_in_force_nowhere_until_it_is_submitted() {
    let data = tempfile::tempdir().unwrap();
    let mut office = Office::at(Arc::new(Disk), data.path());
    let (one, two) = (Arc::from("one"), Arc::from("two"));
    let mut desk = office.desk(Alerts::default());
    let draft = desk.draft(statement("Q1"), &one, Some("key")).unwrap().revision();
    let id = draft.alert;
    assert_eq!((draft.life, draft.standing(hours(1))), (Life::Drafted, Standing::Not));
    assert!(matches!(desk.draft(statement("Q1"), &one, Some("key")), Ok(Fulfilled::Before(_))));
    let as_issued = desk.issue(statement("Q1"), &one, Some("key"));
    assert!(matches!(as_issued, Err(AlertingError::KeyReused)), "a draft is not what was asked for");
    assert_eq!(refused(desk.approve(id, &two, None)), LifeFault::Draft);
    assert_eq!(refused(desk.renew(id, hours(48), &two, None)), LifeFault::Draft);
    let amended = desk.amend(id, statement("Q2"), &one, Some(1)).unwrap();
    assert_eq!((amended.life, amended.number), (Life::Drafted, 2));
    let submitted = desk.submit(id, &one, Some(2)).unwrap();
    assert_eq!(submitted.standing(hours(1)), Standing::InForce { unapproved: false });
    assert_eq!(submitted.statement, amended.statement);
    assert_eq!(refused(desk.submit(id, &one, None)), LifeFault::NotDraft);
    let other = desk.draft(statement("Q3"), &one, None).unwrap().revision().alert;
    assert_eq!(desk.withdraw(other, &one, None).unwrap().life, Life::Withdrawn);
    assert_eq!(refused(desk.submit(other, &one, None)), LifeFault::Withdrawn);
    drop(desk);
    office.policy = AlertPolicy { four_eyes: true, unapproved_hours: 2, ..AlertPolicy::default() };
    let mut desk = office.desk(Alerts::default());
    let id = desk.draft(statement("Q4"), &one, None).unwrap().revision().alert;
    let submitted = desk.submit(id, &two, None).unwrap();
    assert_eq!((submitted.life, submitted.unapproved_until), (Life::Pending, Some(hours(2))));
    assert_eq!(refused(desk.approve(id, &one, None)), LifeFault::OwnApproval, "it is he who wrote it");
    assert_eq!(desk.approve(id, &two, None).unwrap().life, Life::Active);
    office.hand.goes_on(25 * 3600);
    let late = office.desk(Alerts::default()).draft(statement("Q5"), &one, None);
    assert!(matches!(late, Err(AlertingError::Statement(_))), "a draft keeps the rules too");
}

#[test]
fn what_is_over_expires_on_record_and_can_be_renewed_and_nothing_else() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    let (one, two) = (Arc::from("one"), Arc::from("two"));
    let mut desk = office.desk(Alerts::default());
    assert_eq!(desk.expire(ClockBy::Word).unwrap(), 0);
    assert!(!data.path().join("alerts").exists(), "to look makes no store");
    let short = desk.issue(statement("Q1"), &one, None).unwrap().revision().alert;
    let long = desk.issue(statement("Q2"), &one, None).unwrap().revision().alert;
    desk.renew(long, hours(72), &one, None).unwrap();
    let draft = desk.draft(statement("Q3"), &one, None).unwrap().revision().alert;
    let mut desk_of_two =
        Desk { policy: AlertPolicy { four_eyes: true, ..desk.policy }, ..office.desk(Alerts::default()) };
    let waits = desk_of_two.issue(statement("Q4"), &one, None).unwrap().revision().alert;
    // What was approved of goes on while a change of it waits that would end earlier.
    desk_of_two.amend(long, statement("Q2"), &two, None).unwrap();
    assert_eq!(desk.expire(ClockBy::Word).unwrap(), 0);
    office.hand.goes_on(24 * 3600);
    assert_eq!(head_names(data.path()), ["head 1"], "older programs read it");
    assert_eq!(desk.expire(ClockBy::Word).unwrap(), 2);
    assert_eq!(desk.expire(ClockBy::Word).unwrap(), 0, "once");
    assert_eq!(head_names(data.path()), ["head 2"], "older programs say that they need a newer one");
    let known = desk.known.clone();
    let life = |id: &AlertId| known.get(id).unwrap().life;
    assert_eq!(
        [life(&short), life(&waits), life(&long), life(&draft)],
        [Life::Expired, Life::Expired, Life::Pending, Life::Drafted]
    );
    let expired = known.get(&short).unwrap();
    assert_eq!((&*expired.by, &*expired.issuer, expired.number), ("expiry", "one", 2));
    assert_eq!(refused(desk.amend(short, statement("Q1"), &one, None)), LifeFault::Expired);
    assert_eq!(refused(desk.approve(short, &two, None)), LifeFault::Expired);
    assert_eq!(refused(desk.withdraw(short, &one, None)), LifeFault::Expired);
    assert_eq!(refused(desk.submit(short, &one, None)), LifeFault::NotDraft);
    let renewed = desk.renew(short, hours(30), &one, None).unwrap();
    assert_eq!((renewed.life, renewed.statement.to), (Life::Active, hours(30)));
    assert_eq!(renewed.standing(hours(25)), Standing::InForce { unapproved: false });
    let renewed = desk_of_two.renew(waits, hours(30), &one, None).unwrap();
    assert_eq!((renewed.life, &*renewed.issuer), (Life::Pending, "one"), "somebody else has to approve anew");
    assert_eq!(refused(desk_of_two.approve(waits, &one, None)), LifeFault::OwnApproval);
    desk_of_two.approve(waits, &two, Some(renewed.number)).unwrap();
    let entries = office.log.syncs();
    office.hand.goes_on(48 * 3600);
    assert_eq!(desk.expire(ClockBy::Word).unwrap(), 3);
    assert!(office.log.syncs() > entries, "it is an entry as well");
    assert_eq!(office.kept().iter().filter(|revision| revision.life == Life::Expired).count(), 5);
    office.hand.goes_on(-72 * 3600);
    desk.issue(statement("Q6"), &one, None).expect_err("with a clock that was set back nothing is done");
    assert!(matches!(desk.expire(ClockBy::Word), Err(AlertingError::Act(_))));
}

#[test]
fn nothing_expires_in_a_store_that_is_older_than_is_on_record() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    let mut desk = office.desk(Alerts::default());
    let (store, older) = (data.path().join("alerts"), data.path().join("older"));
    let copy = |from: &Path, to: &Path| {
        let _ = std::fs::remove_dir_all(to);
        std::fs::create_dir(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    };
    desk.issue(statement("Q1"), &"one".into(), None).unwrap();
    copy(&store, &older);
    desk.issue(statement("Q2"), &"one".into(), None).unwrap();
    desk.issue(statement("Q3"), &"one".into(), None).unwrap();
    office.hand.goes_on(24 * 3600);
    copy(&older, &store);
    for known in [Alerts::default(), desk.known.clone()] {
        let refused = office.desk(known).expire(ClockBy::Word);
        assert!(matches!(refused, Err(AlertingError::Store(_))), "{refused:?}");
        assert_eq!(office.kept().len(), 1, "it is as it was");
    }
}

/// A site whose log has entries of some days, counted from the first.
pub(crate) fn entries_of_days(data: &Path, days: std::ops::Range<i64>) {
    let open = |day| {
        let at = hours(24 * day);
        // A process that another test starts at this moment may still hold what was let go of.
        loop {
            match AuditLog::open(Arc::new(Disk), data, Role::Serve, audit::Config::default(), at) {
                Ok((log, _)) => break (log, at),
                Err(_) => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        }
    };
    for day in days {
        let (log, at) = open(day);
        let draft = Draft::new(at, Act::Refused, "one".into(), Digest([0; 32]));
        let _ = log.submit(draft, ()).unwrap().wait().unwrap();
        log.close().unwrap();
    }
}

#[test]
fn no_alert_expires_by_a_clock_that_the_logs_do_not_bear_out() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    entries_of_days(data.path(), 0..2);
    let mut desk = office.desk(Alerts::default());
    desk.issue(statement("Q1"), &"one".into(), None).unwrap();
    office.hand.goes_on(300 * 24 * 3600);
    assert_eq!(desk.over(ClockBy::Word).unwrap().len(), 1, "it is over by this clock");
    assert_eq!(desk.expire(ClockBy::Entries).unwrap(), 0);
    entries_of_days(data.path(), 2..3);
    assert_eq!(desk.expire(ClockBy::Entries).unwrap(), 0, "a day is too few");
    entries_of_days(data.path(), 3..5);
    assert_eq!(desk.expire(ClockBy::Entries).unwrap(), 1);
}

#[test]
fn what_is_changed_between_two_parts_does_not_expire() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    let by = Arc::from("one");
    let mut desk = office.desk(Alerts::default());
    let alerts =
        ["Q1", "Q2", "Q3"].map(|number| desk.issue(statement(number), &by, None).unwrap().revision().alert);
    office.hand.goes_on(24 * 3600);
    let over = desk.over(ClockBy::Word).unwrap();
    assert_eq!(desk.expire_some(&over[..1]).unwrap(), 1);
    // The store is free in between.
    office.desk(Alerts::default()).renew(alerts[1], hours(48), &by, None).unwrap();
    assert_eq!(desk.expire_some(&over).unwrap(), 1);
    let life = |at: usize| desk.known.get(&alerts[at]).unwrap().life;
    assert_eq!([life(0), life(1), life(2)], [Life::Expired, Life::Active, Life::Expired]);
}

#[test]
fn what_waits_is_approved_of_by_somebody_else_whatever_the_rules_are_by_now() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    let (one, two) = (Arc::from("one"), Arc::from("two"));
    let strict = AlertPolicy { four_eyes: true, unapproved_hours: 2, ..AlertPolicy::default() };
    let mut desk = Desk { policy: strict, ..office.desk(Alerts::default()) };
    let id = desk.issue(statement("Q1"), &one, None).unwrap().revision().alert;
    let mut lax = office.desk(Alerts::default());
    for by in [&one, &two, &one] {
        let amended = lax.amend(id, statement("Q2"), by, None).unwrap();
        assert_eq!((amended.life, amended.unapproved_until), (Life::Pending, Some(hours(2))));
        let renewed = lax.renew(id, hours(24), by, None).unwrap();
        assert_eq!((renewed.life, renewed.unapproved_until), (Life::Pending, Some(hours(2))));
        assert_eq!(refused(lax.submit(id, by, None)), LifeFault::NotDraft);
        assert_eq!(refused(lax.approve(id, by, None)), LifeFault::OwnApproval);
    }
    let unseen = refused(lax.approve(id, &two, None));
    assert_eq!(unseen, LifeFault::Unseen { current: 7 }, "it was changed behind his back");
    assert_eq!(lax.approve(id, &two, Some(7)).unwrap().life, Life::Active);
}

#[test]
fn whoever_wrote_an_alert_does_not_approve_of_it_because_somebody_else_moved_its_end() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    let (one, two) = (Arc::from("one"), Arc::from("two"));
    let strict = AlertPolicy { four_eyes: true, unapproved_hours: 0, ..AlertPolicy::default() };
    let mut desk = Desk { policy: strict, ..office.desk(Alerts::default()) };
    let id = desk.issue(statement("Q1"), &one, None).unwrap().revision().alert;
    assert_eq!(refused(desk.renew(id, hours(48), &two, None)), LifeFault::Waits);
    desk.renew(id, hours(1), &two, None).unwrap();
    assert_eq!(refused(desk.approve(id, &one, Some(2))), LifeFault::OwnApproval);
    assert_eq!(refused(desk.renew(id, hours(48), &one, None)), LifeFault::OwnApproval);
    office.hand.goes_on(72 * 3600);
    assert_eq!(desk.expire(ClockBy::Word).unwrap(), 1);
    assert_eq!(refused(desk.renew(id, hours(96), &two, None)), LifeFault::Waits, "nobody had approved of it");
    desk.renew(id, hours(96), &one, None).unwrap();
    assert_eq!(refused(desk.approve(id, &one, Some(4))), LifeFault::OwnApproval);
    assert_eq!(desk.approve(id, &two, Some(4)).unwrap().life, Life::Active);
    assert_eq!(refused(desk.renew(id, hours(120), &one, None)), LifeFault::OwnApproval);
    assert_eq!(desk.renew(id, hours(120), &two, None).unwrap().life, Life::Active);
}

#[test]
fn an_alert_that_nobody_approved_of_is_not_in_force_again_because_it_had_expired() {
    for unapproved_hours in [0, 2] {
        let data = tempfile::tempdir().unwrap();
        let office = Office::at(Arc::new(Disk), data.path());
        let (one, two) = (Arc::from("one"), Arc::from("two"));
        let strict = AlertPolicy { four_eyes: true, unapproved_hours, ..AlertPolicy::default() };
        let mut desk = Desk { policy: strict, ..office.desk(Alerts::default()) };
        let id = desk.issue(statement("Q1"), &one, None).unwrap().revision().alert;
        for day in 1..4 {
            office.hand.goes_on(24 * 3600);
            assert_eq!(desk.expire(ClockBy::Word).unwrap(), 1);
            // Nor by other rules.
            let four_eyes = day != 2;
            let policy = AlertPolicy { four_eyes, unapproved_hours: 2, ..strict };
            let mut other = Desk { policy, ..office.desk(Alerts::default()) };
            let renewed = other.renew(id, hours(24 * (day + 1)), &one, None).unwrap();
            let now = hours(24 * day);
            assert_eq!((renewed.life, renewed.standing(now)), (Life::Pending, Standing::Not), "day {day}");
        }
        desk.approve(id, &two, Some(7)).unwrap();
        office.hand.goes_on(24 * 3600);
        assert_eq!(desk.expire(ClockBy::Word).unwrap(), 1);
        let renewed = desk.renew(id, hours(120), &one, None).unwrap();
        let is_in_force = renewed.standing(hours(96)) != Standing::Not;
        assert_eq!(is_in_force, unapproved_hours > 0, "it was approved of");
    }
}

/// Under which versions the store has a head.
fn head_names(data: &Path) -> Vec<String> {
    let database = redb::Database::open(data.join("alerts/alerts.redb")).unwrap();
    let table = redb::TableDefinition::<&str, &[u8]>::new("head");
    let reading = database.begin_read().unwrap();
    let heads = reading.open_table(table).unwrap();
    heads.iter().unwrap().map(|head| head.unwrap().0.value().to_owned()).collect()
}

#[test]
fn a_beginning_that_is_told_is_part_of_the_wish() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    let mut desk = office.desk(Alerts::default());
    let by = Arc::from("one");
    let (from, other) = (hours(0).to_string(), hours(1).to_string());
    let mut told = |key: &str, more: &[(&str, &str)]| {
        office.hand.goes_on(1);
        match desk.issue(wanted("Q1", more), &by, Some(key)) {
            Ok(Fulfilled::New(_)) => "new",
            Ok(Fulfilled::Before(_)) => "before",
            Err(AlertingError::KeyReused) => "reused",
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(told("a", &[("from", &from)]), "new");
    assert_eq!(told("a", &[("from", &from)]), "before");
    assert_eq!(told("a", &[]), "before");
    assert_eq!(told("a", &[("from", &other)]), "reused");
    assert_eq!(told("b", &[]), "new");
    assert_eq!(told("b", &[]), "before");
    assert_eq!(told("b", &[("from", &other)]), "reused");
}

#[test]
fn acts_that_are_done_together_see_one_another_and_whatever_is_refused_refuses_itself_alone() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    let mut desk = office.desk(Alerts::default());
    let id = desk.issue(statement("Q1"), &"one".into(), Some("a")).unwrap().revision().alert;
    let change = |expected, how| Deed::Change { alert: id, expected, how };
    let deeds = [
        change(Some(1), Change::Amend(Box::new(statement("Q2")))),
        change(Some(1), Change::Amend(Box::new(statement("Q3")))),
        issue("Q4", Some("b")),
        issue("Q4", Some("b")),
        issue("Q5", Some("b")),
        change(Some(2), Change::Withdraw),
        change(None, Change::Withdraw),
        issue("Q1", Some("a")),
    ];
    let outcomes = desk.fulfil(deeds.map(wish).into());
    let said: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(Fulfilled::New(revision)) => format!("new {}", revision.number),
            Ok(Fulfilled::Before(revision)) => format!("before {}", revision.number),
            Err(error) => error.to_string().split(&[' ', ':'][..]).take(4).collect::<Vec<_>>().join(" "),
        })
        .collect();
    let reused = "the same idempotency key";
    let expected = ["new 2", "the alert has revision", "new 1", "before 1", reused, "new 3"];
    assert_eq!(said[..6], expected);
    assert_eq!(said[6..], ["the alert was withdrawn,", "before 3"]);
    let numbers: Vec<_> = office.kept().iter().map(|one| (one.origin.counter, one.number)).collect();
    assert_eq!(numbers, [(1, 1), (2, 2), (3, 1), (4, 3)]);
}

const AT_ONCE: usize = 60;

#[test]
fn those_who_wait_at_the_same_time_share_an_opening_of_the_store() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let office = Office::at(Arc::new(disk.clone()), root.path());
    office.desk(Alerts::default()).issue(statement("Q0"), &"one".into(), None).unwrap();
    let one_by_one = {
        let before = disk.syncs();
        office.desk(Alerts::default()).issue(statement("Q1"), &"one".into(), None).unwrap();
        disk.syncs() - before
    };
    let (queue, known, openings) = (Queue::default(), Mutex::default(), AtomicUsize::new(0));
    let (before, arrived) = (disk.syncs(), AtomicUsize::new(0));
    let held = known.lock().unwrap();
    let acknowledged: Vec<_> = std::thread::scope(|scope| {
        let act = |at: usize| {
            let (queue, known, openings, arrived, office) = (&queue, &known, &openings, &arrived, &office);
            move || {
                arrived.fetch_add(1, Ordering::Relaxed);
                let outcome = queue.fulfil(
                    wish(issue(&format!("P{at}"), None)),
                    known,
                    |known: &mut Alerts, wishes| {
                        openings.fetch_add(1, Ordering::Relaxed);
                        let mut desk = office.desk(std::mem::take(known));
                        let done = desk.fulfil(wishes);
                        *known = desk.known;
                        done
                    },
                );
                outcome.unwrap().revision().alert
            }
        };
        let threads: Vec<_> = (0..AT_ONCE).map(|at| scope.spawn(act(at))).collect();
        while arrived.load(Ordering::Relaxed) < AT_ONCE {
            std::thread::yield_now();
        }
        // They wait where they wait for one another.
        std::thread::sleep(std::time::Duration::from_millis(200));
        drop(held);
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (openings, syncs) = (openings.into_inner(), disk.syncs() - before);
    assert!(openings <= AT_ONCE / 6, "{openings} openings for {AT_ONCE} acts");
    assert!(syncs <= one_by_one * AT_ONCE / 6, "{syncs} syncs, where one act takes {one_by_one}");
    let kept: Vec<_> = office.kept().iter().map(|revision| revision.alert).collect();
    assert!(acknowledged.iter().all(|alert| kept.contains(alert)), "what was acknowledged is there");
    assert_eq!(kept.len(), AT_ONCE + 2);
}

#[test]
fn a_write_that_fails_is_told_to_all_who_shared_it_and_told_again_is_done_once() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    // A log whose sync fails takes nothing more: each time there is another process.
    let office = || Office::at(Arc::new(disk.clone()), root.path());
    let mut known = {
        let office = office();
        let mut desk = office.desk(Alerts::default());
        desk.issue(statement("Q0"), &"one".into(), None).unwrap();
        desk.known
    };
    let wishes = |round: usize| -> Vec<_> {
        (0..5).map(|at| wish(issue(&format!("P{at}"), Some(&format!("{round}/{at}"))))).collect()
    };
    let (mut failed, mut rounds) = (0, 0);
    for round in 1..30 {
        let broken = office();
        disk.fail_sync(round);
        let mut desk = broken.desk(std::mem::take(&mut known));
        let outcomes = desk.fulfil(wishes(round));
        let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert!(done == 0 || done == 5, "all of them or none: {outcomes:?}");
        failed += usize::from(done == 0);
        // Whoever goes on knows what is kept, whatever he was told.
        disk.fail_sync(1000);
        let office = office();
        let mut desk = office.desk(desk.known);
        assert!(desk.fulfil(wishes(round)).iter().all(Result::is_ok));
        assert_eq!(office.kept().len(), 1 + 5 * round, "each once");
        (known, rounds) = (desk.known, round);
    }
    assert!(failed > 0 && failed < rounds, "{failed} of {rounds} rounds failed");
}
