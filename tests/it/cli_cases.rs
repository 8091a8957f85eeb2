//! `portcullis case`.

use serde_json::{Value, json};

use crate::support::command::{Place, Run, portcullis};

fn case(place: &Place, words: &[&str]) -> Run {
    portcullis(&[&["case", words[0], "--data", &place.site()], &words[1..]].concat())
}

/// A hit, and the case that it opens.
fn opened(place: &Place) -> String {
    let answer =
        portcullis(&["check", "--data", &place.site(), "--issuer", "UTO", "--number", "L898902C3", "--json"])
            .exits(10)
            .json();
    answer["case_id"].as_str().unwrap().to_owned()
}

#[test]
fn a_case_is_listed_shown_and_decided() {
    let place = Place::with_site();
    let id = opened(&place);
    assert_eq!(opened(&place), id, "the same person asks about the same document on the same day");
    let listed = case(&place, &["list"]).exits(0).out;
    assert!(listed.contains(&id) && listed.contains("open") && listed.contains("checks 2"), "{listed}");
    assert!(!listed.contains("L898902C3"));
    let shown: Value = case(&place, &["show", &id]).exits(0).json();
    assert_eq!(shown["document"]["number"], "L898902C3");
    let words = ["outcome", &id, "false_hit", "--contact", "Registry", "--grade-after", "admiralty:B2"];
    assert!(case(&place, &words).exits(0).out.contains("false_hit"));
    assert_eq!(case(&place, &["list"]).exits(0).out, "");
    assert!(case(&place, &["list", "--all"]).exits(0).out.contains("false_hit"));
    let counted = case(&place, &["statistics", "--json"]).exits(0).json();
    let expected = json!({
        "type": "feed", "name": "local", "category": "stolen",
        "outcomes": { "false_hit": 1 }, "cases": 1, "false_hit_rate": 1.0,
    });
    assert_eq!(counted, expected);
    let again = case(&place, &["outcome", &id, "confirmed", "--outcomes", "0"]);
    again.fails_saying("has 1 outcomes");
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
}

#[test]
fn what_is_no_case_or_no_outcome_is_told() {
    let place = Place::with_site();
    let id = opened(&place);
    case(&place, &["show", "nonsense"]).exits(2);
    case(&place, &["show", &"0".repeat(32)]).fails_saying("there is no case");
    case(&place, &["outcome", &id, "innocent"]).exits(2);
    case(&place, &["outcome", &id, "cleared_until"]).exits(2);
    case(&place, &["outcome", &id, "cleared_until", "--until", "tomorrow"]).exits(2);
}

#[test]
fn what_a_case_holds_goes_with_the_digest_key() {
    let place = Place::with_site();
    let id = opened(&place);
    let rotated = portcullis(&["audit", "rotate-digest-key", "--data", &place.site()]).exits(0).out;
    assert_eq!(
        case(&place, &["show", &id]).exits(0).json()["content"],
        "whole",
        "older keys open older cases"
    );
    let keys = std::fs::read_dir(place.path("site/audit/keys")).unwrap();
    let current = std::fs::read_to_string(place.path("site/audit/keys/current")).unwrap();
    let old = keys
        .map(|key| key.unwrap().file_name().into_string().unwrap())
        .find_map(|name| name.strip_suffix(".key").filter(|name| *name != current.trim()).map(str::to_owned))
        .unwrap_or_else(|| panic!("{rotated}"));
    portcullis(&["audit", "destroy-digest-key", "--data", &place.site(), &old]).exits(0);
    let shown = case(&place, &["show", &id]).exits(0).json();
    assert_eq!((&shown["content"], &shown["document"]), (&json!("closed"), &Value::Null));
    assert_eq!(shown["checks_total"], 1, "that there was a hit is known all the same");
}

#[test]
fn a_bearer_stays_cleared_when_the_digest_key_is_rotated_until_something_else_is_said_or_the_key_is_destroyed()
 {
    let place = Place::with_site();
    let site = place.site();
    // The case, and by which case its bearer is cleared.
    let check = || {
        let words = ["check", "--data", &site, "--issuer", "UTO", "--number", "L898902C3", "--json"];
        let answer = portcullis(&words).exits(10).json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        (text(&answer["case_id"]).unwrap(), text(&answer["findings"][0]["cleared"]["case_id"]))
    };
    let (old, _) = check();
    let until = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48)).to_string();
    let clears = |id: &str| drop(case(&place, &["outcome", id, "cleared_until", "--until", &until]).exits(0));
    clears(&old);
    let current = || std::fs::read_to_string(place.path("site/audit/keys/current")).unwrap();
    portcullis(&["audit", "rotate-digest-key", "--data", &site]).exits(0);
    let before = std::fs::read_dir(place.path("site/audit/keys")).unwrap();
    let before = before
        .map(|key| key.unwrap().file_name().into_string().unwrap())
        .find_map(|name| name.strip_suffix(".key").filter(|id| *id != current().trim()).map(str::to_owned));
    let (new, cleared_by) = check();
    assert_eq!((new != old, cleared_by.as_ref()), (true, Some(&old)), "it is another case, and says so too");
    case(&place, &["outcome", &new, "refuse"]).exits(0);
    assert_eq!(check().1, None, "what was said last holds, by whichever name");
    clears(&old);
    assert_eq!(check().1.as_ref(), Some(&old));
    portcullis(&["audit", "destroy-digest-key", "--data", &site, &before.unwrap()]).exits(0);
    assert_eq!(check().1, None, "nobody can tell any more whom it was said of");
}

#[test]
fn whoever_has_read_enough_of_a_case_hears_of_no_fault() {
    let place = Place::with_site();
    let id = opened(&place);
    let shown = said_unread(&["case", "show", &id, "--data", &place.site()]);
    assert!(shown.is_empty(), "{shown}");
}

/// Runs a command whose output nobody reads, and gives what it says on standard error.
fn said_unread(words: &[&str]) -> String {
    let mut command = crate::support::command::command(words);
    let mut child = command
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap()
}

#[test]
fn what_took_a_clearance_back_does_so_also_when_its_key_is_destroyed() {
    let place = Place::with_site();
    let site = place.site();
    let current = || std::fs::read_to_string(place.path("site/audit/keys/current")).unwrap();
    let is_cleared = || {
        let words = ["check", "--data", &site, "--issuer", "UTO", "--number", "L898902C3", "--json"];
        !portcullis(&words).exits(10).json()["findings"][0]["cleared"].is_null()
    };
    let until = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48)).to_string();
    case(&place, &["outcome", &opened(&place), "cleared_until", "--until", &until]).exits(0);
    assert!(is_cleared());
    portcullis(&["audit", "rotate-digest-key", "--data", &site]).exits(0);
    let second = current().trim().to_owned();
    case(&place, &["outcome", &opened(&place), "refuse"]).exits(0);
    portcullis(&["audit", "rotate-digest-key", "--data", &site]).exits(0);
    assert!(!is_cleared());
    portcullis(&["audit", "destroy-digest-key", "--data", &site, &second]).exits(0);
    assert!(!is_cleared(), "nobody can tell any more of whom that was said: of him, perhaps");
}

#[test]
fn a_restored_site_knows_its_cases_and_passes_over_a_log_that_was_not_sound() {
    let place = Place::with_site();
    let id = opened(&place);
    let config = place.write("own.toml", format!("[data]\ndir = {:?}\n", place.site()));
    let backup = place.argument("backup");
    portcullis(&["backup", "--config", &config, "--to", &backup]).exits(0);
    std::fs::remove_dir_all(place.path("site")).unwrap();
    portcullis(&["restore", &backup, "--data", &place.site()]).exits(0);
    assert!(case(&place, &["list"]).exits(0).out.contains(&id));
    assert_eq!(case(&place, &["show", &id]).exits(0).json()["document"]["number"], "L898902C3");
    case(&place, &["outcome", &id, "false_hit"]).exits(0);
    assert!(case(&place, &["list", "--all"]).exits(0).out.contains("false_hit"));
    for log in std::fs::read_dir(place.path("site/audit")).unwrap() {
        let log = log.unwrap().path();
        if log.extension().is_some_and(|end| end == "restored") {
            std::fs::remove_file(log.join("leaves")).unwrap();
        }
    }
    assert_eq!(
        case(&place, &["list", "--all"]).exits(0).out,
        "",
        "what cannot be read keeps nobody from the others"
    );
}
