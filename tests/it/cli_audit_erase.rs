//! What is over is erased, by the service and by hand, and everybody who reads the log is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan};
use portcullis::audit::{Act, AuditLog, Config, Draft, Role};
use portcullis::domain::Digest;
use portcullis::ground::storage::Disk;

use crate::support::command::{Place, json_lines, portcullis};
use crate::support::serving::Serving;

const KEPT: &str = "[audit]\nkeep-answers-days = 2\n";

/// A log with one answer and one hit on each of the last ten days.
fn log_of_ten_days(place: &Place, role: Role) -> PathBuf {
    let (data, now) = (PathBuf::from(place.site()), Timestamp::now());
    std::fs::create_dir_all(&data).unwrap();
    let mut folder: Option<PathBuf> = None;
    for day in (1..=10).rev() {
        let time = now.checked_sub((24 * day).hours()).unwrap();
        let log = match &folder {
            None => AuditLog::open(Arc::new(Disk), &data, role, Config::default(), time).unwrap().0,
            Some(folder) => again(&data, folder.file_name().unwrap().to_str().unwrap(), time),
        };
        folder = Some(data.join("audit").join(&**log.log_id()));
        for verdict in ["no_hit", "hit"] {
            let draft = Draft::new(time, Act::Check, "gate-3".into(), Digest([7; 32]));
            let _ = log.submit(Draft { verdict: Some(verdict), ..draft }, ()).unwrap().wait().unwrap();
        }
        log.close().unwrap();
    }
    folder.unwrap()
}

/// A child that another test is starting has this process's files, and its locks, for a moment.
fn again(data: &Path, log: &str, time: Timestamp) -> AuditLog {
    let open = || AuditLog::open_named(Arc::new(Disk), data, log, Config::default(), time);
    let mut tries = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(10));
        open().ok()
    });
    tries.by_ref().take(500).flatten().next().expect("nobody else writes it").0
}

#[test]
fn what_is_over_in_a_commands_log_is_erased_by_hand() {
    let place = Place::new();
    let folder = log_of_ten_days(&place, Role::Cli);
    let log = folder.file_name().unwrap().to_str().unwrap();
    let config = place.write("portcullis.toml", format!("[data]\ndir = {:?}\n{KEPT}", place.site()));
    let planned = portcullis(&["audit", "erase", "--config", &config, "--dry-run"]).exits(0).out;
    assert!(planned.contains("1 entries of answers of") && planned.contains("would be erased"), "{planned}");
    assert!(planned.contains("as of ") && !planned.contains("hits"), "{planned}");
    let erased = portcullis(&["audit", "erase", "--config", &config]).exits(0).out;
    assert!(erased.lines().filter(|line| line.ends_with(" erased")).count() >= 7, "{erased}");
    let verified = portcullis(&["audit", "verify", "--data", &place.site()]).exits(0).out;
    assert!(verified.contains("of them were erased when their time was over"), "{verified}");
    let report = portcullis(&["audit", "report", "--data", &place.site(), "--json"]).exits(0).json();
    let gone = report["erased"].as_u64().unwrap();
    assert!(gone >= 7 && report["verdict"]["hit"] == 10, "{report}");
    let lines = json_lines(&portcullis(&["audit", "export", "--data", &place.site()]).exits(0).out);
    let erased: Vec<_> = lines.iter().filter(|line| line["erased"]["class"] == "answers").collect();
    assert_eq!(erased.len() as u64, gone);
    assert!(erased.iter().all(|line| line["leaf"].as_str().unwrap().len() == 64 && line["entry"].is_null()));
    let (entry, leaf) = (&erased[0]["entry_id"], erased[0]["leaf"].as_str().unwrap());
    let proof = place.argument("proof");
    portcullis(&["audit", "prove", &format!("{log}/{entry}"), "--data", &place.site(), "--out", &proof])
        .exits(0);
    let key = place.argument(&format!("site/audit/{log}/verify.key"));
    portcullis(&["audit", "check-proof", &proof, "--key", &key]).fails_saying("--leaf");
    let proved = portcullis(&["audit", "check-proof", &proof, "--key", &key, "--leaf", leaf]).exits(0).out;
    assert!(proved.contains("its body was destroyed"), "{proved}");
    let again = portcullis(&["audit", "erase", "--config", &config]).exits(0).out;
    assert!(again.contains("nothing is over"), "{again}");
}

#[test]
fn a_service_erases_what_is_over_in_its_own_log() {
    let place = Place::with_site();
    let folder = log_of_ten_days(&place, Role::Serve);
    let log = folder.file_name().unwrap().to_str().unwrap();
    let serving = Serving::start_with(&place, KEPT);
    let begun = Instant::now();
    let erased = || {
        let page = serving.get("/v1/audit/entries").body;
        json_lines(&String::from_utf8(page).unwrap())
            .iter()
            .filter(|line| line["erased"]["class"] == "answers")
            .count()
    };
    while erased() < 7 {
        if begun.elapsed() > Duration::from_secs(30) {
            panic!("nothing is erased: {}", serving.log());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let config = place.write("own.toml", format!("[data]\ndir = {:?}\n{KEPT}", place.site()));
    let by_hand = portcullis(&["audit", "erase", "--config", &config]).exits(0).out;
    assert!(by_hand.contains(&format!("{log}: being written")), "{by_hand}");
    let said = serving.log();
    assert!(said.contains("whose time was over were erased"), "{said}");
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
}
