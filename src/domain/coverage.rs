//! What was consulted, as of when, and what was missing.

use jiff::{SignedDuration, Timestamp};

use super::{Authority, Digest, FeedName, ReasonCode};

/// What an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The generation in force; `None` if there is none.
    pub generation: Option<GenerationId>,
    /// What stands in the way of any `NoHit` at this site, whatever is asked.
    pub site: Vec<ReasonCode>,
    /// Every expected feed and every other feed in the generation, by name.
    pub feeds: Vec<FeedCoverage>,
    /// The local alerts consulted.
    pub alerts: AlertsCoverage,
    /// SHA-256 of the settings that verdicts depend on.
    pub settings_digest: Digest,
}

/// A generation names itself in every answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenerationId {
    /// Numbers only rise.
    pub number: u64,
    /// SHA-256 of the generation file.
    pub digest: Digest,
}

/// One feed's part in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedCoverage {
    /// The feed.
    pub feed: FeedName,
    /// A `NoHit` needs it.
    pub expected: bool,
    /// Its accepted sequence; `None` if it is missing.
    pub sequence: Option<u64>,
    /// The time as of which its publisher vouches for it.
    pub as_of: Option<Timestamp>,
    /// `now` less `as_of`, never negative.
    pub age: Option<SignedDuration>,
    /// How old that is by policy.
    pub freshness: Freshness,
    /// Live notices in it.
    pub notices: u64,
    /// Under whose authority it was accepted.
    pub authority: Option<Authority>,
    /// Whether it lists a document of the issuing state asked about.
    pub issuer: IssuerCoverage,
}

/// How old a feed is, by policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Younger than `warn-after`.
    Fresh,
    /// As old as `warn-after` or older, and younger than `stale-after`.
    Ageing,
    /// As old as `stale-after` or older.
    Stale,
    /// Not there at all.
    Missing,
}

impl Freshness {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Ageing => "ageing",
            Self::Stale => "stale",
            Self::Missing => "missing",
        }
    }
}

/// Whether a feed speaks of an issuing state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerCoverage {
    /// It lists at least one document of this state.
    Reported,
    /// It lists none.
    NotReported,
    /// The state asked about is not known, or none was asked about.
    Unknown,
}

impl IssuerCoverage {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::NotReported => "not_reported",
            Self::Unknown => "unknown",
        }
    }
}

/// The local alerts' part in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct AlertsCoverage {
    /// Revision of the alert table; 0 while no alert was ever issued at this site.
    pub revision: u64,
    /// The newest revision of an alert that whoever asked may be told of: others are not counted before him.
    pub told: u64,
    /// Seconds since the table was last known to be current; `None` while there is no table.
    pub age_s: Option<u64>,
}

/// Coverage that can carry a `NoHit`. It exists only if nothing is wrong with the site and every expected feed is there,
/// non-empty and not stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteCoverage(GenerationId);

impl Coverage {
    /// The proof that a `NoHit` may rest on this coverage; `None` if it may not.
    #[must_use]
    pub fn complete(&self) -> Option<CompleteCoverage> {
        let mut expected = self.feeds.iter().filter(|feed| feed.expected).peekable();
        if !self.site.is_empty() || expected.peek().is_none() {
            return None;
        }
        let sound = |feed: &FeedCoverage| {
            feed.notices > 0
                && feed.authority.is_some()
                && feed.sequence.is_some()
                && matches!(feed.freshness, Freshness::Fresh | Freshness::Ageing)
        };
        expected.all(sound).then_some(CompleteCoverage(self.generation?))
    }
}

impl CompleteCoverage {
    /// The generation that vouches for the answer.
    #[must_use]
    pub fn generation(&self) -> GenerationId {
        self.0
    }
}
