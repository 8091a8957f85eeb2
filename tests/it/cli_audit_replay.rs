//! `portcullis audit replay`: an answer is given again, of the lists and by the rules of then, or it is told what differs.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::command::{HEADER, Place, Run, hours_ago, portcullis, portcullis_reading};

fn question(number: &str) -> String {
    json!({ "document": { "number": number, "issuing_state": "UTO" } }).to_string()
}

/// Asks on the command line, and gives the entry as its receipt names it.
fn entry_of(place: &Place, number: &str) -> String {
    let run = portcullis_reading(
        &["check", "--data", &place.site(), "--number", "-", "--issuer", "UTO", "--json"],
        number,
    );
    let answer = run.json();
    let audit = &answer["audit"];
    format!("{}/{}", audit["log_id"].as_str().unwrap(), audit["entry_id"])
}

fn replay(place: &Place, entry: &str, number: &str, more: &[&str]) -> Run {
    let site = place.site();
    let arguments = ["audit", "replay", entry, "--data", &site, "--question", "-"];
    portcullis_reading(&[&arguments, more].concat(), question(number))
}

fn generations(place: &Place) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(format!("{}/index/generations", place.site()))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn lists(place: &Place) -> [String; 2] {
    let row = |at: usize| format!("B{at:04},UTO,passport,lost\n");
    let rows: String = (0..2000).map(row).collect();
    let before = place.write("before.csv", format!("{HEADER}{rows}"));
    let rows: String = (1..2000).map(row).collect();
    let after = place.write("after.csv", format!("{HEADER}{rows}NEW1,UTO,passport,stolen\n"));
    [before, after]
}

#[test]
fn an_answer_is_given_again_by_the_lists_that_are_still_there() {
    let place = Place::with_site();
    let unread = entry_of(&place, "--");
    replay(&place, &unread, "--", &[]).fails_saying("names no document");
    for (number, verdict) in [("L898902C3", "hit"), ("X2", "no_hit")] {
        let entry = entry_of(&place, number);
        let run = replay(&place, &entry, number, &["--purpose", "complaint 12"]).exits(0);
        assert!(run.out.contains(&format!("{entry}: the answer was right: {verdict}")), "{}", run.out);
    }
    let read = portcullis(&["audit", "report", "--data", &place.site(), "--json"]).exits(0).json();
    assert_eq!((&read["act"]["audit_replay"], &read["purpose"]["complaint 12"]), (&json!(3), &json!(2)));
}

#[test]
fn a_list_that_is_gone_is_built_again_of_its_register_and_must_be_the_same_file() {
    let place = Place::new();
    let [before, after] = lists(&place);
    place.import(&["--feed", "n", "--format", "csv", "--as-of", &hours_ago(2), &before]).exits(0);
    let (listed, not) = (entry_of(&place, "B0000"), entry_of(&place, "NEW1"));
    let kept = place.write("then.generation", fs::read(&generations(&place)[0]).unwrap());
    place.import(&["--feed", "n", "--format", "csv", "--as-of", &hours_ago(1), &after]).exits(0);
    // Years later.
    fs::remove_dir_all(format!("{}/index", place.site())).unwrap();
    replay(&place, &listed, "B0000", &[]).fails_saying("give its file with --generation");
    let of_then = |register: &str, number: &str, entry: &str| {
        let register = format!("n={register}");
        replay(&place, entry, number, &["--generation", &kept, "--register", &register])
    };
    replay(&place, &listed, "B0000", &["--generation", &kept])
        .fails_saying("the register that it was built of");
    of_then(&after, "B0000", &listed).fails_saying("makes another index file");
    for (number, entry, verdict) in [("B0000", &listed, "hit"), ("NEW1", &not, "no_hit")] {
        let run = of_then(&before, number, entry).exits(0);
        assert!(run.out.contains(verdict) && run.out.contains("1 files of it built again"), "{}", run.out);
    }
    let left = fs::read_dir(format!("{}/replay/index/segments", place.site())).unwrap().count();
    assert_eq!(left, 0, "nothing of a list is left");
}

#[test]
fn a_delta_is_built_again_of_the_registers_before_and_after() {
    let place = Place::new();
    let [before, after] = lists(&place);
    let import = |as_of: i64, list: &str, more: &[&str]| {
        let as_of = hours_ago(as_of);
        place.import(&[&["--feed", "n", "--format", "csv", "--as-of", &as_of, list], more].concat()).exits(0)
    };
    import(2, &before, &[]);
    import(1, &after, &["--delta"]);
    let entries = ["B0000", "B0001", "NEW1"].map(|number| (number, entry_of(&place, number)));
    let paths = generations(&place);
    let [first, second] =
        [0, 1].map(|at| place.write(&format!("{at}.generation"), fs::read(&paths[at]).unwrap()));
    fs::remove_dir_all(format!("{}/index", place.site())).unwrap();
    let (one, other) = (format!("n={before}"), format!("n={after}"));
    for ((number, entry), verdict) in entries.iter().zip(["no_hit", "hit", "hit"]) {
        let run = replay(
            &place,
            entry,
            number,
            &["--generation", &second, "--generation", &first, "--register", &one, "--register", &other],
        );
        let out = run.exits(0).out;
        assert!(out.contains(&format!("right: {verdict}")) && out.contains("2 files"), "{out}");
    }
    // Nobody knows under which sequence and time the base was built.
    let alone = ["--generation", &second, "--register", &one, "--register", &other];
    replay(&place, &entries[0].1, "B0000", &alone).fails_saying("the generation in which its base was new");
}

#[test]
fn a_line_of_a_manifest_is_asked_again_by_its_number() {
    let place = Place::with_site();
    let list = format!("{}\n{}\n{}\n", question("X2"), question("L898902C3"), question("X3"));
    let lines = portcullis_reading(&["manifest", "--data", &place.site(), "-"], list).exits(0).lines();
    let entry =
        |line: &Value| format!("{}/{}", line["audit"]["log_id"].as_str().unwrap(), line["audit"]["entry_id"]);
    replay(&place, &entry(&lines[1]), "L898902C3", &[]).exits(0);
    replay(&place, &entry(&lines[2]), "X3", &["--line", "3"]).exits(0);
    replay(&place, &entry(&lines[2]), "X3", &[]).exits(2);
    replay(&place, &entry(&lines[2]), "X3", &["--line", "1"]).fails_saying("another document");
    replay(&place, &entry(&lines[2]), "X3", &["--line", "2"]).fails_saying("no such line");
}

#[test]
fn what_cannot_be_compared_is_refused_and_what_differs_is_told() {
    let place = Place::with_site();
    let (site, entry) = (place.site(), entry_of(&place, "X2"));
    replay(&place, &entry, "X3", &[]).fails_saying("another document");
    let stranger = "portcullis/cli-00000000+00000000+AAAA";
    replay(&place, &entry, "X2", &["--key", stranger]).fails_saying("--key");
    let import = (0..9).map(|at| format!("{}/{at}", entry.split('/').next().unwrap()));
    let import = import.into_iter().find(|at| replay(&place, at, "X2", &[]).err.contains("is an act"));
    assert!(import.is_some(), "an act answers nothing");
    replay(&place, "cli-00000000/0", "X2", &[]).fails_saying("no log");
    replay(&place, "17", "X2", &[]).exits(2);
    let other = place.write("other.toml", "[screening]\nkind-differs = 'inconclusive'\n");
    replay(&place, &entry, "X2", &["--config", &other]).fails_saying("not those of then");
    // Put in another way, the same document has another answer.
    let strict = json!({ "document": { "number": "X2", "issuing_state": "UTO" }, "max_data_age_s": 0 });
    let arguments = ["audit", "replay", &entry, "--data", &site, "--question", "-"];
    let run = portcullis_reading(&arguments, strict.to_string()).exits(1);
    let differs = "verdict: then \"no_hit\", now \"inconclusive\"";
    assert!(run.out.contains("NOT REPRODUCED") && run.out.contains(differs), "{}", run.out);

    portcullis(&["audit", "rotate-digest-key", "--data", &site]).exits(0);
    replay(&place, &entry, "X2", &[]).exits(0);
    let keys = fs::read_dir(format!("{site}/audit/keys")).unwrap();
    let names = keys.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let current = fs::read_to_string(format!("{site}/audit/keys/current")).unwrap();
    let old = names.filter_map(|name| Some(name.strip_suffix(".key")?.to_owned()));
    let old = old.into_iter().find(|name| *name != current.trim()).unwrap();
    portcullis(&["audit", "destroy-digest-key", &old, "--data", &site]).exits(0);
    replay(&place, &entry, "X2", &[]).fails_saying("not held any more");
}
