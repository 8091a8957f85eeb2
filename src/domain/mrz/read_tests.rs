//! Zones of every format, and text that is none.

use proptest::prelude::*;

use super::*;
use crate::domain::Kind;
use crate::domain::mrz::{LongNumberRule, Note};

const UPPER: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
const LOWER: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";

fn zone(lines: &[&str]) -> Zone {
    read(&lines.join("\n")).unwrap()
}

fn number(zone: &Zone) -> String {
    zone.number.document_number().unwrap().as_str().to_owned()
}

fn sound(zone: &Zone) -> bool {
    zone.check_digits.iter().all(|digit| digit.ok)
}

fn rule(zone: &Zone) -> Option<LongNumberRule> {
    zone.summary().long_number_rule
}

#[test]
fn the_official_passport_specimen_is_read_and_all_its_digits_agree() {
    let zone = zone(&[UPPER, LOWER]);
    assert_eq!((zone.format, zone.kind, zone.code_known), (Format::Td3, Kind::Passport, true));
    assert_eq!(
        (&zone.issuing_state, number(&zone).as_str(), &zone.nationality),
        (b"UTO", "L898902C3", b"UTO")
    );
    assert_eq!(zone.check_digits.len(), 5);
    assert!(sound(&zone), "{:?}", zone.check_digits);
    assert_eq!(zone.notes.iter().count(), 0);
}

#[test]
fn cards_of_both_sizes_are_read() {
    let small = zone(&[
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ]);
    assert_eq!(
        (small.format, small.kind, number(&small).as_str()),
        (Format::Td1, Kind::IdentityCard, "D23145890")
    );
    assert_eq!((&small.nationality, small.check_digits.len(), rule(&small)), (b"UTO", 4, None));
    assert!(sound(&small), "{:?}", small.check_digits);
    let large = zone(&["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"]);
    assert_eq!((large.format, number(&large).as_str()), (Format::Td2, "D23145890"));
    assert!(sound(&large), "{:?}", large.check_digits);
}

#[test]
fn visas_have_neither_personal_number_nor_composite() {
    let full = zone(&[
        "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C<3UTO6908061F9406236ZE184226B<<<<<<<",
    ]);
    assert_eq!((full.format, full.kind, full.check_digits.len()), (Format::MrvA, Kind::Visa, 3));
    let small = zone(&["V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "L898902C<3UTO6908061F9406236ZE184226"]);
    assert_eq!((small.format, small.kind, small.check_digits.len()), (Format::MrvB, Kind::Visa, 3));
    assert!(sound(&full) && sound(&small));
}

#[test]
fn long_numbers_are_accepted_by_both_rules_and_the_answer_says_which() {
    use LongNumberRule::{Both, EighthEdition, Legacy};
    let rest = ["8512017F3111046BEL<<<<<<<<<<<8", "SPECIMEN<<SPECIMEN<<<<<<<<<<<<"];
    for (head, written, expected) in [
        ("IDBEL000590240<6011", "000590240601", EighthEdition),
        ("IDBEL000590240<6013", "000590240601", Legacy),
        ("IDBEL592211692<1741", "592211692174", Legacy),
        ("I<PRT000024759<ZZ72", "000024759ZZ7", Legacy),
        ("I<PRT141974817<ZV17", "141974817ZV1", Legacy),
        ("IDBEL600001795<0152", "600001795015", EighthEdition),
        ("IDBEL615057409<9390", "615057409939", EighthEdition),
        ("IDBEL000001115<7027", "000001115702", EighthEdition),
        ("I<PRT007777779<ZZ92", "007777779ZZ9", EighthEdition),
        ("I<PRT119000652<ZX46", "119000652ZX4", EighthEdition),
        ("IDBEL000000387<2899", "000000387289", Both),
        ("I<PRT007666667<ZZ00", "007666667ZZ0", Both),
        ("I<UTOD23145890<7349", "D23145890734", Both),
        ("I<UTOA12345678<90123456789Z10", "A1234567890123456789Z1", EighthEdition),
    ] {
        let zone = zone(&[&format!("{head:<<30}"), rest[0], rest[1]]);
        let digit = zone.number_check_digit().unwrap();
        assert_eq!((number(&zone).as_str(), digit.ok), (written, true), "{head}");
        let found = rule(&zone).unwrap();
        assert!(found == expected || found == Both && written.len() == 22, "{head}: {found:?}");
    }
    let td2 = zone(&["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D23145890<UTO7408122F3204153123456<8"]);
    assert_eq!((number(&td2).as_str(), sound(&td2)), ("D2314589012345", true));
}

#[test]
fn a_long_number_that_satisfies_neither_rule_is_wrong() {
    let zone = zone(&[
        "IDBEL000590240<6012<<<<<<<<<<<",
        "8512017F3111046BEL<<<<<<<<<<<8",
        "A<<B<<<<<<<<<<<<<<<<<<<<<<<<<<",
    ]);
    let digit = zone.number_check_digit().unwrap();
    assert_eq!((digit.ok, rule(&zone), number(&zone).as_str()), (false, None, "000590240601"));
}

#[test]
fn the_old_french_card_has_a_layout_of_its_own() {
    let zone = zone(&["IDFRABERTHIER<<<<<<<<<<<<<<<<<<<<<<<", "9409923102854CORINNE<<<<<<<6512068F4"]);
    assert_eq!((zone.format, number(&zone).as_str()), (Format::FrenchId, "940992310285"));
    assert_eq!((zone.check_digits.len(), sound(&zone)), (3, true), "{:?}", zone.check_digits);
}

#[test]
fn the_slovak_card_has_lines_of_34() {
    let birth = check_digits_of("811007");
    let expiry = check_digits_of("191231");
    let lower = format!("123456<AA{}SVK811007{birth}M191231{expiry}<<<<<<", check_digits_of("123456<AA"));
    let zone = zone(&["I<SVKNOVAK<<JAN<<<<<<<<<<<<<<<<<<<", &lower]);
    assert_eq!((zone.format, number(&zone).as_str()), (Format::SlovakId, "123456AA"));
    assert_eq!((zone.check_digits.len(), sound(&zone)), (3, true));
}

fn check_digits_of(field: &str) -> char {
    char::from(digit_of(field.as_bytes()))
}

#[test]
fn driving_licences_are_read_and_nothing_in_them_is_claimed_to_be_checked() {
    let swiss = zone(&["AAA001D<<", "FACHE305142128097<<800126<<<<<", "MARCHAND<<FABIENNE<<<<<<<<<<<<"]);
    assert_eq!((swiss.format, swiss.kind, &swiss.issuing_state), (Format::SwissLicence, Kind::Other, b"CHE"));
    let french = zone(&["D1FRA13AA000026181231MARTIN<<9"]);
    assert_eq!(
        (french.format, french.kind, &french.issuing_state),
        (Format::FrenchLicence, Kind::Other, b"FRA")
    );
    assert_eq!((number(&swiss).as_str(), number(&french).as_str()), ("AAA001D", "13AA00002"));
    assert!(swiss.number_check_digit().is_none() && french.number_check_digit().is_none());
}

#[test]
fn a_russian_internal_passport_has_ten_digits_of_which_the_zone_interleaves_one() {
    let zone = zone(&[
        "PNRUSZDRIL7K<<SERGEQ<ANATOL9EVI3<<<<<<<<<<<<",
        "3919353498RUS7207233M<<<<<<<4151218910003<50",
    ]);
    assert_eq!((zone.kind, number(&zone).as_str()), (Kind::IdentityCard, "3914935349"));
    assert!(zone.number_check_digit().unwrap().ok);
    // The check digit covers the nine that stand in the field, whatever the fourth is.
    let other = "4507123450RUS7207233M<<<<<<<9151218910003<50".replacen(
        "4507123450",
        &format!("450712345{}", check_digits_of("450712345")),
        1,
    );
    let zone = read(&format!("PNRUSZDRIL7K<<SERGEQ<ANATOL9EVI3<<<<<<<<<<<<\n{other}")).unwrap();
    assert_eq!((number(&zone).as_str(), zone.number_check_digit().unwrap().ok), ("4509712345", true));
    let without = "3919353498RUS7207233M<<<<<<<<<<<<<<<<<<<<<<0";
    let zone = read(&format!("PNRUSZDRIL7K<<SERGEQ<ANATOL9EVI3<<<<<<<<<<<<\n{without}")).unwrap();
    assert_eq!(zone.number.document_number(), None, "nine digits of ten are no number");
}

#[test]
fn residence_permits_and_crew_certificates_are_told_by_their_code() {
    for (code, kind) in [
        ("IRGBR", Kind::ResidencePermit),
        ("RPEST", Kind::ResidencePermit),
        ("ACUTO", Kind::SeafarerDocument),
        ("IDUTO", Kind::IdentityCard),
    ] {
        let zone = zone(&[
            &format!("{code}D231458907<<<<<<<<<<<<<<<"),
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ]);
        assert_eq!((zone.kind, zone.code_known), (kind, true), "{code}");
    }
}

#[test]
fn passport_codes_of_two_letters_are_known_and_invented_ones_are_read_as_passports() {
    for (code, kind, known) in [
        ("PP", Kind::Passport, true),
        ("PL", Kind::LaissezPasser, true),
        ("PR", Kind::RefugeeTravelDocument, true),
        ("PQ", Kind::Passport, false),
    ] {
        let zone = zone(&[&format!("{code}{}", &UPPER[2..]), LOWER]);
        assert_eq!((zone.kind, zone.code_known), (kind, known), "{code}");
    }
}

#[test]
fn an_empty_field_may_have_a_filler_or_a_zero_for_its_digit_and_a_full_one_may_not() {
    let refugee = zone(&[
        "PRD<<DOE<<JANE<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
        "C01X0006H1XXB9001011F3101012<<<<<<<<<<<<<<<4",
    ]);
    assert!(sound(&refugee));
    let unknown_birth = zone(&[
        "P<UTONOBODY<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
        "X1<<<<<<<4UTO<<<<<<0<3001019<<<<<<<<<<<<<<08",
    ]);
    assert!(sound(&unknown_birth));
    let partial = LOWER.replacen("7408122", &format!("7408<<{}", check_digits_of("7408<<")), 1);
    assert!(zone(&[UPPER, &partial]).check_digits[1].ok, "a day may be unknown");
    let zeros = LOWER.replacen("7408122", "000000<", 1);
    assert!(!zone(&[UPPER, &zeros]).check_digits[1].ok, "a date of zeros is not empty");
    let dutch = "SPECI20142NLD6503101F2403096999999990<<<<<84".replacen("<84", "<<4", 1);
    assert!(!zone(&["P<NLDDE<BRUIJN<<WILLEKE<LISELOTTE<<<<<<<<<<<", &dutch]).check_digits[3].ok);
}

#[test]
fn what_issuers_leave_out_or_move_is_no_fault() {
    let german = zone(&[
        "IDD<<T220001293<<<<<<<<<<<<<<<",
        "6408125<2010315D<<<<<<<<<<<<<4",
        "MUSTERMANN<<ERIKA<<<<<<<<<<<<<",
    ]);
    assert_eq!((&german.nationality, number(&german).as_str(), sound(&german)), (b"D<<", "T22000129", true));
    let brazilian = zone(&[
        "IDBRA123456789712345R00F456912",
        "7408122F1204159BRA<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ]);
    assert_eq!(number(&brazilian), "123456789");
    assert!(brazilian.check_digits[0].ok && !brazilian.check_digits[3].ok, "its own composite is wrong");
    for upper in
        [format!("{:<<44}", "P<IND<<ASHA"), format!("{:<<44}", "P<IND"), format!("P<IND{}", "A".repeat(39))]
    {
        assert!(sound(&zone(&[&upper, LOWER])), "{upper}");
    }
}

#[test]
fn a_dutch_card_has_a_digit_behind_its_personal_number() {
    let zone = zone(&[
        "I<NLDSPECI20142999999990<<<<<8",
        "6503101F2403096NLD<<<<<<<<<<<8",
        "DE<BRUIJN<<WILLEKE<LISELOTTE<<",
    ]);
    let personal = zone.check_digits.iter().find(|digit| digit.field == Field::PersonalNumber).unwrap();
    assert!(personal.ok);
}

#[test]
fn a_wrong_digit_is_reported_and_not_a_fault() {
    let zone = zone(&[UPPER, "L898902C46UTO7408122F1204159ZE184226B<<<<<10"]);
    let number = zone.number_check_digit().unwrap();
    assert_eq!(
        (number.field, number.printed, number.computed, number.ok),
        (Field::Number, b'6', b'7', false)
    );
}

#[test]
fn text_as_it_comes_reads_as_the_clean_zone_and_says_what_was_done() {
    let clean = zone(&[UPPER, LOWER]);
    for (text, notes) in [
        (format!("{UPPER}\r\n{LOWER}\r\n"), vec![]),
        (format!("{UPPER}\r{LOWER}\r"), vec![]),
        (format!("\n\n{UPPER}\n\n{LOWER}\n"), vec![]),
        (format!("{UPPER}\n{LOWER}").to_lowercase(), vec![Note::LowerCase]),
        (format!(" {UPPER} \n\t{LOWER}\t"), vec![Note::Blanks]),
        (format!("\u{2}{UPPER}\r{LOWER}\u{3}"), vec![Note::ControlCharacters]),
        (format!("\u{feff}{UPPER}\n{LOWER}"), vec![Note::ControlCharacters]),
        (format!("]L0{UPPER}\n{LOWER}"), vec![Note::AimPrefix]),
        (format!("{UPPER}{LOWER}"), vec![Note::LineBreaksMissing]),
        (format!("{UPPER}\t{LOWER}"), vec![Note::Blanks]),
        (
            format!("{UPPER}\n{LOWER}\nscanned by: desk 4 ¶"),
            vec![Note::LowerCase, Note::Blanks, Note::ExtraLine],
        ),
        (format!("{UPPER}\n{UPPER}\n{LOWER}"), vec![Note::ExtraLine]),
        (format!("{UPPER}\n{LOWER}\n{LOWER}"), vec![Note::ExtraLine]),
        (format!("{UPPER}\n{LOWER}").replace('L', "Ｌ").replace('<', "＜"), vec![Note::FullWidth]),
        (format!("{UPPER}\n{LOWER}").replace('C', "С").replace('B', "В"), vec![Note::Homoglyphs]),
    ] {
        let read = read(&text).unwrap();
        assert_eq!(Zone { notes: clean.notes, ..read }, clean, "{text}");
        assert_eq!(read.notes.iter().collect::<Vec<_>>(), notes, "{text}");
    }
    let card = "I<UTOD231458907<<<<<<<<<<<<<<<7408122F1204159UTO<<<<<<<<<<<6ERIKSSON<<ANNA<MARIA<<<<<<<<<<";
    assert_eq!(read(card).unwrap().format, Format::Td1);
    let td2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F1204159<<<<<<<6";
    assert_eq!(read(td2).unwrap().format, Format::Td2);
}

#[test]
fn a_line_that_is_too_long_is_not_cut_to_size_by_what_stands_before_it() {
    let text = |more: &str| format!("{}\n{UPPER}\n{LOWER}{more}", "X".repeat(104));
    assert!(read(&text("")).is_ok());
    assert_eq!(read(&text("7")), Err(MrzFault::Lines { lines: 3 }));
}

#[test]
fn blanks_in_the_place_of_fillers_make_no_zone_of_another_format() {
    let joined = format!("{}{}", UPPER.replace('<', " "), LOWER);
    assert!(joined.contains(' ') && read(&joined).is_err());
    // Without its sixteen blanks, the line has as many cells as a visa of the smaller size.
    let visa = "V<UTOERIKSSON<<ANNA<MARIA                   L898902C<3UTO6908061F9406236ZE184226B<<<<<<<";
    assert_eq!(visa.chars().filter(|char| *char != ' ').count(), 69);
    assert!(read(visa).is_err() && read(&visa.replace("B<<<<<<<", "B<<<<<<<<<<")).is_err());
}

#[test]
fn faults_name_line_and_column_and_never_the_content() {
    assert_eq!(read(""), Err(MrzFault::Lines { lines: 0 }));
    assert_eq!(read(UPPER), Err(MrzFault::Lines { lines: 1 }));
    assert_eq!(
        read(&format!("{UPPER}\n{}", &LOWER[1..])),
        Err(MrzFault::Length { line: 2, length: 43, expected: 44 })
    );
    assert_eq!(
        read(&format!("{UPPER}\n{}", LOWER.replace('C', "*"))),
        Err(MrzFault::Character { line: 2, column: 8 })
    );
    assert_eq!(read(&format!("A{}\n{LOWER}", &UPPER[1..])), Err(MrzFault::DocumentCode));
    assert_eq!(read(&[UPPER; 3].join("\n")).unwrap_err(), MrzFault::Lines { lines: 3 });
    assert_eq!(read(&["A"; 40].join("\n")).unwrap_err(), MrzFault::Lines { lines: 40 });
}

#[test]
fn a_scanner_that_types_for_another_keyboard_is_named_and_its_zone_is_not_guessed() {
    let german = format!("{UPPER}\n{LOWER}").replace('<', ";");
    assert_eq!(read(&german), Err(MrzFault::Keyboard { layout: Keyboard::Qwertz }));
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn any_text_of_the_right_shape_is_read(upper in "P[0-9A-Z<]{43}", lower in "[0-9A-Z<]{44}") {
        let zone = zone(&[&upper, &lower]);
        if !upper.starts_with("PNRUS") {
            prop_assert_eq!(zone.number.cells(), &lower.as_bytes()[..9]);
        }
    }

    #[test]
    fn what_is_read_where_it_lies_reads_the_same_once_tidied(
        text in "[PVI][0-9A-Z<]{43}\n[0-9A-Z<]{44}|[ICAVP][0-9A-Z<]{35}\n[0-9A-Z<]{36}|I[0-9A-Z<]{29}(\n[0-9A-Z<]{30}){2}"
    ) {
        let tidied = Tidied::of(&text);
        let slow = Lines::find(&tidied).map(|lines| zone_of(&lines));
        prop_assert_eq!(read(&text), slow);
    }
}

fn zone_of(lines: &Lines<'_>) -> Zone {
    super::zone(lines)
}
