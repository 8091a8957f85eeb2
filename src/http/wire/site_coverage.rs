//! What a site says of its lists, beyond what stands in each answer.

use jiff::Timestamp;
use serde::Serialize;

use super::CoverageBody;
use crate::domain::{Coverage, FeedName};
use crate::feed::{Publication, Terms};
use crate::index::Generation;
use crate::syncing::{Board, Standing};

/// The body of `GET /v1/coverage`.
#[derive(Serialize)]
pub struct SiteCoverageBody<'a> {
    #[serde(flatten)]
    coverage: CoverageBody<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sources: Vec<SourceBody>,
}

/// A signed feed, and how it stands with its publisher.
#[derive(Serialize)]
struct SourceBody {
    feed: String,
    state: &'static str,
    published_sequence: Option<u64>,
    loaded_sequence: Option<u64>,
    synced_at: Option<Timestamp>,
    failures: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorBody>,
    #[serde(skip_serializing_if = "Terms::is_empty")]
    terms: Terms,
}

#[derive(Serialize)]
struct ErrorBody {
    code: &'static str,
    text: String,
}

impl<'a> SiteCoverageBody<'a> {
    /// Of a site with this coverage.
    #[must_use]
    pub fn of(coverage: &'a Coverage, board: &Board, generation: Option<&Generation>) -> Self {
        let record = |feed: &FeedName| generation.and_then(|generation| generation.record(feed));
        let source = |(feed, standing): (FeedName, Standing)| {
            let record = record(&feed);
            let signed = record.and_then(|record| Publication::kept(&record.metadata));
            SourceBody {
                state: match &standing {
                    Standing { error: Some(_), .. } => "failing",
                    Standing { waiting: true, .. } => "downloaded",
                    _ => "current",
                },
                published_sequence: standing.published,
                loaded_sequence: record.map(|record| record.bulletin.sequence),
                synced_at: standing.synced_at,
                failures: standing.failures,
                error: standing.error.map(|(code, text)| ErrorBody { code, text }),
                terms: signed.map(|signed| signed.terms).unwrap_or_default(),
                feed: feed.to_string(),
            }
        };
        let sources = board.feeds().into_iter().map(source).collect();
        Self { coverage: CoverageBody::from(coverage), sources }
    }
}
