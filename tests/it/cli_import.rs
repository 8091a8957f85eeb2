//! `portcullis import`: what it takes, and what is in force afterwards.

use std::fs::{self, File};
use std::io::Write;

use jiff::{SignedDuration, Timestamp};

use crate::support::command::{
    Accounting, HEADER, Place, Run, hours_ago, portcullis, portcullis_reading, start,
};

fn import(place: &Place, feed: &str, rows: &str) -> Run {
    import_with(place, feed, rows, &[])
}

fn import_with(place: &Place, feed: &str, rows: &str, more: &[&str]) -> Run {
    let register = place.write("register.csv", format!("{HEADER}{rows}"));
    place.import(&[&["--feed", feed, "--format", "csv", &register], more].concat())
}

const ANY_REJECTS: [&str; 2] = ["--max-rejects", "1"];

#[test]
fn without_as_of_the_list_is_as_old_as_its_oldest_file() {
    let place = Place::new();
    let old = Timestamp::now() - SignedDuration::from_hours(5);
    let paths =
        [("newer.csv", old + SignedDuration::from_hours(2)), ("older.csv", old)].map(|(name, time)| {
            let path = place.write(name, format!("{HEADER}{},UTO,passport,lost\n", &name[..5]));
            File::options().write(true).open(&path).unwrap().set_modified(time.into()).unwrap();
            path
        });
    let imported = place.import(&["--feed", "local", "--format", "csv", &paths[0], &paths[1]]).exits(0);
    assert!(imported.out.contains(&format!("as of {old:.0}")), "{} is not in {}", old, imported.out);
    let answer = place.check("A1").json();
    let feed = &answer["coverage"]["feeds"][0];
    let as_of: Timestamp = feed["as_of"].as_str().unwrap().parse().unwrap();
    assert_eq!(as_of.as_microsecond(), old.as_microsecond());
    assert!((5 * 3600..5 * 3600 + 300).contains(&feed["age_s"].as_i64().unwrap()), "{feed}");
}

#[test]
fn standard_input_needs_the_time_as_of_which_the_list_is_complete() {
    let place = Place::new();
    let register = format!("{HEADER}L898902C3,UTO,passport,stolen\n");
    let site = place.site();
    let arguments = ["import", "--data", &site, "--feed", "local", "--format", "csv", "-"];
    portcullis_reading(&arguments, &register).fails_saying("--as-of");
    assert_eq!(place.current(), None);
    let as_of = hours_ago(2);
    let arguments = [&arguments[..7], &["--as-of", &as_of, "-"]].concat();
    let imported = portcullis_reading(&arguments, &register).exits(0);
    assert!(imported.out.contains(&format!("as of {as_of}")), "{imported:?}");
    assert_eq!(place.check("L898902C3").exits(10).json()["verdict"], "hit");
}

#[test]
fn a_compressed_pipe_is_recognised_by_its_content() {
    let place = Place::new();
    let path = place.argument("register.ndjson.zst");
    portcullis(&["generate", "--records", "500", "--out", &path]).exits(0);
    let site = place.site();
    let arguments =
        ["import", "--data", &site, "--feed", "local", "--format", "ndjson", "--as-of", &hours_ago(1), "-"];
    let imported = portcullis_reading(&arguments, fs::read(&path).unwrap()).exits(0);
    assert_eq!(imported.accounting().read, 500);
}

#[test]
fn rows_that_are_refused_are_listed_with_file_line_reason_and_column_and_without_numbers() {
    let place = Place::new();
    let rows = "\
        L898902C3,UTO,passport,stolen\n\
        L898902C3,UTO,passport,stolen\n\
        ,UTO,passport,stolen\n\
        L898902_C4,UTO,passport,stolen\n\
        L898902C4L898902C4L898902C4,UTO,passport,stolen\n\
        L898902C5,QQQ,passport,stolen\n\
        L898902C6,UTO,driving_licence,stolen\n\
        L898902C7,UTO,passport,eaten\n\
        L898902C8,UTO,passport\n\
        \"L898902C9,UTO,passport,stolen\n\
        X1,UTO,passport,lost\n";
    let imported = import_with(&place, "local", rows, &ANY_REJECTS).exits(0);
    let expected = Accounting { read: 11, accepted: 2, duplicates: 1, rejected: 8 };
    assert_eq!(imported.accounting(), expected);
    let path = place.path("site/imports/local.rejects.csv");
    assert!(imported.out.contains(path.to_str().unwrap()), "{}", imported.out);
    let rejects = fs::read_to_string(&path).unwrap();
    let register = place.argument("register.csv");
    let listed: Vec<_> = rejects.lines().map(|line| line.replace(&register, "FILE")).collect();
    assert_eq!(
        listed,
        [
            "file,line,reason,column",
            "FILE,4,number_missing,document_number",
            "FILE,5,number_character,document_number",
            "FILE,6,number_too_long,document_number",
            "FILE,7,issuer_unknown,issuing_state",
            "FILE,8,kind_unknown,kind",
            "FILE,9,status_unknown,status",
            "FILE,10,malformed_row,",
            "FILE,11,malformed_row,",
        ]
    );
    for text in [&rejects, &imported.out, &imported.err] {
        assert!(!text.contains("898902"), "{text}");
    }
    assert!(imported.out.contains("rejected 2: malformed_row"), "{}", imported.out);
}

#[test]
fn rejects_go_where_they_are_told_to() {
    let place = Place::new();
    let register =
        place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\nA2,QQQ,passport,lost\n"));
    let rejects = place.argument("refused.csv");
    let arguments = ["--feed", "local", "--format", "csv", "--rejects", &rejects, &register];
    place.import(&[&arguments[..], &ANY_REJECTS].concat()).exits(0);
    assert_eq!(fs::read_to_string(rejects).unwrap().lines().count(), 2);
    assert!(!place.path("site/imports").exists());
}

#[test]
fn a_mostly_rejected_register_is_imported_only_if_that_is_allowed() {
    let place = Place::new();
    let rows = format!("A1,UTO,passport,lost\n{}", "A2,QQQ,passport,lost\n".repeat(50));
    let refused = import(&place, "local", &rows).exits(1);
    assert!(refused.err.contains("50 of 51 rows were rejected, more than the 5.0 %"), "{}", refused.err);
    assert_eq!(place.current(), None);
    let imported = import_with(&place, "local", &rows, &ANY_REJECTS).exits(0);
    let expected = Accounting { read: 51, accepted: 1, duplicates: 0, rejected: 50 };
    assert_eq!(imported.accounting(), expected);
}

#[test]
fn several_files_are_one_list_and_what_both_have_is_a_duplicate() {
    let place = Place::new();
    let one = place.write("one.csv", format!("{HEADER}A1,UTO,passport,lost\nA2,UTO,passport,lost\n"));
    let other = place.write(
        "other.csv",
        "status,kind,document_number,issuing_state,reference\nlost,passport,a-1,uto,\nlost,passport,A3,UTO,77\n",
    );
    let imported = place.import(&["--feed", "local", "--format", "csv", &one, &other]).exits(0);
    let expected = Accounting { read: 4, accepted: 3, duplicates: 1, rejected: 0 };
    assert_eq!(imported.accounting(), expected);
    for number in ["A1", "A2", "A3"] {
        place.check(number).exits(10);
    }
}

#[test]
fn two_feeds_stand_side_by_side_and_both_are_expected() {
    let place = Place::new();
    import(&place, "national", "A1,UTO,passport,lost\n").exits(0);
    import(&place, "interpol", "A2,UTO,passport,lost\n").exits(0);
    for number in ["A1", "A2"] {
        place.check(number).exits(10);
    }
    let answer = place.check("A3").exits(0).json();
    let feeds: Vec<_> = answer["coverage"]["feeds"].as_array().unwrap().iter().collect();
    let named: Vec<_> =
        feeds.iter().map(|feed| (feed["feed"].as_str(), feed["expected"].as_bool())).collect();
    assert_eq!(named, [(Some("interpol"), Some(true)), (Some("national"), Some(true))]);
    assert_eq!(answer["coverage"]["generation"]["number"], 2);
}

#[test]
fn an_import_replaces_the_whole_list_of_its_feed_and_no_other() {
    let place = Place::new();
    import(&place, "other", "B1,UTO,passport,lost\n").exits(0);
    import(&place, "local", "A1,UTO,passport,lost\nA2,UTO,passport,lost\n").exits(0);
    let imported = import_with(&place, "local", "A2,UTO,passport,lost\n", &["--accept-shrink"]).exits(0);
    assert!(imported.out.contains("generation 3 is in force: feed local, sequence 2"), "{}", imported.out);
    place.check("A1").exits(0);
    place.check("A2").exits(10);
    place.check("B1").exits(10);
}

#[test]
fn an_import_is_recorded_before_it_is_in_force() {
    let place = Place::with_site();
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0);
    assert!(audit.out.contains("import 1"), "{}", audit.out);
}

#[test]
fn a_second_import_at_the_same_time_is_refused_with_a_clear_message() {
    let place = Place::new();
    let (site, as_of) = (place.site(), hours_ago(1));
    let mut first =
        start(&["import", "--data", &site, "--feed", "slow", "--format", "csv", "--as-of", &as_of, "-"]);
    let mut pipe = first.stdin.take().unwrap();
    let rows: String = (0..20_000).map(|row| format!("S{row},UTO,passport,lost\n")).collect();
    assert!(
        rows.len() > 4 << 16,
        "a pipe takes only a part of it, so that the first import has begun to read"
    );
    pipe.write_all(format!("{HEADER}{rows}").as_bytes()).unwrap();
    let refused = import(&place, "quick", "A1,UTO,passport,lost\n").fails_saying("another process holds");
    assert!(refused.err.contains("wait"), "{}", refused.err);
    assert_eq!((refused.out.as_str(), place.current()), ("", None));
    drop(pipe);
    let first = Run::from(first.wait_with_output().unwrap()).exits(0);
    assert_eq!(first.accounting().accepted, 20_000);
    import(&place, "quick", "A1,UTO,passport,lost\n").exits(0);
    place.check("S19999").exits(10);
    place.check("A1").exits(10);
}
