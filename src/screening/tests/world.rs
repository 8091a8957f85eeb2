//! Lists in memory, and questions about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::Policy;
use super::super::coverage::{FeedInForce, GenerationInForce, Judgement, describe};
use super::super::decide::decide;
use super::super::evidence::{Asking, Evidence, Lists, Longer};
use super::super::question::{Asker, Presented, Question};
use super::super::reading::Reading;
use crate::domain::alert::{Revision, Subject};
use crate::domain::*;

pub(super) const UPPER: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
pub(super) const LOWER: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";

/// Lists in memory, for a generation with the one feed `local`.
pub(super) struct World {
    pub(super) notices: Vec<Notice>,
    pub(super) alerts: Vec<Arc<Revision>>,
    pub(super) policy: Policy,
    pub(super) age: SignedDuration,
    pub(super) feeds: Vec<&'static str>,
    pub(super) expected: Vec<FeedName>,
    pub(super) has_generation: bool,
    pub(super) site: Vec<ReasonCode>,
}

impl Lists for World {
    fn notices(&self, document: &DocumentId) -> Vec<(FeedName, Notice)> {
        let listed = self.notices.iter().filter(|notice| notice.document == *document);
        listed.map(|notice| (feed("local"), notice.clone())).collect()
    }

    fn longer(&self, document: &DocumentId) -> Longer {
        let longer = |notice: &&Notice| {
            let (listed, asked) = (notice.document.number.as_bytes(), document.number.as_bytes());
            notice.document.issuing_state == document.issuing_state
                && listed.len() > asked.len()
                && listed.starts_with(asked)
        };
        let found = self.notices.iter().filter(longer);
        Longer { notices: found.map(|notice| (feed("local"), notice.clone())).collect(), cut: false }
    }

    fn alerts(&self, document: &DocumentId) -> Vec<Arc<Revision>> {
        self.alerts.iter().filter(|alert| alert.statement.subject.concerns(document)).cloned().collect()
    }

    fn longer_alerts(&self, document: &DocumentId) -> Vec<(DocumentId, Arc<Revision>)> {
        let longer = |alert: &&Arc<Revision>| match &alert.statement.subject {
            Subject::Document(one) => {
                one.issuing_state == document.issuing_state
                    && one.number.as_bytes().len() > document.number.as_bytes().len()
                    && one.number.as_bytes().starts_with(document.number.as_bytes())
            }
            Subject::Interval(_) => false,
        };
        let found = self.alerts.iter().filter(longer);
        found.map(|alert| (*document, alert.clone())).collect()
    }

    fn has_alerts(&self) -> bool {
        !self.alerts.is_empty()
    }
}

pub(super) struct Said {
    pub(super) verdict: Verdict,
    pub(super) reasons: Vec<&'static str>,
    pub(super) candidates: Vec<&'static str>,
    pub(super) advisories: Vec<&'static str>,
    pub(super) understood: Understood,
    pub(super) coverage: Coverage,
}

pub(super) fn feed(name: &str) -> FeedName {
    FeedName::parse(name).unwrap()
}

pub(super) fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(super) fn listed(state: &str, number: &str, kind: Kind) -> Notice {
    Notice {
        document: DocumentId {
            issuing_state: IssuingState::recognise(state).unwrap().state,
            number: DocumentNumber::parse(number).unwrap(),
        },
        kind,
        status: Status::Stolen,
        reported_on: None,
        review_on: None,
        reference: None,
        alias: false,
    }
}

pub(super) fn world(notices: &[Notice]) -> World {
    World {
        notices: notices.to_vec(),
        alerts: Vec::new(),
        policy: Policy::default(),
        age: SignedDuration::from_hours(1),
        feeds: vec!["local"],
        expected: vec![feed("local")],
        has_generation: true,
        site: Vec::new(),
    }
}

pub(super) fn asked(presented: Presented) -> Question {
    Question {
        presented,
        input: None,
        asker: Asker::default(),
        data_age_max: None,
        min_sequences: BTreeMap::new(),
    }
}

pub(super) fn typed(state: &str, number: &str, kind: Option<Kind>) -> Question {
    asked(Presented::Document { number: number.into(), issuing_state: state.into(), kind })
}

pub(super) fn scanned(lower: &str) -> Question {
    asked(Presented::Mrz(format!("{UPPER}\n{lower}").into()))
}

impl World {
    pub(super) fn says(&self, question: &Question) -> Said {
        let reading = Reading::of(question, &self.policy.deviations);
        let finding_id = |_: &Listing| FindingId([0; 16]);
        let (policy, asker) = (&self.policy, &question.asker);
        let asking = Asking { policy, now: now(), asker, finding_id: &finding_id };
        let evidence = Evidence::gather(&reading, self, &asking);
        let bulletins: Vec<_> = self
            .feeds
            .iter()
            .map(|name| Bulletin {
                feed: feed(name),
                sequence: 7,
                as_of: now() - self.age,
                authority: Authority::Local,
                segments: Vec::new(),
            })
            .collect();
        let issuer = reading.understood.issuing_state;
        let reports = |notice: &Notice| Some(notice.document.issuing_state) == issuer;
        let generation = GenerationInForce {
            id: GenerationId { number: 3, digest: Digest([1; 32]) },
            expected: &self.expected,
            feeds: bulletins
                .iter()
                .map(|bulletin| FeedInForce {
                    bulletin,
                    notices: self.notices.len() as u64,
                    reports_issuer: self.notices.iter().any(reports),
                })
                .collect(),
        };
        let generation = self.has_generation.then_some(generation);
        let coverage = describe(
            generation.as_ref(),
            (self.site.clone(), AlertsCoverage::default()),
            issuer,
            &self.policy,
            Digest([0; 32]),
            now(),
        );
        let judgement = Judgement::of(&coverage, &self.policy, question);
        let mut doubts = judgement.doubts;
        doubts.extend(reading.doubts);
        doubts.extend(evidence.doubts);
        let reasons = doubts.iter().chain(&judgement.notes).map(|reason| reason.code.word()).collect();
        let advisories = reading.advisories.iter().chain(&evidence.advisories);
        Said {
            advisories: advisories.map(|advisory| advisory.code.word()).collect(),
            candidates: evidence.candidates.iter().map(|candidate| candidate.differs.word()).collect(),
            verdict: decide(evidence.findings, &doubts, &coverage),
            reasons,
            understood: reading.understood,
            coverage,
        }
    }
}

impl Said {
    pub(super) fn is(&self, verdict: &str, reasons: &[&str]) {
        assert_eq!((self.verdict.word(), self.reasons.as_slice()), (verdict, reasons));
    }

    pub(super) fn matched(&self) -> Vec<Match> {
        match &self.verdict {
            Verdict::Hit(findings) => findings.iter().map(|finding| finding.matched).collect(),
            Verdict::NoHit(_) | Verdict::Inconclusive(_) => Vec::new(),
        }
    }
}

/// A register that lists some other document of Utopia.
pub(super) fn clean() -> World {
    world(&[listed("UTO", "ACDEF7", Kind::Passport)])
}
