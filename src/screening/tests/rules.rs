//! One rule a test.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::super::question::{Input, Presented};
use super::super::{IssuerNotReported, KindDiffers};
use super::world::*;
use crate::domain::*;

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
fn a_letter_of_the_issuers_code_read_as_a_filler_is_no_other_states_code_of_two_letters() {
    let zone = |code: &str| {
        asked(Presented::Mrz(
            format!("{}\n{}", UPPER.replace("UTO", code), LOWER.replace("UTO", code)).into(),
        ))
    };
    let world = world(&[listed("PAK", "L898902C3", Kind::Passport)]);
    for code in ["PA<", "P<K", "<AK"] {
        let said = world.says(&zone(code));
        said.is("inconclusive", &["issuer_unknown", "issuer_reading_listed"]);
        assert_eq!(said.candidates, ["issuing_state"], "{code}");
    }
    world.says(&zone("SV<")).is("inconclusive", &["issuer_unknown"]);
    for code in ["<<<", "<D<", "<<D"] {
        world.says(&zone(code)).is("inconclusive", &["issuer_unknown"]);
    }
    let said = world.says(&zone("D<<"));
    assert_eq!(said.understood.issuing_state.map(IssuingState::code), Some("D"));
    assert_eq!(
        world.says(&typed("PA", "L898902C3", None)).understood.issuing_state.map(IssuingState::code),
        Some("PAN")
    );
}

#[test]
fn a_digit_in_the_issuers_code_is_mended_and_said() {
    let world = world(&[listed("UTO", "L898902C3", Kind::Passport)]);
    let zone = format!("{}\n{LOWER}", UPPER.replace("UTO", "UT0"));
    let said = world.says(&asked(Presented::Mrz(zone.into())));
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
        asked(Presented::Mrz(zone.into()))
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
fn a_visa_whose_holders_nationality_cannot_be_read_is_inconclusive_and_a_stateless_holders_is_not() {
    let visa = |nationality: &str| {
        let zone = format!(
            "V<FRAERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36{nationality}6908061F9406236ZE184226B<<<<<<<"
        );
        asked(Presented::Mrz(zone.into()))
    };
    let world = world(&[listed("FRA", "X1", Kind::Visa)]);
    for nationality in ["QQQ", "<<<", "UT<"] {
        world.says(&visa(nationality)).is("inconclusive", &["nationality_unknown"]);
    }
    for nationality in ["XXA", "XXX", "UTO"] {
        world.says(&visa(nationality)).is("no_hit", &[]);
    }
}

#[test]
fn a_check_digit_printed_as_the_letter_it_looks_like_still_finds_the_reading_that_mends() {
    // Both the digit behind the number and a 0 in it were read as O.
    let numbers = ('0'..='9').map(|last| format!("L8989020{last}"));
    let number = numbers.into_iter().find(|number| mrz::check_digit(number.bytes()) == b'0').unwrap();
    let world = world(&[listed("UTO", &number, Kind::Passport)]);
    let said =
        world.says(&scanned(&LOWER.replace("L898902C36", &format!("{}O", number.replacen("20", "2O", 1)))));
    said.is("inconclusive", &["number_check_digit_wrong"]);
    assert_eq!(said.candidates, ["number"]);
}

#[test]
fn a_doubt_about_the_site_itself_lets_nothing_be_cleared_and_hits_stand() {
    for code in [ReasonCode::GenerationUnreadable, ReasonCode::IndexDamaged, ReasonCode::Clock] {
        let mut world = clean();
        world.site = vec![code];
        let said = world.says(&scanned(LOWER));
        said.is("inconclusive", &[code.word()]);
        assert_eq!(said.coverage.complete(), None);
        world.notices.push(listed("UTO", "L898902C3", Kind::Passport));
        world.says(&scanned(LOWER)).is("hit", &[code.word()]);
    }
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
    world
        .says(&asked(Presented::Mrz(String::from("nonsense").into())))
        .is("inconclusive", &["mrz_unreadable"]);
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
