//! What was consulted, on the wire.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{Coverage, FeedCoverage};

/// `coverage` of an answer, and the body of `GET /v1/coverage`.
#[derive(Serialize)]
pub struct CoverageBody<'a> {
    complete: bool,
    generation: Option<GenerationBody>,
    feeds: Vec<FeedBody<'a>>,
    alerts: AlertsBody,
    settings_digest: String,
}

#[derive(Serialize)]
struct GenerationBody {
    number: u64,
    digest: String,
}

#[derive(Serialize)]
struct FeedBody<'a> {
    feed: &'a str,
    expected: bool,
    sequence: Option<u64>,
    as_of: Option<Timestamp>,
    age_s: Option<i64>,
    freshness: &'static str,
    notices: u64,
    authority: Option<&'static str>,
    issuer: &'static str,
}

#[derive(Serialize)]
struct AlertsBody {
    revision: u64,
    age_s: Option<u64>,
}

impl<'a> From<&'a Coverage> for CoverageBody<'a> {
    fn from(coverage: &'a Coverage) -> Self {
        Self {
            complete: coverage.complete().is_some(),
            generation: coverage
                .generation
                .map(|id| GenerationBody { number: id.number, digest: id.digest.to_string() }),
            feeds: coverage.feeds.iter().map(FeedBody::from).collect(),
            alerts: AlertsBody { revision: coverage.alerts.told, age_s: coverage.alerts.age_s },
            settings_digest: coverage.settings_digest.to_string(),
        }
    }
}

impl<'a> From<&'a FeedCoverage> for FeedBody<'a> {
    fn from(feed: &'a FeedCoverage) -> Self {
        Self {
            feed: feed.feed.as_str(),
            expected: feed.expected,
            sequence: feed.sequence,
            as_of: feed.as_of,
            age_s: feed.age.map(|age| age.as_secs()),
            freshness: feed.freshness.word(),
            notices: feed.notices,
            authority: feed.authority.map(|authority| authority.word()),
            issuer: feed.issuer.word(),
        }
    }
}
