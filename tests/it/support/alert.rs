//! Alerts of Utopia's police, issued as an operator issues them.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::command::{Place, portcullis_reading};

/// An alert on a document of Utopia, for everybody, until long after these tests.
pub(crate) fn alert(number: &str) -> Value {
    json!({
        "document": { "issuing_state": "UTO", "number": number },
        "category": "stolen",
        "action": "seize",
        "originator": { "name": "Police of Utopia", "contact": "+999 1234" },
        "grade": { "scheme": "admiralty", "code": "B2" },
        "handling": { "classes": ["officer", "carrier"] },
        "valid": { "to": in_days(30) },
    })
}

/// A time as an alert's end is written.
pub(crate) fn in_days(days: i64) -> String {
    (Timestamp::now() + SignedDuration::from_hours(24 * days)).to_string()
}

/// Issues it, and gives its name.
pub(crate) fn issue(place: &Place, alert: &Value) -> String {
    let run = portcullis_reading(&["alert", "issue", "--data", &place.site(), "-"], alert.to_string());
    run.exits(0).out.split_whitespace().nth(1).expect("alert NAME issued").to_owned()
}
