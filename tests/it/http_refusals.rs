//! Requests that got no answer are in the log too, counted by the second.

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
