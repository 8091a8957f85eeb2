//! Alerts that are gone, or that are an older copy of themselves, give no `no_hit`: the logs know that there were more.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use portcullis::alerting::{AlertPolicy, AlertRequest, AlertingError, Desk, Fulfilled};
use portcullis::audit::{Act, AuditError, AuditLog, Config, Draft, Role};
use portcullis::domain::Digest;
use portcullis::ground::clock::Clock;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Alerts, Store};
use serde_json::{Value, json};

use crate::support::alert::{alert, issue};
use crate::support::command::{Place, portcullis, portcullis_reading};
use crate::support::recording::Recording;
use crate::support::serving::Serving;
use crate::support::site::Standing;

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// Puts a folder in the place of the site's alerts.
pub(crate) fn put(place: &Place, folder: &str) {
    let alerts = place.path("site/alerts");
    let _ = fs::remove_dir_all(&alerts);
    copy(&place.path(folder), &alerts);
}

pub(crate) fn keep(place: &Place, folder: &str) {
    copy(&place.path("site/alerts"), &place.path(folder));
}

fn reasons(answer: &Value) -> (String, Vec<String>) {
    let codes = answer["reasons"].as_array().into_iter().flatten();
    let codes = codes.map(|reason| reason["code"].as_str().unwrap().to_owned()).collect();
    (answer["verdict"].as_str().unwrap().to_owned(), codes)
}

pub(crate) fn is_unreadable(answer: &Value) -> bool {
    reasons(answer) == ("inconclusive".to_owned(), vec!["alerts_unreadable".to_owned()])
}

pub(crate) fn ask(serving: &Serving) -> Value {
    let body = json!({ "document": { "number": "X2", "issuing_state": "UTO" } });
    serving.post("/v1/checks", "application/json", &body.to_string()).json()
}

/// Asks until the answer is as it should be; for twenty seconds.
pub(crate) fn soon(serving: &Serving, is_so: impl Fn(&Value) -> bool) {
    let mut last = Value::Null;
    for _ in 0..200 {
        last = ask(serving);
        if is_so(&last) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{last}");
}

#[test]
fn a_folder_that_is_gone_is_missed_after_a_single_act_and_comes_back() {
    for left in ["nothing", "key"] {
        let place = Place::with_site();
        issue(&place, &alert("Q1"));
        keep(&place, "whole");
        fs::remove_dir_all(place.path("site/alerts")).unwrap();
        if left == "key" {
            fs::create_dir(place.path("site/alerts")).unwrap();
            fs::copy(place.path("whole/key"), place.path("site/alerts/key")).unwrap();
        }
        let answer = place.check("X2").exits(11).json();
        assert!(is_unreadable(&answer), "{left}: {answer}");
        let line = "{\"document\":{\"number\":\"X2\",\"issuing_state\":\"UTO\"}}\n";
        let manifest = portcullis_reading(&["manifest", "-", "--data", &place.site()], line);
        assert!(manifest.out.contains("alerts_unreadable"), "{manifest:?}");
        let refused =
            portcullis_reading(&["alert", "issue", "--data", &place.site(), "-"], alert("Q2").to_string());
        refused.fails_saying("were there, and are gone");
        assert!(!place.path("site/alerts/alerts.redb").exists(), "none is made in its place");
        put(&place, "whole");
        assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
        assert_eq!(place.check("Q1").exits(10).json()["verdict"], "hit");
    }
}

#[test]
fn an_older_copy_of_the_whole_folder_is_known_for_one() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    keep(&place, "older");
    issue(&place, &alert("Q2"));
    keep(&place, "whole");
    // What is asked is what knows the newest revision.
    place.check("X2").exits(0);
    put(&place, "older");
    assert!(is_unreadable(&place.check("X2").exits(11).json()));
    let refused =
        portcullis_reading(&["alert", "issue", "--data", &place.site(), "-"], alert("Q3").to_string());
    refused.fails_saying("have revision 1, and 2 is on record");
    // Nor does a service take it, whose own log knows nothing yet.
    let serving = Serving::start(&place, "text");
    assert!(is_unreadable(&ask(&serving)));
    let ready = serving.get("/readyz");
    assert!(ready.status == 503 && ready.text().contains("alerts"), "{}", ready.text());
    let refused = serving.post("/v1/alerts", "application/json", &alert("Q3").to_string());
    assert_eq!((refused.status, &refused.json()["code"]), (503, &"alerts_unavailable".into()));
    put(&place, "whole");
    soon(&serving, |answer| answer["verdict"] == "no_hit");
    assert_eq!(serving.get("/readyz").status, 200);
    assert!(serving.log().contains("2 is on record"));
}

#[test]
fn a_running_service_misses_what_is_taken_from_it() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    keep(&place, "older");
    issue(&place, &alert("Q2"));
    keep(&place, "whole");
    let serving = Serving::start(&place, "text");
    soon(&serving, |answer| answer["coverage"]["alerts"]["revision"] == 2);
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    soon(&serving, is_unreadable);
    put(&place, "older");
    assert!((0..15).all(|_| {
        thread::sleep(Duration::from_millis(100));
        is_unreadable(&ask(&serving))
    }));
    put(&place, "whole");
    soon(&serving, |answer| answer["verdict"] == "no_hit");
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    serving.log();
    let serving = Serving::start(&place, "text");
    assert!(is_unreadable(&ask(&serving)), "also after a start");
    serving.log();
}

#[test]
fn a_loss_is_accepted_by_an_act_and_by_nothing_else() {
    let place = Place::with_site();
    let accept = || portcullis(&["alert", "accept-loss", "--data", &place.site()]);
    accept().exits(0).out.contains("nothing is missing").then_some(()).unwrap();
    for number in ["Q1", "Q2", "Q3"] {
        issue(&place, &alert(number));
    }
    assert!(accept().exits(0).out.contains("nothing more is missing"), "all are there");
    let serving = Serving::start(&place, "text");
    ask(&serving);
    accept().fails_saying("stop the service first");
    serving.log();
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    assert!(is_unreadable(&place.check("X2").json()));
    assert!(accept().exits(0).out.contains("after revision 1000000000, and 3 was on record"));
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
    assert_eq!(place.check("Q1").exits(0).json()["verdict"], "no_hit", "it is lost");
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
    assert!(audit.contains("alert_loss_accepted 1"), "{audit}");
    issue(&place, &alert("Q1"));
    let serving = Serving::start(&place, "text");
    assert_eq!(ask(&serving)["coverage"]["alerts"]["revision"], 1_000_000_001, "no counter is given twice");
    serving.log();
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    assert!(is_unreadable(&place.check("X2").json()), "what came after is missed again");
}

#[test]
fn a_restored_site_knows_its_alerts_and_raises_no_false_alarm() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    let serving = Serving::start(&place, "text");
    soon(&serving, |answer| answer["coverage"]["alerts"]["revision"] == 1);
    let (backup, restored) = (place.argument("backup"), place.argument("restored"));
    let config = place.write("site.toml", format!("[data]\ndir = {:?}\n", place.site()));
    portcullis(&["backup", "--config", &config, "--to", &backup]).exits(0);
    issue(&place, &alert("Q2"));
    soon(&serving, |answer| answer["coverage"]["alerts"]["revision"] == 2);
    serving.log();
    portcullis(&["restore", &backup, "--data", &restored]).exits(0);
    let check = || {
        let words = ["check", "--data", &restored, "--number", "-", "--issuer", "UTO", "--json"];
        reasons(&portcullis_reading(&words, "X2").json()).1
    };
    // Its lists are to be imported again; its alerts are there.
    assert!(!check().contains(&"alerts_unreadable".to_owned()), "{:?}", check());
    fs::remove_dir_all(place.path("restored/alerts")).unwrap();
    assert!(check().contains(&"alerts_unreadable".to_owned()), "{:?}", check());
}

fn at(day: i64) -> Timestamp {
    "2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap().checked_add((24 * day).hours()).unwrap()
}

fn entry(day: i64, act: Act, alert_revision: Option<u64>) -> Draft {
    Draft { alert_revision, ..Draft::new(at(day), act, "one".into(), Digest([0; 32])) }
}

#[test]
fn what_a_log_knows_outlives_the_files_in_which_it_stood() {
    let data = tempfile::tempdir().unwrap();
    let open =
        |role, day| AuditLog::open(Arc::new(Disk), data.path(), role, Config::default(), at(day)).unwrap();
    let record = |log: &AuditLog, day, act, revision| {
        let _ = log.submit(entry(day, act, revision), ()).unwrap().wait().unwrap();
    };
    let (log, opened) = open(Role::Serve, 0);
    let id = opened.log_id.clone();
    // A process that another test starts at this moment may still hold what was let go of.
    let again = |day| loop {
        match AuditLog::open_named(Arc::new(Disk), data.path(), &id, Config::default(), at(day)) {
            Err(AuditError::InUse { .. }) => std::thread::sleep(Duration::from_millis(20)),
            opened => break opened.unwrap(),
        }
    };
    assert_eq!((opened.alert_floor, log.alert_floor().unwrap()), (None, None));
    record(&log, 0, Act::AlertIssued, Some(0));
    assert_eq!(log.alert_floor().unwrap(), Some(0));
    record(&log, 0, Act::Check, Some(7));
    log.close().unwrap();
    for day in 1..5 {
        let (log, opened) = again(day);
        assert_eq!((opened.alert_floor, log.alert_floor().unwrap()), (Some(7), Some(7)), "day {day}");
        record(&log, day, Act::Refused, None);
        log.close().unwrap();
        // Another log of the site learns of it, also while this one is being written.
        let (_held, _) = again(day);
        let (other, opened) = open(Role::Cli, day);
        assert_eq!((opened.alert_floor, other.alert_floor().unwrap()), (None, Some(7)), "day {day}");
    }
    let sealed =
        fs::read_dir(data.path().join("audit")).unwrap().map(|log| log.unwrap().path().join("sealed"));
    assert!(sealed.filter(|folder| folder.exists()).count() > 0, "nothing was sealed");
    let (log, _) = again(5);
    record(&log, 5, Act::AlertLossAccepted, Some(2));
    log.close().unwrap();
    for day in 6..8 {
        let (log, opened) = again(day);
        assert_eq!(opened.alert_floor, Some(2), "day {day}");
        record(&log, day, Act::Refused, None);
    }
    // As after five restores.
    let (log, _) = again(8);
    record(&log, 8, Act::AlertKept, Some(5_000_000_017));
    log.close().unwrap();
    for day in 9..11 {
        let (log, opened) = again(day);
        assert_eq!(opened.alert_floor, Some(5_000_000_017), "day {day}");
        record(&log, day, Act::Refused, None);
    }
}

/// A site whose store is on a disk of its own, so that the one can fail without the other.
struct Acts {
    log: AuditLog,
    clock: Clock,
    disk: Recording,
    stored: tempfile::TempDir,
    _logged: tempfile::TempDir,
}

impl Acts {
    fn new() -> Self {
        let (logged, stored) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (now, config) = (Timestamp::now(), Config::default());
        let (log, _) = AuditLog::open(Arc::new(Disk), logged.path(), Role::Cli, config, now).unwrap();
        let disk = Recording::new(stored.path());
        Self { log, clock: Clock::new(Standing(now)), disk, stored, _logged: logged }
    }

    fn issue(&self, number: &str) -> Result<Fulfilled, AlertingError> {
        let request = AlertRequest::parse(alert(number).to_string().as_bytes()).unwrap();
        let statement = request.into_statement(Timestamp::now()).unwrap();
        let mut desk = Desk {
            storage: Arc::new(self.disk.clone()),
            data_dir: self.stored.path().to_owned(),
            log: &self.log,
            clock: &self.clock,
            policy: AlertPolicy::default(),
            known: Alerts::default(),
        };
        desk.issue(statement, &"one".into(), None)
    }

    /// The place of an entry that is recorded now.
    fn entries(&self) -> u64 {
        let entry = Draft::new(Timestamp::now(), Act::Started, "one".into(), Digest([0; 32]));
        self.log.submit(entry, ()).unwrap().wait().unwrap().receipt().entry_id
    }

    fn revision(&self, data: &Path) -> u64 {
        self.entries();
        self.revision_above(data, self.log.alert_floor().unwrap())
    }

    fn revision_above(&self, data: &Path, floor: Option<u64>) -> u64 {
        let storage: Arc<dyn Storage> = Arc::new(Disk);
        let store = Store::open_not_below(&storage, data, floor);
        store.unwrap_or_else(|error| panic!("{error}")).map_or(0, |store| store.head().counter)
    }
}

#[test]
fn an_act_that_was_recorded_and_not_kept_is_not_missed() {
    let acts = Acts::new();
    acts.issue("Q1").unwrap();
    let mut recorded_and_not_kept = 0;
    // Where the disk is full soon, nothing is recorded either; where it is full late, the act is kept.
    for pages in 0..24 {
        let before = acts.entries();
        acts.disk.disk_full_after(Some(pages * 4096));
        let kept = acts.issue("Q2").is_ok();
        acts.disk.disk_full_after(None);
        let revision = acts.revision(acts.stored.path());
        assert!(acts.log.alert_floor().unwrap() <= Some(revision));
        let is_recorded = acts.entries() > before + 1;
        recorded_and_not_kept += u32::from(!kept && is_recorded);
    }
    assert!(recorded_and_not_kept > 0);
}

#[test]
fn after_a_power_cut_there_is_what_the_log_names() {
    let acts = Acts::new();
    acts.issue("Q1").unwrap();
    acts.issue("Q2").unwrap();
    let acknowledged = acts.disk.operations();
    acts.issue("Q3").unwrap();
    acts.entries();
    assert_eq!(acts.log.alert_floor().unwrap(), Some(3), "also the newest act is named, once it is kept");
    let mut found = Vec::new();
    let wanted = |at: usize| at == acts.disk.operations() || (at > acknowledged && at.is_multiple_of(8));
    let images =
        acts.disk.crash_images_at(11, wanted, |image| found.push(acts.revision_above(image.root(), Some(2))));
    assert!(images > 20 && found.iter().all(|revision| *revision >= 2), "{images}: {found:?}");
}
