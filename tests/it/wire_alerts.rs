//! The words of v1 for those who issue alerts, held by a golden file: fields may come, none may go or change.

use serde_json::{Map, Value, json};

use crate::support::site::{Reply, Running};

/// What differs from run to run, by the name of its field.
const VOLATILE: [&str; 5] = ["alert_id", "node", "at", "by", "from"];

/// Puts the type in place of what differs from run to run.
fn steady(value: Value, field: &str) -> Value {
    match value {
        Value::String(_) if VOLATILE.contains(&field) => json!("<text>"),
        Value::Array(items) => items.into_iter().map(|item| steady(item, field)).collect(),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (name.clone(), steady(value, &name))).collect(),
        ),
        other => other,
    }
}

#[test]
fn the_words_for_alerts_are_what_they_were() {
    let service = Running::with_specimen();
    // A year ends long before the policy's longest time, whenever this runs.
    let to = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 300);
    let alert = json!({
        "interval": { "issuing_state": "UTO", "prefix": "C01X", "length": 9 },
        "category": "stolen_blank",
        "action": "contact_originator",
        "instruction": { "text": "Keep it.", "language": "en" },
        "originator": { "name": "Police", "contact": "+999", "reference": "A-17" },
        "grade": { "scheme": "admiralty", "code": "B2" },
        "handling": { "classes": ["officer"], "purposes": ["border"], "release_to": ["partner"] },
        "valid": { "to": to.to_string() },
    });
    let told = |reply: Reply| json!({ "status": reply.status, "body": reply.json() });
    let post = |path: &str, media_type: &str, text: &str| service.post(path, media_type, text.as_bytes());
    let json_post = |path: &str, body: &Value| told(post(path, "application/json", &body.to_string()));
    let drafted = post("/v1/alerts?draft=true", "application/json", &alert.to_string());
    let path = |act: &str| format!("/v1/alerts/{}/{act}", drafted.json()["alert_id"].as_str().unwrap());
    let (submit, withdraw) = (path("submit"), path("withdraw"));
    let drafted = told(drafted);
    let wrong = alert.to_string().replace("stolen_blank", "theft");
    let rows = format!("{alert}\n{wrong}\n");
    let import =
        |query: &str| told(post(&format!("/v1/alerts/import{query}"), "application/x-ndjson", &rows));
    let said = [
        ("drafted", drafted),
        ("submitted", json_post(&submit, &json!({}))),
        ("submitted again", json_post(&submit, &json!({}))),
        ("withdrawn", json_post(&withdraw, &json!({}))),
        ("import refused", import("")),
        ("import rehearsed", import("?dry_run=true&mode=per_row")),
        ("import", import("?mode=per_row")),
        ("import without a header", told(post("/v1/alerts/import", "text/csv", "a,b\n"))),
    ];
    let said: Map<_, _> =
        said.into_iter().map(|(name, value)| (name.to_owned(), steady(value, ""))).collect();
    let text = serde_json::to_string_pretty(&said).unwrap() + "\n";
    let text = text.replace(&to.to_string(), "<text>");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/wire-alerts-v1.json");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap();
    assert_eq!(text, golden, "v1 only gains optional fields; BLESS=1 rewrites the file where it gained one");
}
