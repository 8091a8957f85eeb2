//! `portcullis import`: what it refuses. Whatever was in force before is in force afterwards.

use std::fs;

use jiff::{SignedDuration, Timestamp};

use crate::support::command::{HEADER, Place, Run, hours_ago, portcullis, portcullis_reading};

/// A refused import of `arguments` at a site with a list in force.
fn refused(place: &Place, arguments: &[&str], saying: &str) -> Run {
    refused_as(place, arguments, 1, saying)
}

fn refused_as(place: &Place, arguments: &[&str], code: i32, saying: &str) -> Run {
    let before = place.current().expect("there is a generation");
    let run = place.import(arguments).exits(code);
    assert!(run.err.contains(saying), "{saying} is not said: {}", run.err);
    assert_eq!(run.out, "", "nothing is said to be in force");
    assert_eq!(place.current().as_ref(), Some(&before), "the pointer is as it was");
    let answer = place.check("L898902C3").exits(10).json();
    assert_eq!(answer["coverage"]["generation"]["number"], 1);
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0);
    assert!(audit.out.contains("import 1"), "no entry tells of an import that was not: {}", audit.out);
    run
}

const LOCAL: [&str; 4] = ["--feed", "local", "--format", "csv"];

#[test]
fn a_list_from_the_future() {
    let place = Place::with_site();
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    let tomorrow = (Timestamp::now() + SignedDuration::from_hours(24)).to_string();
    refused(&place, &[&LOCAL[..], &["--as-of", &tomorrow, &register]].concat(), "in the future");
    let file = fs::File::options().write(true).open(&register).unwrap();
    file.set_modified((Timestamp::now() + SignedDuration::from_hours(24)).into()).unwrap();
    refused(&place, &[&LOCAL[..], &[&register]].concat(), "in the future");
}

#[test]
fn a_list_older_than_the_one_in_force() {
    let place = Place::with_site();
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    let run = refused(
        &place,
        &[&LOCAL[..], &["--as-of", &hours_ago(2), &register]].concat(),
        "nothing was changed",
    );
    assert!(run.err.contains("earlier than"), "{}", run.err);
    let another = ["--feed", "other", "--format", "csv", "--as-of", &hours_ago(2), &register];
    place.import(&another).exits(0);
}

#[test]
fn a_list_older_than_one_that_was_forgotten() {
    let place = Place::with_site();
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    portcullis(&["feed", "forget", "local", "--data", &place.site()]).exits(0);
    let older = hours_ago(2);
    place.import(&[&LOCAL[..], &["--as-of", &older, &register]].concat()).fails_saying("earlier than");
    place.check("A1").exits(11);
    place.import(&[&LOCAL[..], &[&register]].concat()).exits(0);
    place.check("A1").exits(10);
}

#[test]
fn a_time_that_is_none() {
    let place = Place::with_site();
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    for time in ["yesterday", "2026-13-01T00:00:00Z", "2026-03-01"] {
        refused_as(&place, &[&LOCAL[..], &["--as-of", time, &register]].concat(), 2, "is no time");
    }
}

#[test]
fn a_register_without_one_usable_row() {
    let place = Place::with_site();
    let rejected = format!("{HEADER}A1,QQQ,passport,lost\nA2,UTO,passport,eaten\n");
    for (content, saying) in [
        ("", "is empty"),
        ("\n\n\n", "is empty"),
        (HEADER, "no usable row (0 of 0 rejected)"),
        (&rejected, "no usable row (2 of 2 rejected)"),
    ] {
        let register = place.write("register.csv", content);
        refused(&place, &[&LOCAL[..], &[&register]].concat(), saying);
    }
    let rejects = fs::read_to_string(place.path("site/imports/local.rejects.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 3, "the side file says why: {rejects}");
    for content in ["", "\n", "{}\n"] {
        let register = place.write("register.ndjson", content);
        refused(&place, &["--feed", "local", "--format", "ndjson", &register], "");
    }
}

#[test]
fn an_archive_that_is_cut_short_or_damaged() {
    let place = Place::with_site();
    for extension in ["gz", "zst", "bz2"] {
        let path = place.argument(&format!("register.csv.{extension}"));
        portcullis(&["generate", "--records", "20000", "--out", &path]).exits(0);
        let whole = fs::read(&path).unwrap();
        for length in [whole.len() - 1, whole.len() / 2, 20] {
            fs::write(&path, &whole[..length]).unwrap();
            refused(&place, &[&LOCAL[..], &[&path]].concat(), "cut short or damaged");
        }
        let mut damaged = whole;
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        refused(&place, &[&LOCAL[..], &[&path]].concat(), &path);
    }
}

#[test]
fn an_archive_of_a_sort_that_is_not_read() {
    let place = Place::with_site();
    let zip = place.write("register.zip", b"PK\x03\x04rest");
    let xz = place.write("register.xz", b"\xFD7zXZ\0rest");
    refused(&place, &[&LOCAL[..], &[&zip]].concat(), "zip archive");
    refused(&place, &[&LOCAL[..], &[&xz]].concat(), "is a xz archive: unpack it");
}

#[test]
fn columns_that_are_unknown_missing_or_there_twice() {
    let place = Place::with_site();
    for (header, saying) in [
        ("document_number,issuing_state,kind,status,colour\n", "column colour of the header"),
        ("document_number,issuing_state,kind\n", "column status is missing"),
        ("document_number,issuing_state,kind,status,kind\n", "column kind occurs twice"),
        ("L898902C3,UTO,passport,stolen\n", "column 1 of the header"),
        ("{\"document_number\":\"L898902C3\"}\n", "column 1 of the header"),
    ] {
        let register = place.write("register.csv", format!("{header}A1,UTO,passport,lost\n"));
        let run = refused(&place, &[&LOCAL[..], &[&register]].concat(), saying);
        assert!(!run.err.contains("898902"), "{}", run.err);
    }
}

#[test]
fn a_file_that_is_not_there_although_others_are() {
    let place = Place::with_site();
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    let missing = place.argument("missing.csv");
    refused(&place, &[&LOCAL[..], &[&register, &missing]].concat(), "missing.csv");
    let folder = place.argument("");
    refused(&place, &[&LOCAL[..], &[&folder]].concat(), &folder);
}

#[test]
fn standard_input_among_files() {
    let place = Place::with_site();
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    let now = hours_ago(0);
    let arguments = [&LOCAL[..], &["--as-of", &now, &register, "-"]].concat();
    refused_as(&place, &arguments, 2, "can't be combined");
}

#[test]
fn a_data_directory_that_cannot_be_written() {
    let place = Place::new();
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    place.write("file", "");
    let data = place.argument("file/site");
    let run = portcullis(&[&["import", "--data", &data][..], &LOCAL, &[&register]].concat());
    run.fails_saying(&data);
}

#[test]
fn a_site_whose_audit_log_cannot_be_written() {
    let place = Place::new();
    fs::create_dir(place.path("site")).unwrap();
    place.write("site/audit", "in the way");
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    let run = place.import(&[&LOCAL[..], &[&register]].concat()).fails_saying("audit");
    assert_eq!((run.out.as_str(), place.current()), ("", None));
}

#[test]
fn names_that_are_no_feeds_names() {
    let place = Place::with_site();
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    let long = "a".repeat(33);
    for feed in ["Local", "lo cal", "lo_cal", "", "../x", "lokäl", &long] {
        refused_as(&place, &["--feed", feed, "--format", "csv", &register], 2, "a feed's name has");
    }
}

#[test]
fn a_site_whose_pointer_was_lost_is_not_begun_anew() {
    let place = Place::with_site();
    fs::remove_file(place.path("site/index/CURRENT")).unwrap();
    let register = place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\n"));
    place.import(&[&LOCAL[..], &[&register]].concat()).fails_saying("CURRENT is missing");
    assert_eq!(place.current(), None);
}

#[test]
fn what_is_said_of_arguments_that_are_missing_is_wrong_usage() {
    let place = Place::new();
    let (site, register) = (place.site(), place.write("register.csv", HEADER));
    for arguments in [
        &["import"][..],
        &["import", "--data", &site, "--feed", "local", "--format", "csv"],
        &["import", "--data", &site, "--feed", "local", &register],
        &["import", "--data", &site, "--format", "csv", &register],
        &["import", "--feed", "local", "--format", "csv", &register],
        &["import", "--data", &site, "--feed", "local", "--format", "xml", &register],
    ] {
        portcullis_reading(arguments, "").exits(2);
    }
    assert!(!place.path("site").exists());
}
