//! A site that burnt down is restored: what was asked there can be proved, and no older list comes back.

use std::fs;
use std::path::Path;

use crate::support::command::{Place, flip_a_byte, portcullis};
use crate::support::serving::Serving;

/// A site that answered, was asked while it was backed up, and is gone.
fn backed_up() -> (Place, String, String) {
    let place = Place::with_site();
    let answer = place.check("L898902C3").json();
    let named = format!("{}/{}", answer["audit"]["log_id"].as_str().unwrap(), answer["audit"]["entry_id"]);
    let leaf = answer["audit"]["leaf"].as_str().unwrap().to_owned();
    let serving = Serving::start_with(&place, "[audit]\nkeep-hits-days = 30\n");
    serving
        .post("/v1/checks", "application/json", r#"{"document":{"number":"X2","issuing_state":"UTO"}}"#)
        .json();
    let config = place.write("own.toml", format!("[data]\ndir = {:?}\n", place.site()));
    let to = place.argument("backup");
    let said = portcullis(&["backup", "--config", &config, "--to", &to]).exits(0).out;
    assert!(said.contains("logs, keys, settings and floors"), "{said}");
    portcullis(&["backup", "--config", &config, "--to", &to]).fails_saying("does not exist yet");
    drop(serving);
    fs::remove_dir_all(place.site()).unwrap();
    (place, named, leaf)
}

fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(files(&path));
        } else {
            names.push(path.display().to_string());
        }
    }
    names
}

#[test]
fn what_was_asked_is_proved_after_a_restore_and_a_new_log_begins() {
    let (place, named, leaf) = backed_up();
    let backup = place.argument("backup");
    assert!(!files(&place.path("backup")).iter().any(|name| name.contains("signing.pem")));
    let said = portcullis(&["restore", &backup, "--data", &place.site()]).exits(0).out;
    assert!(said.contains("is put aside") && said.contains("until feed local is in force again"), "{said}");
    let (log, entry) = named.split_once('/').unwrap();
    let proof = place.argument("proof");
    let restored = format!("{log}.restored/{entry}");
    portcullis(&["audit", "prove", &restored, "--data", &place.site(), "--out", &proof]).exits(0);
    let key = place.argument(&format!("site/audit/{log}.restored/verify.key"));
    portcullis(&["audit", "check-proof", &proof, "--key", &key, "--leaf", &leaf]).exits(0);
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
    let report = portcullis(&["audit", "report", "--data", &place.site(), "--json"]).exits(0).json();
    assert_eq!((&report["act"]["restored"], &report["act"]["backed_up"]), (&1.into(), &1.into()), "{report}");
    assert_eq!(report["verdict"]["hit"], 1, "{report}");
    // Nothing is in force, and so nothing is clear.
    assert_eq!(place.check("X2").exits(11).json()["verdict"], "inconclusive");
    portcullis(&["restore", &backup, "--data", &place.site()]).fails_saying("does not exist yet");
}

#[test]
fn no_list_comes_back_that_is_older_than_those_of_the_backup() {
    let (place, ..) = backed_up();
    portcullis(&["restore", &place.argument("backup"), "--data", &place.site()]).exits(0);
    let shown = portcullis(&["inspect", "index", "--data", &place.site()]).exits(0).out;
    assert!(shown.contains("generation    2"), "{shown}");
    let old = place.write("old.csv", "issuing_state,document_number,kind,status\nUTO,OLD1,passport,lost\n");
    let data = place.site();
    let import =
        ["import", "--data", &data, "--feed", "local", "--format", "csv", "--as-of", "2020-01-01T00:00:00Z"];
    portcullis(&[&import[..], &[&old]].concat()).exits(1);
    let new = portcullis(&["import", "--data", &data, "--feed", "local", "--format", "csv", &old]);
    new.exits(0);
}

#[test]
fn a_backup_that_was_changed_or_not_finished_is_not_restored() {
    let (place, ..) = backed_up();
    let backup = place.argument("backup");
    let restore = || portcullis(&["restore", &backup, "--data", &place.site()]);
    for name in files(&place.path("backup")).into_iter().filter(|name| !name.ends_with("backup.json")) {
        let bytes = fs::read(&name).unwrap();
        if bytes.is_empty() {
            continue;
        }
        flip_a_byte(Path::new(&name));
        restore().fails_saying("is not as it was backed up");
        assert!(!place.path("site").exists());
        fs::write(&name, bytes).unwrap();
    }
    fs::rename(place.path("backup/backup.json"), place.path("kept.json")).unwrap();
    restore().fails_saying("was not finished");
    fs::rename(place.path("kept.json"), place.path("backup/backup.json")).unwrap();
    restore().exits(0);
}

#[test]
fn a_damaged_log_keeps_no_other_from_being_backed_up() {
    let place = Place::with_site();
    let answer = place.check("L898902C3").json();
    let log = answer["audit"]["log_id"].as_str().unwrap();
    let damaged = place.path("site/audit/serve-00c0ffee.damaged");
    fs::create_dir_all(&damaged).unwrap();
    for name in ["bodies", "leaves"] {
        fs::write(damaged.join(name), "nonsense").unwrap();
    }
    let config = place.write("own.toml", format!("[data]\ndir = {:?}\n", place.site()));
    let to = place.argument("backup");
    let said = portcullis(&["backup", "--config", &config, "--to", &to]).exits(0).out;
    assert!(said.contains("serve-00c0ffee.damaged: NOT SOUND") && said.contains("2 logs"), "{said}");
    let again = place.argument("again");
    portcullis(&["restore", &to, "--data", &again]).exits(0);
    assert_eq!(fs::read(place.path("again/audit/serve-00c0ffee.damaged/bodies")).unwrap(), b"nonsense");
    assert!(place.path(&format!("again/audit/{log}.restored/bodies")).exists());
    assert!(!place.path("again.restoring").exists());
}

#[test]
fn a_backup_that_names_other_places_is_refused_before_anything_is_written() {
    let (place, ..) = backed_up();
    let manifest = place.path("backup/backup.json");
    let sound = fs::read_to_string(&manifest).unwrap();
    for name in [
        "audit/../../x",
        "/etc/passwd",
        "audit/x/y",
        "audit/serve-1/../y",
        "index/../../x",
        "x",
        "audit/serve-1/a/b",
    ] {
        let with = format!("\"files\": {{ \"{name}\": [0, \"00\"],");
        fs::write(&manifest, sound.replacen("\"files\": {", &with, 1)).unwrap();
        let said = portcullis(&["restore", &place.argument("backup"), "--data", &place.site()]);
        said.fails_saying("which is no file of a site");
        assert!(!place.path("site").exists() && !place.path("site.restoring").exists());
    }
    fs::write(&manifest, sound.replacen("\"logs\": [", "\"logs\": [ \"../x\",", 1)).unwrap();
    portcullis(&["restore", &place.argument("backup"), "--data", &place.site()])
        .fails_saying("which is no file");
}

#[test]
fn nothing_is_clear_after_a_restore_until_every_list_is_there_again() {
    let place = Place::with_site();
    let register = place.write("r.csv", "issuing_state,document_number,kind,status\nUTO,A1,passport,lost\n");
    let data = place.site();
    let import = |feed: &str| {
        portcullis(&["import", "--data", &data, "--feed", feed, "--format", "csv", &register]).exits(0);
    };
    import("second");
    let config = place.write("own.toml", format!("[data]\ndir = {data:?}\n"));
    let to = place.argument("backup");
    portcullis(&["backup", "--config", &config, "--to", &to]).exits(0);
    fs::remove_dir_all(&data).unwrap();
    portcullis(&["restore", &to, "--data", &data]).exits(0);
    import("second");
    let answer = place.check("X2").exits(11).json();
    assert_eq!(answer["verdict"], "inconclusive", "the other list is missing: {answer}");
    import("local");
    assert_eq!(place.check("X2").exits(0).json()["verdict"], "no_hit");
}
