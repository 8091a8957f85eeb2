//! A log that cannot be opened is told, and keeps nobody from what the others have.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portcullis::alerting::hits::{Batch, HitReader, HitSite, Hub};
use portcullis::audit::{
    AuditError, AuditLog, Config, Fault, Follower, Position, RetentionClass, Role, Wanted,
};
use portcullis::domain::alert::CallerClass;
use portcullis::ground::storage::Disk;

use crate::audit_samples::{draft, log_of, record};
use crate::support::command::{Place, portcullis};
use crate::support::serving::Serving;

const ALL: Wanted<'_> = Wanted { classes: RetentionClass::ALL, body: &|_| true };

fn follower(data: &Path, from: Position) -> Follower {
    Follower::new(Arc::new(Disk), data.to_owned(), from)
}

/// A log beside, with entries.
fn service_log(data: &Path, entries: u64) -> AuditLog {
    let now = draft(0, 0).time;
    let log = AuditLog::open(Arc::new(Disk), data, Role::Serve, Config::default(), now).unwrap().0;
    (0..entries).for_each(|number| drop(record(&log, &draft(number, 0)).unwrap()));
    log
}

/// What keeps a log from being opened, whoever asks; it is as it was once that is mended.
struct Closed(PathBuf);

impl Closed {
    fn close(log: &Path) -> Self {
        std::fs::rename(log.join("leaves"), log.join("leaves.aside")).unwrap();
        symlink("leaves", log.join("leaves")).unwrap();
        Self(log.to_owned())
    }

    fn mend(self) {
        std::fs::rename(self.0.join("leaves.aside"), self.0.join("leaves")).unwrap();
    }
}

fn name(folder: &Path) -> &str {
    folder.file_name().unwrap().to_str().unwrap()
}

fn poll(follower: &mut Follower) -> (Vec<(String, u64)>, Option<AuditError>) {
    let mut seen = Vec::new();
    let polled = follower.poll(ALL, 1000, &mut |log, _, recorded| {
        seen.push((log.to_string(), recorded.whole().unwrap().entry.sequence));
    });
    (seen, polled.err())
}

#[test]
fn the_others_are_read_and_it_is_read_where_the_reader_stood_once_it_can_be_opened() {
    let data = tempfile::tempdir().unwrap();
    let folder = log_of(data.path(), 4);
    let log = service_log(data.path(), 3);
    let closed = Closed::close(&folder);
    let mut reader = follower(data.path(), Position::parse(&format!("{}:2", name(&folder))).unwrap());
    let right = (0..3).map(|entry| (log.log_id().to_string(), entry)).collect::<Vec<_>>();
    for right in [right, Vec::new()] {
        let (seen, fault) = poll(&mut reader);
        assert_eq!(seen, right);
        let fault = fault.expect("it is told each time");
        assert!(fault.to_string().contains(name(&folder)), "{fault}");
    }
    reader.check().unwrap();
    assert!(reader.gone().unwrap().is_empty(), "it is there");
    let _ = record(&log, &draft(3, 0)).unwrap();
    assert_eq!(reader.behind().unwrap(), 1);
    let end = Follower::at_end(Arc::new(Disk), data.path().to_owned()).unwrap();
    assert_eq!(end.position().to_string(), format!("{}:4", log.log_id()));
    closed.mend();
    let (seen, fault) = poll(&mut reader);
    assert!(fault.is_none(), "{fault:?}");
    let of_cli = [2, 3].map(|entry| (name(&folder).to_owned(), entry));
    assert_eq!(seen, [&of_cli[..], &[(log.log_id().to_string(), 3)]].concat());
}

#[test]
fn a_log_whose_leaves_were_taken_away_is_damaged_and_one_that_is_about_to_be_made_is_not() {
    let data = tempfile::tempdir().unwrap();
    let folder = log_of(data.path(), 4);
    std::fs::create_dir(data.path().join("audit/serve-00000001")).unwrap();
    std::fs::write(data.path().join("audit/serve-00000001/LOCK"), "").unwrap();
    let mut reader = follower(data.path(), Position::default());
    let (seen, fault) = poll(&mut reader);
    assert!(seen.len() == 4 && fault.is_none(), "{seen:?} {fault:?}");
    std::fs::remove_file(folder.join("leaves")).unwrap();
    let (_, fault) = poll(&mut follower(data.path(), Position::default()));
    let Some(AuditError::Damaged(damage)) = fault else { panic!("{fault:?}") };
    assert_eq!((damage.path, damage.fault), (folder.join("leaves"), Fault::Missing));
}

#[test]
fn a_log_that_always_has_enough_keeps_no_other_waiting() {
    let data = tempfile::tempdir().unwrap();
    let folder = log_of(data.path(), 9);
    let (one, two) = (service_log(data.path(), 9), service_log(data.path(), 9));
    let mut reader = follower(data.path(), Position::default());
    let mut seen = Vec::new();
    for _ in 0..6 {
        let more = reader.poll_while(ALL, 1000, &mut |log, _, _| {
            seen.push(log.to_string());
            false
        });
        assert!(more.unwrap());
    }
    let mut logs = [name(&folder), one.log_id(), two.log_id()];
    logs.sort_unstable();
    assert_eq!(seen, [logs, logs].concat(), "each has its turn");
}

#[test]
fn hits_of_the_others_are_read_without_a_pause_and_told_to_streams() {
    let data = tempfile::tempdir().unwrap();
    let closed = Closed::close(&log_of(data.path(), 3));
    let log = service_log(data.path(), 9);
    let site = HitSite { storage: Arc::new(Disk), data_dir: data.path().to_owned(), name: None };
    let mut reader = HitReader::new(&site, CallerClass::Officer, Position::default());
    let Batch { events, more, fault } = reader.read(2);
    assert_eq!((events.len(), more, fault.is_some()), (2, true, true));
    let Batch { events, more, fault } = reader.read(2);
    assert_eq!((events.len(), more, fault.is_some()), (1, false, true));
    let hub = Hub::new(site);
    let mut stream = hub.subscribe(None).unwrap();
    let _ = record(&log, &draft(9, 0)).unwrap();
    hub.turn();
    assert_eq!(stream.hits.try_recv().unwrap().event.id, format!("{}-9", log.log_id()));
    closed.mend();
    hub.turn();
    assert!(stream.hits.try_recv().is_ok(), "what it has is told late, and not lost");
}

#[test]
fn a_service_tells_hits_beside_it_and_says_once_that_it_cannot_be_read() {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD as BASE64;

    use crate::audit_samples::until;
    use crate::support::receiver::{Receiver, ok};

    let place = Place::with_site();
    let folder = std::fs::read_dir(place.path("site/audit")).unwrap().next().unwrap().unwrap().path();
    let closed = Closed::close(&folder);
    let receiver = Receiver::start(ok());
    let secret = place.write("desk.secret", format!("whsec_{}\n", BASE64.encode([7; 32])));
    let webhook = format!("[webhooks.desk]\nurl = '{}'\nsecret-file = '{secret}'\n", receiver.url());
    let serving = Serving::start_with(&place, &webhook);
    until("it has begun", || place.path("site/hits/desk.cursor").exists());
    for count in 1..4 {
        let asked = r#"{"document":{"number":"L898902C3","issuing_state":"UTO"}}"#;
        assert_eq!(serving.post("/v1/checks", "application/json", asked).status, 200);
        until("it is delivered", || receiver.ids().len() == count);
        std::thread::sleep(Duration::from_millis(20));
    }
    until("it is told", || serving.get("/readyz").text().contains(name(&folder)));
    let log = serving.log();
    assert_eq!(log.matches("hits are not told").count(), 1, "{log}");
    closed.mend();
    place.check("L898902C3").exits(10);
    let others = std::fs::read_dir(place.path("site/audit")).unwrap().map(|entry| entry.unwrap().path());
    let service = others.into_iter().find(|other| name(other).starts_with("serve-")).unwrap();
    let _closed = Closed::close(&service);
    let shown = portcullis(&["hits", "--data", &place.site()]).exits(1);
    assert_eq!(shown.lines().len(), 1, "what the others have is shown");
    assert!(shown.err.contains(name(&service)), "{}", shown.err);
}
