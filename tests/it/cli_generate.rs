//! `portcullis generate`, and that whatever it writes can be imported.

use std::fs;

use crate::support::command::{Accounting, Place, hours_ago, portcullis};

const NAMES: [&str; 8] = [
    "register.csv",
    "register.csv.gz",
    "register.csv.zst",
    "register.csv.bz2",
    "register.ndjson",
    "register.ndjson.gz",
    "register.ndjson.zst",
    "register.ndjson.bz2",
];

fn generate(records: &str, seed: &str, out: &str) -> crate::support::command::Run {
    portcullis(&["generate", "--records", records, "--seed", seed, "--out", out])
}

fn format(name: &str) -> &str {
    name.split('.').nth(1).unwrap()
}

#[test]
fn every_format_and_compression_imports_with_every_row_accounted_for() {
    let place = Place::new();
    let as_of = hours_ago(1);
    let (mut accountings, mut segments) = (Vec::new(), Vec::new());
    for name in NAMES {
        let path = place.argument(name);
        let said = generate("3000", "5", &path).exits(0);
        assert!(said.out.contains("3000 records, seed 5"), "{said:?}");
        let feed = name.replace('.', "-");
        let imported =
            place.import(&["--feed", &feed, "--format", format(name), "--as-of", &as_of, &path]).exits(0);
        accountings.push(imported.accounting());
        assert!(imported.out.contains(&format!("feed {feed}, sequence 1")), "{imported:?}");
    }
    let Accounting { read, accepted, rejected, .. } = accountings[0];
    assert_eq!((read, rejected), (3000, 0));
    assert!(accepted > 2900);
    assert!(accountings.iter().all(|accounting| *accounting == accountings[0]), "{accountings:?}");
    // One list is one segment, however it was written down.
    let inspected = portcullis(&["inspect", "index", "--data", &place.site()]).exits(0);
    segments.extend(inspected.out.lines().filter(|line| line.trim_start().starts_with("segment")));
    assert_eq!(segments.len(), NAMES.len(), "{}", inspected.out);
    assert!(segments.iter().all(|segment| *segment == segments[0]), "{segments:#?}");
    assert_eq!(place.segments().len(), 1);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let place = Place::new();
    for name in NAMES {
        let [one, other, third] =
            ["one", "other", "third"].map(|which| place.argument(&format!("{which}-{name}")));
        generate("1000", "7", &one).exits(0);
        generate("1000", "7", &other).exits(0);
        generate("1000", "8", &third).exits(0);
        let read = |path: &str| fs::read(path).unwrap();
        assert!(read(&one) == read(&other), "{name} differs from run to run");
        assert!(read(&one) != read(&third), "{name} does not depend on the seed");
    }
}

#[test]
fn a_register_that_is_there_is_replaced_by_the_whole_new_one() {
    let place = Place::new();
    let path = place.write("register.csv", "what was there before");
    generate("10", "1", &path).exits(0);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 11, "a header and ten rows");
    assert_eq!(fs::read_dir(place.path(".")).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_name_that_does_not_say_what_to_write_is_refused() {
    let place = Place::new();
    for name in ["register.txt", "register", "register.gz", "register.csv.zip", "register.csv.gz.gz"] {
        let refused = generate("10", "1", &place.argument(name)).fails_saying(".csv or .ndjson");
        assert_eq!(refused.out, "");
        assert!(!place.path(name).exists());
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = Place::new();
    place.write("file", "");
    for name in ["no-such-folder/register.csv", "file/register.csv"] {
        generate("10", "1", &place.argument(name)).fails_saying(name);
    }
}

#[test]
fn numbers_of_records_out_of_range_are_wrong_usage() {
    let place = Place::new();
    for records in ["0", "-1", "many", "1000000001"] {
        generate(records, "1", &place.argument("register.csv")).exits(2);
    }
}
