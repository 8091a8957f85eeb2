//! Zones against parsers that others wrote: the crate `mrz`, PyPI's `mrz` and npm's `mrz`.
//!
//! `tests/run` installs the latter two and says where in `PORTCULLIS_ORACLES`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use portcullis::domain::mrz::{self, CheckDigit, Field, Format, Zone};
use serde_json::Value;

use crate::support::zones::{Chance, Made};

const ZONES: u64 = 150;

/// The formats that other parsers know.
const KNOWN: [Format; 5] = [Format::Td1, Format::Td2, Format::Td3, Format::MrvA, Format::MrvB];

/// Sound zones, and zones with a wrong character anywhere in the line that has the number.
fn zones() -> Vec<Made> {
    let mut zones = Vec::new();
    for seed in 0..ZONES {
        for format in KNOWN {
            let sound = Chance(seed * 31 + 5).zone(format);
            let mut chance = Chance(seed);
            let line = if format == Format::Td1 { chance.below(2) } else { 1 };
            let mut damaged = sound.clone();
            let at = 5 + chance.below(damaged.lines[line].len() - 5);
            let cell = chance.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1);
            damaged.lines[line].replace_range(at..=at, &cell);
            zones.extend([sound, damaged]);
        }
    }
    zones
}

fn number(zone: &Zone) -> String {
    zone.number.document_number().map(|number| number.as_str().to_owned()).unwrap_or_default()
}

fn sound(zone: &Zone) -> bool {
    zone.check_digits.iter().all(|digit| digit.ok)
}

#[test]
fn what_the_crate_mrz_accepts_is_accepted_with_the_same_number() {
    let mut accepted = 0;
    for made in zones() {
        let line = |at: usize| made.lines[at].as_str();
        let theirs = match made.format {
            Format::Td1 => ::mrz::parse_td1(line(0), line(1), line(2)),
            Format::Td2 => ::mrz::parse_td2(line(0), line(1)),
            Format::Td3 => ::mrz::parse_td3(line(0), line(1)),
            Format::MrvA => ::mrz::parse_mrv_a(line(0), line(1)),
            _ => ::mrz::parse_mrv_b(line(0), line(1)),
        };
        let Some(theirs) = theirs.ok().filter(::mrz::MrzData::checksum_consistent) else { continue };
        let ours = mrz::read(&made.text()).unwrap();
        // The crate takes a filler for a zero behind a personal number that is there, which Doc 9303 part 4 does not.
        let filler = |digit: &CheckDigit| digit.field == Field::PersonalNumber && digit.printed == b'<';
        assert!(ours.check_digits.iter().all(|digit| digit.ok || filler(digit)), "{made:?}");
        assert_eq!(number(&ours), theirs.full_document_number().replace('<', ""), "{made:?}");
        accepted += 1;
    }
    assert!(accepted > 600, "only {accepted} zones were compared");
}

#[test]
fn what_the_python_package_accepts_is_accepted_with_the_same_number() {
    let script = ["tests/oracles/mrz_oracle.py"];
    let zones = zones();
    let said = ask(Command::new("python3").args(script).env("PYTHONPATH", oracles().join("python")), &zones);
    let mut accepted = 0;
    for (made, theirs) in zones.iter().zip(said).filter(|(_, theirs)| theirs["accepted"] == true) {
        let ours = mrz::read(&made.text()).unwrap();
        assert!(sound(&ours), "{made:?}");
        // The package does not know that numbers may go on in the optional data, and gives their first nine characters.
        let expected = theirs["number"].as_str().unwrap();
        assert!(number(&ours) == expected || number(&ours).len() > 9, "{made:?}: {expected}");
        accepted += 1;
    }
    assert!(accepted > 300, "only {accepted} zones were compared");
}

#[test]
fn check_digit_by_check_digit_the_node_package_says_the_same() {
    let zones = zones();
    let said =
        ask(Command::new("node").arg("tests/oracles/mrz_oracle.mjs").arg(oracles().join("node")), &zones);
    let mut compared = 0;
    for (made, theirs) in zones.iter().zip(said) {
        let ours = mrz::read(&made.text()).unwrap();
        for digit in ours.check_digits.iter() {
            let name = match digit.field {
                Field::Number => "documentNumberCheckDigit",
                Field::DateOfBirth => "birthDateCheckDigit",
                Field::DateOfExpiry => "expirationDateCheckDigit",
                Field::PersonalNumber => "personalNumberCheckDigit",
                _ => "compositeCheckDigit",
            };
            let Some(valid) = theirs["digits"][name].as_bool() else { continue };
            // The package knows one of the two rules for numbers of more than nine characters.
            if digit.field == Field::Number && number(&ours).len() > 9 {
                continue;
            }
            assert_eq!(digit.ok, valid, "{name} of {made:?}: {theirs}");
            compared += 1;
        }
    }
    assert!(compared > 3000, "only {compared} digits were compared");
}

fn oracles() -> PathBuf {
    std::env::var_os("PORTCULLIS_ORACLES").expect("tests/run installs the oracles and says where").into()
}

fn ask(command: &mut Command, zones: &[Made]) -> Vec<Value> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let questions: String =
        zones.iter().map(|made| format!("{} {}\n", made.format.word(), made.lines.join(" "))).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(questions.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), zones.len(), "the oracle did not answer every zone");
    answers
}
