//! The words of v1, held by a golden file: fields may come, none may go or change.

use serde_json::{Map, Value, json};

use crate::support::site::{Running, SPECIMEN};

/// What differs from run to run, by the name of its field.
const VOLATILE: [&str; 12] = [
    "check_id",
    "case_id",
    "decided_at",
    "finding_id",
    "as_of",
    "age_s",
    "digest",
    "leaf",
    "log_id",
    "settings_digest",
    "version",
    "detail",
];

/// Puts the type in place of what differs from run to run.
fn steady(value: Value, field: &str) -> Value {
    match value {
        Value::String(_) if VOLATILE.contains(&field) => json!("<text>"),
        Value::Number(_) if VOLATILE.contains(&field) => json!("<number>"),
        Value::Array(items) => items.into_iter().map(|item| steady(item, field)).collect(),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (name.clone(), steady(value, &name))).collect(),
        ),
        other => other,
    }
}

#[test]
fn the_wire_is_what_it_was() {
    let service = Running::with_specimen();
    let post = |body: &str| service.post("/v1/checks", "application/json", body.as_bytes()).json();
    let misread = SPECIMEN.replace("L898902C3", "L8989O2C3");
    let manifest = "{\"document\":{\"number\":\"X2\",\"issuing_state\":\"UTO\"}}\nnonsense\n";
    let manifest = service.post("/v1/manifests", "application/x-ndjson", manifest.as_bytes()).lines();
    let said: [(&str, Value); 10] = [
        ("hit", service.check(&json!({ "mrz": SPECIMEN, "client_reference": "gate-7" }))),
        ("look-alike", service.check(&json!({ "mrz": misread }))),
        ("no hit", service.check(&json!({ "document": { "number": "ACDEF7", "issuing_state": "UTO" } }))),
        ("unknown issuer", service.check(&json!({ "document": { "number": "A1", "issuing_state": "QQQ" } }))),
        ("invalid field", post(r#"{"mrz":"x","input":"eye"}"#)),
        ("invalid json", post("{")),
        ("manifest", Value::Array(manifest)),
        ("coverage", service.get("/v1/coverage").json()),
        ("version", service.get("/v1").json()),
        ("readyz", service.get("/readyz").json()),
    ];
    let said: Map<_, _> =
        said.into_iter().map(|(name, value)| (name.to_owned(), steady(value, ""))).collect();
    let text = serde_json::to_string_pretty(&said).unwrap() + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/wire-v1.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    assert_eq!(text, golden, "v1 only gains optional fields; BLESS=1 rewrites the file where it gained one");
}
