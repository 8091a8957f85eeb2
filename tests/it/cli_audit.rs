//! `portcullis audit` and `GET /v1/audit/…`, as an auditor uses them.

use std::fs;

use serde_json::Value;

use crate::support::command::{Place, flip_a_byte, json_lines, portcullis, portcullis_reading};
use crate::support::serving::Serving;

/// A site that answered three questions, one about a document that is listed, each by a command of its own.
fn asked() -> (Place, Vec<Value>) {
    let place = Place::with_site();
    let answers = ["L898902C3", "X2", "L8989O2C3"].map(|number| place.check(number).json());
    (place, answers.into())
}

fn receipt(answer: &Value) -> (String, String, String) {
    let text = |name: &str| answer["audit"][name].as_str().unwrap().to_owned();
    (text("log_id"), answer["audit"]["entry_id"].to_string(), text("leaf"))
}

#[test]
fn an_answer_is_proved_on_another_machine_by_its_receipt_and_the_logs_key() {
    let (place, answers) = asked();
    let (log, entry, leaf) = receipt(&answers[0]);
    let named = format!("{log}/{entry}");
    let proof = place.argument("17.proof");
    portcullis(&["audit", "prove", &named, "--data", &place.site(), "--out", &proof]).exits(0);
    let key = place.argument(&format!("site/audit/{log}/verify.key"));
    // Nothing of the site is needed but the key.
    let key = fs::read_to_string(key).unwrap();
    let elsewhere = Place::new();
    let proof = elsewhere.write("proof", fs::read_to_string(proof).unwrap());
    let checked =
        portcullis(&["audit", "check-proof", &proof, "--key", key.trim(), "--leaf", &leaf]).exits(0).out;
    assert!(checked.contains(&format!("proved: entry {entry}")) && checked.contains("\"hit\""), "{checked}");
    assert!(!checked.contains("L898902C3"), "no number is in the log");
    let (_, _, other) = receipt(&answers[1]);
    portcullis(&["audit", "check-proof", &proof, "--key", key.trim(), "--leaf", &other])
        .fails_saying("another leaf");
    let changed = fs::read_to_string(&proof).unwrap().replace("index ", "index 1");
    let changed = elsewhere.write("changed", changed);
    portcullis(&["audit", "check-proof", &changed, "--key", key.trim()]).fails_saying("it is not proved");
    portcullis(&["audit", "check-proof", &changed, "--key", "nonsense"]).exits(1);
    // Taking a proof is in the log too.
    let report = portcullis(&["audit", "report", "--data", &place.site(), "--json"]).exits(0).json();
    assert_eq!(report["act"]["audit_prove"], 1, "{report}");
}

#[test]
fn verify_tells_sound_logs_from_one_in_which_a_byte_was_changed() {
    let (place, answers) = asked();
    let (log, ..) = receipt(&answers[0]);
    let sound = portcullis(&["audit", "verify", "--data", &place.site(), "--json"]).exits(0);
    let logs = sound.lines();
    assert!(logs.iter().all(|log| log["sound"] == true && log["entries"] == log["vouched_for"]), "{logs:?}");
    let keys = place.write(
        "keys",
        logs.iter().map(|log| format!("{}\n", log["key"].as_str().unwrap())).collect::<String>(),
    );
    portcullis(&["audit", "verify", "--data", &place.site(), "--key", &keys]).exits(0);
    let other = place.write("other", fs::read_to_string(&keys).unwrap().replace(&log, "serve-00000000"));
    portcullis(&["audit", "verify", "--data", &place.site(), "--key", &other]).exits(2);
    flip_a_byte(&place.path(&format!("site/audit/{log}/bodies")));
    let spoilt = portcullis(&["audit", "verify", "--data", &place.site()]).exits(1);
    assert!(spoilt.out.contains("NOT SOUND") && spoilt.out.contains("bodies at byte"), "{spoilt:#?}");
    let folder = place.argument(&format!("site/audit/{log}"));
    portcullis(&["audit", "verify", &folder]).exits(1);
    portcullis(&["audit", "verify", &place.site()]).fails_saying("is no log");
}

#[test]
fn entries_are_found_by_document_and_counted_and_taken_out_and_each_reading_is_an_entry() {
    let (place, answers) = asked();
    let site = place.site();
    let find = ["audit", "find", "--document", "-", "--data", &site, "--json", "--purpose", "request 7"];
    let found = portcullis_reading(&find, "UTO L898902C3\n").exits(0).lines();
    let places: Vec<_> = found.iter().map(|entry| entry["as"].as_str().unwrap()).collect();
    assert_eq!(
        places,
        ["document", "candidate", "document"],
        "asked, a look-alike of what was asked, looked for: {found:?}"
    );
    assert_eq!(found[0]["entry"]["seq"].to_string(), receipt(&answers[0]).1);
    assert_eq!(
        (&found[2]["entry"]["act"], &found[2]["entry"]["purpose"]),
        (&"audit_find".into(), &"request 7".into())
    );
    let nobody = portcullis_reading(&find, "UTO NOBODY1").exits(0).lines();
    assert!(nobody.iter().all(|entry| entry["entry"]["act"] == "audit_find"), "{nobody:?}");
    portcullis_reading(&find, "UTO").exits(2);
    portcullis(&["audit", "find", "--document", "UTO L898902C3", "--data", &site]).exits(2);

    let report =
        portcullis(&["audit", "report", "--data", &site, "--suppress-below", "2", "--json"]).exits(0).json();
    assert_eq!(report["act"]["check"], 3);
    assert_eq!(report["verdict"]["hit"], "<2");
    let none =
        portcullis(&["audit", "report", "--data", &site, "--from", "2090-01-01T00:00:00Z"]).exits(0).out;
    assert!(none.starts_with("0 entries"), "{none}");

    let out = place.argument("out.ndjson");
    let export = ["audit", "export", "--data", &site, "--out", &out];
    assert!(portcullis(&export).exits(0).out.contains("entries"));
    portcullis(&export).fails_saying("cannot create");
    let lines = json_lines(&fs::read_to_string(&out).unwrap());
    let (_, _, leaf) = receipt(&answers[0]);
    assert_eq!(lines.iter().filter(|line| line["leaf"] == *leaf).count(), 1);
    assert_eq!(lines.last().unwrap()["entry"]["act"], "audit_export");
    assert!(!fs::read_to_string(&out).unwrap().contains("L898902C3"));
}

#[test]
fn a_clone_begins_logs_of_its_own_and_keeps_those_of_before_to_be_read() {
    let (place, answers) = asked();
    let (log, entry, leaf) = receipt(&answers[0]);
    let serving = Serving::start(&place, "text");
    portcullis(&["adopt", "--data", &place.site()]).fails_saying("is being written");
    serving.log();
    // A log that came before the one in use may have been put aside already.
    portcullis(&["adopt", "--data", &place.site()]).exits(0);
    let (other, ..) = receipt(&place.check("X2").json());
    assert_ne!(other, log);
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
    let find = ["audit", "find", "--document", "-", "--data", &place.site(), "--json"];
    let found = portcullis_reading(&find, "UTO L898902C3").exits(0).lines();
    let asked = found.iter().find(|entry| entry["entry"]["act"] == "check" && entry["as"] == "document");
    let aside = asked.expect("what was put aside is searched too")["log_id"].as_str().unwrap();
    assert!(aside.starts_with(&format!("{log}.adopted-")), "{found:?}");
    let proof =
        portcullis(&["audit", "prove", &format!("{aside}/{entry}"), "--data", &place.site()]).exits(0).out;
    let key = place.argument(&format!("site/audit/{aside}/verify.key"));
    portcullis_reading(&["audit", "check-proof", "-", "--key", &key, "--leaf", &leaf], proof).exits(0);
    let report = portcullis(&["audit", "report", "--data", &place.site(), "--json"]).exits(0).json();
    assert!(report["act"]["adopted"].as_u64().unwrap() >= 1, "{report}");
}

#[test]
fn a_digest_key_that_is_destroyed_leaves_entries_that_nobody_can_link_to_a_document() {
    let (place, answers) = asked();
    let (log, entry, _) = receipt(&answers[0]);
    let site = place.site();
    let find = || {
        let find = ["audit", "find", "--document", "-", "--data", &site, "--json"];
        let found = portcullis_reading(&find, "UTO L898902C3").exits(0).lines();
        found.iter().filter(|entry| entry["entry"]["act"] == "check").count()
    };
    let rotated = portcullis(&["audit", "rotate-digest-key", "--data", &site]).exits(0).out;
    place.check("L898902C3").exits(10);
    assert_eq!(find(), 3, "by both keys");
    let old = rotated.split("; ").nth(1).unwrap().split(' ').next().unwrap();
    let new = rotated.split("key ").nth(1).unwrap().split(' ').next().unwrap();
    portcullis(&["audit", "destroy-digest-key", new, "--data", &site]).fails_saying("makes the digests");
    portcullis(&["audit", "destroy-digest-key", "nonsense", "--data", &site]).exits(2);
    portcullis(&["audit", "destroy-digest-key", old, "--data", &site]).exits(0);
    portcullis(&["audit", "destroy-digest-key", old, "--data", &site]).fails_saying("there is no digest key");
    assert_eq!(find(), 1, "what was recorded since");
    portcullis(&["audit", "verify", "--data", &site]).exits(0);
    portcullis(&["audit", "prove", &format!("{log}/{entry}"), "--data", &site]).exits(0);
    let report = portcullis(&["audit", "report", "--data", &site, "--json"]).exits(0).json();
    assert_eq!((&report["act"]["key_rotated"], &report["act"]["key_destroyed"]), (&1.into(), &1.into()));
}

#[test]
fn an_auditor_reads_entries_proofs_and_checkpoints_from_a_service() {
    let place = Place::with_site();
    let serving = Serving::start_with(&place, "[audit]\ncheckpoint-every = \"1s\"\n");
    let ask = r#"{"document":{"number":"L898902C3","issuing_state":"UTO"}}"#;
    let answer = serving.post("/v1/checks", "application/json", ask).json();
    let (log, entry, leaf) = receipt(&answer);
    assert_eq!(
        serving.get(&format!("/v1/audit/proof?entry={}", 1_000_000)).json()["code"],
        "entry_not_covered"
    );
    let proof = (0..100).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        Some(serving.get(&format!("/v1/audit/proof?log={log}&entry={entry}")))
            .filter(|reply| reply.status == 200)
    });
    let proof = place.write("proof", proof.expect("a checkpoint covers it within a second").body);
    let key = place.argument(&format!("site/audit/{log}/verify.key"));
    portcullis(&["audit", "check-proof", &proof, "--key", &key, "--leaf", &leaf]).exits(0);
    let checkpoint = serving.get("/v1/audit/checkpoint");
    let checkpoint = String::from_utf8(checkpoint.body).unwrap();
    assert!(checkpoint.starts_with(&format!("portcullis/{log}\n")), "{checkpoint}");
    let entries = serving.get("/v1/audit/entries?from=0&count=3");
    let lines = json_lines(std::str::from_utf8(&entries.body).unwrap());
    assert_eq!((lines.len(), &lines[1]["leaf"]), (3, &leaf.into()));
    assert!(lines[0]["entry"]["act"] == "started", "{lines:?}");
    assert!(lines[2]["entry"]["act"] == "audit_prove", "{lines:?}");
    for (path, code) in [
        ("/v1/audit/entries?log=..%2F..%2Fetc", "not_found"),
        ("/v1/audit/entries?log=serve-00000000", "not_found"),
        ("/v1/audit/proof", "invalid_query"),
        ("/v1/audit/entries?frm=1", "invalid_query"),
    ] {
        assert_eq!(serving.get(path).json()["code"], code, "{path}");
    }
    let entries = serving.get("/v1/audit/entries");
    assert!(
        !entries.text().contains("etc") && !entries.text().contains("serve-00000000"),
        "only a log's id is recorded"
    );
    // A service that is killed leaves a log that the next one vouches for.
    drop(serving);
    let serving = Serving::start(&place, "text");
    serving.post("/v1/checks", "application/json", ask);
    serving.log();
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
}

#[test]
fn a_services_log_is_collected_while_it_works_and_the_copy_is_a_log() {
    let place = Place::with_site();
    let serving = Serving::start_with(&place, "[audit]\ncheckpoint-every = \"1s\"\n");
    let ask = r#"{"document":{"number":"L898902C3","issuing_state":"UTO"}}"#;
    let answer = serving.post("/v1/checks", "application/json", ask).json();
    let (log, entry, leaf) = receipt(&answer);
    let key = place.argument(&format!("site/audit/{log}/verify.key"));
    let (from, to) = (format!("http://{}", serving.address), place.argument("collected"));
    let collect = ["audit", "collect", "--from", &from, "--key", &key, "--to", &to];
    portcullis(&["audit", "collect", "--from", &from, "--to", &to]).exits(2);
    portcullis(&["audit", "collect", "--from", "http://192.0.2.1:80", "--key", &key, "--to", &to]).exits(2);
    let copied = (0..100).find(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        portcullis(&collect).exits(0).out.contains(" entries in ")
    });
    assert!(copied.is_some(), "a checkpoint covers it within a second");
    let verified = portcullis(&["audit", "verify", "--data", &to, "--key", &key]).exits(0).out;
    assert!(verified.contains(&format!("{log}.collected: sound")), "{verified}");
    let proof = place.argument("proof");
    portcullis(&["audit", "prove", &format!("{log}.collected/{entry}"), "--data", &to, "--out", &proof])
        .exits(0);
    portcullis(&["audit", "check-proof", &proof, "--key", &key, "--leaf", &leaf]).exits(0);
    drop(serving);
    portcullis(&collect).fails_saying("cannot be reached");
    let site = place.site();
    let said = portcullis(&["audit", "collect", "--from", &site, "--to", &to, "--log", &log]).exits(0).out;
    assert!(said.contains(&log), "{said}");
}

#[test]
fn a_reader_who_has_seen_enough_of_a_verification_hears_of_no_defect() {
    let (place, _) = asked();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["audit", "verify", "--data", &place.site()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(!said.contains("panicked"), "{said}");
}
