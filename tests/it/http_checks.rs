//! `POST /v1/checks` and the small routes, over real HTTP.

use serde_json::{Value, json};

use crate::support::site::{Running, SPECIMEN, request};

fn codes(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap()).collect()
}

#[test]
fn a_listed_document_is_a_hit_with_everything_that_v1_promises() {
    let service = Running::with_specimen();
    let answer = service.check(&json!({
        "mrz": SPECIMEN, "input": "optical", "client_reference": "gate-7:42", "purpose": "border",
        "terminal": "T1", "operator": "op-3", "max_data_age_s": 7200, "min_sequences": {"local": 1},
    }));
    assert_eq!(answer["verdict"], "hit");
    assert_eq!(answer["client_reference"], "gate-7:42");
    assert_eq!(answer["api_revision"], 3);
    assert_eq!(answer["reasons"], json!([]));
    let finding = &answer["findings"][0];
    assert_eq!(finding["finding_id"].as_str().unwrap().len(), 32);
    assert_eq!(
        *finding,
        json!({
            "type": "notice", "finding_id": finding["finding_id"], "feed": "local", "status": "stolen", "match": "exact",
            "document": {"number": "L898902C3", "issuing_state": "UTO", "kind": "passport"},
            "reported_on": "2024-05-06", "review_on": null, "reference": null,
        })
    );
    let document = json!({"number": "L898902C3", "issuing_state": "UTO", "kind": "passport", "number_assurance": "check_digit"});
    assert_eq!(answer["document"], document);
    assert_eq!(answer["mrz"]["format"], "TD3");
    let digits = answer["mrz"]["check_digits"].as_array().unwrap();
    assert_eq!(digits[0], json!({"field": "number", "printed": "6", "computed": "6", "ok": true}));
    assert_eq!(digits.len(), 5);
    let coverage = &answer["coverage"];
    assert_eq!(coverage["complete"], true);
    assert_eq!(coverage["generation"]["number"], 1);
    assert_eq!(coverage["generation"]["digest"].as_str().unwrap().len(), 64);
    let feed = &coverage["feeds"][0];
    assert_eq!(
        (
            feed["feed"].as_str(),
            feed["sequence"].as_u64(),
            feed["freshness"].as_str(),
            feed["authority"].as_str(),
            feed["issuer"].as_str()
        ),
        (Some("local"), Some(1), Some("fresh"), Some("local"), Some("reported"))
    );
    assert!((3600..3700).contains(&feed["age_s"].as_u64().unwrap()));
    assert_eq!(coverage["alerts"], json!({"revision": 0, "age_s": null}));
    assert_eq!(answer["audit"]["durability"], "synced");
    let check_id = format!("{}-{}", answer["audit"]["log_id"].as_str().unwrap(), answer["audit"]["entry_id"]);
    assert_eq!(answer["check_id"], Value::from(check_id));
}

#[test]
fn a_clean_document_is_no_hit_and_a_typed_one_says_so() {
    let service = Running::with_specimen();
    let answer = service
        .check(&json!({"document": {"number": "l-898 902/c4", "issuing_state": "uto", "kind": "passport"}}));
    assert_eq!(
        (answer["verdict"].as_str(), answer["coverage"]["complete"].as_bool()),
        (Some("no_hit"), Some(true))
    );
    assert_eq!(answer["document"]["number_assurance"], "typed");
    assert_eq!(answer["mrz"], Value::Null);
}

#[test]
fn whatever_is_inside_mrz_is_answered_and_recorded() {
    let service = Running::with_specimen();
    let mut entries = Vec::new();
    for zone in ["", "nonsense", "\u{0}\u{1}", "P<UTO", "日本"] {
        let answer = service.check(&json!({"mrz": zone}));
        assert_eq!(
            (answer["verdict"].as_str(), codes(&answer["reasons"])),
            (Some("inconclusive"), vec!["mrz_unreadable"])
        );
        assert_eq!(answer["reasons"][0]["remedy"], "rescan");
        entries.push(answer["audit"]["entry_id"].as_u64().unwrap());
    }
    assert_eq!(entries, [0, 1, 2, 3, 4]);
}

#[test]
fn every_broken_request_is_a_problem_with_a_stable_code() {
    let service = Running::with_specimen();
    let json_type = Some("application/json");
    let long = format!("{{\"mrz\":\"{}\"}}", "A".repeat(20_000));
    for (method, path, media_type, body, status, code) in [
        ("POST", "/v1/checks", json_type, "{", 400, "invalid_json"),
        ("POST", "/v1/checks", json_type, r#"{"mrz":7}"#, 400, "invalid_json"),
        ("POST", "/v1/checks", json_type, r#"{"mrz":"x","mrz":"y"}"#, 400, "invalid_json"),
        ("POST", "/v1/checks", json_type, r#"{"colour":1}"#, 400, "unknown_field"),
        ("POST", "/v1/checks", json_type, "{}", 400, "invalid_field"),
        ("POST", "/v1/checks", json_type, long.as_str(), 413, "body_too_large"),
        ("POST", "/v1/checks", None, "{}", 415, "unsupported_media_type"),
        ("POST", "/v1/checks", Some("text/plain"), "{}", 415, "unsupported_media_type"),
        ("POST", "/v1/manifests", json_type, "{}", 415, "unsupported_media_type"),
        ("GET", "/v1/checks", None, "", 405, "method_not_allowed"),
        ("DELETE", "/v1/coverage", None, "", 405, "method_not_allowed"),
        ("GET", "/v2", None, "", 404, "not_found"),
        ("GET", "/v1/checks/7", None, "", 404, "not_found"),
    ] {
        let reply = request(service.address, method, path, media_type, body.as_bytes());
        let problem = reply.json();
        assert_eq!(
            (reply.status, problem["code"].as_str()),
            (status, Some(code)),
            "{method} {path} {body:.40}"
        );
        assert!(reply.has_header("content-type", "application/problem+json"), "{}", reply.head);
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["type"].is_string());
        assert_eq!(reply.has_header("allow", ""), status == 405);
    }
}

#[test]
fn faults_name_fields_and_rules_and_never_values() {
    let service = Running::with_specimen();
    let body = json!({"document": {"number": "L898902C3", "issuing_state": "UTO", "kind": "L898902C3"}, "client_reference": "L898902C3", "input": "eye"});
    let reply = service.post("/v1/checks", "application/json", body.to_string().as_bytes());
    let fields: Vec<_> =
        reply.json()["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, ["document.kind", "input", "client_reference"]);
    assert!(!reply.text().contains("898902"));
}

#[test]
fn a_site_without_a_generation_answers_inconclusive_and_is_not_ready() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::start(portcullis::config::Settings::defaults_for(data.path()));
    let answer = service.check(&json!({"mrz": SPECIMEN}));
    assert_eq!(
        (answer["verdict"].as_str(), codes(&answer["reasons"])),
        (Some("inconclusive"), vec!["no_generation"])
    );
    assert_eq!(
        (answer["coverage"]["complete"].as_bool(), &answer["coverage"]["generation"]),
        (Some(false), &Value::Null)
    );
    let readiness = service.get("/readyz");
    assert_eq!((readiness.status, readiness.json()["ready"].as_bool()), (503, Some(false)));
    assert_eq!(service.get("/livez").status, 200);
}

#[test]
fn the_service_tells_what_it_is_and_what_it_rests_on() {
    let service = Running::with_specimen();
    assert_eq!(service.get("/v1").json()["api_revision"], 3);
    let coverage = service.get("/v1/coverage").json();
    assert_eq!(
        (coverage["complete"].as_bool(), coverage["feeds"][0]["issuer"].as_str()),
        (Some(true), Some("unknown"))
    );
    let readiness = service.get("/readyz");
    assert_eq!(
        (readiness.status, readiness.json()),
        (200, json!({"ready": true, "degraded": false, "why": []}))
    );
    service.check(&json!({"mrz": SPECIMEN}));
    let metrics = service.get("/metrics").text();
    for line in [
        "portcullis_answers_total{verdict=\"hit\"} 1",
        "portcullis_generation_number 1",
        "portcullis_audit_log_writable 1",
        "portcullis_http_requests_total{route=\"/v1/checks\",status=\"200\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[test]
fn a_new_generation_is_taken_up_while_the_service_runs() {
    use crate::support::site::{notice, publish};
    use jiff::SignedDuration;
    use portcullis::domain::Kind;

    let data = tempfile::tempdir().unwrap();
    publish(data.path(), "local", &[notice("UTO", "X1", Kind::Passport)], SignedDuration::from_hours(2));
    let service = Running::start(portcullis::config::Settings::defaults_for(data.path()));
    assert_eq!(service.check(&json!({"mrz": SPECIMEN}))["verdict"], "no_hit");
    let listed = [notice("UTO", "L898902C3", Kind::Passport)];
    publish(data.path(), "local", &listed, SignedDuration::from_hours(1));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while service.check(&json!({"mrz": SPECIMEN}))["verdict"] != "hit" {
        assert!(std::time::Instant::now() < until, "the new generation is not in force");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(service.get("/v1/coverage").json()["generation"]["number"], 2);
}

#[test]
fn metrics_pass_the_linter_of_their_own_format() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let service = Running::with_specimen();
    service.check(&json!({"mrz": SPECIMEN}));
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is there: tests/run installs it");
    promtool.stdin.take().unwrap().write_all(&service.get("/metrics").body).unwrap();
    let checked = promtool.wait_with_output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn nothing_but_loopback_is_listened_on() {
    use portcullis::app::{AppError, Server};

    let data = tempfile::tempdir().unwrap();
    let mut settings = portcullis::config::Settings::defaults_for(data.path());
    settings.service.bind = "0.0.0.0:0".parse().unwrap();
    let storage = std::sync::Arc::new(portcullis::ground::storage::Disk);
    let clock = portcullis::ground::clock::Clock::new(portcullis::ground::clock::SystemClock);
    let refused = Server::start(&settings, storage, std::sync::Arc::new(clock)).err();
    assert!(matches!(refused, Some(AppError::NotLoopback(_))), "{refused:?}");
}
