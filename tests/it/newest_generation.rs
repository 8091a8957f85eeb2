//! An answer rests on the newest generation or says that it does not.

use jiff::SignedDuration;
use portcullis::config::Settings;
use portcullis::domain::Kind;
use serde_json::{Value, json};

use crate::support::command::{files, flip_a_byte};
use crate::support::site::{Running, SPECIMEN, notice, publish};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Asks until the answer is of some kind; what is on disk is taken up within seconds.
fn until(service: &Running, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let answer = service.check(&json!({ "mrz": SPECIMEN }));
        if wanted(&answer) {
            return answer;
        }
        assert!(std::time::Instant::now() < end, "still {answer}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn says_unreadable(answer: &Value) -> bool {
    answer["verdict"] == "inconclusive" && answer["reasons"][0]["code"] == "generation_unreadable"
}

#[test]
fn a_newer_generation_that_is_damaged_takes_the_clearance_away_until_it_is_imported_again() {
    let data = tempfile::tempdir().unwrap();
    let clean = [notice("UTO", "ACDEF7", Kind::Passport)];
    publish(data.path(), "a", &clean, HOUR * 3);
    let before = files(&data.path().join("index/segments"));
    let service = Running::start(Settings::defaults_for(data.path()));
    assert_eq!(service.check(&json!({ "mrz": SPECIMEN }))["verdict"], "no_hit");
    // The service looks once a second: the damage is done before it can have looked.
    publish(data.path(), "b", &[notice("UTO", "L898902C3", Kind::Passport)], HOUR * 2);
    let newer = files(&data.path().join("index/segments"));
    flip_a_byte(newer.iter().find(|path| !before.contains(path)).unwrap());
    let answer = until(&service, |answer| answer["verdict"] != "no_hit");
    if answer["verdict"] == "hit" {
        // It was quicker than the damage, and answers from the map that it checked.
        return;
    }
    assert!(says_unreadable(&answer), "{answer}");
    assert_eq!(answer["coverage"]["complete"], false);
    assert_eq!(service.get("/readyz").status, 503);
    publish(data.path(), "b", &[notice("UTO", "L898902C3", Kind::Passport)], HOUR);
    until(&service, |answer| answer["verdict"] == "hit");
    assert_eq!(service.get("/readyz").status, 200);
}

#[test]
fn an_older_generation_put_back_is_refused_while_the_newer_one_is_open() {
    let data = tempfile::tempdir().unwrap();
    publish(data.path(), "local", &[notice("UTO", "ACDEF7", Kind::Passport)], HOUR * 2);
    let current = data.path().join("index/CURRENT");
    let older = std::fs::read(&current).unwrap();
    publish(data.path(), "local", &[notice("UTO", "ACDEF8", Kind::Passport)], HOUR);
    let service = Running::start(Settings::defaults_for(data.path()));
    assert_eq!(service.check(&json!({ "mrz": SPECIMEN }))["verdict"], "no_hit");
    let newer = std::fs::read(&current).unwrap();
    std::fs::write(&current, older).unwrap();
    let answer = until(&service, says_unreadable);
    assert_eq!(answer["coverage"]["generation"]["number"], 2, "what is open stays open");
    std::fs::write(&current, newer).unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while service.check(&json!({ "mrz": SPECIMEN }))["verdict"] != "no_hit" {
        assert!(std::time::Instant::now() < end, "the newer one is back and not taken up");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[test]
fn an_index_that_was_put_back_is_not_taken_up_when_its_numbers_have_overtaken() {
    let data = tempfile::tempdir().unwrap();
    let clean = [notice("UTO", "ACDEF7", Kind::Passport)];
    publish(data.path(), "a", &clean, HOUR * 9);
    let older = std::fs::read(data.path().join("index/CURRENT")).unwrap();
    publish(data.path(), "b", &[notice("UTO", "L898902C3", Kind::Passport)], HOUR * 8);
    let service = Running::start(Settings::defaults_for(data.path()));
    assert_eq!(service.check(&json!({ "mrz": SPECIMEN }))["verdict"], "hit");
    // A backup of the index from before feed b comes back, and feed a is imported on it again and again.
    std::fs::write(data.path().join("index/CURRENT"), older).unwrap();
    for age in [5, 4, 3] {
        publish(data.path(), "a", &clean, HOUR * age);
    }
    std::thread::sleep(std::time::Duration::from_millis(2500));
    let question = json!({ "document": { "number": "ACDEF9", "issuing_state": "UTO" } });
    let answer = service.check(&question);
    assert!(says_unreadable(&answer), "{answer}");
    assert_eq!(
        service.check(&json!({ "mrz": SPECIMEN }))["verdict"],
        "hit",
        "what is open still finds its hits"
    );
    publish(data.path(), "b", &[notice("UTO", "L898902C3", Kind::Passport)], HOUR);
    until(&service, |answer| answer["coverage"]["complete"] == true);
}

#[test]
fn an_import_beside_a_damaged_feed_is_refused_and_names_it() {
    let data = tempfile::tempdir().unwrap();
    publish(data.path(), "bad", &[notice("UTO", "ACDEF7", Kind::Passport)], HOUR * 2);
    flip_a_byte(&files(&data.path().join("index/segments"))[0]);
    let register = data.path().join("register.csv");
    std::fs::write(&register, "document_number,issuing_state,kind,status\nX1,UTO,passport,lost\n").unwrap();
    let import = |feed: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["import", "--data", data.path().to_str().unwrap(), "--feed", feed, "--format", "csv"])
            .arg(&register)
            .output()
            .unwrap()
    };
    let refused = import("good");
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("feed bad") && said.contains("feed forget bad"), "{said}");
    assert!(import("bad").status.success(), "importing the damaged feed again mends the site");
    assert!(import("good").status.success());
}
