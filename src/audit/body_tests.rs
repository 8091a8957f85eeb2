//! Bodies of entries: frozen, short, and never too long.

use jiff::Timestamp;
use proptest::prelude::*;

use super::body::time_of;
use super::{
    Act, BODY_BYTES_MAX, BodyFault, DIGESTS_KEPT, Draft, DraftCase, DraftLine, DraftOutcome, Entry,
    FINDINGS_KEPT, KeyId,
};

use crate::domain::alert::{Grade, GradeScheme, Line};
use crate::domain::case::{CaseId, Outcome, OutcomeKind, Source, SourceKind};
use crate::domain::{Digest, FeedName, FindingId, GenerationId, Reason, ReasonCode};

fn full() -> Draft {
    Draft {
        agreement: Some("air-7".into()),
        purpose: Some("border".into()),
        terminal: Some("gate \"3\"\n".into()),
        operator: Some("żółw".into()),
        client_reference: Some("r-1".into()),
        manifest: Some("m-1".into()),
        line: Some(9),
        key_id: KeyId::parse("00c0ffee"),
        digests: vec![[7; 32], std::array::from_fn(|at| at as u8)],
        verdict: Some("inconclusive"),
        reasons: vec![Reason::new(ReasonCode::FeedStale), Reason::new(ReasonCode::Clock)],
        findings: vec![FindingId([0xab; 16])],
        generation: Some(GenerationId { number: 12, digest: Digest(std::array::from_fn(|at| at as u8)) }),
        feeds: vec![(FeedName::parse("sltd").unwrap(), 42), (FeedName::parse("local").unwrap(), 1)],
        alert_revision: Some(3),
        ..Draft::new(
            "2026-03-01T12:00:00.000001Z".parse().unwrap(),
            Act::ManifestLine,
            "carrier".into(),
            Digest([9; 32]),
        )
    }
}

#[test]
fn bodies_of_version_1_stay_what_they_are() {
    let small =
        Draft::new("2026-03-01T12:00:00Z".parse().unwrap(), Act::Import, "root".into(), Digest([0; 32]));
    let golden = include_str!("golden/bodies-v1.jsonl");
    let full = full();
    let mut cut = Entry::of(&full, 7);
    (cut.digests_total, cut.findings_total) = (Some(1025), Some(10_000));
    let entries = [Entry::of(&full, u64::MAX), Entry::of(&small, 0), cut];
    assert_eq!(golden.lines().count(), entries.len());
    for (line, entry) in golden.lines().zip(entries) {
        assert_eq!(std::str::from_utf8(&entry.encode()).unwrap(), line);
        assert_eq!(time_of(line.as_bytes(), entry.sequence), Ok(entry.time));
        assert_eq!(Entry::decode(line.as_bytes(), entry.sequence), Ok(entry));
    }
}

#[test]
fn of_long_lists_the_beginning_is_kept_and_their_length_is_told() {
    let entry_of = |digests: usize, findings: usize| {
        let digests =
            (0..digests).map(|at| std::array::from_fn(|byte| (at >> (byte % 4 * 8)) as u8)).collect();
        let findings = (0..findings).map(|at| FindingId((at as u128).to_le_bytes())).collect();
        let digests: Vec<_> = digests;
        let (readings, listed) = (digests.clone(), digests.clone());
        let draft = Draft { digests, readings, listed, findings, ..full() };
        let body = Entry::of(&draft, 5).encode();
        assert!(body.len() <= BODY_BYTES_MAX, "{}", body.len());
        let entry = Entry::decode(&body, 5).unwrap();
        assert_eq!(entry.digests, draft.digests[..entry.digests.len()]);
        assert_eq!((&entry.readings, &entry.listed), (&entry.digests, &entry.digests));
        assert_eq!((entry.readings_total, entry.listed_total), (entry.digests_total, entry.digests_total));
        assert_eq!(entry.findings, draft.findings[..entry.findings.len()]);
        (entry.digests.len(), entry.digests_total, entry.findings.len(), entry.findings_total)
    };
    assert_eq!(entry_of(DIGESTS_KEPT, FINDINGS_KEPT), (256, None, 256, None));
    assert_eq!(entry_of(DIGESTS_KEPT + 1, FINDINGS_KEPT), (256, Some(257), 256, None));
    assert_eq!(entry_of(DIGESTS_KEPT, FINDINGS_KEPT + 1), (256, None, 256, Some(257)));
    assert_eq!(entry_of(10_000, 10_000), (256, Some(10_000), 256, Some(10_000)));
}

#[test]
fn a_reason_names_the_feed_that_it_concerns() {
    let feed = FeedName::parse("sltd").unwrap();
    let reasons = vec![Reason::of_feed(ReasonCode::FeedMissing, &feed), Reason::new(ReasonCode::Clock)];
    assert_eq!(Entry::of(&Draft { reasons, ..full() }, 0).reasons, ["feed_missing:sltd", "clock"]);
}

#[test]
fn a_check_with_short_fields_is_short() {
    let draft = Draft {
        agreement: Some("border".into()),
        purpose: Some("border".into()),
        key_id: KeyId::parse("00c0ffee"),
        digests: vec![[7; 32]],
        verdict: Some("no_hit"),
        generation: Some(GenerationId { number: 120, digest: Digest([5; 32]) }),
        feeds: vec![(FeedName::parse("sltd").unwrap(), 420)],
        ..Draft::new("2026-03-01T12:00:00Z".parse().unwrap(), Act::Check, "gate-3".into(), Digest([9; 32]))
    };
    let bytes = Entry::of(&draft, 1_000_000).encode().len();
    assert!(bytes <= 330, "{bytes}");
}

#[test]
fn what_is_not_an_entry_of_its_place_is_refused() {
    let draft = full();
    let body = String::from_utf8(Entry::of(&draft, 5).encode()).unwrap();
    assert_eq!(Entry::decode(body.as_bytes(), 6), Err(BodyFault::Sequence(5)));
    let newer = body.replace("\"v\":1", "\"v\":5").replace("\"line\"", "\"lime\"");
    assert_eq!(Entry::decode(newer.as_bytes(), 5), Err(BodyFault::Newer(5)));
    assert_eq!(time_of(newer.as_bytes(), 5), Err(BodyFault::Newer(5)));
    let spoilt = [
        body.replace("\"v\":1", "\"v\":0"),
        body.replace("\"line\"", "\"lime\""),
        body.replace("00c0ffee", "00C0FFEE"),
        body.replace("abab", "ab"),
        body.replace("sltd", "SLTD"),
        body.replace("2026-03", "2026-13"),
        body.replace("12:AAEC", "012:AAEC"),
        body.replace("12:AAEC", "12:AEC"),
        body.replace("\"settings\":\"", "\"settings\":\"AAAAAAAAAAAAAAAAAAAAA"),
        format!("{body} x"),
        String::new(),
    ];
    for text in &spoilt {
        assert_ne!(*text, body);
        assert_eq!(Entry::decode(text.as_bytes(), 5), Err(BodyFault::Malformed), "{text}");
    }
    assert_eq!(time_of(body.as_bytes(), 6), Err(BodyFault::Sequence(5)));
    for text in [&spoilt[0], "{}", ""] {
        assert_eq!(time_of(text.as_bytes(), 5), Err(BodyFault::Malformed), "{text}");
    }
}

proptest! {
    #[test]
    fn an_entry_survives_its_body(
        micros in -62_135_596_800_000_000_i64..253_402_207_200_000_000,
        principal in any::<String>(),
        texts in proptest::collection::vec(proptest::option::of(any::<String>()), 6),
        numbers in proptest::collection::vec(proptest::option::of(any::<u64>()), 3),
        generation: [u8; 32],
        (digests, readings, listed) in any::<(Vec<[u8; 32]>, Vec<[u8; 32]>, Vec<[u8; 32]>)>(),
        findings in proptest::collection::vec(any::<[u8; 16]>(), 0..600),
        reasons in proptest::collection::vec(proptest::sample::select(ReasonCode::ALL), 0..4),
        feeds in proptest::collection::btree_map("[a-z0-9][a-z0-9-]{0,31}", any::<u64>(), 0..4),
        settings: [u8; 32],
        sequence: u64,
    ) {
        let text = |at: usize| texts[at].as_deref().map(Into::into);
        let draft = Draft {
            agreement: text(0),
            purpose: text(1),
            terminal: text(2),
            operator: text(3),
            client_reference: text(4),
            manifest: text(5),
            line: numbers[0],
            generation: numbers[1].map(|number| GenerationId { number, digest: Digest(generation) }),
            alert_revision: numbers[2],
            digests,
            readings,
            listed,
            findings: findings.into_iter().map(FindingId).collect(),
            reasons: reasons.into_iter().map(Reason::new).collect(),
            feeds: feeds.into_iter().map(|(name, at)| (FeedName::parse(&name).unwrap(), at)).collect(),
            ..Draft::new(
                Timestamp::from_microsecond(micros).unwrap(),
                Act::Check,
                principal.into(),
                Digest(settings),
            )
        };
        let entry = Entry::of(&draft, sequence);
        let body = entry.encode();
        let decoded = Entry::decode(&body, sequence).unwrap();
        prop_assert_eq!(decoded.encode(), &body[..]);
        prop_assert_eq!(time_of(&body, sequence), Ok(decoded.time));
        prop_assert_eq!(decoded, entry);
    }

    #[test]
    fn no_bytes_make_decoding_panic(bytes: Vec<u8>) {
        let _ = (Entry::decode(&bytes, 0), time_of(&bytes, 0));
    }
}

#[test]
fn what_is_counted_makes_an_entry_of_version_2_and_is_read_back() {
    let draft = Draft { counts: [("invalid_json", 3), ("overloaded", 17)].into(), ..full() };
    let body = Entry::of(&draft, 5).encode();
    assert!(body.starts_with(b"{\"v\":2,"));
    let read = Entry::decode(&body, 5).unwrap();
    assert_eq!(read, Entry::of(&draft, 5));
    assert_eq!(read.counts["overloaded"], 17);
}

/// A line that differs from others in everything, with so many digests and findings.
fn line(number: u64, digests: usize, findings: usize) -> DraftLine {
    let digests: Vec<[u8; 32]> = (0..digests).map(|at| [at as u8; 32]).collect();
    DraftLine {
        line: number,
        client_reference: Some(format!("seat-{number}").into()),
        readings: digests.clone(),
        listed: digests.clone(),
        digests,
        verdict: "inconclusive",
        reasons: vec![Reason::new(ReasonCode::FeedStale)],
        findings: (0..findings).map(|at| FindingId((at as u128).to_le_bytes())).collect(),
        withheld: Vec::new(),
        withheld_doubt: false,
        case: None,
    }
}

#[test]
fn a_chunk_makes_an_entry_of_version_3_that_stays_what_it_is() {
    let lines = vec![line(1, 1, 1), DraftLine { verdict: "no_hit", ..line(u64::MAX, 0, 0) }];
    let draft = Draft { act: Act::ManifestChunk, line: None, lines, ..full() };
    let body = Entry::of(&draft, 5).encode();
    assert_eq!(std::str::from_utf8(&body).unwrap(), include_str!("golden/body-v3.json").trim_end());
    assert_eq!(time_of(&body, 5), Ok(draft.time));
    let read = Entry::decode(&body, 5).unwrap();
    assert_eq!(read, Entry::of(&draft, 5));
    let said: Vec<_> = read.asked().map(|asked| (asked.line, asked.verdict)).collect();
    assert_eq!(said, [(Some(1), Some("inconclusive")), (Some(u64::MAX), Some("no_hit"))]);
}

proptest! {
    #[test]
    fn lines_fill_entries_in_order_and_none_is_too_long(
        sizes in proptest::collection::vec((0_usize..400, 0_usize..400), 1..40),
        small in 0_u64..2000,
    ) {
        let long = sizes.iter().map(|(digests, findings)| (*digests, *findings));
        let short = (0..small).map(|_| (1, 0));
        let lines: Vec<_> = (1..).zip(long.chain(short)).map(|(at, (digests, findings))| line(at, digests, findings)).collect();
        let around = Draft { alert_revision: None, ..full() };
        let drafts = DraftLine::into_drafts(&around, lines.clone());
        let mut put_together = Vec::new();
        let mut bytes = Vec::new();
        for (draft, count) in drafts {
            prop_assert_eq!(draft.lines.len(), count);
            let body = Entry::of(&draft, u64::MAX).encode();
            prop_assert!(body.len() <= BODY_BYTES_MAX, "{}", body.len());
            prop_assert_eq!(Entry::decode(&body, u64::MAX).unwrap(), Entry::of(&draft, u64::MAX));
            bytes.push(body.len());
            put_together.extend(draft.lines);
        }
        prop_assert_eq!(put_together, lines);
        // No two that follow one another would have been one.
        prop_assert!(bytes.windows(2).all(|pair| pair[0] + pair[1] > BODY_BYTES_MAX));
    }
}

fn case(sealed_bytes: usize) -> Option<Box<DraftCase>> {
    Some(Box::new(DraftCase {
        id: CaseId([0xca; 16]),
        retry_of: Some("0123456789abcdef-17".into()),
        categories: vec!["lost", "stolen"],
        withheld: vec!["revoked"],
        sealed: (0..sealed_bytes).map(|at| at as u8).collect(),
        recorded: Default::default(),
    }))
}

#[test]
fn cases_and_outcomes_make_entries_of_version_4_that_stay_what_they_are() {
    let hit = Draft { verdict: Some("hit"), case: case(40), ..full() };
    let with_case = DraftLine { verdict: "hit", case: case(16), ..line(1, 1, 1) };
    let chunk = Draft { act: Act::ManifestChunk, line: None, lines: vec![with_case], ..full() };
    let time = |text: &str| Some(text.parse().unwrap());
    let outcome = DraftOutcome {
        case: CaseId([0xca; 16]),
        outcome: Outcome {
            kind: OutcomeKind::ClearedUntil,
            until: time("2026-06-01T00:00:00Z"),
            contact: Some(Line::parse("Police of Utopia", 100).unwrap()),
            asked_at: time("2026-03-01T10:00:00Z"),
            answered_at: time("2026-03-01T11:00:00Z"),
            grade_after: Some(Grade::parse(GradeScheme::Admiralty, "C3").unwrap()),
        },
        proposed: true,
        sources: vec![Source { kind: SourceKind::Feed, name: "sltd".into(), category: "stolen".into() }],
        findings: vec![FindingId([0xab; 16])],
    };
    let at = full().time;
    let act = Draft::new(at, Act::CaseOutcome, "officer".into(), Digest([0; 32]));
    let act = Draft { outcome: Some(Box::new(outcome.clone())), ..act };
    let golden = include_str!("golden/bodies-v4.jsonl");
    assert_eq!(golden.lines().count(), 3);
    for (line, draft) in golden.lines().zip([&hit, &chunk, &act]) {
        let body = Entry::of(draft, 5).encode();
        assert_eq!(std::str::from_utf8(&body).unwrap(), line);
        assert_eq!(time_of(&body, 5), Ok(at));
        let read = Entry::decode(&body, 5).unwrap();
        assert_eq!(read, Entry::of(draft, 5));
        assert_eq!(
            read.asked().next().and_then(|asked| asked.case.map(|case| case.id)),
            Some(CaseId([0xca; 16]))
        );
    }
    let read = Entry::decode(golden.lines().last().unwrap().as_bytes(), 5).unwrap();
    let mark = read.outcome.unwrap();
    assert!(mark.proposed);
    assert_eq!(mark.outcome(), Some(outcome.outcome));
    assert!(mark.sources().eq(outcome.sources));
}

#[test]
fn a_hit_with_the_longest_lists_and_the_longest_case_is_not_too_long() {
    let digests = vec![[7; 32]; DIGESTS_KEPT];
    let findings = vec![FindingId([0xab; 16]); FINDINGS_KEPT];
    let feeds = (0..64).map(|at| (FeedName::parse(&format!("{at:0>32}")).unwrap(), u64::MAX));
    let hit = Draft {
        readings: digests.clone(),
        listed: digests.clone(),
        digests,
        withheld: findings.clone(),
        findings,
        feeds: feeds.collect(),
        case: case(5 << 10),
        ..full()
    };
    let bytes = Entry::of(&hit, u64::MAX).encode().len();
    assert!(bytes <= BODY_BYTES_MAX, "{bytes}");
}

#[test]
fn which_lines_share_an_entry_tells_nothing_of_what_is_withheld() {
    let lines = |hidden: bool| -> Vec<DraftLine> {
        let line = |at: u64| {
            let hides = hidden && at % 7 == 3;
            DraftLine {
                withheld: if hides { vec![FindingId([7; 16]); 300] } else { Vec::new() },
                case: case(2300).filter(|_| hides),
                verdict: "no_hit",
                ..line(at, 1, 0)
            }
        };
        (1..=256).map(line).collect()
    };
    let around = Draft { alert_revision: Some(5), ..full() };
    let shared = |hidden| -> Vec<usize> {
        let drafts = DraftLine::into_drafts(&around, lines(hidden));
        for (draft, _) in &drafts {
            let bytes = Entry::of(draft, u64::MAX).encode().len();
            assert!(bytes <= BODY_BYTES_MAX, "{bytes}");
        }
        drafts.into_iter().map(|(_, count)| count).collect()
    };
    assert_eq!(shared(true), shared(false));
}
