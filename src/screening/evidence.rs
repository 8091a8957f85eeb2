//! What the lists say of a reading.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::alert::{Revision, Standing};
use crate::domain::{
    Advisory, AdvisoryCode, Candidate, DocumentId, FeedName, Finding, FindingId, Kind, Listing, Lookalikes,
    Match, Notice, ReadingDiffers, Reason, ReasonCode,
};

use super::policy::{KindDiffers, Policy};
use super::question::Asker;
use super::reading::{Cut, CutBy, Exact, Reading};

/// Everything that a verdict is decided on.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) findings: Vec<Finding>,
    /// What the asker must not be told of: his answer is the one that there would be without it.
    pub(super) withheld: Vec<Finding>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) withheld_candidates: Vec<Candidate>,
    /// One of these would have taken a `no_hit` away.
    pub(super) withheld_doubt: bool,
    pub(super) advisories: Vec<Advisory>,
    pub(super) doubts: Vec<Reason>,
}

/// Where notices come from. It cannot fail: what is wrong with a list is a matter of coverage.
pub(super) trait Lists {
    /// All notices on a document, in force or not, by feed.
    fn notices(&self, document: &DocumentId) -> Vec<(FeedName, Notice)>;

    /// All notices on some documents, in force or not, by the order of the documents, then by feed.
    fn notices_of_all(&self, documents: &[DocumentId]) -> Vec<(FeedName, Notice)> {
        documents.iter().flat_map(|document| self.notices(document)).collect()
    }

    /// All notices on documents of the same state whose numbers are other readings of this one's, by reading, then by feed.
    fn notices_of_lookalikes(&self, document: &DocumentId) -> Vec<(FeedName, Notice)> {
        let readings = Lookalikes::of(document.number).map(|number| DocumentId { number, ..*document });
        self.notices_of_all(&readings.collect::<Vec<_>>())
    }

    /// Notices on documents of the same state whose numbers are longer and begin with this one's.
    fn longer(&self, document: &DocumentId) -> Longer;

    /// All alerts on a document, in force or not.
    fn alerts(&self, document: &DocumentId) -> Vec<Arc<Revision>>;

    /// All alerts on some documents, in force or not, by the order of the documents, each with the place of its document.
    fn alerts_of_all(&self, documents: &[DocumentId]) -> Vec<(usize, Arc<Revision>)> {
        let of_one = |(at, document)| self.alerts(document).into_iter().map(move |revision| (at, revision));
        documents.iter().enumerate().flat_map(of_one).collect()
    }

    /// All alerts on documents of the same state whose numbers are longer and begin with this one's, each with such a document.
    fn longer_alerts(&self, document: &DocumentId) -> Vec<(DocumentId, Arc<Revision>)>;

    /// Whether there is any alert at all.
    fn has_alerts(&self) -> bool;
}

/// By whom is asked, and by which rules.
pub(super) struct Asking<'a> {
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
    pub(super) asker: &'a Asker,
    pub(super) finding_id: &'a dyn Fn(&Listing) -> FindingId,
}

/// Notices on documents with longer numbers.
#[derive(Debug, Default)]
pub(super) struct Longer {
    pub(super) notices: Vec<(FeedName, Notice)>,
    /// There are more than are told.
    pub(super) cut: bool,
}

impl Evidence {
    /// Asks the lists about everything in a reading.
    pub(super) fn gather(reading: &Reading, lists: &dyn Lists, asking: &Asking<'_>) -> Self {
        let (now, policy) = (asking.now, asking.policy);
        let mut evidence = Self::default();
        for asked in &reading.exact {
            let as_presented = |notice: &Notice| asked.kind.is_none_or(|kind| kind == notice.kind);
            let (current, lapsed) = lists
                .notices(&asked.id)
                .into_iter()
                .partition::<Vec<_>, _>(|(_, notice)| notice.in_force(now));
            if !lapsed.is_empty() {
                evidence.advise(AdvisoryCode::NoticeLapsed);
            }
            for (feed, notice) in current {
                let matched = match (asked.carried, as_presented(&notice)) {
                    (true, false) => continue,
                    (false, true) if asked.alias || notice.alias => Match::Alias,
                    (false, true) => Match::Exact,
                    (true, true) | (false, false) => Match::KindDiffers,
                };
                if matched == Match::KindDiffers && policy.kind_differs == KindDiffers::Inconclusive {
                    evidence.doubt(Reason::of_feed(ReasonCode::KindDiffers, &feed));
                    let (differs, listing) = (ReadingDiffers::Kind, Listing::Notice { feed, notice });
                    evidence.candidates.push(Candidate { differs, listing });
                } else {
                    let listing = Listing::Notice { feed, notice };
                    let id = (asking.finding_id)(&listing);
                    evidence.findings.push(Finding { id, matched, listing, cleared: None });
                }
            }
            evidence.alerts(asked, lists, asking);
        }
        evidence.other_states(reading, lists, asking);
        evidence.lookalikes(reading, lists, asking);
        evidence.truncated(reading, lists, now);
        evidence.truncated_alerts(reading, lists, asking);
        evidence
    }

    /// Alerts say nothing of the kind: whatever is presented under the number is meant.
    fn alerts(&mut self, asked: &Exact, lists: &dyn Lists, asking: &Asking<'_>) {
        for listing in alerts_in_force(lists, &asked.id, asking.now) {
            let matched = match (asked.carried, asked.alias) {
                (true, _) => Match::KindDiffers,
                (false, true) => Match::Alias,
                (false, false) => Match::Exact,
            };
            let id = (asking.finding_id)(&listing);
            if self.findings.iter().chain(&self.withheld).any(|known| known.id == id) {
                continue;
            }
            let told = asking.may_be_told(&listing);
            let found = if told { &mut self.findings } else { &mut self.withheld };
            found.push(Finding { id, matched, listing, cleared: None });
        }
    }

    fn other_states(&mut self, reading: &Reading, lists: &dyn Lists, asking: &Asking<'_>) {
        for other in &reading.others {
            let notices = in_force(lists, &other.id, asking.now);
            let notices = notices.map(|(feed, notice)| Listing::Notice { feed, notice });
            let alerts = alerts_in_force(lists, &other.id, asking.now);
            for listing in notices.chain(alerts) {
                if !asking.may_be_told(&listing) {
                    self.withhold(other.differs, listing, other.doubt.is_some());
                    continue;
                }
                let found = self.findings.iter().any(|known| known.listing == listing);
                if found || self.candidates.iter().any(|known| known.listing == listing) {
                    continue;
                }
                match other.doubt {
                    Some(code) => self.doubt(Reason::new(code)),
                    None if other.differs == ReadingDiffers::Number => {
                        self.advise(AdvisoryCode::NumberLookalikeListed);
                    }
                    None => self.advise(AdvisoryCode::IssuerLookalikeListed),
                }
                self.candidate(other.differs, listing);
            }
        }
    }

    fn lookalikes(&mut self, reading: &Reading, lists: &dyn Lists, asking: &Asking<'_>) {
        let Some(rule) = &reading.number_rule else { return };
        if !rule.is_complete() {
            self.advise(AdvisoryCode::LookalikesIncomplete);
        }
        let listed = match rule.unchecked() {
            Some(document) => lists.notices_of_lookalikes(document),
            None => lists.notices_of_all(&rule.readings().collect::<Vec<_>>()),
        };
        let notices = listed.into_iter().filter(|(_, notice)| notice.in_force(asking.now));
        let notices = notices.map(|(feed, notice)| Listing::Notice { feed, notice });
        let readings: Vec<_> = lists.has_alerts().then(|| rule.readings()).into_iter().flatten().collect();
        let alerts = lists.alerts_of_all(&readings);
        let of_each = alerts.chunk_by(|(one, _), (other, _)| one == other);
        let alerts = of_each.flat_map(|found| {
            let found = found.iter().map(|(at, revision)| (readings[*at], revision.clone()));
            in_force_of(found.collect(), asking.now)
        });
        for listing in notices.chain(alerts) {
            if !asking.may_be_told(&listing) {
                self.withhold(ReadingDiffers::Number, listing, false);
                continue;
            }
            self.advise(AdvisoryCode::NumberLookalikeListed);
            self.candidate(ReadingDiffers::Number, listing);
        }
    }

    /// A number that the zone or the list may have cut. What is listed under the other length is no finding, and no
    /// `no_hit` stands beside it.
    fn truncated(&mut self, reading: &Reading, lists: &dyn Lists, now: Timestamp) {
        for cut in &reading.cut {
            self.cut(cut, lists, now);
        }
    }

    /// The same of alerts, which say nothing of a kind.
    fn truncated_alerts(&mut self, reading: &Reading, lists: &dyn Lists, asking: &Asking<'_>) {
        for cut in reading.cut.iter().filter(|_| lists.has_alerts()) {
            let found = match cut.by {
                CutBy::Zone => lists.longer_alerts(&cut.id),
                CutBy::List => lists.alerts(&cut.id).into_iter().map(|revision| (cut.id, revision)).collect(),
            };
            for listing in in_force_of(found, asking.now) {
                if !asking.may_be_told(&listing) {
                    self.withhold(ReadingDiffers::NumberLength, listing, true);
                    continue;
                }
                self.doubt(Reason::new(ReasonCode::NumberTruncatedListed));
                self.candidate(ReadingDiffers::NumberLength, listing);
            }
        }
    }

    /// A candidate that is not for the asker.
    fn withhold(&mut self, differs: ReadingDiffers, listing: Listing, in_doubt: bool) {
        self.withheld_doubt |= in_doubt;
        self.withheld_candidates.push(Candidate { differs, listing });
    }

    /// A candidate, told once: an alert on an interval concerns many readings.
    fn candidate(&mut self, differs: ReadingDiffers, listing: Listing) {
        let is_same = |known: &Listing| match (known, &listing) {
            (Listing::Alert { revision: one, .. }, Listing::Alert { revision: other, .. }) => {
                one.alert == other.alert
            }
            (known, listing) => known == listing,
        };
        let is_alert = matches!(listing, Listing::Alert { .. });
        let is_known = self.findings.iter().any(|finding| is_same(&finding.listing))
            || self.candidates.iter().any(|candidate| is_same(&candidate.listing));
        if !(is_alert && is_known) {
            self.candidates.push(Candidate { differs, listing });
        }
    }

    fn cut(&mut self, cut: &Cut, lists: &dyn Lists, now: Timestamp) {
        let longer = match cut.by {
            CutBy::Zone => lists.longer(&cut.id),
            CutBy::List => Longer { notices: lists.notices(&cut.id), cut: false },
        };
        if longer.cut {
            self.doubt(Reason::new(ReasonCode::NumberTruncatedListed));
        }
        for (feed, notice) in longer.notices {
            if notice.in_force(now) && cut.kind.is_none_or(|kind| numbered_alike(kind, notice.kind)) {
                self.doubt(Reason::new(ReasonCode::NumberTruncatedListed));
                let listing = Listing::Notice { feed, notice };
                self.candidates.push(Candidate { differs: ReadingDiffers::NumberLength, listing });
            }
        }
    }

    fn doubt(&mut self, reason: Reason) {
        if !self.doubts.contains(&reason) {
            self.doubts.push(reason);
        }
    }

    fn advise(&mut self, code: AdvisoryCode) {
        let advisory = Advisory::new(code);
        if !self.advisories.contains(&advisory) {
            self.advisories.push(advisory);
        }
    }
}

/// Kinds that one state may number together: the booklets, whose second letter is the issuer's own (Doc 9303 part 4
/// section 4.4) and may have been misread.
fn numbered_alike(one: Kind, other: Kind) -> bool {
    let booklet = |kind| matches!(kind, Kind::Passport | Kind::RefugeeTravelDocument | Kind::LaissezPasser);
    one == other || (booklet(one) && booklet(other))
}

impl Asking<'_> {
    /// Feeds are for everybody who may ask; alerts for those for whom they were issued.
    fn may_be_told(&self, listing: &Listing) -> bool {
        match listing {
            Listing::Notice { .. } => true,
            Listing::Alert { revision, .. } => {
                revision.statement.handling.allows(self.asker.class, self.asker.purpose.as_deref())
            }
        }
    }
}

fn alerts_in_force(
    lists: &dyn Lists,
    id: &DocumentId,
    now: Timestamp,
) -> impl Iterator<Item = Listing> + use<> {
    let document = *id;
    in_force_of(lists.alerts(id).into_iter().map(|revision| (document, revision)).collect(), now)
}

/// Of an alert that was changed and waits for approval, the change may be in force already; then it is what is meant.
fn in_force_of(
    mut found: Vec<(DocumentId, Arc<Revision>)>,
    now: Timestamp,
) -> impl Iterator<Item = Listing> + use<> {
    found.retain(|(_, revision)| revision.standing(now) != Standing::Not);
    found.sort_by_key(|(_, revision)| (revision.alert, Reverse(revision.number)));
    found.dedup_by_key(|(_, revision)| revision.alert);
    found.into_iter().map(move |(document, revision)| {
        let unapproved = revision.standing(now) == Standing::InForce { unapproved: true };
        Listing::Alert { document, revision, unapproved }
    })
}

fn in_force(lists: &dyn Lists, id: &DocumentId, now: Timestamp) -> impl Iterator<Item = (FeedName, Notice)> {
    lists.notices(id).into_iter().filter(move |(_, notice)| notice.in_force(now))
}
