//! `portcullis inspect` shows what is on disk; `portcullis demo` shows everything at once.

use std::net::TcpListener;

use crate::support::command::{HEADER, Place, flip_a_byte, hours_ago, portcullis};

#[test]
fn an_index_is_shown_with_its_feeds_and_what_they_list() {
    let place = Place::with_site();
    let rows = "A1,FRA,visa,lost\nA2,FRA,passport,lost\nA3,FRA,passport,revoked\n";
    let register = place.write("other.csv", format!("{HEADER}{rows}"));
    let as_of = hours_ago(0);
    place.import(&["--feed", "other", "--format", "csv", "--as-of", &as_of, &register]).exits(0);
    let shown = portcullis(&["inspect", "index", "--data", &place.site()]).exits(0).out;
    let digest = place.current().unwrap().split_whitespace().last().unwrap().to_owned();
    for line in [
        &format!("generation    2 ({digest})"),
        "expected      local, other",
        "feed          local",
        "feed          other",
        &format!("  sequence    1, as of {as_of}, authority local"),
        "  notices     2 on 2 documents",
        "  notices     3 on 3 documents",
        "  kinds       passport 2, visa 1",
        "  statuses    lost 2, revoked 1",
        "  issuers     FRA 3",
        "  issuers     UTO 2",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line:?} is not in\n{shown}");
    }
}

#[test]
fn an_index_that_cannot_be_trusted_is_said_and_fails() {
    let place = Place::with_site();
    flip_a_byte(&place.segments()[0]);
    let run = portcullis(&["inspect", "index", "--data", &place.site()]).fails_saying("cannot be trusted");
    assert_eq!(run.out, "");
    let empty = Place::new();
    std::fs::create_dir(empty.path("site")).unwrap();
    let run = portcullis(&["inspect", "index", "--data", &empty.site()]).exits(0);
    assert!(run.out.contains("no generation"), "{}", run.out);
    for part in ["index", "audit"] {
        let missing = empty.argument("elsewhere");
        portcullis(&["inspect", part, "--data", &missing]).fails_saying("there is no data directory");
    }
}

#[test]
fn an_audit_log_is_shown_in_numbers() {
    let place = Place::with_site();
    place.check("L898902C3").exits(10);
    place.check("L898902C3").exits(10);
    place.check("X9").exits(0);
    place.check("--").exits(11);
    let shown = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].starts_with("log           cli-"), "{shown}");
    for line in [
        "  entries     5",
        "  acts        check 4, import 1",
        "  verdicts    hit 2, inconclusive 1, no_hit 1",
    ] {
        assert!(lines.contains(&line), "{line:?} is not in\n{shown}");
    }
}

#[test]
fn looking_changes_nothing() {
    let place = Place::with_site();
    let state = || {
        let files = crate::support::command::files(&place.path("site"));
        files.into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let before = state();
    portcullis(&["inspect", "index", "--data", &place.site()]).exits(0);
    portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0);
    assert!(state() == before);
}

#[test]
fn the_demonstration_shows_every_verdict_and_leaves_a_site() {
    let place = Place::new();
    let site = place.site();
    let shown =
        portcullis(&["demo", "--once", "--port", "0", "--records", "2000", "--data", &site]).exits(0).out;
    let verdicts: Vec<_> =
        shown.lines().filter_map(|line| line.trim_start().strip_prefix("verdict")).map(str::trim).collect();
    assert_eq!(verdicts, ["hit", "inconclusive", "inconclusive", "no_hit"], "{shown}");
    for said in [
        "read 2000 = accepted",
        "listening on http://127.0.0.1:",
        "match exact",
        "number_check_digit_wrong",
        "differs: number",
        "issuer_unknown",
        "generation 1, entry 3 of serve-",
    ] {
        assert!(shown.contains(said), "{said:?} is not in\n{shown}");
    }
    assert!(!shown.contains("WRONG"), "{shown}");
    let audit = portcullis(&["inspect", "audit", "--data", &site]).exits(0).out;
    assert!(audit.contains("hit 1, inconclusive 2, no_hit 1"), "{audit}");
}

#[test]
fn the_demonstration_can_be_run_again_at_the_same_place() {
    let place = Place::new();
    let site = place.site();
    for generation in 1..=2 {
        let run =
            portcullis(&["demo", "--once", "--port", "0", "--records", "2000", "--data", &site]).exits(0);
        assert!(run.out.contains(&format!("generation {generation} is in force")), "{}", run.out);
    }
}

#[test]
fn a_busy_port_is_said_in_one_line_before_any_work() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = portcullis(&["demo", "--once", "--port", &port, "--data", &place.site()])
        .fails_saying(&format!("the address 127.0.0.1:{port} is in use"));
    assert_eq!((run.err.lines().count(), run.out.as_str()), (1, ""), "{run:?}");
    assert!(run.err.contains("choose another port"), "{}", run.err);
    assert!(!place.path("site").exists());
}

#[test]
fn a_demonstration_of_no_or_too_many_records_is_wrong_usage() {
    for records in ["0", "999", "200000001", "many"] {
        portcullis(&["demo", "--once", "--records", records]).exits(2);
    }
    portcullis(&["demo", "--once", "--port", "65536"]).exits(2);
}
