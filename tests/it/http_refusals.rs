//! Requests that got no answer are in the log too, counted by the second.

use serde_json::json;

use crate::support::command::{Place, portcullis};
use crate::support::serving::Serving;

#[test]
fn a_flood_of_refused_requests_is_a_few_entries_that_count_them_by_cause() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    for _ in 0..200 {
        assert_eq!(serving.post("/v1/checks", "application/json", "{").status, 400);
    }
    for _ in 0..40 {
        assert_eq!(serving.get("/v1/nowhere").status, 404);
        assert_eq!(serving.post("/v1/checks", "text/plain", "{}").status, 415);
    }
    let broken = format!("nonsense\n{}\n", "{\"colour\":\"red\"}").repeat(5);
    serving.post("/v1/manifests", "application/x-ndjson", &broken);
    serving.post("/v1/checks", "application/json", r#"{"document":{"number":"X2","issuing_state":"UTO"}}"#);
    serving.log();
    let out = place.argument("out.ndjson");
    portcullis(&["audit", "export", "--data", &place.site(), "--out", &out]).exits(0);
    let lines = crate::support::command::json_lines(&std::fs::read_to_string(out).unwrap());
    let refused: Vec<_> = lines.iter().filter(|line| line["entry"]["act"] == "refused").collect();
    assert!(!refused.is_empty() && refused.len() < 30, "{}", refused.len());
    let total =
        |code: &str| refused.iter().filter_map(|line| line["entry"]["counts"][code].as_u64()).sum::<u64>();
    assert_eq!((total("invalid_json"), total("not_found"), total("unsupported_media_type")), (205, 40, 40));
    assert_eq!(total("unknown_field"), 5, "lines of a manifest");
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
}

#[test]
fn a_query_that_a_path_does_not_take_is_refused_and_goes_no_further() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let check = json!({ "document": { "number": "X2", "issuing_state": "UTO" } }).to_string();
    let search = json!({ "issuing_state": "UTO", "number": "X2" }).to_string();
    let (name, case) = (format!("/v1/alerts/{}", "0".repeat(32)), format!("/v1/cases/{}", "0".repeat(32)));
    let [json, ndjson] = ["application/json", "application/x-ndjson"];
    for (path, media_type, body) in [
        ("/v1", "", ""),
        ("/v1/coverage", "", ""),
        ("/v1/operator/sync", json, "{}"),
        ("/v1/checks", json, &*check),
        ("/v1/manifests", ndjson, &check),
        ("/v1/alerts", "", ""),
        ("/v1/alerts", json, "{}"),
        ("/v1/alerts/import", ndjson, "{}"),
        ("/v1/alerts/searches", json, &search),
        ("/v1/alerts/export", "", ""),
        ("/v1/alerts/changes", "", ""),
        (&name, "", ""),
        (&format!("{name}/withdraw"), json, "{}"),
        ("/v1/cases", "", ""),
        (&case, "", ""),
        (&format!("{case}/outcome"), json, r#"{"outcome":"confirmed"}"#),
        ("/v1/audit/checkpoint", "", ""),
        ("/v1/audit/proof", "", ""),
        ("/v1/audit/entries", "", ""),
        ("/v1/hits", "", ""),
    ] {
        for query in ["purpose=border", "Q7654321", "number=Q7654321&Q7654321=1", "%51=Q7654321", "&"] {
            if query == "&" && !["/v1/checks", "/v1/alerts/searches"].contains(&path) {
                continue;
            }
            let asked = format!("{path}?{query}");
            let reply = match media_type {
                "" => serving.get(&asked),
                media_type => serving.post(&asked, media_type, body),
            };
            let told = reply.text();
            assert_eq!(
                (reply.status, &reply.json()["code"]),
                (400, &"invalid_query".into()),
                "{asked}: {told}"
            );
            assert!(told.contains("the query has") || told.contains("takes no query"), "{asked}: {told}");
            assert!(!told.contains("Q7654321") && !told.contains("border"), "{asked}: {told}");
        }
    }
    assert_eq!(serving.post("/v1/checks?", json, &check).status, 200);
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(serving.get(&format!("{path}?verbose")).status, 200, "{path}");
    }
    let log = serving.log();
    assert!(!log.contains("Q7654321"), "{log}");
}
