//! The three answers.

use std::sync::Arc;

use jiff::Timestamp;

use super::alert::Revision;
use super::case::CaseId;
use super::{CompleteCoverage, DocumentId, FeedName, Notice, Reason};

/// What Portcullis says of a document. There is no fourth answer and no default.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a verdict that nobody looks at lets a document through unseen"]
pub enum Verdict {
    /// At least one notice or alert in force matches. Never empty.
    Hit(Vec<Finding>),
    /// Provably on no list: the generation in `CompleteCoverage` vouches for it.
    NoHit(CompleteCoverage),
    /// Nothing can be claimed, for at least one reason. Never empty.
    Inconclusive(Vec<Reason>),
}

impl Verdict {
    /// The word on the wire and in the audit log.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Hit(_) => "hit",
            Self::NoHit(_) => "no_hit",
            Self::Inconclusive(_) => "inconclusive",
        }
    }
}

/// A notice or an alert in force that matches the document asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Names the finding in answers, cases and the audit log without giving the document away.
    pub id: FindingId,
    /// How the listing matches.
    pub matched: Match,
    /// Who says so, and what.
    pub listing: Listing,
    /// The bearer was cleared of it for a time: it is a finding all the same.
    pub cleared: Option<Cleared>,
}

/// What a case has found out of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// Until when: that time itself is outside.
    pub until: Timestamp,
    /// The case.
    pub case: CaseId,
}

/// What is said of a document, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// A feed's notice.
    Notice {
        /// The feed that says so.
        feed: FeedName,
        /// What it says.
        notice: Notice,
    },
    /// An alert of ours.
    Alert {
        /// The document that it concerns: its own, or one of its interval.
        document: DocumentId,
        /// The alert, by the revision in force.
        revision: Arc<Revision>,
        /// Nobody has approved of it yet; by policy it is in force all the same.
        unapproved: bool,
    },
}

impl Listing {
    /// The document that is listed.
    #[must_use]
    pub fn document(&self) -> &DocumentId {
        match self {
            Self::Notice { notice, .. } => &notice.document,
            Self::Alert { document, .. } => document,
        }
    }
}

/// A keyed digest of feed and notice, or of an alert's revision, so that it can't be computed from a guessed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FindingId(pub [u8; 16]);

impl std::fmt::Display for FindingId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        super::hex::write_hex(f, &self.0)
    }
}

/// How a listing matches the document asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Issuing state, number and kind (or no kind was asked).
    Exact,
    /// The same under another spelling, such as an issuer whose listings are merged with another's.
    Alias,
    /// Issuing state and number match, the kind does not.
    KindDiffers,
}

impl Match {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Alias => "alias",
            Self::KindDiffers => "kind_differs",
        }
    }
}
