//! Feeds as python-tuf reads and writes them, which is TUF's reference implementation: whoever follows or publishes a feed
//! needs no program of ours.
//!
//! `tests/run` installs it and says where in `PORTCULLIS_ORACLES`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use portcullis::feed::{PrivateKey, RoleName, Signer as _, Terms};
use portcullis::syncing::Outcome;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::feed::{Border, Centre, FEED, at};
use crate::support::forgery::{hex, key_id, public_key};
use crate::support::site::feed;

fn python(arguments: &[&str], input: &[u8]) -> Value {
    let oracles: PathBuf =
        std::env::var_os("PORTCULLIS_ORACLES").expect("tests/run installs the oracles and says where").into();
    let mut command = Command::new("python3");
    command.arg("tests/oracles/tuf_oracle.py").args(arguments).env("PYTHONPATH", oracles.join("python"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A client that remembers what it accepted.
struct Client(TempDir);

impl Client {
    fn follow(&self, repository: &Path, hour: i64) -> Value {
        let (repository, state) = (repository.to_str().unwrap(), self.0.path().to_str().unwrap());
        python(&["follow", repository, state, &at(hour).to_string()], &[])
    }
}

/// What the client must have: the versions, the time, and every file of the bulletin.
fn assert_has(found: &Value, centre: &Centre, as_of: i64) {
    let current = centre.folder.repository().current().unwrap().unwrap();
    assert_eq!(found["versions"], json!(current.versions()), "{found}");
    assert_eq!(found["as_of"], at(as_of).to_string());
    let publication = current.publication();
    assert_eq!(found["bulletin"], serde_json::to_value(publication).unwrap());
    let files: Value =
        publication.targets().map(|file| (file.name.clone(), json!(file.sha256.to_string()))).collect();
    assert_eq!(found["files"], files);
}

#[test]
fn the_reference_client_follows_a_feed_through_heartbeats_deltas_and_new_keys() {
    let mut centre = Centre::new();
    // What canonical JSON escapes, and what it does not.
    centre.settings.terms = Terms {
        contact: "Zürich \"24/7\" \\ 電話".to_owned(),
        purposes: vec!["border".into()],
        ..Terms::default()
    };
    centre.publish(0..3, 0);
    let client = Client(tempfile::tempdir().unwrap());
    assert_has(&client.follow(&centre.repository(), 1), &centre, 0);
    centre.heartbeat(2);
    assert_has(&client.follow(&centre.repository(), 3), &centre, 2);
    centre.publish(3..6, 4);
    assert_has(&client.follow(&centre.repository(), 5), &centre, 4);
    let next = centre.holders.with(RoleName::Root, &[4, 5, 6]).with_other_online_keys();
    centre.gather("UTO", 6..9, false);
    centre.hand_on(&next, 6);
    assert_has(&client.follow(&centre.repository(), 7), &centre, 6);
    centre.withdraw(0..2);
    centre.publish_what_waits(8);
    assert_has(&client.follow(&centre.repository(), 9), &centre, 8);
    // One that knows nothing but the first root comes the whole way.
    let late = Client(tempfile::tempdir().unwrap());
    assert_has(&late.follow(&centre.repository(), 9), &centre, 8);
}

#[test]
fn the_reference_client_refuses_what_we_refuse() {
    let centre = Centre::with_a_list();
    let (client, border) = (Client(tempfile::tempdir().unwrap()), Border::following(&centre, 1));
    assert_has(&client.follow(&centre.repository(), 1), &centre, 0);
    let found = client.follow(&centre.repository(), 100);
    assert_eq!(found["refused"], "ExpiredMetadataError", "{found}");
    border.sync(&centre.repository(), 100).unwrap_err();
}

#[test]
fn a_feed_that_the_reference_implementation_wrote_is_followed() {
    let centre = Centre::with_a_list();
    let theirs = tempfile::tempdir().unwrap();
    std::fs::create_dir(theirs.path().join("targets")).unwrap();
    for entry in std::fs::read_dir(centre.repository().join("targets")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), theirs.path().join("targets").join(entry.file_name())).unwrap();
    }
    let (from, to) = (centre.repository(), theirs.path().to_str().unwrap());
    let publish = |step| python(&["publish", from.to_str().unwrap(), to, step], &[]);

    let written = publish("list");
    let mut ids: Vec<_> = [1, 2, 3, 11, 12, 13, 21, 31].map(|seed| key_id(&public_key(seed))).into();
    ids.sort();
    assert_eq!(written["key_ids"], json!(ids));
    let border = Border::new(std::fs::read(theirs.path().join("metadata/1.root.json")).unwrap());
    let synced = border.sync(theirs.path(), 1).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
    for (step, hour) in [("heartbeat", 2), ("root", 4)] {
        publish(step);
        let synced = border.sync(theirs.path(), hour + 1).unwrap();
        assert!(matches!(synced.outcome, Outcome::Vouched(_)), "{step}: {synced:?}");
        assert_eq!(border.in_force().unwrap().record(&feed(FEED)).unwrap().bulletin.as_of, at(hour));
    }
    assert_eq!(border.in_force().unwrap().feeds[0].epoch, 2);
}

#[test]
fn what_is_signed_is_the_same_to_both() {
    let mut centre = Centre::new();
    centre.settings.terms.contact = "Zürich \"24/7\" \\ 電話".to_owned();
    centre.publish(0..3, 0);
    let holders = centre.holders.roles();
    for (name, role) in [
        ("1.root.json", RoleName::Root),
        ("1.targets.json", RoleName::Targets),
        ("1.snapshot.json", RoleName::Snapshot),
        ("timestamp.json", RoleName::Timestamp),
    ] {
        let bytes = std::fs::read(centre.repository().join("metadata").join(name)).unwrap();
        let metadata: Value = serde_json::from_slice(&bytes).unwrap();
        let theirs = python(&["canonical"], &bytes);
        let canonical = from_hex(theirs["canonical"].as_str().unwrap());
        let keys = &holders[&role].0;
        for signature in metadata["signatures"].as_array().unwrap() {
            let signed = from_hex(signature["sig"].as_str().unwrap());
            assert!(keys.iter().any(|key| key.verifies(&canonical, &signed)), "{name}");
        }
        let ids = metadata["signed"]["keys"].as_object().into_iter().flatten();
        let theirs = theirs["key_ids"].as_array().unwrap();
        ids.for_each(|(id, _)| assert!(theirs.contains(&json!(id)), "{name}: {id}"));
    }
}

/// Written by python-tuf once and for all: the bytes do not depend on the version that is installed.
#[test]
fn a_signature_of_the_reference_implementation_is_the_one_made_here() {
    let pem = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n\
        -----END PRIVATE KEY-----\n";
    let zeros = "0".repeat(64);
    let canonical = format!(
        "{{\"_type\":\"timestamp\",\"as_of\":\"2026-07-01T12:00:00Z\",\"expires\":\"2030-01-01T00:00:00Z\",\
         \"meta\":{{\"snapshot.json\":{{\"hashes\":{{\"sha256\":\"{zeros}\"}},\"length\":10,\"version\":3}}}},\
         \"spec_version\":\"1.0.0\",\"version\":7}}"
    );
    let signature = "e4b9afa580795f9875bfee779a6d60b73046c026c054d88e3fd6741916f29ccf\
                     64976efcf203b7c2cb17c65f18f6323bd8330a069026dead5e1fce38f370560b";
    let key = PrivateKey::parse(pem.as_bytes()).unwrap();
    assert_eq!(hex(&key.sign(canonical.as_bytes()).unwrap()), signature);
    let theirs = python(&["canonical"], format!("{{\"signed\":{canonical}}}").as_bytes());
    assert_eq!(from_hex(theirs["canonical"].as_str().unwrap()), canonical.as_bytes());
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
}
