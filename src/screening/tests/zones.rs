//! What zones of every sort and typed numbers come to.

use super::super::question::Question;
use super::world::*;
use crate::domain::mrz::{Field, Format};
use crate::domain::*;

fn zone(lines: &[&str]) -> Question {
    asked(super::super::Presented::Mrz(lines.join("\n").into()))
}

const RUSSIAN: [&str; 2] =
    ["PNRUSZDRIL7K<<SERGEQ<ANATOL9EVI3<<<<<<<<<<<<", "3919353498RUS7207233M<<<<<<<4151218910003<50"];

const BELGIAN_LEGACY: [&str; 3] =
    ["IDBEL000590240<6013<<<<<<<<<<<", "8512017F3111046BEL<<<<<<<<<<<4", "SPECIMEN<<SPECIMEN<<<<<<<<<<<<"];

#[test]
fn a_russian_internal_passport_is_found_by_its_ten_digits() {
    let world = world(&[listed("RUS", "3914935349", Kind::IdentityCard)]);
    let said = world.says(&zone(&RUSSIAN));
    assert_eq!(said.matched(), [Match::Exact]);
    assert_eq!(said.understood.number_assurance, Some(NumberAssurance::CheckDigit));
}

#[test]
fn a_russian_internal_passport_without_its_fourth_digit_is_never_clear() {
    let world = world(&[listed("RUS", "3914935349", Kind::IdentityCard)]);
    let lower = "3919353498RUS7207233M<<<<<<<<<<<<<<<<<<<<<<0";
    world.says(&zone(&[RUSSIAN[0], lower])).is("inconclusive", &["number_unreadable"]);
}

#[test]
fn a_russian_internal_passport_whose_fourth_digit_may_be_misread_is_never_clear() {
    let world = world(&[listed("RUS", "3914935349", Kind::IdentityCard)]);
    let lower = RUSSIAN[1].replace("<4151218910003<5", "<5151218910003<5");
    world.says(&zone(&[RUSSIAN[0], &lower])).is("inconclusive", &["number_check_digit_wrong"]);
    let with_its_digit = RUSSIAN[1].replace("<4151218910003<5", "<5151218910003<2");
    world.says(&zone(&[RUSSIAN[0], &with_its_digit])).is("no_hit", &[]);
}

#[test]
fn a_long_number_is_found_whichever_rule_its_digit_follows() {
    let world = world(&[listed("BEL", "000590240601", Kind::IdentityCard)]);
    assert_eq!(world.says(&zone(&BELGIAN_LEGACY)).matched(), [Match::Exact]);
    let eighth = BELGIAN_LEGACY[0].replace("6013", "6011");
    assert_eq!(world.says(&zone(&[&eighth, BELGIAN_LEGACY[1], BELGIAN_LEGACY[2]])).matched(), [Match::Exact]);
}

#[test]
fn a_zone_that_cuts_numbers_is_not_clear_while_a_longer_number_is_listed() {
    let world = world(&[listed("UTO", "L898902C345", Kind::Passport)]);
    let said = world.says(&scanned(LOWER));
    said.is("inconclusive", &["number_truncated_listed"]);
    assert_eq!(said.candidates, ["number_length"]);
}

#[test]
fn a_visa_that_may_carry_a_longer_passport_number_is_not_clear_while_that_is_listed() {
    let visa = [&UPPER.replacen('P', "V", 1), "L898902C36FRA7408122F1204159ZE184226B<<<<<<<"];
    let said = world(&[listed("FRA", "L898902C345", Kind::Passport), listed("UTO", "ACDEF7", Kind::Visa)])
        .says(&zone(&[visa[0], visa[1]]));
    said.is("inconclusive", &["number_truncated_listed"]);
}

#[test]
fn a_longer_number_of_another_kind_is_not_what_a_zone_has_cut() {
    let world = world(&[listed("UTO", "L898902C345", Kind::Visa)]);
    world.says(&scanned(LOWER)).is("no_hit", &[]);
}

#[test]
fn a_card_that_has_room_for_its_number_is_not_taken_to_be_cut() {
    let world = world(&[listed("UTO", "D2314589034", Kind::IdentityCard)]);
    let card = [
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ];
    world.says(&zone(&card)).is("no_hit", &[]);
}

#[test]
fn a_long_number_is_not_clear_while_its_first_nine_characters_are_listed() {
    let world = world(&[listed("UTO", "L898902C3", Kind::Passport)]);
    for kind in [None, Some(Kind::Passport)] {
        let said = world.says(&typed("UTO", "L898902C345", kind));
        said.is("inconclusive", &["number_truncated_listed"]);
    }
    world.says(&typed("UTO", "L898902C345", Some(Kind::Visa))).is("no_hit", &[]);
}

#[test]
fn a_known_deviation_is_told_and_stands_against_no_answer() {
    let lower = LOWER.replacen("C36", "C31", 1);
    let mut world = clean();
    world.says(&scanned(&lower)).is("inconclusive", &["number_check_digit_wrong"]);
    let number = |text: &str| DocumentNumber::parse(text).unwrap();
    world.policy.deviations = Deviations(vec![Deviation {
        issuing_state: IssuingState::recognise("UTO").unwrap().state,
        format: Format::Td3,
        field: Field::Number,
        numbers: NumberRange::new(number("L898902C0"), number("L898902C9")),
        prints: Prints::Always(b'1'),
    }]);
    let said = world.says(&scanned(&lower));
    said.is("no_hit", &[]);
    assert_eq!(said.understood.number_assurance, Some(NumberAssurance::KnownDeviation));
    assert!(said.advisories.contains(&"known_deviation"));
    world.says(&scanned(&LOWER.replacen("C36", "C32", 1))).is("inconclusive", &["number_check_digit_wrong"]);
}

#[test]
fn a_driving_licence_claims_nothing_for_its_number() {
    let said = clean().says(&zone(&["D1FRA13AA000026181231MARTIN<<9"]));
    assert_eq!(said.understood.number_assurance, Some(NumberAssurance::Unchecked));
    assert_eq!(said.understood.kind, Some(Kind::Other));
    let french = world(&[listed("FRA", "13AA00002", Kind::Other)]);
    assert_eq!(french.says(&zone(&["D1FRA13AA000026181231MARTIN<<9"])).matched(), [Match::Exact]);
}

#[test]
fn what_mends_a_damaged_zone_is_told_with_its_place_and_never_applied() {
    let world = world(&[listed("UTO", "L898902C3", Kind::Passport)]);
    let said = world.says(&scanned(&LOWER.replacen("L898902", "L8989O2", 1)));
    said.is("inconclusive", &["number_check_digit_wrong"]);
    let mending = &said.understood.mendings[0];
    let change = &mending.changes[0];
    assert_eq!((mending.field, change.line, change.column), (Field::Number, 2, 6));
    assert_eq!(change.characters, Some((b'O', b'0')));
}

#[test]
fn mending_a_date_of_birth_tells_the_column_and_not_the_date() {
    let said = clean().says(&scanned(&LOWER.replacen("7408122", "74O8122", 1)));
    let mending =
        said.understood.mendings.iter().find(|mending| mending.field == Field::DateOfBirth).unwrap();
    assert_eq!((mending.changes[0].column, mending.changes[0].characters), (16, None));
}

#[test]
fn a_state_read_with_digits_is_mended_by_letters() {
    let zone = format!("{}\n{LOWER}", UPPER.replacen("P<UTO", "P<UT7", 1));
    let said = clean().says(&asked(super::super::Presented::Mrz(zone.into())));
    said.is("inconclusive", &["issuer_unknown"]);
    let zero = format!("{}\n{}", UPPER.replacen("P<UTO", "P<UT0", 1), LOWER.replacen("C36", "C31", 1));
    let said = clean().says(&asked(super::super::Presented::Mrz(zero.into())));
    assert_eq!(said.understood.mendings[0].field, Field::IssuingState);
}

#[test]
fn a_scanner_for_another_keyboard_is_named_in_the_answer() {
    let text = format!("{UPPER}\n{LOWER}").replace('<', ";");
    let said = clean().says(&asked(super::super::Presented::Mrz(text.into())));
    said.is("inconclusive", &["mrz_unreadable"]);
    assert_eq!(said.understood.mrz_fault.unwrap().word(), "keyboard_qwertz");
}

#[test]
fn homoglyphs_are_read_and_reported() {
    let said = clean()
        .says(&asked(super::super::Presented::Mrz(format!("{UPPER}\n{LOWER}").replace('C', "С").into())));
    said.is("no_hit", &[]);
    assert_eq!(said.advisories, ["homoglyphs_read"]);
    let said = world(&[listed("UTO", "L898902C3", Kind::Passport)]).says(&typed("UTO", "L898902С3", None));
    assert_eq!((said.matched().len(), said.advisories), (1, vec!["homoglyphs_read"]));
}

#[test]
fn a_number_typed_behind_a_word_is_found_and_what_may_be_a_word_is_not_clear() {
    let world = world(&[listed("UTO", "L898902C3", Kind::Passport)]);
    for text in ["Passport No: L898902C3", "№ L898902C3", "L-898 902/C3"] {
        assert_eq!(world.says(&typed("UTO", text, None)).matched(), [Match::Exact], "{text}");
    }
    for text in ["NO L898902C3", "UTOL898902C3", "UTO L898902C3"] {
        world.says(&typed("UTO", text, None)).is("inconclusive", &["number_reading_listed"]);
    }
}

/// Zones in which cells were misread that no check digit of the number covers.
#[test]
fn a_listed_document_is_never_clear_because_a_cell_was_misread_that_no_digit_covers() {
    let russian = ("RUS", "3914935349", Kind::IdentityCard);
    let upper = |code: &str| format!("{code}ZDRIL7K<<SERGEQ<ANATOL9EVI3<<<<<<<<<<<<");
    for code in ["PNRU5", "PMRUS", "P<RUS", "PARUS"] {
        misread(russian, &[&upper(code), RUSSIAN[1]]);
    }
    let french = ("FRA", "940992300800", Kind::IdentityCard);
    for code in ["I0FRA", "IOFRA", "I<FRA", "ADFRA", "1DFRA"] {
        let lines =
            [&format!("{code}BERTHIER<<<<<<<<<<<<<<<<<<<<<<<"), "9409923008004CORINNE<<<<<<<6512068F4"];
        misread(french, &lines);
    }
    let belgian = ("BEL", "000590240601", Kind::IdentityCard);
    misread(belgian, &[&BELGIAN_LEGACY[0].replace("BEL0", "BEL6"), BELGIAN_LEGACY[1], BELGIAN_LEGACY[2]]);
    misread(("NLD", "5094962111", Kind::Other), &["D1NLD15094962111659VFUXYIE51L8"]);
    let blanks =
        ["PNRUSVOSKRESENSKA8<<ANASTASI8<SERGEEVNA<<<<", RUSSIAN[1]].map(|line| line.replace('<', " "));
    misread(russian, &[&blanks[0], &blanks[1]]);
}

fn misread(listing: (&str, &str, Kind), lines: &[&str]) {
    let (state, number, kind) = listing;
    let said = world(&[listed(state, number, kind)]).says(&zone(lines));
    assert!(!matches!(said.verdict, Verdict::NoHit(_)), "{lines:?}");
}

#[test]
fn a_filler_taken_for_a_k_or_a_k_for_a_filler_is_told() {
    for (listed_number, cells) in [
        ("AB1K23456", "AB1<23456"),
        ("A1234567K", "A1234567<"),
        ("AB12345", "AB12345K<"),
        ("AB12345", "AB12345KK"),
        ("L898902C3", "L8989K2C3"),
    ] {
        let digit = char::from(crate::domain::mrz::check_digit(cells.bytes()));
        let lower = format!("{cells}{digit}{}", &LOWER[10..]);
        let said = world(&[listed("UTO", listed_number, Kind::Passport)]).says(&scanned(&lower));
        let k_for_another = listed_number == "L898902C3";
        assert_eq!(said.candidates.contains(&"number"), !k_for_another, "{cells}");
    }
}

#[test]
fn a_number_with_a_filler_inside_may_be_cut_too() {
    let cells = "AB<123456";
    let digit = char::from(crate::domain::mrz::check_digit(cells.bytes()));
    let said = world(&[listed("UTO", "AB1234567", Kind::Passport)])
        .says(&scanned(&format!("{cells}{digit}{}", &LOWER[10..])));
    said.is("inconclusive", &["number_truncated_listed"]);
}

#[test]
fn a_long_number_with_a_separator_inside_is_not_clear_while_the_longer_is_listed() {
    let lines = [
        "I<UTOD23145890<07<08<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ];
    let said = world(&[listed("UTO", "D231458900708", Kind::IdentityCard)]).says(&zone(&lines));
    assert!(!matches!(said.verdict, Verdict::NoHit(_)));
}

#[test]
fn a_typed_number_is_not_clear_while_the_list_has_what_a_zone_left_of_it() {
    let world = world(&[listed("UTO", "AB123456", Kind::Passport)]);
    let typed = |number: &str| {
        world.says(&asked(super::super::Presented::Document {
            number: number.into(),
            issuing_state: "UTO".into(),
            kind: Some(Kind::Passport),
        }))
    };
    typed("AB 1234567").is("inconclusive", &["number_truncated_listed"]);
    typed("AB1234567").is("no_hit", &[]);
}

#[test]
fn a_cut_number_is_looked_for_among_all_booklets() {
    let world = world(&[listed("UTO", "L898902C345", Kind::Passport)]);
    for code in ["PR", "PT", "PN", "PL", "P<"] {
        let upper = UPPER.replacen("P<", code, 1);
        world.says(&zone(&[&upper, LOWER])).is("inconclusive", &["number_truncated_listed"]);
    }
}

#[test]
fn a_state_whose_code_was_mended_is_not_clear_while_another_reading_is_listed() {
    let world = world(&[listed("MLT", "L898902C3", Kind::Passport)]);
    let upper = UPPER.replacen("UTO", "ML1", 1);
    let said = world.says(&zone(&[&upper, LOWER]));
    assert!(!matches!(said.verdict, Verdict::NoHit(_)));
}
