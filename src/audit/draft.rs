//! What a caller hands in to be recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{DraftCase, DraftLine, DraftOutcome, KeyId};
use crate::domain::{Digest, FeedName, FindingId, GenerationId, Reason};

/// An entry before it has its place in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// When it was decided; recorded to the microsecond.
    pub time: Timestamp,
    /// What was done.
    pub act: Act,
    /// Who did it: the authenticated caller, or the account that ran a command.
    pub principal: Arc<str>,
    /// The agreement under which it was done.
    pub agreement: Option<Arc<str>>,
    /// What the caller is, where that is no officer: he may not be told of every alert.
    pub class: Option<&'static str>,
    /// The purpose that the caller named.
    pub purpose: Option<Arc<str>>,
    /// The terminal that the caller named.
    pub terminal: Option<Arc<str>>,
    /// The person at the terminal, as the caller named them.
    pub operator: Option<Arc<str>>,
    /// The caller's own reference.
    pub client_reference: Option<Arc<str>>,
    /// The manifest that a line belongs to.
    pub manifest: Option<Arc<str>>,
    /// The line of a manifest, from 1.
    pub line: Option<u64>,
    /// The key of `digests` and `findings`.
    pub key_id: Option<KeyId>,
    /// The keyed digest of the document presented, see [`Digester::document`](super::Digester::document), and of what
    /// else it is asked as (a visa also as the holder's passport). Of each list of digests the entry keeps the first
    /// [`DIGESTS_KEPT`](super::DIGESTS_KEPT) and how many there were.
    pub digests: Vec<[u8; 32]>,
    /// The digests of other readings of it that were asked about, listed or not.
    pub readings: Vec<[u8; 32]>,
    /// The digests of other documents that were found listed: the candidates.
    pub listed: Vec<[u8; 32]>,
    /// The verdict's word.
    pub verdict: Option<&'static str>,
    /// Everything that was in doubt.
    pub reasons: Vec<Reason>,
    /// What was found. The entry keeps the first [`FINDINGS_KEPT`](super::FINDINGS_KEPT) and how many there were.
    pub findings: Vec<FindingId>,
    /// What was found and is not for the asker: to everybody else it would have been a hit. The entry keeps the first 16.
    pub withheld: Vec<FindingId>,
    /// There are candidates besides that are not for the asker: to everybody else they would have taken a `no_hit` away.
    pub withheld_doubt: bool,
    /// The case that a hit opens or adds to.
    pub case: Option<Box<DraftCase>>,
    /// What became of a case.
    pub outcome: Option<Box<DraftOutcome>>,
    /// The generation that was decided on, or that an act puts in force. The entry keeps it as a
    /// [`GenerationMark`](super::GenerationMark).
    pub generation: Option<GenerationId>,
    /// The feeds consulted, each with its accepted sequence. No feed twice.
    pub feeds: Vec<(FeedName, u64)>,
    /// The revision of the alerts consulted; of an act on alerts, the one before it, which was kept for sure.
    pub alert_revision: Option<u64>,
    /// How often each of what is told together was so.
    pub counts: BTreeMap<&'static str, u64>,
    /// The lines of a manifest's chunk, all of one retention class: [`DraftLine::into_drafts`] sees to their length.
    pub lines: Vec<DraftLine>,
    /// SHA-256 of the settings that verdicts depend on. The entry keeps its first 16 bytes.
    pub settings_digest: Digest,
}

impl Draft {
    /// The cases that its hits open or add to.
    pub(super) fn cases(&self) -> impl Iterator<Item = &DraftCase> {
        self.case.as_deref().into_iter().chain(self.lines.iter().filter_map(|line| line.case.as_deref()))
    }

    /// A draft with what every entry has, and nothing else.
    #[must_use]
    pub fn new(time: Timestamp, act: Act, principal: Arc<str>, settings_digest: Digest) -> Self {
        Self {
            time,
            act,
            principal,
            settings_digest,
            agreement: None,
            class: None,
            purpose: None,
            terminal: None,
            operator: None,
            client_reference: None,
            manifest: None,
            line: None,
            key_id: None,
            digests: Vec::new(),
            readings: Vec::new(),
            listed: Vec::new(),
            verdict: None,
            reasons: Vec::new(),
            findings: Vec::new(),
            withheld: Vec::new(),
            withheld_doubt: false,
            case: None,
            outcome: None,
            generation: None,
            feeds: Vec::new(),
            alert_revision: None,
            counts: BTreeMap::new(),
            lines: Vec::new(),
        }
    }
}

/// What was done. In the log the enumeration is open: later revisions add acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Act {
    /// One document was checked.
    Check,
    /// One line of a manifest was checked; in logs of programs that gave each an entry of its own.
    ManifestLine,
    /// Lines of a manifest were checked together, on one generation and at one time. Those that are a hit have an entry of their own,
    /// for it is kept as long as hits are.
    ManifestChunk,
    /// Requests, and lines of manifests, that got no answer, of one second, counted by the code that they got instead.
    Refused,
    /// The operator imported a list of their own.
    Import,
    /// The operator took a feed out of force and out of what a `no_hit` needs. Its floor is kept, so that an
    /// older list can't come back under its name.
    FeedForgotten,
    /// A feed's delta was folded into its base; what it lists stays as it is.
    Fold,
    /// The operator put what an older generation listed in force again. All floors stay as they are.
    Rollback,
    /// A signed feed's publication, or its publisher's word that the list is still right, was put in force.
    Sync,
    /// The same of a publication that lost more than the settings allow, on an operator's word.
    SyncShrunk,
    /// A service began to answer by the settings that the entry names: another digest than at the start before is another policy.
    Started,
    /// Somebody made a backup, in which logs and keys are.
    BackedUp,
    /// The site was restored from a backup that was made at the time of the client's reference.
    Restored,
    /// The logs of before, which the client's reference names, were put aside after a restore or on a clone.
    Adopted,
    /// A new digest key, which the entry names, makes digests from the next start of each process on.
    KeyRotated,
    /// The digest key that the entry names was destroyed: its digests can be linked to no document any more.
    KeyDestroyed,
    /// Entries whose time was over were erased: those of the sealed file that the client's reference names, with the SHA-256 of what
    /// is left of it.
    Erased,
    /// Somebody took entries out of logs.
    AuditExport,
    /// Somebody looked for a document in logs.
    AuditFind,
    /// Somebody had entries counted.
    AuditReport,
    /// Somebody took the proof of an entry, which the client's reference names.
    AuditProve,
    /// An alert was issued: its name and the revision, as in all that follow, are the client's reference.
    AlertIssued,
    /// An alert was written down, and is in force nowhere.
    AlertDrafted,
    /// A draft was submitted: it waits for approval, or is in force.
    AlertSubmitted,
    /// A second issuer approved of an alert.
    AlertApproved,
    /// What an alert says was changed.
    AlertAmended,
    /// An alert holds for longer, or less.
    AlertRenewed,
    /// An alert was taken back.
    AlertWithdrawn,
    /// An alert's time was over.
    AlertExpired,
    /// Acts on alerts are kept, up to a revision that is their newest.
    AlertKept,
    /// An operator accepted that alerts were lost for good: the revision is what their store has now. What was known of it before counts no more.
    AlertLossAccepted,
    /// The alerts of a backup, which was made at the time of the client's reference, were put in the place of those that were damaged or gone. The
    /// revision is what is on record of them, or where some are missing what their store has now.
    AlertsRestored,
    /// Somebody read alerts, or searched for those that concern a document.
    AlertRead,
    /// Somebody read cases, or the one that the client's reference names.
    CaseRead,
    /// Somebody said what became of a case, or proposed it.
    CaseOutcome,
    /// Somebody asked again what the entry answered that the client's reference names.
    AuditReplay,
}

impl Act {
    /// Every act.
    pub const ALL: &[Self] = &[
        Self::Check,
        Self::ManifestLine,
        Self::ManifestChunk,
        Self::Refused,
        Self::Import,
        Self::FeedForgotten,
        Self::Fold,
        Self::Rollback,
        Self::Sync,
        Self::SyncShrunk,
        Self::Started,
        Self::BackedUp,
        Self::Restored,
        Self::Adopted,
        Self::KeyRotated,
        Self::KeyDestroyed,
        Self::Erased,
        Self::AuditExport,
        Self::AuditFind,
        Self::AuditReport,
        Self::AlertIssued,
        Self::AlertDrafted,
        Self::AlertSubmitted,
        Self::AlertApproved,
        Self::AlertAmended,
        Self::AlertRenewed,
        Self::AlertWithdrawn,
        Self::AlertExpired,
        Self::AlertKept,
        Self::AlertLossAccepted,
        Self::AlertsRestored,
        Self::AlertRead,
        Self::AuditProve,
        Self::AuditReplay,
        Self::CaseRead,
        Self::CaseOutcome,
    ];

    /// Whether it has to wait where the disk is full. What may make room, or must be known of the site, does not: it is recorded in a
    /// reserve, which questions and readers of the log would soon have filled.
    #[must_use]
    pub fn waits_for_room(self) -> bool {
        match self {
            Self::Check | Self::ManifestLine | Self::ManifestChunk | Self::Refused => true,
            Self::AuditExport | Self::AuditFind | Self::AuditReport => true,
            Self::AuditProve | Self::AuditReplay | Self::AlertRead | Self::CaseRead => true,
            Self::Import | Self::FeedForgotten | Self::Fold | Self::Rollback | Self::Sync => false,
            Self::SyncShrunk | Self::Started | Self::BackedUp | Self::Restored | Self::Adopted => false,
            Self::KeyRotated | Self::KeyDestroyed | Self::Erased => false,
            Self::AlertIssued | Self::AlertApproved | Self::AlertAmended => false,
            Self::AlertRenewed | Self::AlertWithdrawn | Self::AlertExpired => false,
            Self::AlertDrafted | Self::AlertSubmitted | Self::CaseOutcome => false,
            Self::AlertKept | Self::AlertLossAccepted | Self::AlertsRestored => false,
        }
    }

    /// The word in the log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::ManifestLine => "manifest_line",
            Self::ManifestChunk => "manifest_chunk",
            Self::Refused => "refused",
            Self::Import => "import",
            Self::FeedForgotten => "feed_forgotten",
            Self::Fold => "fold",
            Self::Rollback => "rollback",
            Self::Sync => "sync",
            Self::SyncShrunk => "sync_shrunk",
            Self::Started => "started",
            Self::BackedUp => "backed_up",
            Self::Restored => "restored",
            Self::Adopted => "adopted",
            Self::KeyRotated => "key_rotated",
            Self::KeyDestroyed => "key_destroyed",
            Self::Erased => "erased",
            Self::AuditExport => "audit_export",
            Self::AuditFind => "audit_find",
            Self::AuditReport => "audit_report",
            Self::AuditProve => "audit_prove",
            Self::AlertIssued => "alert_issued",
            Self::AlertDrafted => "alert_drafted",
            Self::AlertSubmitted => "alert_submitted",
            Self::AlertApproved => "alert_approved",
            Self::AlertAmended => "alert_amended",
            Self::AlertRenewed => "alert_renewed",
            Self::AlertWithdrawn => "alert_withdrawn",
            Self::AlertExpired => "alert_expired",
            Self::AlertKept => "alert_kept",
            Self::AlertLossAccepted => "alert_loss_accepted",
            Self::AlertsRestored => "alerts_restored",
            Self::AlertRead => "alert_read",
            Self::AuditReplay => "audit_replay",
            Self::CaseRead => "case_read",
            Self::CaseOutcome => "case_outcome",
        }
    }
}
