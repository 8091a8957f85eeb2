//! `/v1/alerts` as whoever issues alerts meets it.

use std::sync::Arc;

use portcullis::domain::alert::Life;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Change, Store};
use serde_json::{Value, json};

use crate::alert_desk::{entries_of_days, statement};
use crate::support::command::{Place, portcullis};
use crate::support::serving::Serving;
use crate::support::site::Reply;

fn alert(number: &str) -> Value {
    let to = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(240);
    json!({
        "document": { "issuing_state": "UTO", "number": number },
        "category": "revoked",
        "action": "refer",
        "originator": { "name": "Registry", "contact": "+999" },
        "grade": { "scheme": "3x5x2", "code": "1AP" },
        "handling": { "classes": ["officer", "carrier"] },
        "valid": { "to": to.to_string() },
    })
}

/// Posts JSON, with another header line.
fn post(serving: &Serving, path: &str, body: &Value, header: &str) -> Reply {
    let media_type = ["application/json", header].join(if header.is_empty() { "" } else { "\r\n" });
    serving.post(path, &media_type, &body.to_string())
}

fn ask(serving: &Serving, number: &str) -> Value {
    let body = json!({ "document": { "number": number, "issuing_state": "UTO" } });
    post(serving, "/v1/checks", &body, "").json()
}

#[test]
fn an_alert_is_in_force_once_it_is_issued_and_lives_by_its_revisions() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    assert_eq!(ask(&serving, "Q1")["verdict"], "no_hit");
    let reply = post(&serving, "/v1/alerts", &alert("Q1"), "");
    let issued = reply.json();
    let id = issued["alert_id"].as_str().unwrap().to_owned();
    assert_eq!((reply.status, &issued["state"], &issued["document"]), (201, &"active".into(), &"Q1".into()));
    assert!(reply.has_header("etag", "\"1\"") && reply.has_header("location", &format!("/v1/alerts/{id}")));
    let answer = ask(&serving, "Q1");
    assert_eq!((&answer["verdict"], &answer["findings"][0]["alert_id"]), (&"hit".into(), &json!(id)));

    let mut milder = alert("Q1");
    milder["category"] = "lost".into();
    let amend = format!("/v1/alerts/{id}/amend");
    assert_eq!(post(&serving, &amend, &milder, "If-Match: \"1\"").status, 200);
    let stale = post(&serving, &amend, &milder, "If-Match: \"1\"");
    assert_eq!((stale.status, &stale.json()["code"]), (412, &"alert_changed".into()));
    assert_eq!(ask(&serving, "Q1")["findings"][0]["category"], "lost");
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(480);
    let renewed = post(&serving, &format!("/v1/alerts/{id}/renew"), &json!({ "to": later.to_string() }), "");
    assert_eq!((renewed.status, &renewed.json()["revision"]), (200, &json!(3)));
    assert_eq!(post(&serving, &format!("/v1/alerts/{id}/withdraw"), &json!({}), "").status, 200);
    let again = post(&serving, &format!("/v1/alerts/{id}/withdraw"), &json!({}), "");
    assert_eq!((again.status, &again.json()["code"]), (409, &"alert_state".into()));
    assert_eq!(ask(&serving, "Q1")["verdict"], "no_hit");

    let whole = serving.get(&format!("/v1/alerts/{id}"));
    assert!(whole.has_header("etag", "\"4\""));
    assert_eq!(whole.json()["history"].as_array().unwrap().len(), 4);
    assert_eq!(serving.get("/v1/alerts").json()["alerts"], json!([]));
    assert_eq!(serving.get(&format!("/v1/alerts/{}", "0".repeat(32))).status, 404);
    assert_eq!(serving.get("/v1/alerts/nonsense").status, 404);
    assert_eq!(post(&serving, &format!("/v1/alerts/{id}/destroy"), &json!({}), "").status, 404);
    serving.log();
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
}

#[test]
fn a_wish_that_is_told_twice_is_fulfilled_once_also_after_a_restart() {
    let place = Place::with_site();
    let wish = alert("Q1");
    let key = "Idempotency-Key: case-7";
    let serving = Serving::start(&place, "text");
    let first = post(&serving, "/v1/alerts", &wish, key);
    serving.log();
    let serving = Serving::start(&place, "text");
    let again = post(&serving, "/v1/alerts", &wish, key);
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.json()["alert_id"], again.json()["alert_id"]);
    let other = post(&serving, "/v1/alerts", &alert("Q2"), key);
    assert_eq!((other.status, &other.json()["code"]), (422, &"idempotency_key_reused".into()));
    serving.log();
}

#[test]
fn lists_have_pages_and_no_numbers_and_a_search_has_its_number_in_the_body() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let issue = |number: &str| {
        let issued = post(&serving, "/v1/alerts", &alert(number), "");
        assert_eq!(issued.status, 201);
        issued.json()["alert_id"].as_str().unwrap().to_owned()
    };
    let names: Vec<_> = (1..=9).map(|at| issue(&format!("Q{at}"))).collect();
    let mut lost = alert("Q2");
    lost["category"] = "lost".into();
    // In the order of their newest revisions, also where that changes between pages.
    let act = |at: usize, act: &str, body: &Value| {
        assert_eq!(post(&serving, &format!("/v1/alerts/{}/{act}", names[at]), body, "").status, 200);
    };
    act(1, "amend", &lost);
    act(0, "withdraw", &json!({}));
    let list = |query: &str| {
        let (mut after, mut seen, mut pages) = (0, Vec::new(), 0);
        loop {
            let page = serving.get(&format!("/v1/alerts?count=2&after={after}{query}"));
            assert!(!page.text().contains("Q1") && !page.text().contains("Q3"), "{}", page.text());
            let page = page.json();
            let listed = page["alerts"].as_array().unwrap();
            assert!(listed.len() <= 2);
            seen.extend(listed.iter().map(|one| one["origin"]["counter"].as_u64().unwrap()));
            pages += 1;
            let Some(next) = page["next"].as_u64() else { break };
            after = next;
        }
        assert_eq!(pages, seen.len().div_ceil(2).max(1), "no page is empty without need");
        seen
    };
    assert_eq!(list(""), [3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(list("&state=all"), [3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!((list("&state=withdrawn"), list("&state=pending")), (vec![11], vec![]));
    assert_eq!((list("&category=lost"), list("&category=lost&state=withdrawn")), (vec![10], vec![]));
    for wrong in ["state=some", "category=theft", "count=x", "after=-1"] {
        let refused = serving.get(&format!("/v1/alerts?{wrong}"));
        assert_eq!((refused.status, &refused.json()["code"]), (400, &"invalid_query".into()), "{wrong}");
    }
    let search = json!({ "issuing_state": "UTO", "number": "q-2" });
    let found = post(&serving, "/v1/alerts/searches", &search, "").json();
    assert_eq!(found["alerts"][0]["document"], "Q2");
    assert_eq!(serving.get("/v1/alerts?number=Q2").status, 400);
    let log = serving.log();
    assert!(!log.contains("Q2"), "{log}");
}

#[test]
fn what_is_no_alert_is_refused_and_carriers_issue_none() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let mut wrong = alert("Q1");
    wrong["category"] = "theft".into();
    let refused = post(&serving, "/v1/alerts", &wrong, "");
    assert_eq!((refused.status, &refused.json()["code"]), (400, &"invalid_field".into()));
    wrong["category"] = "bearer_wanted".into();
    let refused = post(&serving, "/v1/alerts", &wrong, "");
    assert_eq!((refused.status, &refused.json()["code"]), (422, &"alert_refused".into()));
    serving.log();
    let serving = Serving::start_with(&place, "caller-class = 'carrier'\n");
    for reply in [serving.get("/v1/alerts"), post(&serving, "/v1/alerts", &alert("Q1"), "")] {
        assert_eq!((reply.status, &reply.json()["code"]), (403, &"not_for_caller".into()));
    }
    serving.log();
}

#[test]
fn a_header_of_which_one_value_counts_is_not_told_twice() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let id = post(&serving, "/v1/alerts", &alert("Q1"), "").json()["alert_id"].as_str().unwrap().to_owned();
    let keys = "Idempotency-Key: Q1-a\r\nidempotency-key: Q1-a";
    let tags = "If-Match: \"1\"\r\nif-match: \"2\"";
    let check = json!({ "document": { "number": "Q1", "issuing_state": "UTO" } });
    for (path, body, headers) in [
        ("/v1/checks", &check, keys),
        ("/v1/alerts", &alert("Q1"), keys),
        ("/v1/alerts/import", &alert("Q1"), keys),
        (&format!("/v1/alerts/{id}/withdraw"), &json!({}), tags),
        (&format!("/v1/cases/{}/outcome", "0".repeat(32)), &json!({ "outcome": "confirmed" }), tags),
    ] {
        let refused = post(&serving, path, body, headers);
        let told = refused.text();
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (400, &"invalid_field".into()),
            "{path}: {told}"
        );
        assert!(told.contains("a header that is told once") && !told.contains("Q1"), "{told}");
    }
    let alerts = serving.get("/v1/alerts?state=all").json()["alerts"].clone();
    assert_eq!((alerts.as_array().unwrap().len(), &alerts[0]["revision"]), (1, &json!(1)));
    serving.log();
}

#[test]
fn a_renewal_says_what_is_wrong_with_it_and_takes_only_the_tag_that_was_sent() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let id = post(&serving, "/v1/alerts", &alert("Q1"), "").json()["alert_id"].as_str().unwrap().to_owned();
    let renew = format!("/v1/alerts/{id}/renew");
    let later = json!({ "to": (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(480)).to_string() });
    for wrong in [json!({}), json!({ "to": "tomorrow" }), json!({ "to": later["to"], "colour": 1 })] {
        let refused = post(&serving, &renew, &wrong, "");
        assert_eq!((refused.status, &refused.json()["code"]), (400, &"invalid_json".into()), "{wrong}");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with("to: a time such as 2") && !detail.contains("tomorrow"), "{detail}");
    }
    for tag in ["\"+1\"", "\"01\"", "1", "\"1", "\"\"", "W/\"1\"", "\"1\", \"2\"", "*"] {
        let refused = post(&serving, &renew, &later, &format!("If-Match: {tag}"));
        assert_eq!((refused.status, &refused.json()["code"]), (400, &"invalid_field".into()), "{tag}");
    }
    let search = post(&serving, "/v1/alerts/searches", &json!({ "number": "Q1" }), "");
    assert_eq!((search.status, &search.json()["code"]), (400, &"invalid_json".into()));
    assert!(search.json()["detail"].as_str().unwrap().contains("issuing_state"), "{}", search.text());
    assert_eq!(post(&serving, &renew, &later, "If-Match: \"1\"").json()["revision"], 2);
    serving.log();
}

#[test]
fn a_second_issuer_approves_of_what_he_has_seen() {
    let place = Place::with_site();
    let strict = place.write("strict.toml", "[alerts]\nfour-eyes = 'on'\n");
    let path = place.write("alert.json", alert("Q1").to_string());
    let issue = ["alert", "issue", &path, "--data", &place.site(), "--config", &strict];
    let run = portcullis(&issue).exits(0);
    let id = run.out.split_whitespace().nth(1).unwrap().to_owned();
    let serving = Serving::start_with(&place, "[alerts]\nfour-eyes = 'on'\n");
    assert_eq!(ask(&serving, "Q1")["verdict"], "no_hit");
    let amend = ["alert", "amend", &id, &path, "--data", &place.site(), "--config", &strict];
    portcullis(&amend).exits(0);
    let approve = format!("/v1/alerts/{id}/approve");
    assert_eq!(post(&serving, &approve, &json!({}), "If-Match: \"1\"").status, 412, "it was changed since");
    let approved = post(&serving, &approve, &json!({}), "If-Match: \"2\"");
    assert_eq!((approved.status, &approved.json()["state"]), (200, &"active".into()));
    assert_eq!(ask(&serving, "Q1")["verdict"], "hit");
    let own = post(&serving, "/v1/alerts", &alert("Q2"), "").json();
    let refused =
        post(&serving, &format!("/v1/alerts/{}/approve", own["alert_id"].as_str().unwrap()), &json!({}), "");
    assert_eq!((refused.status, &refused.json()["code"]), (409, &"alert_state".into()));
    serving.log();
}

#[test]
fn a_manifest_of_csv_says_for_what_purpose_it_asks() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let mut for_borders = alert("Q1");
    for_borders["handling"]["purposes"] = json!(["border"]);
    assert_eq!(post(&serving, "/v1/alerts", &for_borders, "").status, 201);
    let rows = "purpose,document_number,issuing_state\nborder,Q1,UTO\n,Q1,UTO\nvisa,Q1,UTO\na b,Q1,UTO\nX-Q1,Q1,UTO\n";
    let answers = serving.post("/v1/manifests", "text/csv", rows).lines();
    let verdicts: Vec<_> = answers.iter().map(|answer| answer["verdict"].clone()).collect();
    assert_eq!(verdicts[..3], [json!("hit"), json!("no_hit"), json!("no_hit")]);
    let codes = answers[3..5].iter().map(|answer| answer["error"]["code"].clone());
    assert_eq!(codes.collect::<Vec<_>>(), ["invalid_field"; 2], "{answers:?}");
    assert_eq!(answers[5]["summary"]["failed"], 2);
    serving.log();
}

#[test]
fn the_receipts_of_a_manifest_do_not_tell_what_was_withheld() {
    let place = Place::with_site();
    let mut hidden = alert("Q2");
    hidden["handling"]["classes"] = json!(["officer"]);
    let path = place.write("alert.json", hidden.to_string());
    portcullis(&["alert", "issue", &path, "--data", &place.site()]).exits(0);
    let serving = Serving::start_with(&place, "caller-class = 'carrier'\n");
    let line = |number: &str| json!({ "document": { "number": number, "issuing_state": "UTO" } }).to_string();
    let manifest = ["Q1", "Q2", "Q3"].map(line).join("\n") + "\n";
    let lines = serving.post("/v1/manifests", "application/x-ndjson", &manifest).lines();
    let entries: Vec<_> = lines[..3].iter().map(|line| &line["audit"]["entry_id"]).collect();
    assert!(entries.windows(2).all(|pair| pair[0] == pair[1]), "{entries:?}");
    assert_eq!(serving.get("/v1/audit/entries").status, 403);
    serving.log();
    let out = place.argument("out.ndjson");
    portcullis(&["audit", "export", "--data", &place.site(), "--out", &out]).exits(0);
    let lines = crate::support::command::json_lines(&std::fs::read_to_string(out).unwrap());
    let entry =
        lines.iter().map(|line| &line["entry"]).find(|entry| entry["act"] == "manifest_chunk").unwrap();
    assert_eq!(entry["unrestricted_verdict"], "hit", "so that it is kept as long as hits");
    assert_eq!(entry["lines"][1]["unrestricted_verdict"], "hit");
}

#[test]
fn a_draft_is_in_force_once_it_is_submitted() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let drafted = post(&serving, "/v1/alerts?draft=true", &alert("Q1"), "");
    assert_eq!((drafted.status, &drafted.json()["state"]), (201, &"drafted".into()));
    assert_eq!(ask(&serving, "Q1")["verdict"], "no_hit");
    let act = |act: &str, header: &str| {
        let path = format!("/v1/alerts/{}/{act}", drafted.json()["alert_id"].as_str().unwrap());
        post(&serving, &path, &json!({}), header)
    };
    let refused = act("approve", "");
    assert_eq!((refused.status, &refused.json()["code"]), (409, &"alert_state".into()));
    assert_eq!(act("submit", "If-Match: \"7\"").status, 412);
    let submitted = act("submit", "If-Match: \"1\"");
    assert_eq!((submitted.status, &submitted.json()["state"]), (200, &"active".into()));
    assert_eq!(ask(&serving, "Q1")["verdict"], "hit");
    assert_eq!(act("submit", "").json()["code"], "alert_state");
    assert_eq!(post(&serving, "/v1/alerts?draft=perhaps", &alert("Q2"), "").status, 400);
    serving.log();
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
    assert!(audit.contains("alert_drafted 1") && audit.contains("alert_submitted 1"), "{audit}");
}

#[test]
fn a_service_puts_on_record_that_alerts_have_expired() {
    let place = Place::with_site();
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let statement = Arc::new(statement("Q1"));
    let old = Change {
        alert: Store::new_alert().unwrap(),
        number: 1,
        at: statement.from,
        by: "one".into(),
        issuer: "one".into(),
        life: Life::Active,
        unapproved_until: None,
        statement,
    };
    let id = old.alert;
    let mut store = Store::open_or_create(&storage, &place.path("site")).unwrap();
    store.append(vec![old]).unwrap();
    drop(store);
    entries_of_days(&place.path("site"), 0..6);
    let serving = Serving::start(&place, "text");
    let state = || serving.get(&format!("/v1/alerts/{id}")).json()["alert"]["state"].clone();
    let expired = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        state() == "expired"
    });
    assert!(expired, "{}", state());
    let amended = post(&serving, &format!("/v1/alerts/{id}/amend"), &alert("Q1"), "");
    assert_eq!((amended.status, &amended.json()["code"]), (409, &"alert_state".into()));
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let renewed = post(&serving, &format!("/v1/alerts/{id}/renew"), &json!({ "to": later.to_string() }), "");
    assert_eq!((renewed.status, &renewed.json()["state"]), (200, &"active".into()));
    assert_eq!(ask(&serving, "Q1")["verdict"], "hit");
    serving.log();
}

#[test]
fn nobody_approves_of_what_was_changed_without_saying_what_he_has_seen() {
    let place = Place::with_site();
    let rules = "[alerts]\nfour-eyes = \"on\"\n";
    let config = place.write("rules.toml", format!("[data]\ndir = {:?}\n{rules}", place.site()));
    let command = |arguments: &[&str]| {
        let at = ["--data", &place.site(), "--config", &config].map(str::to_owned);
        let all: Vec<_> = arguments.iter().map(|argument| (*argument).to_owned()).chain(at).collect();
        portcullis(&all.iter().map(String::as_str).collect::<Vec<_>>()).exits(0).out
    };
    let wished = place.write("wish.json", alert("Q1").to_string());
    let mut milder = alert("Q1");
    milder["category"] = "lost".into();
    let changed = place.write("milder.json", milder.to_string());
    let issued = command(&["alert", "issue", &wished]);
    let id = issued.split_whitespace().nth(1).unwrap();
    command(&["alert", "amend", id, &changed]);
    let serving = Serving::start_with(&place, rules);
    let approve = format!("/v1/alerts/{id}/approve");
    let unseen = post(&serving, &approve, &json!({}), "");
    assert_eq!((unseen.status, &unseen.json()["code"]), (428, &"alert_unseen".into()));
    assert!(unseen.text().contains("read revision 2"), "{}", unseen.text());
    assert_eq!(post(&serving, &approve, &json!({}), "If-Match: \"1\"").status, 412);
    let approved = post(&serving, &approve, &json!({}), "If-Match: \"2\"");
    assert_eq!((approved.status, &approved.json()["state"]), (200, &"active".into()));
    serving.log();
}
