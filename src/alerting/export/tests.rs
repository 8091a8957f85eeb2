//! The format stays what it is, and nothing that was changed is taken for an export.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::alerting::AlertRequest;
use crate::audit::NoteKey;
use crate::domain::alert::{AlertId, Life, NodeId, Origin, Revision, Statement};
use crate::overlay::Alerts;

const GOLDEN: &str = include_str!("golden/export-v1.ndjson");
const KEY: &str = include_str!("golden/verify.key");

const DOCUMENT: &str = r#"{"document":{"issuing_state":"UTO","number":"L898902C3"},"category":"stolen","action":"seize",
 "instruction":{"text":"Keep it.\nCall us.","language":"en"},
 "originator":{"name":"Police of Utopia","contact":"+999 1234","reference":"A-17"},
 "grade":{"scheme":"admiralty","code":"B2"},"handling":{"classes":["officer"],"purposes":["border"]},
 "valid":{"from":"2026-03-01T00:00:00Z","to":"2026-09-01T00:00:00Z"}}"#;
const BLANKS: &str = r#"{"interval":{"issuing_state":"UTO","prefix":"C01X","length":9},"category":"stolen_blank","action":"refer",
 "originator":{"name":"Registry","contact":"+999"},
 "grade":{"scheme":"3x5x2","code":"1AP"},"handling":{"classes":["officer","carrier"],"release_to":["neighbour"]},
 "valid":{"from":"2026-03-01T00:00:00.5Z","to":"2026-09-01T00:00:00Z"}}"#;

fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn statement(json: &[u8]) -> Statement {
    AlertRequest::parse(json).unwrap().into_statement(now()).unwrap()
}

fn origin(counter: u64) -> Origin {
    Origin { node: NodeId([0xab; 8]), counter }
}

fn revision(counter: u8, life: Life, json: &str) -> Revision {
    Revision {
        alert: AlertId([counter; 16]),
        number: 1,
        origin: origin(u64::from(counter)),
        at: now(),
        by: "one".into(),
        life,
        issuer: "one".into(),
        unapproved_until: Some("2026-07-01T00:00:00Z".parse().unwrap()).filter(|_| life == Life::Pending),
        statement: Arc::new(statement(json.as_bytes())),
        same_since: 1,
    }
}

fn export() -> Export {
    let mut alerts = Alerts::default();
    alerts.take(revision(1, Life::Active, DOCUMENT));
    alerts.take(revision(2, Life::Active, BLANKS));
    alerts.take(revision(3, Life::Withdrawn, DOCUMENT));
    // In force at this site, and nowhere else before somebody approves of it.
    alerts.take(revision(4, Life::Pending, DOCUMENT));
    Export::of(&alerts, origin(4), now())
}

fn key() -> NoteKey {
    NoteKey::parse(KEY).unwrap()
}

#[test]
fn the_format_stays_what_it_is() {
    let (_, signature) = GOLDEN.rsplit_once("\n\n").unwrap();
    let mut written = Vec::new();
    let attest = |what: &str, text: &str| Ok(format!("{what}\n{text}\n{signature}"));
    export().write_signed(&mut written, &attest).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), GOLDEN);
    let exported = verify_export(GOLDEN.as_bytes(), &key()).unwrap();
    let node = "ab".repeat(8);
    assert_eq!(exported, Exported { node, revision: 4, as_of: now(), count: 2 });
}

#[test]
fn a_line_is_an_alert_that_can_be_issued_elsewhere() {
    let lines: Vec<_> = GOLDEN.lines().skip(1).take(2).collect();
    for (line, alert) in lines.into_iter().zip([DOCUMENT, BLANKS]) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(statement(line["alert"].to_string().as_bytes()), statement(alert.as_bytes()));
    }
}

#[test]
fn whatever_is_cut_off_or_added_is_refused() {
    for end in 0..GOLDEN.len() {
        let refused = verify_export(&GOLDEN.as_bytes()[..end], &key());
        let is_cut =
            matches!(refused, Err(ExportFault::Cut | ExportFault::Format | ExportFault::Signature(_)));
        assert!(is_cut, "{end}: {refused:?}");
    }
    for more in ["\n", "x", " ", "\u{2014} other b25l\n", GOLDEN] {
        let refused = verify_export(format!("{GOLDEN}{more}").as_bytes(), &key());
        assert!(matches!(refused, Err(ExportFault::Trailing)), "{more:?}: {refused:?}");
    }
    let without_a_line: String =
        GOLDEN.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect();
    assert!(matches!(verify_export(without_a_line.as_bytes(), &key()), Err(ExportFault::Changed)));
}

#[test]
fn every_byte_counts() {
    for at in 0..GOLDEN.len() {
        for bit in 0..8 {
            let mut changed = GOLDEN.as_bytes().to_vec();
            changed[at] ^= 1 << bit;
            assert!(verify_export(&changed[..], &key()).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn another_key_and_a_newer_version_are_named() {
    let other = KEY.replace("cli-", "serve-");
    assert_eq!(NoteKey::parse(&other), None, "a name is part of its key");
    let newer = GOLDEN.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(verify_export(newer.as_bytes(), &key()), Err(ExportFault::Newer(2))));
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), at: prop::sample::Index) {
        let _ = verify_export(&bytes[..], &key());
        let at = at.index(GOLDEN.len());
        let joined = [&GOLDEN.as_bytes()[..at], &bytes, &GOLDEN.as_bytes()[at..]].concat();
        prop_assert!(bytes.is_empty() || verify_export(&joined[..], &key()).is_err());
    }
}
