//! What entries come to, in whatever order logs are read.

use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::case::{CaseState, Place, Ruling};
use super::index::Cases;
use crate::audit::{Act, Draft, DraftCase, DraftOutcome, Entry};
use crate::domain::case::{CaseId, Outcome, OutcomeKind, Source, SourceKind};
use crate::domain::{Digest, FindingId};

const CASE: CaseId = CaseId([3; 16]);

fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + 60 * minute).unwrap()
}

fn hit(minute: i64, finding: u8) -> Draft {
    let case = DraftCase {
        id: CASE,
        retry_of: None,
        categories: vec!["stolen"],
        withheld: vec![],
        sealed: vec![1],
        recorded: Default::default(),
    };
    Draft {
        verdict: Some("hit"),
        key_id: crate::audit::KeyId::parse("00c0ffee"),
        digests: vec![[9; 32]],
        findings: vec![FindingId([finding; 16])],
        terminal: Some("gate-7".into()),
        case: Some(Box::new(case)),
        ..Draft::new(at(minute), Act::Check, "officer".into(), Digest([0; 32]))
    }
}

fn outcome(kind: OutcomeKind, until: Option<i64>) -> Outcome {
    let until = until.map(at);
    Outcome { kind, until, contact: None, asked_at: None, answered_at: None, grade_after: None }
}

fn said(minute: i64, by: &str, kind: OutcomeKind, until: Option<i64>, proposed: bool) -> Draft {
    let source = Source { kind: SourceKind::Feed, name: "sltd".into(), category: "stolen".into() };
    let said = DraftOutcome {
        case: CASE,
        outcome: outcome(kind, until),
        proposed,
        sources: vec![source],
        findings: vec![FindingId([1; 16])],
    };
    let draft = Draft::new(at(minute), Act::CaseOutcome, by.into(), Digest([0; 32]));
    Draft { outcome: Some(Box::new(said)), ..draft }
}

fn cases(entries: &[(&str, u64, Draft)]) -> Cases {
    let mut cases = Cases::default();
    for (log, sequence, draft) in entries {
        cases.take(&Arc::from(*log), &Entry::of(draft, *sequence));
    }
    cases
}

fn outcomes(cases: &Cases) -> Vec<(OutcomeKind, u64)> {
    let counts = cases.outcomes().iter().filter(|(_, count)| **count > 0);
    counts.map(|((_, kind), count)| (*kind, *count)).collect()
}

#[test]
fn hits_add_to_their_case_and_the_last_that_was_said_counts() {
    let mut entries = vec![("a", 0, hit(1, 1)), ("a", 1, hit(2, 1))];
    let open = cases(&entries);
    let case = open.get(CASE).unwrap();
    assert_eq!((case.state(), case.seen_total, case.opened_at()), (CaseState::Open, 2, Some(at(1))));
    assert_eq!(case.seen[1].place.to_string(), "a-1");
    entries.push(("b", 0, said(3, "x", OutcomeKind::Confirmed, None, false)));
    entries.push(("b", 1, said(4, "x", OutcomeKind::FalseHit, None, false)));
    let decided = cases(&entries);
    assert_eq!(outcomes(&decided), [(OutcomeKind::FalseHit, 1)]);
    assert!(matches!(
        decided.get(CASE).unwrap().state(),
        CaseState::Decided(Ruling { outcome: Outcome { kind: OutcomeKind::FalseHit, .. }, .. })
    ));
}

#[test]
fn what_is_proposed_is_not_decided_and_clears_nobody() {
    let entries = [("a", 0, hit(1, 1)), ("a", 1, said(2, "x", OutcomeKind::ClearedUntil, Some(100), true))];
    let proposed = cases(&entries);
    assert!(matches!(proposed.get(CASE).unwrap().state(), CaseState::Proposed(_)));
    assert!(outcomes(&proposed).is_empty());
    assert!(proposed.cleared(at(3)).is_empty());
}

#[test]
fn a_bearer_is_cleared_of_what_was_found_before_and_for_that_time_only() {
    let entries = [
        ("a", 0, hit(1, 1)),
        ("a", 1, said(2, "x", OutcomeKind::ClearedUntil, Some(100), false)),
        ("a", 2, hit(3, 2)),
    ];
    let cleared = cases(&entries);
    assert_eq!((cleared.cleared(at(50)).len(), cleared.cleared(at(100)).len()), (1, 0));
    let mut taken_back = entries.to_vec();
    taken_back.push(("b", 0, said(60, "x", OutcomeKind::Refuse, None, false)));
    assert!(cases(&taken_back).cleared(at(61)).is_empty());
}

#[test]
fn of_one_document_what_was_said_last_counts_in_whichever_of_its_cases() {
    let other = CaseId([4; 16]);
    let in_other = |mut draft: Draft| {
        if let Some(case) = &mut draft.case {
            case.id = other;
        }
        if let Some(outcome) = &mut draft.outcome {
            outcome.case = other;
        }
        draft
    };
    let mut entries = vec![
        ("a", 0, hit(1, 1)),
        ("a", 1, said(2, "x", OutcomeKind::ClearedUntil, Some(100), false)),
        ("a", 2, in_other(hit(3, 1))),
    ];
    assert_eq!(cases(&entries).cleared(at(5)).len(), 1, "another scan says nothing else");
    entries.push(("a", 3, in_other(said(4, "x", OutcomeKind::Refuse, None, false))));
    assert!(cases(&entries).cleared(at(5)).is_empty());
    entries.push(("a", 4, said(6, "x", OutcomeKind::ClearedUntil, Some(100), false)));
    assert_eq!(cases(&entries).cleared(at(7)).len(), 1);
}

#[test]
fn an_outcome_that_is_taken_twice_counts_once_and_one_without_hits_is_no_case() {
    let decided = ("a", 1, said(2, "x", OutcomeKind::Confirmed, None, false));
    let mut taken = cases(&[("a", 0, hit(1, 1)), decided.clone(), decided.clone()]);
    assert_eq!(
        (taken.get(CASE).unwrap().rulings.len(), outcomes(&taken)),
        (1, vec![(OutcomeKind::Confirmed, 1)])
    );
    let place = Place { log: "a".into(), entry: 1, line: None };
    let ruling = taken.get(CASE).unwrap().rulings[0].clone();
    assert_eq!(ruling.place, place);
    taken.rule(CASE, ruling);
    assert_eq!(outcomes(&taken), [(OutcomeKind::Confirmed, 1)]);
    assert!(cases(&[decided]).get(CASE).is_none(), "the hits that make it are gone");
}

#[test]
fn a_case_is_forgotten_with_the_last_hit_that_is_kept_and_its_outcome_is_counted_on() {
    let decided = said(4, "x", OutcomeKind::ClearedUntil, Some(100), false);
    let mut taken = cases(&[("a", 0, hit(1, 1)), ("a", 1, hit(3, 1)), ("a", 2, decided)]);
    taken.forget_before(at(2));
    let case = taken.get(CASE).unwrap();
    assert_eq!((case.opened_at(), case.seen_total), (Some(at(3)), 1));
    assert_eq!(taken.after(None).count(), 1);
    taken.forget_before(at(4));
    assert!(taken.get(CASE).is_none() && taken.cleared(at(5)).is_empty());
    assert_eq!((taken.after(None).count(), outcomes(&taken)), (0, vec![(OutcomeKind::ClearedUntil, 1)]));
}

#[test]
fn what_was_decided_is_said_already_until_more_is_found_or_something_else_said_of_the_document() {
    let mut entries =
        vec![("a", 0, hit(1, 1)), ("a", 1, said(2, "x", OutcomeKind::ClearedUntil, Some(100), false))];
    let outcome = |minute: i64| outcome(OutcomeKind::ClearedUntil, Some(minute));
    let is_said = |entries: &[(&str, u64, Draft)], outcome: &Outcome| {
        let cases = cases(entries);
        let case = cases.get(CASE).unwrap();
        case.decided_as(outcome).is_some_and(|ruling| cases.is_last_word(ruling, case))
    };
    assert!(is_said(&entries, &outcome(100)));
    assert!(!is_said(&entries, &outcome(99)));
    assert!(!is_said(&entries, &Outcome { asked_at: Some(at(1)), ..outcome(100) }));
    let other = |mut draft: Draft, key| {
        let id = CaseId([4; 16]);
        draft.case.iter_mut().for_each(|case| case.id = id);
        draft.outcome.iter_mut().for_each(|outcome| outcome.case = id);
        draft.key_id = draft.key_id.and(crate::audit::KeyId::parse(key));
        draft
    };
    for key in ["00c0ffee", "00decade"] {
        let mut entries = entries.clone();
        entries.push(("a", 2, other(hit(3, 1), key)));
        entries.push(("a", 3, other(said(4, "x", OutcomeKind::Refuse, None, true), key)));
        assert!(is_said(&entries, &outcome(100)), "a proposal takes nothing back");
        entries.push(("a", 4, other(said(5, "y", OutcomeKind::Refuse, None, false), key)));
        assert!(!is_said(&entries, &outcome(100)), "it takes back what was said since");
    }
    entries.push(("a", 2, hit(3, 2)));
    assert!(!is_said(&entries, &outcome(100)), "the bearer was not cleared of that");
}

proptest! {
    #[test]
    fn the_order_in_which_logs_are_read_changes_nothing(order in Just((0_usize..6).collect::<Vec<_>>()).prop_shuffle()) {
        let entries = [
            ("a", 0, hit(1, 1)),
            ("b", 0, hit(2, 2)),
            ("a", 1, said(3, "x", OutcomeKind::ClearedUntil, Some(90), true)),
            ("b", 1, said(4, "y", OutcomeKind::ClearedUntil, Some(90), false)),
            ("b", 2, hit(4, 3)),
            ("a", 2, said(4, "z", OutcomeKind::Confirmed, None, true)),
        ];
        let in_order = cases(&entries);
        let shuffled = cases(&order.iter().map(|at| entries[*at].clone()).collect::<Vec<_>>());
        let (one, other) = (in_order.get(CASE).unwrap(), shuffled.get(CASE).unwrap());
        prop_assert_eq!((&one.seen, &one.rulings, &one.categories), (&other.seen, &other.rulings, &other.categories));
        prop_assert_eq!(outcomes(&in_order), outcomes(&shuffled));
        prop_assert_eq!(in_order.cleared(at(5)).len(), shuffled.cleared(at(5)).len());
        prop_assert_eq!(in_order.after(None).count(), shuffled.after(None).count());
    }
}
