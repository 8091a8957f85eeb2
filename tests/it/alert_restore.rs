//! Alerts that are damaged, gone or older than they were come back out of a backup, and nothing passes for them meanwhile.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::alert_floor::{is_unreadable, keep, put};
use crate::support::alert::{alert, issue};
use crate::support::command::{PROGRAM, Place, Run, flip_a_byte, portcullis};
use crate::support::serving::Serving;

fn back_up(place: &Place, to: &str) -> String {
    let config = place.write("own.toml", format!("[data]\ndir = {:?}\n", place.site()));
    let to = place.argument(to);
    portcullis(&["backup", "--config", &config, "--to", &to]).exits(0);
    to
}

fn restore(place: &Place, backup: &str, more: &[&str]) -> Run {
    portcullis(&[&["alert", "restore", backup, "--data", &place.site()], more].concat())
}

fn damage(place: &Place) -> Vec<u8> {
    let pages = place.path("site/alerts/alerts.redb");
    let mut bytes = fs::read(&pages).unwrap();
    bytes.iter_mut().skip(64).for_each(|byte| *byte ^= 0x55);
    fs::write(&pages, &bytes).unwrap();
    bytes
}

fn acts(place: &Place) -> String {
    portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out
}

fn origins(place: &Place) -> Vec<(String, u64)> {
    let changes = portcullis(&["alert", "changes", "--data", &place.site()]).exits(0).lines();
    let origin = |change: &Value| {
        let origin = &change["alert"]["origin"];
        (origin["node"].as_str().unwrap().to_owned(), origin["counter"].as_u64().unwrap())
    };
    changes.iter().map(origin).collect()
}

#[test]
fn damaged_alerts_are_refused_by_name_and_come_back_out_of_a_backup() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    issue(&place, &alert("Q2"));
    let (backup, before) = (back_up(&place, "backup"), origins(&place));
    let damaged = damage(&place);
    let run = place.check("X2").exits(11);
    assert!(is_unreadable(&run.json()));
    assert!(
        run.err.contains("alerts.redb") && run.err.contains("portcullis alert restore BACKUP"),
        "{run:?}"
    );
    let said = restore(&place, &backup, &[]).exits(0).out;
    assert!(said.contains("up to revision 2") && said.contains("after 1000000000"), "{said}");
    assert!(!said.contains("on record"), "nothing is missing: {said}");
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
    for number in ["Q1", "Q2"] {
        assert_eq!(place.check(number).exits(10).json()["verdict"], "hit");
    }
    assert!(acts(&place).contains("alerts_restored 1"), "{}", acts(&place));
    assert_eq!(fs::read(place.path("site/alerts.restore-1/before/alerts.redb")).unwrap(), damaged);
    issue(&place, &alert("Q3"));
    let after = origins(&place);
    assert_eq!(after[..2], before[..]);
    assert_ne!(after[2].0, before[0].0, "it has a name of its own");
    assert_eq!(after[2].1, 1_000_000_001);
    restore(&place, &backup, &["--accept-loss"]).fails_saying("there is nothing to restore");
    assert_eq!(origins(&place), after);
}

#[test]
fn alerts_that_were_issued_after_the_backup_are_lost_only_by_somebodys_word() {
    let place = Place::with_site();
    let first = issue(&place, &alert("Q1"));
    let backup = back_up(&place, "backup");
    issue(&place, &alert("Q2"));
    portcullis(&["alert", "withdraw", &first, "--data", &place.site()]).exits(0);
    keep(&place, "whole");
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    restore(&place, &backup, &[]).fails_saying("up to revision 1, and 3 is on record");
    assert!(is_unreadable(&place.check("X2").exits(11).json()) && !place.path("site/alerts").exists());
    assert!(!acts(&place).contains("alerts_restored"));
    let said = restore(&place, &backup, &["--accept-loss"]).exits(0).out;
    assert!(said.contains("3 was on record") && said.contains("go through the alerts"), "{said}");
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
    assert_eq!(place.check("Q1").exits(10).json()["verdict"], "hit", "it is not known that it was withdrawn");
    assert!(acts(&place).contains("alerts_restored 1"), "{}", acts(&place));
    // Whoever finds the lost folder again does not lose what is issued since without being told.
    keep(&place, "since");
    put(&place, "whole");
    assert!(is_unreadable(&place.check("X2").exits(11).json()));
    put(&place, "since");
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
}

#[test]
fn what_nobody_could_record_any_more_is_missed_too() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    let backup = back_up(&place, "backup");
    damage(&place);
    // As if somebody had been killed between the revision and its entry.
    fs::write(place.path("site/alerts/REVISION"), "2\n").unwrap();
    restore(&place, &backup, &[]).fails_saying("up to revision 1, and 2 is on record");
    restore(&place, &backup, &["--accept-loss"]).exits(0);
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
}

#[test]
fn nothing_is_restored_that_is_not_of_this_site_or_not_sound() {
    let place = Place::with_site();
    let empty = back_up(&place, "empty");
    issue(&place, &alert("Q1"));
    let backup = back_up(&place, "backup");
    let other = Place::with_site();
    issue(&other, &alert("Q1"));
    let others = back_up(&other, "backup");
    let serving = Serving::start(&place, "text");
    restore(&place, &backup, &[]).fails_saying("stop the service first");
    serving.log();
    damage(&place);
    let unsound = back_up(&place, "unsound");
    restore(&place, &others, &[]).fails_saying("is a backup of another site");
    restore(&place, &empty, &[]).fails_saying("has no alerts");
    restore(&place, &unsound, &[]).fails_saying("were not sound when it was made");
    restore(&place, &place.argument("nowhere"), &[]).fails_saying("is no backup");
    let pages = place.path("backup/alerts/alerts.redb");
    let bytes = fs::read(&pages).unwrap();
    flip_a_byte(&pages);
    restore(&place, &backup, &[]).fails_saying("is not as it was backed up");
    assert!(!acts(&place).contains("alerts_restored"));
    fs::write(&pages, bytes).unwrap();
    restore(&place, &backup, &[]).exits(0);
    assert_eq!(place.check("Q1").exits(10).json()["verdict"], "hit");
}

fn clone(place: &Place, from: &str, to: &str) {
    let copied = Command::new("cp").arg("-a").args([place.path(from), place.path(to)]).status();
    assert!(copied.unwrap().success());
}

/// Two clones of one site count from the same number on: the alerts of the one are not those of the other.
#[test]
fn the_backup_of_a_twin_is_not_taken_for_that_of_the_site() {
    let place = Place::with_site();
    issue(&place, &alert("Q0"));
    clone(&place, "site", "twin");
    let adopt = |site: &str| portcullis(&["adopt", "--data", &place.argument(site)]).exits(0);
    adopt("site");
    adopt("twin");
    issue(&place, &alert("Q1"));
    let twins = place.write("twins.json", alert("TWINS").to_string());
    portcullis(&["alert", "issue", &twins, "--data", &place.argument("twin")]).exits(0);
    let config = place.write("twin.toml", format!("[data]\ndir = {:?}\n", place.argument("twin")));
    let backup = place.argument("of-twin");
    portcullis(&["backup", "--config", &config, "--to", &backup]).exits(0);
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    restore(&place, &backup, &[]).fails_saying("it may be that of a twin");
    assert!(is_unreadable(&place.check("Q1").exits(11).json()));
    let left = fs::read_dir(place.path("site/alerts.restore-1/alerts")).unwrap();
    assert_eq!(left.count(), 0, "what is refused leaves no numbers behind");
    restore(&place, &backup, &["--accept-loss"]).exits(0);
    assert_eq!(place.check("TWINS").exits(10).json()["verdict"], "hit");
}

#[test]
fn what_is_no_damage_is_not_restored_over() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    let backup = back_up(&place, "backup");
    issue(&place, &alert("Q2"));
    fs::write(place.path("site/alerts/REVISION"), "garbled").unwrap();
    restore(&place, &backup, &["--accept-loss"]).fails_saying("remove this file, and it is written anew");
    fs::remove_file(place.path("site/alerts/REVISION")).unwrap();
    assert_eq!(place.check("Q2").exits(10).json()["verdict"], "hit");
}

#[test]
fn a_record_that_is_damaged_is_told_when_it_is_backed_up() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    keep(&place, "other");
    // A record under another key opens, and is not what was written.
    let key = place.path("site/alerts/key");
    let text = fs::read_to_string(&key).unwrap();
    let (tag, digits) = text.trim_end().rsplit_once(' ').unwrap();
    let other: String = digits.chars().rev().collect();
    fs::write(&key, format!("{tag} {other}\n")).unwrap();
    let config = place.write("own.toml", format!("[data]\ndir = {:?}\n", place.site()));
    let said = portcullis(&["backup", "--config", &config, "--to", &place.argument("backup")]).exits(0).out;
    assert!(said.contains("alerts: NOT SOUND"), "{said}");
}

/// Restores until the `nth` system call of a sort, and says whether it was killed there.
fn is_killed_at(place: &Place, backup: &str, call: &str, nth: usize) -> bool {
    let (trace, kill) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={nth}"));
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &kill]);
    command.args([PROGRAM, "alert", "restore", backup, "--data", &place.site(), "--accept-loss"]);
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(ended.success() || ended.signal() == Some(9), "{ended:?}");
    !ended.success()
}

/// Whether the alerts are there, after somebody was killed: if not, nothing is clear, and if so, it is on record.
fn are_there(place: &Place) -> bool {
    let run = place.check("Q1");
    let are_there = run.code == 10;
    assert!(are_there || is_unreadable(&run.json()), "{run:?}");
    assert_eq!(place.check("X2").json()["verdict"] == "no_hit", are_there);
    assert!(!are_there || acts(place).contains("alerts_restored"));
    are_there
}

#[test]
fn whoever_is_killed_while_he_restores_does_it_again() {
    let mut found = [0; 2];
    for (call, is_lost) in ["rename", "fsync"].into_iter().flat_map(|call| [(call, false), (call, true)]) {
        let place = Place::with_site();
        issue(&place, &alert("Q1"));
        let backup = back_up(&place, "backup");
        if is_lost {
            issue(&place, &alert("Q2"));
        }
        damage(&place);
        clone(&place, "site", "damaged");
        let mut kills = 0;
        while is_killed_at(&place, &backup, call, kills + 1) {
            kills += 1;
            found[usize::from(are_there(&place))] += 1;
            let again = restore(&place, &backup, &["--accept-loss"]);
            assert!(again.code == 0 || again.err.contains("there is nothing to restore"), "{again:?}");
            assert!(are_there(&place), "{call} {kills}");
            fs::remove_dir_all(place.path("site")).unwrap();
            clone(&place, "damaged", "site");
        }
        assert!(are_there(&place) && kills > 2, "{call}: {kills}");
    }
    assert!(found.iter().all(|count| *count > 1), "{found:?}");
}
