//! What was consulted, judged at one moment.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    AlertsCoverage, Bulletin, Coverage, Digest, FeedCoverage, FeedName, Freshness, GenerationId,
    IssuerCoverage, IssuingState, Reason, ReasonCode,
};

use super::policy::{FeedPolicy, IssuerNotReported, Policy};
use super::question::Question;

/// What coverage needs to know of a feed in force.
pub(super) struct FeedInForce<'a> {
    pub(super) bulletin: &'a Bulletin,
    pub(super) notices: u64,
    /// It lists a document of the issuing state asked about.
    pub(super) reports_issuer: bool,
}

/// What coverage needs to know of the generation in force.
pub(super) struct GenerationInForce<'a> {
    pub(super) id: GenerationId,
    pub(super) expected: &'a [FeedName],
    pub(super) feeds: Vec<FeedInForce<'a>>,
}

/// Describes what was consulted.
pub(super) fn describe(
    generation: Option<&GenerationInForce<'_>>,
    (site, alerts): (Vec<ReasonCode>, AlertsCoverage),
    issuer: Option<IssuingState>,
    policy: &Policy,
    settings_digest: Digest,
    now: Timestamp,
) -> Coverage {
    let mut feeds = Vec::new();
    if let Some(generation) = generation {
        for feed in &generation.feeds {
            let name = &feed.bulletin.feed;
            let expected = generation.expected.contains(name) || policy.expected.contains(name);
            feeds.push(present(feed, expected, issuer, policy.of(&feed.bulletin.feed), now));
        }
        let missing = |name: &&FeedName| generation.feeds.iter().all(|feed| feed.bulletin.feed != **name);
        let expected: BTreeSet<_> = generation.expected.iter().chain(&policy.expected).collect();
        feeds.extend(expected.into_iter().filter(missing).map(absent));
        feeds.sort_by(|one, other| one.feed.cmp(&other.feed));
    }
    Coverage { generation: generation.map(|generation| generation.id), site, feeds, alerts, settings_digest }
}

fn present(
    feed: &FeedInForce<'_>,
    expected: bool,
    issuer: Option<IssuingState>,
    policy: &FeedPolicy,
    now: Timestamp,
) -> FeedCoverage {
    let age = now.duration_since(feed.bulletin.as_of).max(SignedDuration::ZERO);
    FeedCoverage {
        feed: feed.bulletin.feed.clone(),
        expected,
        sequence: Some(feed.bulletin.sequence),
        as_of: Some(feed.bulletin.as_of),
        age: Some(age),
        freshness: match age {
            age if age >= policy.stale_after => Freshness::Stale,
            age if age >= policy.warn_after => Freshness::Ageing,
            _ => Freshness::Fresh,
        },
        notices: feed.notices,
        authority: Some(feed.bulletin.authority),
        issuer: match issuer {
            None => IssuerCoverage::Unknown,
            Some(_) if feed.reports_issuer => IssuerCoverage::Reported,
            Some(_) => IssuerCoverage::NotReported,
        },
    }
}

fn absent(feed: &FeedName) -> FeedCoverage {
    FeedCoverage {
        feed: feed.clone(),
        expected: true,
        sequence: None,
        as_of: None,
        age: None,
        freshness: Freshness::Missing,
        notices: 0,
        authority: None,
        issuer: IssuerCoverage::Unknown,
    }
}

/// What coverage leaves in doubt, and what is only worth saying.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) doubts: Vec<Reason>,
    pub(super) notes: Vec<Reason>,
}

impl Judgement {
    /// Judges coverage by policy and by what the caller demands.
    pub(super) fn of(coverage: &Coverage, policy: &Policy, question: &Question) -> Self {
        let doubts = coverage.site.iter().copied().map(Reason::new).collect();
        let mut judgement = Self { doubts, notes: Vec::new() };
        if coverage.generation.is_some() && !coverage.feeds.iter().any(|feed| feed.expected) {
            judgement.doubts.push(Reason::new(ReasonCode::NothingExpected));
        }
        for feed in coverage.feeds.iter().filter(|feed| feed.expected) {
            judgement.judge_feed(feed, policy.of(&feed.feed));
        }
        judgement.judge_demands(coverage, question);
        judgement
    }

    fn judge_feed(&mut self, feed: &FeedCoverage, policy: &FeedPolicy) {
        let reason = |code| Reason::of_feed(code, &feed.feed);
        match feed.freshness {
            Freshness::Missing => return self.doubts.push(reason(ReasonCode::FeedMissing)),
            Freshness::Stale => self.doubts.push(reason(ReasonCode::FeedStale)),
            Freshness::Ageing => self.notes.push(reason(ReasonCode::FeedAgeing)),
            Freshness::Fresh => {}
        }
        if feed.notices == 0 {
            return self.doubts.push(reason(ReasonCode::FeedEmpty));
        }
        if feed.issuer == IssuerCoverage::NotReported {
            match policy.issuer_not_reported {
                IssuerNotReported::Warn => self.notes.push(reason(ReasonCode::IssuerNotReported)),
                IssuerNotReported::Inconclusive => self.doubts.push(reason(ReasonCode::IssuerNotReported)),
            }
        }
    }

    fn judge_demands(&mut self, coverage: &Coverage, question: &Question) {
        if let Some(age_max) = question.data_age_max {
            let too_old = |feed: &&FeedCoverage| feed.age.is_some_and(|age| age > age_max);
            let expected = coverage.feeds.iter().filter(|feed| feed.expected);
            self.doubts.extend(
                expected.filter(too_old).map(|feed| Reason::of_feed(ReasonCode::DataTooOld, &feed.feed)),
            );
        }
        for (name, least) in &question.min_sequences {
            let in_force =
                coverage.feeds.iter().find(|feed| feed.feed == *name).and_then(|feed| feed.sequence);
            if in_force.is_none_or(|sequence| sequence < *least) {
                self.doubts.push(Reason::of_feed(ReasonCode::SequenceTooLow, name));
            }
        }
    }
}
