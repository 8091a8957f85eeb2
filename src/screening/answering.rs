//! What is answered to a question, and what is recorded of that. Nothing is written here.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::audit::{Act, Digester, Draft};
use crate::domain::alert::CallerClass;
use crate::domain::{
    AlertsCoverage, Answer, Coverage, Digest, DocumentId, IssuingState, Listing, Reason, ReasonCode, Verdict,
};
use crate::ground::clock::Now;

use super::case::{self, Retries};
use super::cleared::{ClearedInForce, finding_id};
use super::coverage::{FeedInForce, GenerationInForce, Judgement, describe};
use super::decide::decide;
use super::evidence::{Asking, Evidence};
use super::overlay::AlertsInForce;
use super::policy::Policy;
use super::question::Question;
use super::reading::Reading;
use super::site::{Consulted, InForce};

/// The rules by which is answered, and the key of what is recorded.
#[derive(Debug)]
pub(super) struct Answering {
    pub(super) policy: Policy,
    /// SHA-256 of the settings that verdicts depend on.
    pub(super) settings_digest: Digest,
    pub(super) digester: Digester,
    pub(super) retries: Retries,
    pub(super) cleared: ClearedInForce,
}

/// The moment at which is answered.
#[derive(Clone, Copy)]
pub(super) struct Moment<'m> {
    pub(super) now: Now,
    /// How long ago the alerts consulted were known to be the newest.
    pub(super) alerts_age: Duration,
    /// What stands in the way of any `no_hit`, whatever is asked. Looked for after the lists were asked, for damage shows itself then.
    pub(super) doubts: &'m dyn Fn() -> Vec<ReasonCode>,
}

impl Answering {
    pub(super) fn describe(
        &self,
        (in_force, alerts): (&InForce, &AlertsInForce),
        (issuer, class): (Option<IssuingState>, CallerClass),
        Moment { now, alerts_age, doubts }: Moment<'_>,
    ) -> Coverage {
        let generation = in_force.snapshot.as_deref().map(|snapshot| GenerationInForce {
            id: snapshot.id(),
            expected: snapshot.expected(),
            feeds: snapshot
                .feeds()
                .map(|feed| FeedInForce {
                    bulletin: feed.bulletin(),
                    notices: feed.notices(),
                    reports_issuer: issuer.is_some_and(|state| feed.reports(state)),
                })
                .collect(),
        });
        let (revision, told) = (alerts.table.counter(), alerts.table.newest_for(class));
        let age_s = Some(alerts_age.as_secs()).filter(|_| told > 0);
        let alerts = AlertsCoverage { revision, told, age_s };
        let site = (doubts(), alerts);
        describe(generation.as_ref(), site, issuer, &self.policy, self.settings_digest, now.time)
    }

    pub(super) fn answer(
        &self,
        (in_force, alerts): (&InForce, &AlertsInForce),
        question: &Question,
        moment: Moment<'_>,
    ) -> (Answer, Draft) {
        let now = moment.now;
        let reading = Reading::of(question, &self.policy.deviations);
        let digester = &self.digester;
        let finding_id = |listing: &Listing| finding_id(digester, listing);
        let (policy, asker) = (&self.policy, &question.asker);
        let asking = Asking { policy, now: now.time, asker, finding_id: &finding_id };
        let lists = Consulted { in_force, table: &alerts.table };
        let mut evidence = Evidence::gather(&reading, &lists, &asking);
        let coverage =
            self.describe((in_force, alerts), (reading.understood.issuing_state, asker.class), moment);
        let judgement = Judgement::of(&coverage, &self.policy, question);
        let asked = asked(&reading, &evidence);
        if let Some(presented) = asked.presented.first().filter(|_| !evidence.findings.is_empty()) {
            self.cleared.mark(digester, presented, &mut evidence.findings, now.time);
        }
        let found = (&*evidence.findings, &*evidence.withheld);
        let case = case::draft((digester, &self.retries), (asker, &reading, now.time), found);
        if case.is_none() && asker.class != CallerClass::Officer {
            // Whoever may not be told of an alert waits for the case that it opens, and so does everybody like him.
            case::idle((digester, &self.retries), (asker, &reading, now.time), &alerts.table);
        }

        let told_case = case.as_ref().map(|case| case.id).filter(|_| !evidence.findings.is_empty());
        let in_doubt = [judgement.doubts, reading.doubts, evidence.doubts].concat();
        let verdict = decide(evidence.findings, &in_doubt, &coverage);
        let mut reasons = match &verdict {
            Verdict::Inconclusive(reasons) => reasons.clone(),
            Verdict::Hit(_) | Verdict::NoHit(_) => in_doubt,
        };
        reasons.extend(judgement.notes);

        let mut advisories = reading.advisories;
        advisories.extend(evidence.advisories);
        let digests = |documents: &[DocumentId]| documents.iter().map(|id| digester.document(id)).collect();
        let key_id = Some(digester.key_id());
        let draft = Draft {
            key_id,
            digests: digests(&asked.presented),
            readings: digests(&asked.readings),
            listed: digests(&asked.listed),
            withheld: evidence.withheld.iter().map(|finding| finding.id).collect(),
            withheld_doubt: evidence.withheld_doubt,
            case: case.map(Box::new),
            ..draft(question, &verdict, &reasons, &coverage, now)
        };
        let answer = Answer {
            decided_at: told_moment(question.asker.class, now.time),
            client_reference: question.asker.client_reference.clone(),
            verdict,
            case: told_case,
            reasons,
            candidates: evidence.candidates,
            advisories,
            understood: reading.understood,
            coverage,
        };
        (answer, draft)
    }
}

/// Whoever may not be told of everything is told the second and no more: the moment of an answer tells how long the one before it took.
fn told_moment(class: CallerClass, now: Timestamp) -> Timestamp {
    let second = || Timestamp::from_second(now.as_second()).expect("a time begins a second");
    if class == CallerClass::Officer { now } else { second() }
}

/// The documents whose digests the entry keeps, each in the first list that it belongs to.
struct Asked {
    presented: Vec<DocumentId>,
    readings: Vec<DocumentId>,
    listed: Vec<DocumentId>,
}

fn asked(reading: &Reading, evidence: &Evidence) -> Asked {
    let mut seen = HashSet::new();
    let mut unseen = |documents: &mut dyn Iterator<Item = DocumentId>| {
        documents.filter(|document| seen.insert(*document)).collect()
    };
    let candidates = evidence.candidates.iter().chain(&evidence.withheld_candidates);
    Asked {
        presented: unseen(&mut reading.exact.iter().map(|exact| exact.id)),
        readings: unseen(
            &mut reading.others.iter().map(|other| other.id).chain(reading.cut.iter().map(|cut| cut.id)),
        ),
        listed: unseen(&mut candidates.map(|candidate| *candidate.listing.document())),
    }
}

fn draft(question: &Question, verdict: &Verdict, reasons: &[Reason], coverage: &Coverage, now: Now) -> Draft {
    let asker = &question.asker;
    let findings = match verdict {
        Verdict::Hit(findings) => findings.iter().map(|finding| finding.id).collect(),
        Verdict::NoHit(_) | Verdict::Inconclusive(_) => Vec::new(),
    };
    let sequences = coverage.feeds.iter().filter_map(|feed| Some((feed.feed.clone(), feed.sequence?)));
    Draft {
        class: Some(asker.class.word()).filter(|_| asker.class != CallerClass::Officer),
        purpose: asker.purpose.clone(),
        terminal: asker.terminal.clone(),
        operator: asker.operator.clone(),
        client_reference: asker.client_reference.clone(),
        verdict: Some(verdict.word()),
        reasons: reasons.to_vec(),
        findings,
        generation: coverage.generation,
        feeds: sequences.collect(),
        // Sites without alerts have no revision to name.
        alert_revision: Some(coverage.alerts.revision).filter(|revision| *revision > 0),
        ..Draft::new(now.time, Act::Check, asker.principal.clone(), coverage.settings_digest)
    }
}
