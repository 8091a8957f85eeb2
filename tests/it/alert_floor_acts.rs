//! Acts, and what reads alerts for them, on alerts that are gone or older than they were.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use portcullis::alerting::{AlertPolicy, AlertRequest, AlertingError, Desk, Fulfilled};
use portcullis::audit::{AuditError, AuditLog, Config, Role};
use portcullis::ground::clock::Clock;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Alerts, OverlayError, Store};
use portcullis::screening::Overlay;

use crate::alert_floor::{ask, is_unreadable, keep, put, soon};
use crate::support::alert::{alert, issue};
use crate::support::command::{Place, hours_ago, portcullis, portcullis_reading};
use crate::support::serving::Serving;
use crate::support::site::Standing;

#[test]
fn an_import_makes_no_store_in_the_place_of_one_that_is_gone() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    keep(&place, "whole");
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    let lines = format!("{}\n", alert("Q2"));
    for words in [&["--per-row"][..], &["--dry-run"], &[]] {
        let site = place.site();
        let words = [&["alert", "import", "--data", &site], words, &["-"]].concat();
        portcullis_reading(&words, lines.clone()).fails_saying("were there, and are gone");
        assert!(!place.path("site/alerts/alerts.redb").exists(), "{words:?}");
        assert!(is_unreadable(&place.check("X2").json()), "{words:?}");
    }
    let serving = Serving::start(&place, "text");
    let refused = serving.post("/v1/alerts/import", "application/x-ndjson", &lines);
    assert_eq!((refused.status, &refused.json()["code"]), (503, &"alerts_unavailable".into()));
    assert!(is_unreadable(&ask(&serving)) && !place.path("site/alerts/alerts.redb").exists());
    put(&place, "whole");
    soon(&serving, |answer| answer["verdict"] == "no_hit");
    serving.log();
}

#[test]
fn a_running_service_acts_on_no_older_copy_of_its_alerts() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    keep(&place, "older");
    let serving = Serving::start(&place, "text");
    // What others did while it runs, its logs know nothing of.
    issue(&place, &alert("Q2"));
    issue(&place, &alert("Q3"));
    keep(&place, "whole");
    soon(&serving, |answer| answer["coverage"]["alerts"]["revision"] == 3);
    put(&place, "older");
    soon(&serving, is_unreadable);
    for number in ["Q4", "Q5", "Q6"] {
        let refused = serving.post("/v1/alerts", "application/json", &alert(number).to_string());
        assert_eq!((refused.status, &refused.json()["code"]), (503, &"alerts_unavailable".into()));
    }
    assert!(is_unreadable(&ask(&serving)));
    put(&place, "whole");
    soon(&serving, |answer| answer["verdict"] == "no_hit");
    serving.log();
}

/// What a process knows, and where its alerts are.
struct Site {
    log: AuditLog,
    clock: Clock,
    data: tempfile::TempDir,
    _logged: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let (data, logged) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let now = Timestamp::now();
        let (log, _) =
            AuditLog::open(Arc::new(Disk), logged.path(), Role::Cli, Config::default(), now).unwrap();
        Self { log, clock: Clock::new(Standing(now)), data, _logged: logged }
    }

    /// Issues an alert at another site's alerts, with the logs of this one.
    fn issue_at(&self, at: &Site, known: &mut Alerts, number: &str) -> Result<Fulfilled, AlertingError> {
        let request = AlertRequest::parse(alert(number).to_string().as_bytes()).unwrap();
        let statement = request.into_statement(Timestamp::now()).unwrap();
        let mut desk = Desk {
            storage: Arc::new(Disk),
            data_dir: at.data.path().to_owned(),
            log: &self.log,
            clock: &self.clock,
            policy: AlertPolicy::default(),
            known: std::mem::take(known),
        };
        let issued = desk.issue(statement, &"one".into(), None);
        *known = desk.known;
        issued
    }

    fn issue(&self, known: &mut Alerts, number: &str) -> Result<Fulfilled, AlertingError> {
        self.issue_at(self, known, number)
    }

    fn store(&self) -> Store {
        let storage: Arc<dyn Storage> = Arc::new(Disk);
        Store::open(&storage, self.data.path()).unwrap().unwrap()
    }
}

#[test]
fn an_older_copy_that_was_gone_on_with_and_another_store_are_followed_by_nobody() {
    let (site, other) = (Site::new(), Site::new());
    let (mut known, older) = (Alerts::default(), tempfile::tempdir().unwrap());
    let alerts = |site: &Site| site.data.path().join("alerts");
    site.issue(&mut known, "Q1").unwrap();
    crate::alert_floor::copy(&alerts(&site), &older.path().join("alerts"));
    site.issue(&mut known, "Q2").unwrap();
    assert!(!known.follow(&site.store()).unwrap(), "it is what it was");
    for number in ["Q3", "Q4", "Q5"] {
        other.issue(&mut Alerts::default(), number).unwrap();
    }
    fs::remove_dir_all(alerts(&site)).unwrap();
    fs::rename(older.path().join("alerts"), alerts(&site)).unwrap();
    assert!(matches!(known.follow(&site.store()), Err(OverlayError::Older { found: 1, floor: 2, .. })));
    let stranger = Site::new();
    // Whose logs know nothing of it.
    for number in ["Q6", "Q7"] {
        stranger.issue_at(&site, &mut Alerts::default(), number).unwrap();
        let refused = known.follow(&site.store());
        assert!(matches!(refused, Err(OverlayError::Replaced { counter: 2, .. })), "{refused:?}");
    }
    let refused = site.issue(&mut known, "Q8");
    let replaced = matches!(refused, Err(AlertingError::Store(ref error)) if matches!(**error, OverlayError::Replaced { .. }));
    assert!(replaced, "{refused:?}");
    let refused = known.follow(&other.store());
    assert!(matches!(refused, Err(OverlayError::Replaced { counter: 2, .. })), "{refused:?}");
    assert_eq!(known.counter(), 2);
}

#[test]
fn the_newest_act_is_missed_if_nobody_has_asked_since() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    keep(&place, "older");
    issue(&place, &alert("Q2"));
    keep(&place, "whole");
    put(&place, "older");
    assert!(is_unreadable(&place.check("X2").json()));
    put(&place, "whole");
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
}

#[test]
fn what_reads_alerts_takes_none_that_are_gone_or_older_for_all() {
    let place = Place::with_site();
    let name = issue(&place, &alert("Q1"));
    keep(&place, "older");
    issue(&place, &alert("Q2"));
    keep(&place, "whole");
    let site = place.site();
    let reading = [&["alert", "list"][..], &["alert", "show", &name], &["alert", "changes"]];
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    for words in reading {
        portcullis(&[words, &["--data", &site]].concat()).fails_saying("were there, and are gone");
    }
    put(&place, "older");
    for words in reading {
        portcullis(&[words, &["--data", &site]].concat()).fails_saying("have revision 1, and 2 is on record");
    }
    let serving = Serving::start(&place, "text");
    for path in ["/v1/alerts".to_owned(), format!("/v1/alerts/{name}")] {
        assert_eq!(serving.get(&path).status, 503, "{path}");
    }
    put(&place, "whole");
    soon(&serving, |answer| answer["verdict"] == "no_hit");
    assert_eq!(serving.get("/v1/alerts").status, 200);
    serving.log();
    for words in reading {
        portcullis(&[words, &["--data", &site]].concat()).exits(0);
    }
}

#[test]
fn a_backup_tells_that_alerts_are_gone_or_how_far_they_are() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    keep(&place, "older");
    issue(&place, &alert("Q2"));
    let config = place.write("site.toml", format!("[data]\ndir = {:?}\n", place.site()));
    let backup =
        |to: &str| portcullis(&["backup", "--config", &config, "--to", &place.argument(to)]).exits(0).out;
    let told = backup("sound");
    assert!(told.contains("alerts up to revision 2") && !told.contains("NOT SOUND"), "{told}");
    put(&place, "older");
    let told = backup("of-older");
    assert!(told.contains("alerts: NOT SOUND") && told.contains("2 is on record"), "{told}");
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    let told = backup("of-none");
    assert!(told.contains("alerts: NOT SOUND") && told.contains("are gone"), "{told}");
    assert!(!told.contains("alerts up to"), "{told}");
    // What is missing is missed where it is restored, too.
    for backup in ["of-older", "of-none"] {
        let at = place.argument(&format!("restored-{backup}"));
        let told = portcullis(&["restore", &place.argument(backup), "--data", &at]).exits(0).out;
        assert!(told.contains("alerts: NOT SOUND"), "{told}");
        let import = ["import", "--data", &at, "--feed", "local", "--format", "csv"];
        portcullis(&[&import[..], &["--as-of", &hours_ago(1), &place.argument("local.csv")]].concat())
            .exits(0);
        let check = || {
            let arguments = ["check", "--data", &at, "--number", "-", "--issuer", "UTO", "--json"];
            portcullis_reading(&arguments, "X2").json()
        };
        assert!(is_unreadable(&check()), "{backup}: {}", check());
        let told = portcullis(&["alert", "accept-loss", "--data", &at]).exits(0).out;
        assert!(told.contains("2 was on record"), "{told}");
        assert_eq!(check()["verdict"], "no_hit", "{backup}");
    }
}

#[test]
fn an_act_is_in_force_at_once_where_nobody_can_be_told_of_it() {
    let site = Site::new();
    let mut known = Alerts::default();
    site.issue(&mut known, "Q1").unwrap();
    let overlay = Overlay::open(Arc::new(Disk), site.data.path().to_owned(), || Ok(None));
    let told = site.data.path().join("alerts/REVISION");
    let before = fs::read(&told).unwrap();
    site.issue(&mut known, "Q2").unwrap();
    fs::write(&told, before).unwrap();
    assert!(!overlay.refresh(false));
    overlay.take_up(known.counter());
    assert_eq!(overlay.in_force().table.counter(), 2);
}

#[test]
fn a_log_that_is_mended_ends_the_alarm_without_a_start() {
    let site = Site::new();
    site.issue(&mut Alerts::default(), "Q1").unwrap();
    let is_mended = Arc::new(AtomicBool::new(false));
    let mended = is_mended.clone();
    let floor = move || match mended.load(Ordering::Relaxed) {
        true => Ok(Some(1)),
        false => Err(AuditError::WriterGone),
    };
    let overlay = Overlay::open(Arc::new(Disk), site.data.path().to_owned(), floor);
    let fault = || overlay.in_force().fault.clone();
    let text = fault().unwrap().to_string();
    assert!(text.contains("portcullis audit verify") && text.contains(".damaged"), "{text}");
    is_mended.store(true, Ordering::Relaxed);
    overlay.refresh(true);
    assert!(fault().is_none());
    assert_eq!(overlay.in_force().table.counter(), 1);
}

/// Gives every log of the site another name.
fn put_logs_aside(place: &Place, how: &str) {
    for log in fs::read_dir(place.path("site/audit")).unwrap() {
        let (log, name) = log.map(|log| (log.path(), log.file_name())).unwrap();
        let name = name.to_str().unwrap();
        if !name.contains('.') && name.contains('-') {
            fs::rename(&log, log.with_file_name(format!("{name}.{how}"))).unwrap();
        }
    }
}

#[test]
fn logs_that_are_put_aside_still_know_of_alerts_until_their_loss_is_accepted() {
    for how in ["adopt", "damaged", "restored"] {
        let place = Place::with_site();
        issue(&place, &alert("Q1"));
        issue(&place, &alert("Q2"));
        fs::remove_dir_all(place.path("site/alerts")).unwrap();
        match how {
            "adopt" => drop(portcullis(&["adopt", "--data", &place.site()]).exits(0)),
            _ => put_logs_aside(&place, how),
        }
        let accept = || portcullis(&["alert", "accept-loss", "--data", &place.site()]).exits(0).out;
        assert!(is_unreadable(&place.check("X2").json()), "{how}");
        let told = accept();
        assert!(told.contains("2 was on record") && told.contains("nobody knows how many"), "{told}");
        assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit", "{how}");
        assert!(accept().contains("nothing more is missing"), "{how}");
        let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
        assert!(audit.contains("alert_loss_accepted 1"), "{audit}");
    }
}

#[test]
fn a_log_that_was_put_aside_and_cannot_be_read_raises_no_alarm() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    put_logs_aside(&place, "damaged");
    for log in fs::read_dir(place.path("site/audit")).unwrap() {
        let log = log.unwrap().path();
        if log.extension().is_some_and(|end| end == "damaged") {
            fs::remove_dir_all(log.join("journal")).ok();
            fs::write(log.join("bodies"), b"nothing").unwrap();
        }
    }
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
}

#[test]
fn a_garbled_file_that_tells_of_the_newest_revision_is_removed_and_all_is_well() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    let told = place.path("site/alerts/REVISION");
    fs::write(&told, b"\xff\xff").unwrap();
    let run = place.check("X2");
    assert!(run.err.contains("the alerts in force are not known"), "{run:?}");
    assert!(run.err.contains("remove this file"), "{run:?}");
    assert!(is_unreadable(&run.json()));
    fs::remove_file(&told).unwrap();
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
    assert_eq!(fs::read(&told).unwrap(), b"1\n");
}
