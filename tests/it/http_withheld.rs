//! What a carrier sees of alerts that are not for carriers: nothing, in the answer or in its time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::alert::{alert, issue};
use crate::support::command::{Place, portcullis};
use crate::support::serving::Serving;
use crate::support::site::Reply;

const HIDDEN: &str = "Q1234567";
const CLEAR: &str = "Q7654321";
/// The least that lies between a carrier's question and its answer.
const PERIOD: Duration = Duration::from_millis(4);

/// Serves callers of a class a site with an alert that is for officers.
fn serving(place: &Place, class: &str) -> Serving {
    let to = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(240);
    let hidden = json!({
        "document": { "issuing_state": "UTO", "number": HIDDEN },
        "category": "bearer_wanted", "action": "notify_silently",
        "originator": { "name": "Police of Utopia", "contact": "+999" },
        "grade": { "scheme": "admiralty", "code": "B2" },
        "handling": { "classes": ["officer"] },
        "valid": { "to": to.to_string() },
    });
    let path = place.write("alert.json", hidden.to_string());
    portcullis(&["alert", "issue", &path, "--data", &place.site()]).exits(0);
    Serving::start_with(place, &format!("caller-class = '{class}'\n[audit]\ndurability = 'written'\n"))
}

fn question(number: &str) -> Value {
    json!({ "document": { "number": number, "issuing_state": "UTO" }, "client_reference": "gate-7" })
}

fn check(serving: &Serving, number: &str) -> Reply {
    serving.post("/v1/checks", "application/json", &question(number).to_string())
}

fn manifest(serving: &Serving, numbers: &[&str]) -> Reply {
    let lines: String = numbers.iter().map(|number| format!("{}\n", question(number))).collect();
    serving.post("/v1/manifests", "application/x-ndjson", &lines)
}

/// The text without the values that no two answers have in common, or that pass with time.
fn shape(text: &str) -> String {
    const OWN: [&str; 6] = ["check_id", "decided_at", "number", "entry_id", "leaf", "age_s"];
    let mut shape = String::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once("\":") {
        shape.push_str(key);
        shape.push_str("\":");
        let is_own = OWN.iter().any(|own| key.ends_with(&format!("\"{own}")));
        let end = after.find([',', '}']).unwrap_or(after.len());
        rest = if is_own { &after[end..] } else { after };
    }
    shape + rest
}

fn head(reply: &Reply) -> String {
    let lines = reply.head.lines().map(|line| match line.to_ascii_lowercase().starts_with("date:") {
        true => format!("date of {} bytes", line.len()),
        false if line.to_ascii_lowercase().starts_with("content-length:") => "content-length".to_owned(),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_carrier_is_told_of_no_more_alerts_than_are_for_carriers() {
    let place = Place::with_site();
    let for_both = issue(&place, &alert("Q1"));
    let carrier = serving(&place, "carrier");
    let told = |serving: &Serving| {
        let of_site = serving.get("/v1/coverage").json()["alerts"]["revision"].clone();
        assert_eq!(check(serving, CLEAR).json()["coverage"]["alerts"]["revision"], of_site);
        of_site
    };
    assert_eq!(told(&carrier), 1, "the second is for officers");
    let mut for_officers = alert("Q1");
    for_officers["handling"]["classes"] = json!(["officer"]);
    let amended = place.write("amended.json", for_officers.to_string());
    portcullis(&["alert", "amend", &for_both, &amended, "--data", &place.site()]).exits(0);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(told(&carrier), 1, "nobody is told that it was taken from him");
    carrier.log();
    let officer = Serving::start(&place, "text");
    assert_eq!(told(&officer), 3);
    officer.log();
}

#[test]
fn answers_with_and_without_a_hidden_alert_have_one_shape() {
    let place = Place::with_site();
    let serving = serving(&place, "carrier");
    let (hidden, clear) = (check(&serving, HIDDEN), check(&serving, CLEAR));
    assert_eq!(hidden.json()["verdict"], "no_hit");
    assert_eq!(hidden.json()["document"]["number"], HIDDEN);
    let moment = |reply: &Reply| reply.json()["decided_at"].as_str().unwrap().len();
    assert_eq!(moment(&hidden), "2026-01-01T00:00:00Z".len(), "the second and no more");
    assert_eq!((hidden.status, head(&hidden)), (clear.status, head(&clear)));
    assert_eq!(shape(&hidden.text()), shape(&clear.text()));
    let (hidden, clear) = (manifest(&serving, &[CLEAR, HIDDEN]), manifest(&serving, &[CLEAR, CLEAR]));
    assert_eq!((hidden.status, head(&hidden)), (clear.status, head(&clear)));
    assert_eq!(shape(&hidden.text()), shape(&clear.text()));
    let next = |reply: Reply| reply.lines()[0]["audit"]["entry_id"].as_u64().unwrap();
    let entries = [next(hidden), next(clear), next(manifest(&serving, &[CLEAR]))];
    assert_eq!(entries.map(|entry| entry - entries[0]), [0, 1, 2], "nor is anything else recorded");
    serving.log();
    let officers = self::serving(&place, "officer");
    let [hit, none] = [HIDDEN, CLEAR].map(|number| shape(&check(&officers, number).text()));
    assert_ne!(hit, none, "who may be told is told");
    assert!(moment(&check(&officers, CLEAR)) > "2026-01-01T00:00:00Z".len());
    officers.log();
}

#[test]
fn answers_to_carriers_leave_a_whole_number_of_periods_after_their_questions() {
    let place = Place::with_site();
    let serving = serving(&place, "carrier");
    for number in [HIDDEN, CLEAR].into_iter().cycle().take(40) {
        let asked_at = Instant::now();
        assert_eq!(check(&serving, number).status, 200);
        assert!(asked_at.elapsed() >= PERIOD);
        let asked_at = Instant::now();
        assert_eq!(manifest(&serving, &[number]).status, 200);
        assert!(asked_at.elapsed() >= PERIOD);
    }
    let told = serving.get("/metrics").text();
    let value = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap();
        line.parse::<f64>().unwrap()
    };
    assert_eq!(value("portcullis_check_duration_seconds_count"), 40.0);
    let periods = value("portcullis_check_duration_seconds_sum") / PERIOD.as_secs_f64();
    assert!(periods > 39.9 && (periods - periods.round()).abs() < 1e-6, "metrics tell no more: {periods}");
    assert!(!told.contains("portcullis_audit_sync"), "nor how long it takes to record answers");
    serving.log();
    let officers = self::serving(&place, "officer");
    assert!(officers.get("/metrics").text().contains("portcullis_audit_sync_seconds "));
    officers.log();
}
