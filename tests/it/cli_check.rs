//! `portcullis check`: one document, one exit code, and no verdict without a list or a log.

use std::fs;

use jiff::SignedDuration;
use portcullis::config::Settings;
use portcullis::domain::Kind;
use serde_json::{Value, json};

use crate::support::command::{Place, Run, flip_a_byte, portcullis, portcullis_reading};
use crate::support::site::{Running, SPECIMEN, notice, publish};

/// The specimen's number with a check digit that agrees, and on no list.
const CLEAN: &str =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C47UTO7408122F1204159ZE184226B<<<<<14";

fn number(place: &Place, number: &str, more: &[&str]) -> Run {
    let site = place.site();
    let arguments = [&["check", "--data", &site, "--number", "-", "--issuer", "UTO"], more].concat();
    portcullis_reading(&arguments, number)
}

fn zone(place: &Place, text: &str, more: &[&str]) -> Run {
    portcullis_reading(&[&["check", "--data", &place.site(), "--mrz", "-"], more].concat(), text)
}

/// An inconclusive answer for this reason, in both ways of printing it.
fn inconclusive(place: &Place, reason: &str) -> Run {
    let answer = zone(place, SPECIMEN, &["--json"]).exits(11).json();
    assert_eq!((&answer["verdict"], &answer["reasons"][0]["code"]), (&json!("inconclusive"), &json!(reason)));
    let run = zone(place, SPECIMEN, &[]).exits(11);
    assert!(run.out.starts_with("INCONCLUSIVE"), "{run:?}");
    assert!(run.out.contains(&format!("reason: {reason}")), "{run:?}");
    run
}

#[test]
fn a_listed_document_exits_10_however_it_is_given() {
    let place = Place::with_site();
    let file = place.write("zone.txt", SPECIMEN);
    let site = place.site();
    for run in [
        zone(&place, SPECIMEN, &[]),
        zone(&place, &SPECIMEN.replace('\n', "\r\n"), &[]),
        portcullis(&["check", "--data", &site, "--mrz", &file]),
        number(&place, "L898902C3", &[]),
        number(&place, " l 898-902/c3\n", &["--kind", "passport"]),
        portcullis(&["check", "--data", &site, "--number", "L898902C3", "--issuer", "uto"]),
    ] {
        let run = run.exits(10);
        assert!(run.out.starts_with("HIT  "), "{run:?}");
        assert!(run.out.contains("listed by local: stolen passport"), "{run:?}");
        assert!(run.out.contains("consulted: generation 1"), "{run:?}");
        assert_eq!(run.err, "");
    }
}

#[test]
fn a_document_that_is_not_listed_exits_0_and_says_what_that_rests_on() {
    let place = Place::with_site();
    for run in [zone(&place, CLEAN, &[]), number(&place, "L898902C4", &[])] {
        let run = run.exits(0);
        assert!(run.out.starts_with("NO_HIT  "), "{run:?}");
        assert!(run.out.contains("local: fresh as of"), "{run:?}");
    }
}

#[test]
fn what_cannot_be_read_exits_11() {
    let place = Place::with_site();
    for text in ["", "nonsense", "P<UTO\nL898902C3"] {
        let run = zone(&place, text, &[]).exits(11);
        assert!(run.out.contains("mrz_unreadable, remedy: rescan"), "{run:?}");
    }
    let run =
        portcullis_reading(&["check", "--data", &place.site(), "--mrz", "-"], b"\xFF\xFE\x00").exits(11);
    assert!(run.out.contains("mrz_unreadable"), "{run:?}");
    for text in ["", "--", "L898902C3;", "L898902C3\nX1"] {
        let run = number(&place, text, &[]).exits(11);
        assert!(run.out.contains("number_unreadable"), "{run:?}");
    }
}

#[test]
fn another_kind_under_the_number_says_so() {
    let place = Place::with_site();
    let answer = number(&place, "L898902C3", &["--kind", "identity_card", "--json"]).exits(10).json();
    assert_eq!(answer["findings"][0]["match"], "kind_differs");
}

#[test]
fn its_json_is_what_the_service_sends() {
    let place = Place::new();
    let notices = [notice("UTO", "L898902C3", Kind::Passport), notice("UTO", "L898902C4", Kind::Visa)];
    publish(&place.path("site"), "local", &notices, SignedDuration::from_hours(1));
    let service = Running::start(Settings::defaults_for(place.path("site")));
    let odd = SPECIMEN.replace("UTO7408122", "UTO7408123");
    for text in [SPECIMEN, CLEAN, "nonsense", &odd] {
        let printed = zone(&place, text, &["--json"]);
        let sent = service.check(&json!({ "mrz": text }));
        assert_eq!(without_its_moment(printed.json()), without_its_moment(sent));
        assert_eq!(printed.out.lines().count(), 1);
    }
    let printed = number(&place, "L8989O2C3", &["--json", "--kind", "passport"]).exits(0).json();
    let document = json!({ "number": "L8989O2C3", "issuing_state": "UTO", "kind": "passport" });
    let sent = service.check(&json!({ "document": document }));
    assert_eq!(without_its_moment(printed), without_its_moment(sent));
}

/// An answer without what differs from one asking to the next; it has to be there.
fn without_its_moment(mut answer: Value) -> Value {
    for path in [
        "/check_id",
        "/decided_at",
        "/audit/log_id",
        "/audit/entry_id",
        "/audit/leaf",
        "/coverage/feeds/0/age_s",
    ] {
        let part = answer.pointer_mut(path).unwrap_or_else(|| panic!("{path} is missing"));
        assert!(!part.is_null(), "{path}");
        *part = Value::Null;
    }
    // Whoever asks is another, and so is the case.
    let is_hit = answer["verdict"] == "hit";
    assert_eq!(answer.as_object_mut().and_then(|answer| answer.remove("case_id")).is_some(), is_hit);
    answer
}

#[test]
fn a_data_directory_that_is_not_there_gives_no_verdict_and_a_remedy() {
    let place = Place::new();
    let run = zone(&place, SPECIMEN, &[]).fails_saying("there is no data directory");
    assert!(run.err.contains("`portcullis import --data"), "{}", run.err);
    assert_eq!(run.out, "");
    assert!(!place.path("site").exists(), "a slip of the pen makes no site");
}

#[test]
fn a_site_without_a_generation_is_inconclusive() {
    let place = Place::new();
    fs::create_dir(place.path("site")).unwrap();
    let run = inconclusive(&place, "no_generation");
    assert!(run.out.contains("consulted: nothing"), "{}", run.out);
}

#[test]
fn a_segment_with_a_flipped_byte_is_inconclusive_and_the_file_is_named() {
    let place = Place::with_site();
    let segment = place.segments().remove(0);
    flip_a_byte(&segment);
    let run = inconclusive(&place, "generation_unreadable");
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert!(run.err.contains(segment.to_str().unwrap()), "{}", run.err);
    flip_a_byte(&segment);
    zone(&place, SPECIMEN, &[]).exits(10);
}

#[test]
fn a_segment_that_was_cut_short_or_taken_away_is_inconclusive() {
    let place = Place::with_site();
    let segment = place.segments().remove(0);
    let file = fs::File::options().write(true).open(&segment).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    inconclusive(&place, "generation_unreadable");
    fs::remove_file(segment).unwrap();
    inconclusive(&place, "generation_unreadable");
}

#[test]
fn a_generation_file_or_pointer_that_was_changed_or_taken_away_is_inconclusive() {
    let place = Place::with_site();
    let [current, generation] =
        ["site/index/CURRENT", "site/index/generations/0000000001.generation"].map(|name| place.path(name));
    for path in [&current, &generation] {
        let whole = fs::read(path).unwrap();
        flip_a_byte(path);
        inconclusive(&place, "generation_unreadable");
        fs::remove_file(path).unwrap();
        let run = inconclusive(&place, "generation_unreadable");
        assert!(run.err.contains(path.to_str().unwrap()), "{}", run.err);
        fs::write(path, whole).unwrap();
    }
    zone(&place, SPECIMEN, &[]).exits(10);
}

#[test]
fn the_only_feed_is_forgotten_on_the_record_and_then_nothing_is_clear() {
    let place = Place::with_site();
    let forget = |feed: &str| portcullis(&["feed", "forget", feed, "--data", &place.site()]);
    let before = place.current();
    forget("elsewhere").fails_saying("elsewhere");
    let named = forget("Not a name").exits(2);
    assert!(named.err.contains("a feed's name has"), "{}", named.err);
    assert_eq!(place.current(), before);
    let forgotten = forget("local").exits(0);
    assert!(forgotten.out.contains("generation 2 is in force"), "{}", forgotten.out);
    inconclusive(&place, "nothing_expected");
    assert_eq!(number(&place, "X9", &["--json"]).exits(11).json()["reasons"][0]["code"], "nothing_expected");
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0);
    assert!(audit.out.contains("feed_forgotten 1"), "{}", audit.out);
    forget("local").fails_saying("local");
}

#[test]
fn a_feed_is_not_forgotten_where_that_cannot_be_recorded_or_where_there_is_none() {
    let place = Place::with_site();
    let before = place.current();
    block_the_log(&place);
    portcullis(&["feed", "forget", "local", "--data", &place.site()]).fails_saying("audit");
    assert_eq!(place.current(), before);
    let empty = Place::new();
    portcullis(&["feed", "forget", "local", "--data", &empty.site()])
        .fails_saying("there is no data directory");
    fs::create_dir(empty.path("site")).unwrap();
    portcullis(&["feed", "forget", "local", "--data", &empty.site()]).fails_saying("there is no feed local");
}

/// Puts a regular file where the logs' folder has to be: not even root can write below it.
fn block_the_log(place: &Place) {
    fs::rename(place.path("site/audit"), place.path("audit-before")).unwrap();
    place.write("site/audit", "in the way");
}

#[test]
fn without_an_audit_log_there_is_no_verdict() {
    let place = Place::with_site();
    block_the_log(&place);
    for run in [zone(&place, SPECIMEN, &[]), zone(&place, CLEAN, &["--json"]), number(&place, "X1", &[])] {
        let run = run.fails_saying("audit");
        assert_eq!(run.out, "");
    }
}

#[test]
fn a_damaged_audit_log_gives_no_verdict_and_is_left_as_it_is() {
    let place = Place::with_site();
    for _ in 0..3 {
        zone(&place, SPECIMEN, &[]).exits(10);
    }
    let logs = crate::support::command::files(&place.path("site/audit"));
    let bodies = logs.iter().find(|path| path.ends_with("bodies")).expect("a log has bodies");
    flip_a_byte(bodies);
    let damaged = fs::read(bodies).unwrap();
    let run = zone(&place, SPECIMEN, &[]).fails_saying("the audit log is damaged");
    assert_eq!(run.out, "");
    assert_eq!(fs::read(bodies).unwrap(), damaged);
    let inspected = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(1);
    assert!(inspected.out.contains("DAMAGED"), "{}", inspected.out);
}

#[test]
fn wrong_usage_exits_2_and_gives_no_verdict() {
    let place = Place::with_site();
    let site = place.site();
    for more in [
        &[][..],
        &["--number", "-"],
        &["--issuer", "UTO"],
        &["--number", "-", "--mrz", "-", "--issuer", "UTO"],
        &["--mrz", "-", "--issuer", "UTO"],
        &["--mrz", "-", "--kind", "passport"],
        &["--number", "-", "--issuer", "UTO", "--kind", "driving_licence"],
        &["--number", "-", "--issuer", "AN ISSUER OF SOME LENGTH"],
        &["--mrz", "-", "--colour"],
    ] {
        let run = portcullis_reading(&[&["check", "--data", &site], more].concat(), "X1").exits(2);
        assert!(run.out.is_empty() && !run.err.is_empty(), "{more:?}: {run:?}");
    }
    number(&place, &"X".repeat(65), &[]).exits(2);
    zone(&place, &"<".repeat(1025), &[]).exits(2);
    portcullis_reading(&["check", "--number", "-", "--issuer", "UTO"], "X1").exits(2);
    portcullis(&["screen"]).exits(2);
    portcullis(&[]).exits(2);
}

#[test]
fn input_that_is_no_document_at_all_is_not_read_to_its_end() {
    let place = Place::with_site();
    let refused = zone(&place, &"A".repeat(1 << 20), &[]).exits(2);
    assert!(refused.err.contains("longer than 4096 bytes"), "{}", refused.err);
    let missing = place.argument("missing.txt");
    portcullis(&["check", "--data", &place.site(), "--mrz", &missing]).fails_saying(&missing);
}
