//! `portcullis manifest`: one line out for each line in, in order, and a summary that adds up.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::command::{Place, Run, json_lines, portcullis, portcullis_reading, start};

fn manifest(place: &Place, list: impl AsRef<[u8]> + Send) -> Run {
    portcullis_reading(&["manifest", "--data", &place.site(), "-"], list)
}

fn asked(number: &str) -> String {
    format!("{}\n", json!({ "document": { "number": number, "issuing_state": "UTO" } }))
}

/// The answered lines by number and verdict or error, and the summary, which has to be complete and to add up.
#[track_caller]
fn outcomes(mut lines: Vec<Value>) -> (Vec<(u64, String)>, Value) {
    let summary = lines.pop().expect("the last line is the summary")["summary"].take();
    assert_eq!(summary["complete"], true);
    let outcome = |line: &Value| {
        let word = line["verdict"].as_str().or(line["error"]["code"].as_str()).expect("an outcome");
        (line["line"].as_u64().unwrap(), word.to_owned())
    };
    let outcomes: Vec<_> = lines.iter().map(outcome).collect();
    let count = |verdict: &str| outcomes.iter().filter(|(_, word)| word == verdict).count();
    let (hit, no_hit, inconclusive) = (count("hit"), count("no_hit"), count("inconclusive"));
    let failed = outcomes.len() - hit - no_hit - inconclusive;
    let counted = json!({
        "lines": outcomes.len(), "hit": hit, "no_hit": no_hit, "inconclusive": inconclusive, "failed": failed,
        "complete": true,
    });
    assert_eq!(summary, counted);
    (outcomes, summary)
}

fn words(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, word)| (*line, (*word).to_owned())).collect()
}

#[test]
fn every_line_of_ndjson_is_answered_in_its_place() {
    let place = Place::with_site();
    let list = [asked("L898902C3"), asked("X2"), asked("--"), asked("X1")].concat();
    let run = manifest(&place, &list).exits(0);
    let (answered, _) = outcomes(run.lines());
    assert_eq!(answered, words(&[(1, "hit"), (2, "no_hit"), (3, "inconclusive"), (4, "hit")]));
    assert!(run.err.contains("4 lines: 2 hit, 1 no hit, 1 inconclusive, 0 not answered"), "{}", run.err);
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0);
    assert!(audit.out.contains("manifest_chunk 2"), "its hits, and the rest: {}", audit.out);
    assert!(audit.out.contains("hit 2") && audit.out.contains("no_hit 1"), "{}", audit.out);
    let find = ["audit", "find", "--document", "-", "--data", &place.site()];
    let found = portcullis_reading(&find, "UTO X1").exits(0);
    assert!(found.out.contains("  line 4  ") && found.out.contains("found 2 times"), "{}", found.out);
    let json = portcullis_reading(&[&find[..], &["--json"]].concat(), "UTO X2").exits(0).lines();
    let (said, only) = (&json[0]["entry"]["lines"][0], &json[0]["entry"]["lines"][1]);
    assert_eq!((&said["line"], &said["verdict"], only), (&json!(2), &json!("no_hit"), &json!(null)));
}

#[test]
fn every_line_of_csv_is_answered_in_its_place() {
    let place = Place::with_site();
    let list = "issuing_state,document_number,kind,client_reference\r\nUTO,L898902C3,passport,seat-1\r\nUTO,\"X2\",,\r\n";
    let path = place.write("flight.csv", list);
    let run = portcullis(&["manifest", "--data", &place.site(), &path]).exits(0);
    let lines = run.lines();
    assert_eq!(lines[0]["client_reference"], "seat-1");
    assert_eq!(outcomes(lines).0, words(&[(2, "hit"), (3, "no_hit")]));
}

#[test]
fn broken_lines_are_answered_with_their_fault_and_exit_1() {
    let place = Place::with_site();
    let long = format!("{}\n", "x".repeat(20 << 10));
    let list = [
        asked("L898902C3"),
        "nonsense\n".to_owned(),
        "\n".to_owned(),
        long,
        "{\"colour\":\"red\"}\n".to_owned(),
        "{}\n".to_owned(),
        asked("X2"),
    ]
    .concat();
    let run = manifest(&place, &list).exits(1);
    let (answered, summary) = outcomes(run.lines());
    let expected = words(&[
        (1, "hit"),
        (2, "invalid_json"),
        (3, "line_empty"),
        (4, "line_too_long"),
        (5, "unknown_field"),
        (6, "invalid_field"),
        (7, "no_hit"),
    ]);
    assert_eq!((answered, &summary["failed"]), (expected, &json!(5)));
    let list = "document_number,issuing_state\nL898902C3,UTO\nL898902C3\n\nX2,UTO,more\nX2,UTO\n";
    let (answered, _) = outcomes(manifest(&place, list).exits(1).lines());
    let malformed = "line_malformed";
    assert_eq!(
        answered,
        words(&[(2, "hit"), (3, malformed), (4, "line_empty"), (5, malformed), (6, "no_hit")])
    );
    let (answered, _) = outcomes(manifest(&place, "number,state\nL898902C3,UTO\n").exits(1).lines());
    assert_eq!(answered, words(&[(1, "header_invalid"), (2, "header_invalid")]));
}

#[test]
fn a_list_without_lines_has_a_summary_of_nothing() {
    let place = Place::with_site();
    for list in ["", "document_number,issuing_state\n"] {
        let (answered, summary) = outcomes(manifest(&place, list).exits(0).lines());
        assert_eq!((answered.len(), &summary["lines"]), (0, &json!(0)));
    }
}

#[test]
fn a_last_line_without_a_line_break_is_answered() {
    let place = Place::with_site();
    let list = [&asked("X2"), asked("L898902C3").trim_end()].concat();
    assert_eq!(outcomes(manifest(&place, list).exits(0).lines()).0, words(&[(1, "no_hit"), (2, "hit")]));
}

#[test]
fn the_answers_appear_under_their_name_only_once_they_are_whole() {
    let place = Place::with_site();
    let out = place.argument("answers.ndjson");
    let mut child = start(&["manifest", "--data", &place.site(), "-", "-o", &out]);
    let mut pipe = child.stdin.take().unwrap();
    // More than a pipe holds: a part of it has been read, and answered, when all of it is written.
    pipe.write_all(asked("X2").repeat(8000).as_bytes()).unwrap();
    assert!(!place.path("answers.ndjson").exists());
    drop(pipe);
    let run = Run::from(child.wait_with_output().unwrap()).exits(0);
    assert_eq!(run.out, "");
    let (answered, _) = outcomes(json_lines(&fs::read_to_string(&out).unwrap()));
    assert_eq!(answered.len(), 8000);
    assert!(!place.path("answers.ndjson.partial").exists());
    let list = place.write("flight.ndjson", asked("L898902C3"));
    portcullis(&["manifest", "--data", &place.site(), &list, "-o", &out]).exits(0);
    let (answered, _) = outcomes(json_lines(&fs::read_to_string(&out).unwrap()));
    assert_eq!(answered, words(&[(1, "hit")]), "an older file of that name is replaced");
}

#[test]
fn answers_that_were_cut_off_never_appear_under_their_name() {
    let place = Place::with_site();
    let out = place.argument("answers.ndjson");
    let mut child = start(&["manifest", "--data", &place.site(), "-", "-o", &out]);
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(asked("X2").repeat(8000).as_bytes()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!place.path("answers.ndjson").exists());
    let list = place.write("flight.ndjson", asked("L898902C3"));
    portcullis(&["manifest", "--data", &place.site(), &list, "-o", &out]).exits(0);
    let (answered, _) = outcomes(json_lines(&fs::read_to_string(&out).unwrap()));
    assert_eq!(answered.len(), 1, "what was left of the first try is not in it");
}

#[test]
fn ten_thousand_lines_are_answered_in_order() {
    let place = Place::with_site();
    let list: String =
        (1..=10_000).map(|line| asked(if line % 100 == 0 { "L898902C3" } else { "X2" })).collect();
    let (answered, summary) = outcomes(manifest(&place, list).exits(0).lines());
    for (at, (line, word)) in (1..).zip(&answered) {
        let expected = if at % 100 == 0 { "hit" } else { "no_hit" };
        assert_eq!((*line, word.as_str()), (at, expected));
    }
    assert_eq!((&summary["lines"], &summary["hit"]), (&json!(10_000), &json!(100)));
}

#[test]
fn answers_come_while_lines_are_still_to_come() {
    let place = Place::with_site();
    let mut child = start(&["manifest", "--data", &place.site(), "-"]);
    let mut pipe = child.stdin.take().unwrap();
    // No more than a pipe holds: nobody reads the answers yet.
    pipe.write_all(asked("X2").repeat(300).as_bytes()).unwrap();
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    assert!(first.starts_with("{\"line\":1,"), "{first}");
    let writing = std::thread::spawn(move || pipe.write_all(asked("X2").repeat(2000).as_bytes()));
    assert_eq!(out.lines().count(), 299 + 2000 + 1);
    writing.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_is_missing_is_named_and_nothing_is_written() {
    let place = Place::with_site();
    let (missing, out) = (place.argument("missing.csv"), place.argument("answers.ndjson"));
    let run = portcullis(&["manifest", "--data", &place.site(), &missing, "-o", &out]).fails_saying(&missing);
    assert_eq!((run.out.as_str(), place.path("answers.ndjson").exists()), ("", false));
    let list = place.write("flight.ndjson", asked("X2"));
    portcullis(&["manifest", "--data", &place.argument("elsewhere"), &list])
        .fails_saying("there is no data directory");
    let nowhere = place.argument("no-such-folder/answers.ndjson");
    portcullis(&["manifest", "--data", &place.site(), &list, "-o", &nowhere]).fails_saying("no-such-folder");
    portcullis(&["manifest", "--data", &place.site()]).exits(2);
}

#[test]
fn without_an_audit_log_there_are_no_answers() {
    let place = Place::with_site();
    fs::remove_dir_all(place.path("site/audit")).unwrap();
    place.write("site/audit", "in the way");
    let run = manifest(&place, asked("L898902C3")).fails_saying("audit");
    assert_eq!(run.out, "");
}

/// A limit on the size of files stands for a full disk; the first chunks go through, then the log takes no more.
#[test]
fn a_log_that_fills_up_ends_the_answers_without_a_summary() {
    let place = Place::with_site();
    let binary = env!("CARGO_BIN_EXE_portcullis");
    // In blocks of 512 bytes: 1.5 MiB, which the log's reserve fits in.
    let script = format!("trap '' XFSZ; ulimit -f 3072; exec {binary} manifest --data {} -", place.site());
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || drop(pipe.write_all(asked("X2").repeat(40_000).as_bytes())));
    let run = Run::from(child.wait_with_output().unwrap()).fails_saying("could not be recorded");
    writing.join().unwrap();
    let mut lines = run.lines();
    assert_eq!(lines.pop().unwrap(), json!({ "error": { "code": "audit_unavailable" } }));
    assert!(!lines.is_empty() && lines.len() < 40_000, "{}", lines.len());
    for (at, line) in (1..).zip(&lines) {
        assert_eq!((&line["line"], &line["verdict"]), (&json!(at), &json!("no_hit")));
    }
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0);
    let recorded = format!("no_hit {}", lines.len());
    assert!(audit.out.contains(&recorded), "every answer given is on record and no other: {}", audit.out);
}
