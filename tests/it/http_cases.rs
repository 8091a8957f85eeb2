//! `/v1/cases` as whoever finds out what became of hits meets it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::command::{Place, portcullis};
use crate::support::serving::Serving;
use crate::support::site::Reply;

fn post(serving: &Serving, path: &str, body: &Value, header: &str) -> Reply {
    let media_type = ["application/json", header].join(if header.is_empty() { "" } else { "\r\n" });
    serving.post(path, &media_type, &body.to_string())
}

/// Asks about what the site lists, and gives the answer.
fn hit(serving: &Serving, reference: &str, header: &str) -> Value {
    let mut body =
        json!({ "document": { "number": "L898902C3", "issuing_state": "UTO" }, "terminal": "gate-7" });
    if !reference.is_empty() {
        body["client_reference"] = reference.into();
    }
    let answer = post(serving, "/v1/checks", &body, header).json();
    assert_eq!(answer["verdict"], "hit", "{answer}");
    answer
}

/// Asks until something is so: cases are taken up within seconds.
fn soon<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..200 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it does not become so");
}

/// The case that an answer names, once the service has read its logs.
fn case(serving: &Serving, answer: &Value) -> Value {
    let id = answer["case_id"].as_str().unwrap();
    soon(|| {
        let reply = serving.get(&format!("/v1/cases/{id}"));
        (reply.status == 200).then(|| reply.json())
    })
}

#[test]
fn a_hit_opens_a_case_that_keeps_the_document_and_what_was_found() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let answer = hit(&serving, "scan-1", "");
    let case = case(&serving, &answer);
    assert_eq!(case["state"], "open");
    assert_eq!((&case["content"], &case["document"]["number"]), (&json!("whole"), &json!("L898902C3")));
    assert_eq!(case["findings"][0]["finding_id"], answer["findings"][0]["finding_id"]);
    assert_eq!(case["findings"][0]["type"], "notice");
    assert_eq!(case["checks"][0]["check_id"], answer["check_id"]);
    assert_eq!(case["checks"][0]["terminal"], "gate-7");
    let listed = serving.get("/v1/cases");
    assert_eq!(listed.json()["cases"][0]["case_id"], answer["case_id"]);
    assert!(!listed.text().contains("L898902C3"), "lists have no numbers");
    let clear =
        post(&serving, "/v1/checks", &json!({ "document": { "number": "Q1", "issuing_state": "UTO" } }), "");
    assert_eq!(clear.json().get("case_id"), None, "what is no hit opens no case");
    let log = serving.log();
    assert!(!log.contains("L898902C3"), "{log}");
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
    let words = ["-rl", "L898902C3", &format!("{}/audit", place.site())];
    let found = std::process::Command::new("grep").args(words).output().unwrap();
    assert!(found.stdout.is_empty(), "a log has no number: {}", String::from_utf8_lossy(&found.stdout));
}

#[test]
fn a_case_is_there_once_it_was_answered() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    soon(|| (serving.get("/v1/cases").status == 200).then_some(()));
    for at in 0..20 {
        let answer = hit(&serving, &format!("scan-{at}"), "");
        let id = answer["case_id"].as_str().unwrap();
        // Each way of asking comes first half of the time.
        let listed = (at % 2 == 0).then(|| serving.get("/v1/cases"));
        let shown = serving.get(&format!("/v1/cases/{id}"));
        assert_eq!((shown.status, &shown.json()["case_id"]), (200, &json!(id)), "{at}");
        let listed = listed.unwrap_or_else(|| serving.get("/v1/cases")).json();
        let cases = listed["cases"].as_array().unwrap();
        assert!(cases.iter().any(|case| case["case_id"] == id), "{at}: {listed}");
    }
    let line = json!({ "document": { "number": "L898902C3", "issuing_state": "UTO" } }).to_string();
    let answers = serving.post("/v1/manifests", "application/x-ndjson", &format!("{line}\n")).lines();
    let id = answers[0]["case_id"].as_str().unwrap();
    assert_eq!(serving.get(&format!("/v1/cases/{id}")).status, 200);
    serving.log();
}

#[test]
fn a_scan_that_is_sent_again_is_the_same_case_and_says_which_it_repeats() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let first = hit(&serving, "", "Idempotency-Key: scan-9");
    let again = hit(&serving, "", "Idempotency-Key: scan-9");
    let other = hit(&serving, "", "Idempotency-Key: scan-10");
    assert_eq!(first["case_id"], again["case_id"]);
    assert_ne!(first["case_id"], other["case_id"]);
    assert_ne!(first["check_id"], again["check_id"], "no answer of before is given again");
    let case = soon(|| Some(case(&serving, &first)).filter(|case| case["checks_total"] == 2));
    assert_eq!(case["checks"][0].get("retry_of"), None);
    assert_eq!(case["checks"][1]["retry_of"], first["check_id"]);
    serving.log();
    // Also by a service that was started meanwhile.
    let serving = Serving::start(&place, "text");
    soon(|| (serving.get("/v1/cases").status == 200).then_some(()));
    let late = hit(&serving, "", "Idempotency-Key: scan-9");
    assert_eq!(late["case_id"], first["case_id"]);
    let case = soon(|| Some(self::case(&serving, &first)).filter(|case| case["checks_total"] == 3));
    assert_eq!(case["checks"][2]["retry_of"], first["check_id"]);
    serving.log();
}

#[test]
fn a_caller_who_went_away_before_the_answer_is_known_when_he_asks_again() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let body = json!({ "document": { "number": "L898902C3", "issuing_state": "UTO" } }).to_string();
    for round in 0..8 {
        let key = format!("Idempotency-Key: scan-{round}");
        let head = "POST /v1/checks HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n";
        let request = format!("{head}{key}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut gone = std::net::TcpStream::connect(serving.address).unwrap();
        std::io::Write::write_all(&mut gone, request.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        drop(gone);
        std::thread::sleep(Duration::from_millis(100));
        let again = soon(|| {
            let answer = hit(&serving, "", &key);
            let case = case(&serving, &answer);
            (case["checks_total"].as_u64() > Some(1)).then_some(case)
        });
        let checks = again["checks"].as_array().unwrap();
        assert!(checks[1..].iter().any(|check| check["retry_of"] == checks[0]["check_id"]), "{again}");
    }
    serving.log();
}

#[test]
fn a_bearer_who_is_cleared_is_still_a_hit_that_says_so() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let answer = hit(&serving, "scan-1", "");
    assert_eq!(answer["findings"][0].get("cleared"), None);
    case(&serving, &answer);
    let until = Timestamp::now() + SignedDuration::from_hours(48);
    let path = format!("/v1/cases/{}/outcome", answer["case_id"].as_str().unwrap());
    let said = json!({
        "outcome": "cleared_until", "until": until.to_string(), "contact": "Police of Utopia",
        "asked_at": "2026-01-01T00:00:00Z", "answered_at": "2026-01-01T01:00:00Z",
        "grade_after": { "scheme": "admiralty", "code": "B2" },
    });
    let reply = post(&serving, &path, &said, "If-Match: \"0.1\"");
    assert_eq!((reply.status, &reply.json()["state"]), (200, &json!("decided")), "{}", reply.text());
    assert!(reply.has_header("etag", "\"1.1\""));
    let stale = post(&serving, &path, &said, "If-Match: \"0.1\"");
    assert_eq!((stale.status, &stale.json()["code"]), (412, &json!("case_changed")));
    let cleared = hit(&serving, "scan-2", "");
    assert_eq!(cleared["findings"][0]["cleared"]["case_id"], answer["case_id"]);
    let count = |path: &str| serving.get(path).json()["cases"].as_array().unwrap().len();
    soon(|| (count("/v1/cases?state=all") == 2).then_some(()));
    assert_eq!(count("/v1/cases"), 1, "of the first it is known what became of it");
    let metrics = serving.get("/metrics").text();
    let counted = "portcullis_case_outcomes{category=\"stolen\",outcome=\"cleared_until\",source=\"local\",source_type=\"feed\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    serving.log();
    // A command knows it too, and so does a service that was started meanwhile.
    let printed = place.check("L898902C3").exits(10).json();
    assert_eq!(printed["findings"][0]["cleared"]["case_id"], answer["case_id"]);
    let serving = Serving::start(&place, "text");
    soon(|| hit(&serving, "scan-3", "")["findings"][0].get("cleared").cloned());
    // What is said later counts.
    let reply = post(&serving, &path, &json!({ "outcome": "refuse" }), "");
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(hit(&serving, "scan-4", "")["findings"][0].get("cleared"), None);
    serving.log();
}

#[test]
fn where_policy_wants_two_an_outcome_holds_once_somebody_else_says_the_same() {
    let place = Place::with_site();
    let serving = Serving::start_with(&place, "[cases]\nfour-eyes = 'on'\n");
    let answer = hit(&serving, "scan-1", "");
    let id = answer["case_id"].as_str().unwrap().to_owned();
    case(&serving, &answer);
    let path = format!("/v1/cases/{id}/outcome");
    for _ in 0..2 {
        let reply = post(&serving, &path, &json!({ "outcome": "false_hit" }), "");
        assert_eq!(reply.json()["state"], "proposed", "nobody says the same as he himself");
    }
    serving.log();
    let strict = place.write("strict.toml", "[cases]\nfour-eyes = 'on'\n");
    let outcome = |word| {
        portcullis(&["case", "outcome", "--data", &place.site(), "--config", &strict, &id, word]).exits(0).out
    };
    assert!(outcome("confirmed").contains("confirmed is proposed"), "another word is another proposal");
    let serving = Serving::start_with(&place, "[cases]\nfour-eyes = 'on'\n");
    case(&serving, &answer);
    assert_eq!(post(&serving, &path, &json!({ "outcome": "confirmed" }), "").json()["state"], "decided");
    assert_eq!(case(&serving, &answer)["outcomes"].as_array().unwrap().len(), 4);
    serving.log();
}

#[test]
fn what_holds_already_is_not_said_again_and_a_proposal_takes_nothing_back() {
    let place = Place::with_site();
    let rules = "[cases]\nfour-eyes = 'on'\n";
    let strict = place.write("strict.toml", rules);
    let serving = Serving::start_with(&place, rules);
    let answer = hit(&serving, "scan-1", "");
    let id = answer["case_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/cases/{id}/outcome");
    let until = (Timestamp::now() + SignedDuration::from_hours(48)).to_string();
    let clears = json!({ "outcome": "cleared_until", "until": until, "contact": "Police of Utopia" });
    soon(|| {
        let reply = post(&serving, &path, &clears, "");
        (reply.status != 503).then(|| assert_eq!(reply.json()["state"], "proposed", "{}", reply.text()))
    });
    let said = |words: &[&str]| {
        let of = ["case", "outcome", "--data", &place.site(), "--config", &strict, &id];
        portcullis(&[&of[..], words].concat()).exits(0).out
    };
    let clear = ["cleared_until", "--until", &until, "--contact", "Registry"];
    let is_cleared = || !place.check("L898902C3").exits(10).json()["findings"][0]["cleared"].is_null();
    assert!(!is_cleared());
    for _ in 0..2 {
        assert_eq!(said(&clear), format!("case {id}: cleared_until\n"), "whoever seconds it, and again");
    }
    let reply = post(&serving, &path, &clears, "");
    assert_eq!(reply.json()["state"], "decided", "whoever proposed it: {}", reply.text());
    assert!(reply.has_header("etag", "\"2.1\""), "nothing was recorded");
    assert!(said(&["confirmed"]).contains("confirmed is proposed"));
    assert!(is_cleared(), "what was decided holds until the proposal does");
    assert!(said(&clear).contains("cleared_until is proposed"), "it is a word against the proposal");
    assert!(said(&["confirmed"]).contains("confirmed is proposed"));
    assert_eq!(post(&serving, &path, &json!({ "outcome": "confirmed" }), "").json()["state"], "decided");
    assert!(!is_cleared());
    let longer = json!({ "outcome": "confirmed", "contact": "Registry" });
    assert_eq!(post(&serving, &path, &longer, "").json()["state"], "proposed", "that says more");
    serving.log();
}

#[test]
fn a_bearer_is_cleared_of_what_an_alert_says_however_it_is_approved_of_and_renewed() {
    let place = Place::with_site();
    let rules = "[alerts]\nfour-eyes = 'on'\nunapproved-hours = 48\n";
    let strict = place.write("strict.toml", rules);
    let serving = Serving::start_with(&place, rules);
    let in_days = |days: i64| (Timestamp::now() + SignedDuration::from_hours(24 * days)).to_string();
    let mut wanted = json!({
        "document": { "issuing_state": "UTO", "number": "Q7654321" },
        "category": "stolen", "action": "seize",
        "originator": { "name": "Police of Utopia", "contact": "+999" },
        "grade": { "scheme": "admiralty", "code": "B2" },
        "handling": { "classes": ["officer"] },
        "valid": { "to": in_days(30) },
    });
    let issued = post(&serving, "/v1/alerts", &wanted, "").json();
    let name = issued["alert_id"].as_str().unwrap_or_else(|| panic!("{issued}"));
    let scan = |reference: &str| {
        let document = json!({ "number": "Q7654321", "issuing_state": "UTO" });
        let body = json!({ "document": document, "client_reference": reference });
        post(&serving, "/v1/checks", &body, "").json()
    };
    let says = |of: &Value, outcome: Value| {
        let path = format!("/v1/cases/{}/outcome", of["case_id"].as_str().unwrap());
        soon(|| Some(post(&serving, &path, &outcome, "")).filter(|reply| reply.status != 503)).json()
    };
    let cleared = |scan: &Value| scan["findings"][0].get("cleared").map(|by| by["case_id"].clone());
    let clears = json!({ "outcome": "cleared_until", "until": in_days(10) });
    let first = scan("scan-1");
    assert_eq!((&first["findings"][0]["unapproved"], cleared(&first)), (&json!(true), None), "{first}");
    says(&first, clears);
    assert_eq!(cleared(&scan("scan-2")), Some(first["case_id"].clone()));
    portcullis(&["alert", "approve", name, "--data", &place.site(), "--config", &strict]).exits(0);
    let approved = soon(|| Some(scan("scan-3")).filter(|scan| scan["findings"][0]["unapproved"] != true));
    assert_eq!(cleared(&approved), Some(first["case_id"].clone()));
    let path = format!("/v1/alerts/{name}");
    let renewed = post(&serving, &format!("{path}/renew"), &json!({ "to": in_days(20) }), "");
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    let renewed = scan("scan-4");
    assert_ne!(renewed["findings"][0]["finding_id"], first["findings"][0]["finding_id"]);
    assert_eq!(cleared(&renewed), Some(first["case_id"].clone()));
    says(&renewed, json!({ "outcome": "refuse" }));
    assert_eq!(cleared(&scan("scan-5")), None, "what was said last holds, of whichever revision");
    says(&first, json!({ "outcome": "cleared_until", "until": in_days(9) }));
    assert_eq!(cleared(&scan("scan-6")), Some(first["case_id"].clone()));
    let printed = place.check("Q7654321").exits(10).json();
    assert_eq!(cleared(&printed), Some(first["case_id"].clone()), "a command knows it too");
    wanted["action"] = "refer".into();
    let amended = post(&serving, &format!("{path}/amend"), &wanted, "");
    assert_eq!(amended.status, 200, "{}", amended.text());
    let amended = scan("scan-7");
    assert_eq!((&amended["findings"][0]["action"], cleared(&amended)), (&json!("refer"), None));
    serving.log();
}

#[test]
fn what_is_no_outcome_is_refused_and_carriers_see_no_case() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let answer = hit(&serving, "scan-1", "");
    case(&serving, &answer);
    let path = format!("/v1/cases/{}/outcome", answer["case_id"].as_str().unwrap());
    let refused = |body: Value| {
        let reply = post(&serving, &path, &body, "");
        (reply.status, reply.json()["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(refused(json!({ "outcome": "innocent" })), (400, "invalid_field".into()));
    assert_eq!(refused(json!({ "outcome": "confirmed", "colour": 1 })), (400, "invalid_field".into()));
    assert_eq!(refused(json!({ "outcome": "cleared_until" })), (422, "outcome_refused".into()));
    let over = json!({ "outcome": "cleared_until", "until": "2020-01-01T00:00:00Z" });
    assert_eq!(refused(over), (422, "outcome_refused".into()));
    assert_eq!(serving.get(&format!("/v1/cases/{}", "0".repeat(32))).status, 404);
    assert_eq!(serving.get("/v1/cases/nonsense").status, 404);
    assert_eq!(serving.get("/v1/cases?number=L898902C3").status, 400);
    serving.log();
    let serving = Serving::start_with(&place, "caller-class = 'carrier'\n");
    for reply in [serving.get("/v1/cases"), serving.get(&path.replace("/outcome", ""))] {
        assert_eq!((reply.status, &reply.json()["code"]), (403, &json!("not_for_caller")));
    }
    serving.log();
}

#[test]
fn cases_have_pages() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let asked: Vec<_> =
        (0..5).map(|at| hit(&serving, &format!("scan-{at}"), "")["case_id"].clone()).collect();
    soon(|| {
        let reply = serving.get("/v1/cases");
        (reply.status == 200 && reply.json()["cases"].as_array().unwrap().len() == 5).then_some(())
    });
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = serving.get(&format!("/v1/cases?count=2{after}")).json();
        seen.extend(page["cases"].as_array().unwrap().iter().map(|case| case["case_id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, asked);
    assert_eq!(serving.get("/v1/cases?after=nonsense").status, 400);
    serving.log();
}

#[test]
fn a_hit_that_was_answered_has_its_case_whatever_becomes_of_the_service() {
    let place = Place::with_site();
    let mut serving = Serving::start(&place, "text");
    let answer = hit(&serving, "scan-1", "");
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    let mut serving = Serving::start(&place, "text");
    case(&serving, &answer);
    let path = format!("/v1/cases/{}/outcome", answer["case_id"].as_str().unwrap());
    assert_eq!(post(&serving, &path, &json!({ "outcome": "confirmed" }), "").status, 200);
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    let serving = Serving::start(&place, "text");
    assert_eq!(case(&serving, &answer)["state"], "decided");
    serving.log();
}

#[test]
fn a_hit_of_which_the_asker_was_not_told_opens_a_case_for_officers() {
    let place = Place::with_site();
    let to = Timestamp::now() + SignedDuration::from_hours(240);
    let wanted = json!({
        "document": { "issuing_state": "UTO", "number": "Q7654321" },
        "category": "bearer_wanted", "action": "notify_silently",
        "originator": { "name": "Police of Utopia", "contact": "+999" },
        "grade": { "scheme": "admiralty", "code": "B2" },
        "handling": { "classes": ["officer"] },
        "valid": { "to": to.to_string() },
    });
    let path = place.write("alert.json", wanted.to_string());
    portcullis(&["alert", "issue", &path, "--data", &place.site()]).exits(0);
    let serving = Serving::start_with(&place, "caller-class = 'carrier'\n");
    let body = json!({ "document": { "number": "Q7654321", "issuing_state": "UTO" } });
    for _ in 0..2 {
        let answer = post(&serving, "/v1/checks", &body, "Idempotency-Key: scan-1").json();
        assert_eq!((&answer["verdict"], answer.get("case_id")), (&json!("no_hit"), None));
    }
    assert!(!serving.get("/metrics").text().contains("bearer_wanted"));
    serving.log();
    let listed = portcullis(&["case", "list", "--json", "--data", &place.site()]).exits(0).json();
    assert_eq!((&listed["withheld"], &listed["categories"]), (&json!(true), &json!(["bearer_wanted"])));
    let id = listed["case_id"].as_str().unwrap();
    let shown = portcullis(&["case", "show", id, "--data", &place.site()]).exits(0).json();
    assert_eq!(shown["findings"][0]["withheld"], true);
    assert_eq!(shown["findings"][0]["contact"], "+999");
    assert_eq!(
        shown["checks"][1]["retry_of"], shown["checks"][0]["check_id"],
        "it is known for the same scan"
    );
    let said = portcullis(&["case", "outcome", id, "confirmed", "--data", &place.site()]).exits(0);
    assert!(said.out.contains("confirmed"));
    let serving = Serving::start_with(&place, "caller-class = 'carrier'\n");
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!serving.get("/metrics").text().contains("bearer_wanted"), "metrics are told to carriers too");
    serving.log();
}

#[test]
fn lines_of_a_manifest_open_cases_as_well() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let line = |number: &str| json!({ "document": { "number": number, "issuing_state": "UTO" } }).to_string();
    let manifest = format!("{}\n{}\n", line("Q1"), line("L898902C3"));
    let answers = serving.post("/v1/manifests", "application/x-ndjson", &manifest).lines();
    assert_eq!(answers[0].get("case_id"), None);
    let case = case(&serving, &answers[1]);
    assert_eq!(case["checks"][0]["check_id"], answers[1]["check_id"]);
    assert_eq!(case["document"]["number"], "L898902C3");
    serving.log();
}
