//! The alerts in force as a signed file, taken from a site and checked elsewhere.

use std::fs;

use serde_json::{Value, json};

use crate::support::alert::{alert, issue};
use crate::support::command::{Place, json_lines, portcullis, portcullis_reading};
use crate::support::serving::Serving;

fn body(export: &str) -> Vec<Value> {
    json_lines(export.split_once("\n\n").expect("it ends in a signature").0)
}

fn key(place: &Place, role: &str) -> String {
    let logs = fs::read_dir(place.path("site/audit")).unwrap().map(|log| log.unwrap().path());
    let of_role = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(role);
    let log = logs.into_iter().find(of_role).expect("there is a log of that role");
    fs::read_to_string(log.join("verify.key")).unwrap().trim().to_owned()
}

#[test]
fn an_export_has_what_is_in_force_and_is_checked_and_issued_elsewhere() {
    let place = Place::with_site();
    let first = issue(&place, &alert("Q1"));
    let gone = issue(&place, &alert("Q2"));
    portcullis(&["alert", "withdraw", &gone, "--data", &place.site()]).exits(0);
    let file = place.argument("alerts.ndjson");
    let said = portcullis(&["alert", "export", "--data", &place.site(), "--output", &file]).exits(0).out;
    assert!(said.contains("1 alerts, signed with portcullis/cli-"), "{said}");
    let export = fs::read_to_string(&file).unwrap();
    let lines = body(&export);
    assert_eq!((&lines[0]["revision"], &lines[0]["count"]), (&json!(3), &json!(1)));
    assert_eq!(
        (&lines[1]["alert_id"], &lines[1]["alert"]["document"]["number"]),
        (&json!(first), &json!("Q1"))
    );
    let key_of_log = key(&place, "cli");
    let verify = |file: &str, key: &str| portcullis(&["alert", "verify-export", file, "--key", key]);
    assert!(verify(&file, &key_of_log).exits(0).out.starts_with("sound: 1 alerts of node "));
    // Another site takes it as it is.
    let elsewhere = Place::with_site();
    issue(&elsewhere, &lines[1]["alert"]);
    assert_eq!(elsewhere.check("Q1").exits(10).json()["verdict"], "hit");

    let changed = place.write("changed", export.replacen("Q1", "Q9", 1));
    verify(&changed, &key_of_log).fails_saying("not those that were signed");
    let cut = place.write("cut", &export[..export.len() - 20]);
    verify(&cut, &key_of_log).fails_saying("cut off");
    let longer = place.write("longer", format!("{export}x"));
    verify(&longer, &key_of_log).fails_saying("after the end");
    let read_back = portcullis_reading(&["alert", "verify-export", "-", "--key", &key_of_log], &export);
    read_back.exits(0);

    let serving = Serving::start(&place, "text");
    let reply = serving.get("/v1/alerts/export");
    assert_eq!(reply.status, 200);
    assert_eq!(body(&reply.text())[1], lines[1]);
    let served = place.write("served", reply.text());
    verify(&served, &key(&place, "serve")).exits(0);
    verify(&served, &key_of_log).fails_saying("is of another log");
    serving.log();
    let out = place.argument("out.ndjson");
    portcullis(&["audit", "export", "--data", &place.site(), "--out", &out]).exits(0);
    let entries = json_lines(&fs::read_to_string(out).unwrap());
    let taken = entries.iter().filter(|line| line["entry"]["client_reference"] == "export").count();
    assert_eq!(taken, 2, "each is on record");
    let serving = Serving::start_with(&place, "caller-class = 'carrier'\n");
    assert_eq!(serving.get("/v1/alerts/export").status, 403);
    serving.log();
    fs::remove_dir_all(place.path("site/alerts")).unwrap();
    portcullis(&["alert", "export", "--data", &place.site()]).fails_saying("are gone");
}
