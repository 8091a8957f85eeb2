//! What an import came to, for machines.

use serde_json::{Value, json};

use crate::domain::FeedName;

use super::imported::{Imported, Outcome};

/// The version of the report: members are added to it and never change their meaning.
const VERSION: u64 = 1;

/// The report of an import as one JSON object. It has numbers of notices and never those of documents.
#[must_use]
pub fn report(feed: &FeedName, format: &str, files: &[String], imported: &Imported) -> Value {
    let Imported { tally, as_of, counts, aliases, change, bulletin, outcome } = imported;
    let (word, generation, refusal) = match outcome {
        Outcome::Published(id) => ("published", Some(id), None),
        Outcome::Unchanged(id) => ("unchanged", Some(id), None),
        Outcome::DryRun => ("dry_run", None, None),
        Outcome::Refused(refusal) => ("refused", None, Some(refusal.to_string())),
    };
    let segment = bulletin.as_ref().and_then(|bulletin| bulletin.segments.last());
    let year = |year: &Option<i16>| year.map_or_else(|| "unknown".to_owned(), |year| year.to_string());
    json!({
        "report": VERSION,
        "outcome": word,
        "refusal": refusal,
        "feed": feed.as_str(),
        "format": format,
        "files": files,
        "as_of": as_of.to_string(),
        "rows": {
            "read": tally.read,
            "expanded": tally.expanded,
            "accepted": tally.accepted,
            "duplicates": tally.duplicates,
            "rejected": tally.rejected_total(),
            "rejected_by_reason": object(&tally.rejected, |reason| reason.word().to_owned()),
            "days_left_out": tally.days_left_out,
        },
        "notices": {
            "aliases": aliases,
            "by_state": object(&counts.states, |state| state.code().to_owned()),
            "by_kind": object(&counts.kinds, |kind| kind.word().to_owned()),
            "by_status": object(&counts.statuses, |status| status.word().to_owned()),
            "by_year": object(&counts.years, year),
        },
        "change": {
            "before": change.before,
            "new": change.difference.new,
            "changed": change.difference.changed,
            "gone": change.difference.gone,
            "lapsed": change.difference.lapsed,
            "states_gone": change.states_gone.iter().map(|state| state.code()).collect::<Vec<_>>(),
        },
        "generation": generation.map(|id| json!({ "number": id.number, "digest": id.digest.to_string() })),
        "segment": segment.map(|segment| json!({ "sha256": segment.digest.to_string(), "bytes": segment.length })),
    })
}

fn object<'a, K: 'a>(
    counts: impl IntoIterator<Item = (&'a K, &'a u64)>,
    word: impl Fn(&K) -> String,
) -> Value {
    counts.into_iter().map(|(key, count)| (word(key), Value::from(*count))).collect()
}
