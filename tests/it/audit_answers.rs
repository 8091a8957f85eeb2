//! What the service and the commands hand in is what the log promises.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use portcullis::app::open_screening;
use portcullis::audit::{AuditLog, Config, Digester, Entry, Role};
use portcullis::config::Settings;
use portcullis::domain::Kind;
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::Disk;
use portcullis::publishing::forget;
use portcullis::screening::CheckRequest;
use serde_json::json;

use crate::audit_samples::entries;
use crate::support::site::{SPECIMEN, feed, notice, publish};

/// The entries that one check of a zone leaves.
fn checked(data: &Path, zone: &str) -> Vec<Entry<'static>> {
    let settings = Settings::defaults_for(data);
    let clock = Arc::new(Clock::new(SystemClock));
    let (screening, opened) = open_screening(&settings, Arc::new(Disk), clock, Role::Serve).unwrap();
    let request = CheckRequest::parse(json!({ "mrz": zone }).to_string().as_bytes()).unwrap();
    let question = request.into_question(&"gate-3".into()).unwrap();
    drop(screening.check(&question).unwrap().wait().unwrap());
    screening.close().unwrap();
    entries(&data.join("audit").join(&*opened.log_id)).unwrap()
}

#[test]
fn the_document_presented_stands_apart_from_other_readings_and_the_generation_is_marked() {
    for (issuer, other) in [("UTO", "D<<"), ("D<<", "UTO")] {
        let data = tempfile::tempdir().unwrap();
        let listed = [notice("UTO", "Z1", Kind::Passport)];
        let generation = publish(data.path(), "local", &listed, SignedDuration::from_hours(1));
        let zone = SPECIMEN.replacen("UTO", issuer, 1).replacen("36UTO74", &format!("36{other}74"), 1);
        let found = checked(data.path(), &zone);
        let [entry] = &found[..] else { panic!("{} entries", found.len()) };

        let digester = Digester::open(&Disk, data.path()).unwrap();
        let digest = |state: &str| {
            let state = state.trim_end_matches('<');
            digester.document(&notice(state, "L898902C3", Kind::Passport).document)
        };
        assert_eq!(entry.digests, [digest(issuer)], "{issuer}");
        assert!(entry.readings.contains(&digest(other)), "{issuer}");
        assert!(entry.listed.is_empty());
        let mark = entry.generation.unwrap();
        assert_eq!((mark.number, &mark.digest_start[..]), (generation.number, &generation.digest.0[..16]));
    }
}

#[test]
fn an_act_on_feeds_marks_the_generation_that_it_puts_in_force() {
    let data = tempfile::tempdir().unwrap();
    for name in ["local", "other"] {
        publish(data.path(), name, &[notice("UTO", "Z1", Kind::Passport)], SignedDuration::from_hours(1));
    }
    let (log, opened) =
        AuditLog::open(Arc::new(Disk), data.path(), Role::Cli, Config::default(), Timestamp::now()).unwrap();
    let clock = Clock::new(SystemClock);
    let id = forget(Arc::new(Disk), data.path(), &log, &clock, &"root".into(), &feed("other")).unwrap();
    log.close().unwrap();
    let found = entries(&data.path().join("audit").join(&*opened.log_id)).unwrap();
    let mark = found[0].generation.unwrap();
    assert_eq!((mark.number, &mark.digest_start[..]), (id.number, &id.digest.0[..16]));
}
