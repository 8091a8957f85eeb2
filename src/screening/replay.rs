//! A question of before is asked again, of the generation and by the rules of then: was the answer that was given the right one?

use std::sync::Arc;
use std::time::Duration;

use crate::audit::{Asked, Digester, Draft, Entry};
use crate::domain::alert::CallerClass;
use crate::domain::{Answer, Digest, ReasonCode};
use crate::ground::clock::Now;
use crate::index::Snapshot;
use crate::overlay::Table;

use super::answering::{Answering, Moment};
use super::overlay::AlertsInForce;
use super::policy::Policy;
use super::question::Question;
use super::site::InForce;

/// What stood in the way of any `no_hit` at the site of then and is in no list: taken from the entry, for nobody can know it again.
const OF_THE_SITE: [ReasonCode; 5] = [
    ReasonCode::NoGeneration,
    ReasonCode::GenerationUnreadable,
    ReasonCode::IndexDamaged,
    ReasonCode::AlertsUnreadable,
    ReasonCode::Clock,
];

/// What a question is asked again with.
#[derive(Debug)]
pub struct Replay<'r> {
    /// The entry.
    pub entry: &'r Entry<'r>,
    /// What of the entry is about the document.
    pub asked: Asked<'r>,
    /// The generation that the entry names, as it was in force; `None` if it names none.
    pub snapshot: Option<Snapshot>,
    /// The alerts of then.
    pub alerts: Table,
    /// The rules of then.
    pub policy: Policy,
    /// SHA-256 of the settings of then.
    pub settings_digest: Digest,
    /// The key with which the entry's digests were made.
    pub digester: Digester,
}

/// The answer of now, and where it is not the one of then.
#[derive(Debug)]
pub struct Replayed {
    /// The answer of now.
    pub answer: Answer,
    /// What differs; nothing, if the answer was right.
    pub differences: Vec<Difference>,
    /// What the entry says of the site of then, and nobody can know again.
    pub on_trust: Vec<ReasonCode>,
}

/// Where an answer is not the one that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The member of the entry.
    pub member: &'static str,
    /// What the entry says.
    pub then: String,
    /// What is answered now.
    pub now: String,
}

impl Replay<'_> {
    /// Asks again.
    #[must_use]
    pub fn ask(self, question: &Question) -> Replayed {
        let Self { entry, asked, snapshot, alerts, policy, settings_digest, digester } = self;
        let in_force = InForce::of(snapshot);
        let said = |code: &ReasonCode| asked.reasons.iter().any(|reason| *reason == code.word());
        // Asked after the lists were, as always: what a file that fails does not say proves nothing.
        let damaged = |code: &ReasonCode| *code == ReasonCode::IndexDamaged && in_force.is_damaged();
        let doubts = || OF_THE_SITE.into_iter().filter(|code| said(code) || damaged(code)).collect();
        let now = Now { time: entry.time, trusted: !said(&ReasonCode::Clock) };
        let (retries, cleared) = Default::default();
        let answering = Answering { policy, settings_digest, digester, retries, cleared };
        let alerts = AlertsInForce { table: Arc::new(alerts), fault: None };
        // Who asked, and what for, decides what he may be told.
        let mut question = question.clone();
        question.asker.purpose = entry.purpose.as_deref().map(Into::into);
        let class = entry.class.as_deref().and_then(CallerClass::from_word);
        question.asker.class = class.unwrap_or(CallerClass::Officer);
        let moment = Moment { now, alerts_age: Duration::ZERO, doubts: &doubts };
        let (answer, draft) = answering.answer((&in_force, &alerts), &question, moment);
        let differences = differences(&asked, entry, &draft);
        let on_trust = OF_THE_SITE.into_iter().filter(said).collect();
        Replayed { answer, differences, on_trust }
    }
}

/// Compares what would be recorded now with what was. What is too long for an entry is compared as far as it is in it.
fn differences(then: &Asked<'_>, entry: &Entry<'_>, draft: &Draft) -> Vec<Difference> {
    let again = Entry::of(draft, entry.sequence);
    let Some(now) = again.asked().next() else { return Vec::new() };
    let joined = |texts: Vec<String>, total: Option<u64>| {
        let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
        format!("{}{total}", texts.join(" "))
    };
    let digests = |(digests, total): (&[[u8; 32]], _)| {
        joined(digests.iter().map(|digest| Digest(*digest).to_string()).collect(), total)
    };
    let findings = |asked: &Asked<'_>| {
        joined(asked.findings.iter().map(ToString::to_string).collect(), asked.findings_total)
    };
    let withheld = |asked: &Asked<'_>| joined(asked.withheld.iter().map(ToString::to_string).collect(), None);
    let verdict = |asked: &Asked<'_>| asked.verdict.unwrap_or("-").to_owned();
    let generation = |entry: &Entry<'_>| entry.generation.map(|mark| mark.to_string()).unwrap_or_default();
    let feeds = |entry: &Entry<'_>| {
        let feeds: Vec<_> = entry.feeds.iter().map(|(feed, sequence)| format!("{feed}:{sequence}")).collect();
        feeds.join(" ")
    };
    let compared = [
        ("digests", digests(then.digests()), digests(now.digests())),
        ("readings", digests(then.readings()), digests(now.readings())),
        ("listed", digests(then.listed()), digests(now.listed())),
        ("verdict", verdict(then), verdict(&now)),
        ("reasons", then.reasons.join(" "), now.reasons.join(" ")),
        ("findings", findings(then), findings(&now)),
        ("withheld", withheld(then), withheld(&now)),
        ("generation", generation(entry), generation(&again)),
        ("feeds", feeds(entry), feeds(&again)),
    ];
    let differs = |(member, then, now): (&'static str, String, String)| {
        (then != now).then_some(Difference { member, then, now })
    };
    compared.into_iter().filter_map(differs).collect()
}
