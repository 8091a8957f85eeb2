//! What is told of a hit: where and when it was, and never of whose document.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::audit::{Asked, CaseMark, Entry};
use crate::domain::alert::CallerClass;

const VERSION: u32 = 1;
const HIT: &str = "hit";

/// What is told of a hit. The order of the fields is that of the members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HitEvent {
    #[serde(rename = "v")]
    version: u32,
    /// The check's id, by which whoever is told twice knows it.
    pub id: String,
    /// When it was decided.
    pub time: Timestamp,
    /// The case that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The site's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The terminal that the caller named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// The purpose that the caller named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What the document is listed as: words of notices and alerts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Whoever asked was not told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// The hits that an entry has, which is that of a check or of lines of a manifest, as far as callers of a class may know of them.
/// Officers are told of all; others of what was told to their like.
pub fn hit_events(
    (site, to): (Option<&Arc<str>>, CallerClass),
    log: &str,
    entry: &Entry<'_>,
) -> impl Iterator<Item = HitEvent> {
    let knows_all = to == CallerClass::Officer;
    let may_know = knows_all || entry.class.as_deref() == Some(to.word());
    let is_for = move |asked: &Asked<'_>| match asked.verdict {
        Some(HIT) => may_know,
        _ => knows_all && !asked.withheld.is_empty(),
    };
    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
    entry.asked().filter(is_for).map(move |asked| HitEvent {
        version: VERSION,
        id: match asked.line {
            Some(line) => format!("{log}-{}.{line}", entry.sequence),
            None => format!("{log}-{}", entry.sequence),
        },
        time: entry.time,
        case: asked.case.map(|case| case.id.to_string()),
        site: site.map(|site| site.to_string()),
        terminal: text(&entry.terminal),
        purpose: text(&entry.purpose),
        categories: asked.case.map(|case| categories(case, knows_all)).unwrap_or_default(),
        withheld: asked.verdict != Some(HIT),
    })
}

fn categories(case: &CaseMark<'_>, all: bool) -> Vec<String> {
    let withheld = case.withheld.iter().filter(|_| all);
    let words: BTreeSet<_> = case.categories.iter().chain(withheld).map(|word| word.to_string()).collect();
    words.into_iter().collect()
}

impl HitEvent {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("an event has no map, and writing to memory works")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Act, Draft, DraftCase, DraftLine};
    use crate::domain::case::CaseId;
    use crate::domain::{Digest, FindingId};

    fn draft() -> Draft {
        Draft {
            terminal: Some("gate-3".into()),
            purpose: Some("border".into()),
            client_reference: Some("L898902C3".into()),
            digests: vec![[1; 32]],
            ..Draft::new(
                "2026-03-01T12:00:00.000001Z".parse().unwrap(),
                Act::Check,
                "loopback".into(),
                Digest([0; 32]),
            )
        }
    }

    fn line(line: u64, verdict: &'static str, withheld: usize) -> DraftLine {
        DraftLine {
            line,
            client_reference: Some("L898902C3".into()),
            digests: vec![[2; 32]],
            readings: Vec::new(),
            listed: Vec::new(),
            verdict,
            reasons: Vec::new(),
            findings: vec![FindingId([3; 16]); usize::from(verdict == HIT)],
            withheld: vec![FindingId([4; 16]); withheld],
            withheld_doubt: false,
            case: Some(case(withheld > 0)).filter(|_| verdict == HIT || withheld > 0),
        }
    }

    fn case(withholds: bool) -> Box<DraftCase> {
        Box::new(DraftCase {
            id: CaseId([5; 16]),
            retry_of: None,
            categories: vec!["lost", "stolen"],
            withheld: if withholds { vec!["bearer_wanted"] } else { Vec::new() },
            sealed: b"UTO L898902C3".to_vec(),
            recorded: Default::default(),
        })
    }

    fn events(draft: &Draft) -> Vec<HitEvent> {
        events_for(CallerClass::Officer, draft)
    }

    fn events_for(class: CallerClass, draft: &Draft) -> Vec<HitEvent> {
        let entry = Entry::of(draft, 17);
        hit_events((Some(&"north".into()), class), "serve-00c0ffee", &entry).collect()
    }

    #[test]
    fn events_of_version_1_stay_what_they_are() {
        let hit = Draft { verdict: Some("hit"), case: Some(case(false)), ..draft() };
        let lines = [(1, "hit", 0), (2, "no_hit", 0), (3, "no_hit", 1), (4, "hit", 1)];
        let chunk = Draft {
            act: Act::ManifestChunk,
            verdict: Some("hit"),
            terminal: None,
            purpose: None,
            lines: lines.into_iter().map(|(at, verdict, withheld)| line(at, verdict, withheld)).collect(),
            class: Some(CallerClass::Carrier.word()),
            ..draft()
        };
        let told: Vec<_> = events(&hit).into_iter().chain(events(&chunk)).map(|event| event.json()).collect();
        assert_eq!(told.join("\n") + "\n", include_str!("golden/events-v1.jsonl"));
    }

    #[test]
    fn what_is_no_hit_is_no_event() {
        for verdict in [None, Some("no_hit"), Some("inconclusive")] {
            assert_eq!(events(&Draft { verdict, ..draft() }), []);
        }
    }

    #[test]
    fn what_was_withheld_is_for_officers_and_what_officers_were_told_for_them_alone() {
        let class = Some(CallerClass::Carrier.word());
        let told = |draft: Draft| {
            [CallerClass::Officer, CallerClass::Carrier].map(|class| !events_for(class, &draft).is_empty())
        };
        assert_eq!(told(Draft { verdict: Some("hit"), ..draft() }), [true, false]);
        assert_eq!(told(Draft { verdict: Some("hit"), class, ..draft() }), [true, true]);
        let withheld = vec![FindingId([4; 16])];
        assert_eq!(told(Draft { verdict: Some("no_hit"), class, withheld, ..draft() }), [true, false]);
        let both = Draft { verdict: Some("hit"), class, case: Some(case(true)), ..draft() };
        let categories = |class| events_for(class, &both).remove(0).categories;
        assert_eq!(categories(CallerClass::Officer), ["bearer_wanted", "lost", "stolen"]);
        assert_eq!(categories(CallerClass::Carrier), ["lost", "stolen"]);
    }
}
