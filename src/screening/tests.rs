//! The rules of verdicts as a table: what was presented, what is listed, what is answered.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::coverage::{FeedInForce, GenerationInForce, Judgement, describe};
use super::decide::decide;
use super::evidence::{Evidence, Lists};
use super::question::{Asker, Input, Presented, Question};
use super::reading::Reading;
use super::{IssuerNotReported, KindDiffers, Policy};
use crate::domain::*;

const UPPER: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
const LOWER: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";

/// Lists in memory, for a generation with the one feed `local`.
struct World {
    notices: Vec<Notice>,
    policy: Policy,
    age: SignedDuration,
    feeds: Vec<&'static str>,
    expected: Vec<FeedName>,
    has_generation: bool,
}

impl Lists for World {
    fn notices(&self, document: &DocumentId) -> Vec<(FeedName, Notice)> {
        let listed = self.notices.iter().filter(|notice| notice.document == *document);
        listed.map(|notice| (feed("local"), notice.clone())).collect()
    }
}

struct Said {
    verdict: Verdict,
    reasons: Vec<&'static str>,
    candidates: Vec<&'static str>,
    advisories: Vec<&'static str>,
    understood: Understood,
    coverage: Coverage,
}

fn feed(name: &str) -> FeedName {
    FeedName::parse(name).unwrap()
}

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn listed(state: &str, number: &str, kind: Kind) -> Notice {
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
    }
}

fn world(notices: &[Notice]) -> World {
    World {
        notices: notices.to_vec(),
        policy: Policy::default(),
        age: SignedDuration::from_hours(1),
        feeds: vec!["local"],
        expected: vec![feed("local")],
        has_generation: true,
    }
}

fn asked(presented: Presented) -> Question {
    Question {
        presented,
        input: None,
        asker: Asker::default(),
        data_age_max: None,
        min_sequences: BTreeMap::new(),
    }
}

fn typed(state: &str, number: &str, kind: Option<Kind>) -> Question {
    asked(Presented::Document { number: number.into(), issuing_state: state.into(), kind })
}

fn scanned(lower: &str) -> Question {
    asked(Presented::Mrz(format!("{UPPER}\n{lower}")))
}

impl World {
    fn says(&self, question: &Question) -> Said {
        let reading = Reading::of(question);
        let id = |_: &FeedName, _: &Notice| FindingId([0; 16]);
        let evidence = Evidence::gather(&reading, self, &self.policy, now(), &id);
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
        let coverage = describe(generation.as_ref(), issuer, &self.policy, Digest([0; 32]), now());
        let judgement = Judgement::of(&coverage, &self.policy, question);
        let mut doubts = judgement.doubts;
        doubts.extend(reading.doubts);
        doubts.extend(evidence.doubts);
        let reasons = doubts.iter().chain(&judgement.notes).map(|reason| reason.code.word()).collect();
        let advisories = reading.advisories.iter().chain(&evidence.advisories);
        Said {
            advisories: advisories.map(|advisory| advisory.code.word()).collect(),
            candidates: evidence.candidates.iter().map(|candidate| candidate.differs.word()).collect(),
            verdict: decide(evidence.findings, doubts, &coverage),
            reasons,
            understood: reading.understood,
            coverage,
        }
    }
}

impl Said {
    fn is(&self, verdict: &str, reasons: &[&str]) {
        assert_eq!((self.verdict.word(), self.reasons.as_slice()), (verdict, reasons));
    }

    fn matched(&self) -> Vec<Match> {
        match &self.verdict {
            Verdict::Hit(findings) => findings.iter().map(|finding| finding.matched).collect(),
            Verdict::NoHit(_) | Verdict::Inconclusive(_) => Vec::new(),
        }
    }
}

/// A register that lists some other document of Utopia.
fn clean() -> World {
    world(&[listed("UTO", "ACDEF7", Kind::Passport)])
}

#[test]
fn a_listed_document_is_a_hit() {
    let world = world(&[listed("UTO", "L898902C3", Kind::Passport)]);
    for question in
        [scanned(LOWER), typed("uto", "l898 902-c3", None), typed("UTO", "L898902C3", Some(Kind::Passport))]
    {
        let said = world.says(&question);
        said.is("hit", &[]);
        assert_eq!(said.matched(), [Match::Exact]);
    }
}

#[test]
fn an_unlisted_document_is_no_hit_and_the_generation_names_itself() {
    let said = clean().says(&scanned(LOWER));
    said.is("no_hit", &[]);
    let Verdict::NoHit(complete) = said.verdict else { panic!() };
    assert_eq!(complete.generation().number, 3);
}

#[test]
fn another_issuers_document_with_the_same_number_is_no_hit() {
    let mut world = clean();
    world.notices.push(listed("FRA", "L898902C3", Kind::Passport));
    world.says(&scanned(LOWER)).is("no_hit", &[]);
}

#[test]
fn a_missing_list_never_clears() {
    let mut world = clean();
    world.has_generation = false;
    // The site itself adds the reason that names the cause; coverage alone already forbids the claim.
    assert_eq!(world.says(&scanned(LOWER)).verdict.word(), "inconclusive");
}

#[test]
fn a_missing_or_empty_feed_or_none_expected_never_clears() {
    let mut world = clean();
    world.expected.push(feed("interpol"));
    world.says(&scanned(LOWER)).is("inconclusive", &["feed_missing"]);
    let mut world = clean();
    world.notices.clear();
    world.says(&scanned(LOWER)).is("inconclusive", &["feed_empty"]);
    let mut world = clean();
    world.expected.clear();
    world.says(&scanned(LOWER)).is("inconclusive", &["nothing_expected"]);
}

#[test]
fn a_stale_feed_turns_no_hit_into_inconclusive_and_an_ageing_one_says_so() {
    let mut world = clean();
    for (age, verdict, reasons) in [
        (SignedDuration::from_hours(24) - SignedDuration::from_nanos(1), "no_hit", [].as_slice()),
        (SignedDuration::from_hours(24), "no_hit", &["feed_ageing"]),
        (SignedDuration::from_hours(72), "inconclusive", &["feed_stale"]),
    ] {
        world.age = age;
        world.says(&scanned(LOWER)).is(verdict, reasons);
    }
    world.notices.push(listed("UTO", "L898902C3", Kind::Passport));
    world.says(&scanned(LOWER)).is("hit", &["feed_stale"]);
}

#[test]
fn what_the_caller_demands_of_the_data_is_held() {
    let world = clean();
    let mut question = scanned(LOWER);
    question.data_age_max = Some(SignedDuration::from_mins(60));
    world.says(&question).is("no_hit", &[]);
    question.data_age_max = Some(SignedDuration::from_mins(59));
    world.says(&question).is("inconclusive", &["data_too_old"]);
    question.data_age_max = None;
    question.min_sequences = BTreeMap::from([(feed("local"), 7)]);
    world.says(&question).is("no_hit", &[]);
    question.min_sequences = BTreeMap::from([(feed("local"), 8)]);
    world.says(&question).is("inconclusive", &["sequence_too_low"]);
    question.min_sequences = BTreeMap::from([(feed("elsewhere"), 0)]);
    world.says(&question).is("inconclusive", &["sequence_too_low"]);
}

#[test]
fn an_issuer_that_a_feed_never_reports_is_said_or_inconclusive_by_policy() {
    let mut world = world(&[listed("FRA", "12AB34567", Kind::Passport)]);
    let said = world.says(&scanned(LOWER));
    said.is("no_hit", &["issuer_not_reported"]);
    assert_eq!(said.coverage.feeds[0].issuer, IssuerCoverage::NotReported);
    world.policy.feed_defaults.issuer_not_reported = IssuerNotReported::Inconclusive;
    world.says(&scanned(LOWER)).is("inconclusive", &["issuer_not_reported"]);
}

#[test]
fn an_unknown_issuer_never_clears_and_its_look_alike_is_a_candidate() {
    let mut world = clean();
    world.says(&typed("QQQ", "L898902C3", None)).is("inconclusive", &["issuer_unknown"]);
    world.notices.push(listed("UTO", "L898902C3", Kind::Passport));
    let said = world.says(&typed("UTQ", "L898902C3", None));
    said.is("inconclusive", &["issuer_unknown", "issuer_reading_listed"]);
    assert_eq!(said.candidates, ["issuing_state"]);
}

#[test]
fn a_digit_in_the_issuers_code_is_mended_and_said() {
    let world = world(&[listed("UTO", "L898902C3", Kind::Passport)]);
    let zone = format!("{}\n{LOWER}", UPPER.replace("UTO", "UT0"));
    let said = world.says(&asked(Presented::Mrz(zone)));
    said.is("hit", &[]);
    assert_eq!(said.advisories, ["issuer_code_mended"]);
}

#[test]
fn a_look_alike_of_a_known_issuer_is_a_candidate_that_decides_nothing() {
    let world = world(&[listed("MLT", "L898902C3", Kind::Passport), listed("MLI", "X1", Kind::Passport)]);
    let said = world.says(&typed("MLI", "L898902C3", None));
    said.is("no_hit", &[]);
    assert_eq!(
        (said.candidates.as_slice(), said.advisories.as_slice()),
        (["issuing_state"].as_slice(), ["issuer_lookalike_listed"].as_slice())
    );
}

#[test]
fn a_listing_under_the_holders_nationality_makes_the_answer_inconclusive() {
    let world = world(&[listed("FRA", "L898902C3", Kind::Passport), listed("UTO", "X1", Kind::Passport)]);
    let said = world.says(&scanned(&LOWER.replace("UTO", "FRA")));
    said.is("inconclusive", &["nationality_listed"]);
    assert_eq!(said.candidates, ["nationality"]);
}

#[test]
fn a_wrong_check_digit_is_inconclusive_and_listed_readings_that_mend_it_are_candidates() {
    let world =
        world(&[listed("UTO", "L898902C3", Kind::Passport), listed("UTO", "LB98902C3", Kind::Passport)]);
    let said = world.says(&scanned(&LOWER.replace("L898902C3", "L8989O2C3")));
    said.is("inconclusive", &["number_check_digit_wrong"]);
    assert_eq!(said.candidates, ["number"]);
    assert_eq!(said.understood.number_assurance, Some(NumberAssurance::CheckDigitWrong));
}

#[test]
fn a_listed_document_is_a_hit_even_with_a_wrong_check_digit() {
    let world = world(&[listed("UTO", "L8989O2C3", Kind::Passport)]);
    world.says(&scanned(&LOWER.replace("L898902C3", "L8989O2C3"))).is("hit", &["number_check_digit_wrong"]);
}

#[test]
fn with_a_sound_check_digit_only_readings_that_satisfy_it_are_advised_and_none_from_a_chip() {
    // Two O/0 changes at the weights 7 and 3 cancel: 24 × (7 + 3) is a multiple of ten.
    let zone = |number: &str| {
        let digit = char::from(mrz::check_digit(number.bytes()));
        let rest = "UTO7408122F1204159<<<<<<<<<<<<<<<0";
        format!("{number}{digit}{rest}")
    };
    let world =
        world(&[listed("UTO", "OO1234567", Kind::Passport), listed("UTO", "O01234567", Kind::Passport)]);
    let mut question = scanned(&zone("001234567"));
    let said = world.says(&question);
    assert_eq!((said.verdict.word(), said.candidates.as_slice()), ("no_hit", ["number"].as_slice()));
    assert!(said.advisories.contains(&"number_lookalike_listed"));
    question.input = Some(Input::Chip);
    let said = world.says(&question);
    assert_eq!((said.verdict.word(), said.candidates.len()), ("no_hit", 0));
    assert_eq!(said.understood.number_assurance, Some(NumberAssurance::Chip));
}

#[test]
fn a_typed_number_says_so_and_its_listed_look_alikes_are_advised() {
    let world = world(&[listed("UTO", "L8989O2C3", Kind::Passport)]);
    let said = world.says(&typed("UTO", "L898902C3", None));
    said.is("no_hit", &[]);
    assert_eq!(said.understood.number_assurance, Some(NumberAssurance::Typed));
    assert_eq!(
        (said.candidates.as_slice(), said.advisories.as_slice()),
        (["number"].as_slice(), ["number_lookalike_listed"].as_slice())
    );
}

#[test]
fn another_kind_under_the_number_is_a_hit_or_inconclusive_by_policy() {
    let mut world = world(&[listed("UTO", "L898902C3", Kind::IdentityCard)]);
    let said = world.says(&scanned(LOWER));
    said.is("hit", &[]);
    assert_eq!(said.matched(), [Match::KindDiffers]);
    world.policy.kind_differs = KindDiffers::Inconclusive;
    let said = world.says(&scanned(LOWER));
    said.is("inconclusive", &["kind_differs"]);
    assert_eq!(said.candidates, ["kind"]);
}

#[test]
fn a_visas_number_is_asked_as_the_visa_and_as_the_holders_passport() {
    let visa = |issuer: &str| {
        let zone = format!(
            "V<{issuer}ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO6908061F9406236ZE184226B<<<<<<<"
        );
        asked(Presented::Mrz(zone))
    };
    let mut world = world(&[listed("FRA", "L898902C3", Kind::Visa)]);
    let said = world.says(&visa("FRA"));
    said.is("hit", &[]);
    assert_eq!(said.matched(), [Match::Exact]);
    world.notices = vec![listed("UTO", "L898902C3", Kind::Passport), listed("FRA", "X1", Kind::Visa)];
    let said = world.says(&visa("FRA"));
    assert_eq!((said.verdict.word(), said.matched()), ("hit", vec![Match::KindDiffers]));
}

#[test]
fn a_merged_issuers_listing_is_an_alias_match() {
    let world = world(&[listed("GBR", "123456789", Kind::Passport)]);
    let said = world.says(&typed("GBO", "123456789", None));
    said.is("hit", &[]);
    assert_eq!(
        (said.matched(), said.advisories.as_slice()),
        (vec![Match::Alias], ["issuer_merged"].as_slice())
    );
}

#[test]
fn a_lapsed_notice_is_no_finding_and_is_said() {
    let mut notice = listed("UTO", "L898902C3", Kind::Passport);
    notice.review_on = Some(jiff::civil::date(2026, 2, 27));
    let said = world(&[notice]).says(&scanned(LOWER));
    said.is("no_hit", &[]);
    assert_eq!(said.advisories, ["notice_lapsed"]);
}

#[test]
fn what_cannot_be_read_is_inconclusive() {
    let world = clean();
    world.says(&asked(Presented::Mrz("nonsense".into()))).is("inconclusive", &["mrz_unreadable"]);
    world.says(&typed("UTO", "--", None)).is("inconclusive", &["number_unreadable"]);
    world.says(&typed("UTO", "Ж1", None)).is("inconclusive", &["number_unreadable"]);
    world
        .says(&scanned(&LOWER.replace("L898902C36", "<<<<<<<<<0")))
        .is("inconclusive", &["number_unreadable"]);
}

#[test]
fn other_wrong_digits_are_said_by_field_and_do_not_block_the_answer() {
    let said = clean().says(&scanned(&LOWER.replace("7408122", "7408123")));
    said.is("no_hit", &[]);
    assert_eq!(said.advisories, ["check_digit_wrong", "check_digit_wrong"]);
}

proptest! {
    #[test]
    fn no_hit_never_stands_without_a_complete_coverage_a_known_issuer_and_a_sound_number(
        number in "[0-9A-Z<]{9}", digit in "[0-9<]", state in "(UTO|FRA|UT0|QQQ|D<<)", age_h in 0_i64..100,
        has_generation: bool, feed_is_there: bool, is_empty: bool, expects_it: bool,
    ) {
        let mut world = clean();
        world.age = SignedDuration::from_hours(age_h);
        world.has_generation = has_generation;
        if !feed_is_there { world.feeds.clear(); }
        if is_empty { world.notices.clear(); }
        if !expects_it { world.expected.clear(); }
        let zone = format!("{}\n{number}{digit}UTO7408122F1204159ZE184226B<<<<<10", UPPER.replace("UTO", &state));
        let said = world.says(&asked(Presented::Mrz(zone)));
        if let Verdict::NoHit(_) = said.verdict {
            prop_assert!(has_generation && feed_is_there && !is_empty && expects_it && age_h < 72);
            prop_assert!(said.understood.issuing_state.is_some() && state != "QQQ");
            prop_assert_eq!(said.understood.number_assurance, Some(NumberAssurance::CheckDigit));
        }
        if let Verdict::Inconclusive(reasons) = &said.verdict {
            prop_assert!(!reasons.is_empty());
        }
    }

    #[test]
    fn a_finding_is_a_hit_whatever_else_is_in_doubt(age_h in 0_i64..200, extra_feed: bool, input in 0_usize..4) {
        let mut world = world(&[listed("UTO", "L898902C3", Kind::Passport)]);
        world.age = SignedDuration::from_hours(age_h);
        if extra_feed { world.expected.push(feed("interpol")); }
        let mut question = scanned(LOWER);
        question.input = Some(Input::ALL[input]);
        prop_assert_eq!(world.says(&question).verdict.word(), "hit");
    }
}
