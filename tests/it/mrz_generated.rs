//! Zones of every format, sound and damaged in every way, against what is known of them.

use portcullis::domain::mrz::{self, Field, Format, MrzFault};

use crate::support::zones::{Chance, Made};

const ZONES: u64 = 400;

fn made() -> impl Iterator<Item = Made> {
    (0..ZONES).flat_map(|seed| {
        Format::ALL.into_iter().zip(0..).map(move |(format, at)| Chance(seed * 97 + at).zone(format))
    })
}

/// The zone with one cell changed; line and column count from 1.
fn with_cell(made: &Made, line: usize, column: usize, cell: char) -> String {
    let mut lines = made.lines.clone();
    lines[line - 1].replace_range(column - 1..column, &cell.to_string());
    lines.join("\n")
}

fn cell(made: &Made, line: usize, column: usize) -> char {
    char::from(made.lines[line - 1].as_bytes()[column - 1])
}

/// Where each check digit stands: line, column, what it covers.
fn digits(made: &Made) -> Vec<(usize, usize, Field)> {
    use Field::{Composite, DateOfBirth, DateOfExpiry, Number, PersonalNumber};
    let is_long = made.number.len() > 9 && made.format != Format::FrenchId;
    let mut digits = match made.format {
        Format::Td1 => vec![(1, 15, Number), (2, 7, DateOfBirth), (2, 15, DateOfExpiry), (2, 30, Composite)],
        Format::Td2 => vec![(2, 10, Number), (2, 20, DateOfBirth), (2, 28, DateOfExpiry), (2, 36, Composite)],
        Format::Td3 => vec![
            (2, 10, Number),
            (2, 20, DateOfBirth),
            (2, 28, DateOfExpiry),
            (2, 43, PersonalNumber),
            (2, 44, Composite),
        ],
        Format::MrvA | Format::MrvB | Format::SlovakId => {
            vec![(2, 10, Number), (2, 20, DateOfBirth), (2, 28, DateOfExpiry)]
        }
        Format::FrenchId => vec![(2, 13, Number), (2, 34, DateOfBirth), (2, 36, Composite)],
        Format::SwissLicence | Format::FrenchLicence => vec![],
    };
    if is_long {
        digits[0] = match made.format {
            Format::Td1 => (1, 16 + made.number.len() - 9, Number),
            _ => (2, 29 + made.number.len() - 9, Number),
        };
    }
    digits
}

#[test]
fn sound_zones_of_every_format_are_read_as_what_they_are() {
    for made in made() {
        let zone = mrz::read(&made.text()).unwrap();
        let number = zone.number.document_number().unwrap();
        let code = |field: [u8; 3]| String::from_utf8(field.to_vec()).unwrap().trim_matches('<').to_owned();
        assert_eq!(
            (
                zone.format,
                number.as_str(),
                code(zone.issuing_state).as_str(),
                code(zone.nationality).as_str()
            ),
            (made.format, made.number.as_str(), made.state, made.nationality.trim_matches('<')),
            "{made:?}"
        );
        assert_eq!(zone.check_digits.len(), digits(&made).len(), "{made:?}");
        assert!(zone.check_digits.iter().all(|digit| digit.ok), "{made:?} {zone:?}");
        assert_eq!(mrz::mendings(&made.text()), Ok(vec![]), "{made:?}");
    }
}

#[test]
fn the_specimens_are_read_as_what_their_publishers_say() {
    let specimens: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../golden/mrz-specimens.json")).unwrap();
    assert!(specimens.len() > 15);
    for specimen in specimens {
        let lines: Vec<_> =
            specimen["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let zone = mrz::read(&lines.join("\n")).unwrap();
        let format = specimen["format"].as_str().unwrap().replace("FRID", "FRENCH_ID");
        assert_eq!(zone.format.word(), format, "{specimen}");
        assert_eq!(
            zone.number.document_number().unwrap().as_str(),
            specimen["document_number"],
            "{specimen}"
        );
        let state = String::from_utf8(zone.issuing_state.to_vec()).unwrap();
        assert_eq!(state.trim_matches('<'), specimen["issuing_state"], "{specimen}");
        assert!(zone.check_digits.iter().all(|digit| digit.ok), "{specimen}");
    }
}

#[test]
fn a_wrong_digit_is_reported_at_its_field() {
    for made in made() {
        for (line, column, field) in digits(&made) {
            let was = cell(&made, line, column).to_digit(10).unwrap_or(0);
            let wrong = char::from_digit((was + 1) % 10, 10).unwrap();
            let zone = mrz::read(&with_cell(&made, line, column, wrong)).unwrap();
            let digit = zone.check_digits.iter().find(|digit| digit.field == field).unwrap();
            // A long number's digit is right again if it satisfies the other rule.
            let other_rule = field == Field::Number && zone.number.long_rule(digit.printed).is_some();
            assert!(!digit.ok || other_rule, "{field:?} of {made:?}");
        }
    }
}

#[test]
fn a_changed_character_of_a_number_is_seen_unless_arithmetic_hides_it() {
    for (made, seed) in made().zip(0..) {
        let Some((line, column, _)) = digits(&made).first().copied() else { continue };
        let first = match made.format {
            Format::Td1 => 6,
            _ => 1,
        };
        let mut chance = Chance(seed);
        let at = first + chance.below(made.number.len().min(9));
        let (was, is) = (cell(&made, line, at), chance.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1));
        let is = is.chars().next().unwrap();
        let hidden = was.to_digit(36).unwrap() % 10 == is.to_digit(36).unwrap() % 10;
        let zone = mrz::read(&with_cell(&made, line, at, is)).unwrap();
        let digit = zone.number_check_digit().unwrap();
        let other_rule = zone.number.long_rule(digit.printed).is_some();
        assert!(digit.ok == hidden || other_rule, "column {at} of {made:?}, digit at {column}");
    }
}

#[test]
fn a_look_alike_in_a_number_is_among_the_mendings() {
    for made in made().filter(|made| made.number.len() <= 9 && made.format != Format::FrenchLicence) {
        let Some((line, _, _)) = digits(&made).first().copied() else { continue };
        let first = if made.format == Format::Td1 { 6 } else { 1 };
        for (at, char) in made.number.char_indices() {
            let twin = match char {
                '0' => 'O',
                '5' => 'S',
                '8' => 'B',
                'Z' => '2',
                'G' => '6',
                _ => continue,
            };
            let text = with_cell(&made, line, first + at, twin);
            if mrz::read(&text).unwrap().number_check_digit().unwrap().ok {
                continue;
            }
            let mendings = mrz::mendings(&text).unwrap();
            let right = mendings.iter().any(|mending| {
                mending.field == Field::Number
                    && matches!(mending.changes[..], [change] if change.column == first + at
                        && change.characters == Some((twin as u8, char as u8)))
            });
            assert!(right, "{twin} for {char} at {at} of {made:?}: {mendings:?}");
        }
    }
}

#[test]
fn a_zone_that_lost_or_gained_a_line_or_a_character_is_no_other_zone() {
    for made in made() {
        let mut short = made.lines.clone();
        short.last_mut().unwrap().pop();
        let mut long = made.lines.clone();
        long.last_mut().unwrap().push('<');
        for text in [short.join("\n"), long.join("\n")] {
            assert!(mrz::read(&text).is_err(), "{text}");
        }
        if made.lines.len() > 1 {
            let lost = made.lines[1..].join("\n");
            // The last two lines of a card are no zone of two lines.
            assert!(
                matches!(mrz::read(&lost), Err(MrzFault::Lines { .. } | MrzFault::Length { .. })),
                "{made:?}"
            );
        }
    }
}

#[test]
fn the_way_a_text_is_sent_changes_nothing_but_the_notes() {
    for made in made() {
        let clean = mrz::read(&made.text()).unwrap();
        let joined = made.lines.concat();
        let licence = made.format == Format::FrenchLicence;
        for text in [
            made.text().to_lowercase(),
            made.lines.join("\r\n"),
            format!("\u{2}{}\u{3}\r\n", made.lines.join("\r")),
            format!("]Q3{}", made.text()),
            made.lines.join(" \n\t "),
            if licence { made.text() } else { joined },
            format!("{}\nport-3", made.text()),
        ] {
            let read = mrz::read(&text).unwrap_or_else(|fault| panic!("{fault}: {text}"));
            assert_eq!(mrz::Zone { notes: clean.notes, ..read }, clean, "{text}");
        }
    }
}

#[test]
fn an_alien_character_is_named_by_its_place() {
    for made in made() {
        let text = with_cell(&made, made.lines.len(), 4, '*');
        assert_eq!(
            mrz::read(&text),
            Err(MrzFault::Character { line: made.lines.len(), column: 4 }),
            "{text}"
        );
    }
}
