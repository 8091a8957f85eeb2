//! What callers write: zones, numbers, codes, checks, manifests; and what operators write: settings.

use std::collections::HashSet;

use portcullis::bulk::{LineFault, Lines, Manifest, RawLine};
use portcullis::config::{Settings, parse_deviations};
use portcullis::domain::{
    DocumentNumber, IssuingState, Lookalikes, code_lookalikes, mend_code, mrz as zones,
};
use portcullis::screening::{CheckRequest, Presented, Question};

use super::{Choices, assert_silent, json_strings};

const READINGS_MAX: usize = 511;
const TEN_YEARS_S: i64 = 10 * 366 * 24 * 3600;

/// Zones, numbers, codes of states, and the readings of numbers and codes.
pub fn mrz(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    zone(&text);
    number(&text);
    state(&text);
}

fn zone(text: &str) {
    let read = zones::read(text);
    assert_eq!(read, zones::read(&text.replace('\n', "\r\n")), "the sort of line break matters");
    match read {
        Ok(zone) => {
            let printed = [zone.number.cells(), &zone.issuing_state, &zone.nationality].concat();
            let known = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'<');
            assert!(printed.iter().all(known), "a zone has a character that zones don't have");
            let digits = &zone.summary().check_digits;
            assert!(digits.len() <= 5, "a zone has more check digits than any format");
            assert!(digits.iter().all(|digit| digit.ok || digit.printed != digit.computed));
            if let Some(digit) = zone.number_check_digit() {
                assert_eq!(zone.number.computed(), digit.computed);
                let own = zone.number.document_number();
                assert!(own.is_none_or(|own| !digit.ok || zone.number.satisfied_by(&own, digit.printed)));
            }
            number(std::str::from_utf8(zone.number.cells()).expect("its characters are ASCII"));
            mendings(text, &zone);
        }
        Err(fault) => assert_silent(&fault, &[text.as_bytes()]),
    }
}

/// What is told of a mending changes a printed character into another and never tells of the holder.
fn mendings(text: &str, zone: &zones::Zone) {
    let mendings = zones::mendings(text).expect("a zone that was read is read again");
    assert!(mendings.len() <= 18, "there are too many mendings");
    for mending in mendings {
        assert!(!mending.changes.is_empty(), "a mending changes nothing");
        let checked = zone.check_digits.iter().find(|digit| digit.field == mending.field);
        assert!(checked.is_none_or(|digit| !digit.ok), "a sound field is mended");
        for change in mending.changes {
            assert!(change.line >= 1 && (1..=44).contains(&change.column));
            assert!(change.characters.is_none_or(|(printed, read)| printed != read));
            if mending.field == zones::Field::DateOfBirth {
                assert_eq!(change.characters, None, "a mending tells of the date of birth");
            }
        }
    }
}

fn number(text: &str) {
    let number = match DocumentNumber::parse(text) {
        Ok(number) => number,
        Err(fault) => return assert_silent(&fault, &[text.as_bytes()]),
    };
    let len = number.as_bytes().len();
    assert!((1..=DocumentNumber::LEN_MAX).contains(&len), "a number has an impossible length");
    assert_eq!(DocumentNumber::parse(number.as_str()), Ok(number), "the normal form is no fixed point");
    assert_eq!(DocumentNumber::parse(&text.to_ascii_lowercase()), Ok(number), "case matters");
    let readings = Lookalikes::of(number);
    let complete = readings.is_complete();
    let readings: Vec<_> = readings.collect();
    assert!(readings.len() <= READINGS_MAX, "there are too many readings");
    assert_eq!(readings.iter().collect::<HashSet<_>>().len(), readings.len(), "a reading comes twice");
    for reading in &readings {
        assert!(*reading != number && reading.as_bytes().len() == len, "a reading is no other reading");
    }
    if complete {
        let back =
            readings.iter().take(4).all(|reading| Lookalikes::of(*reading).any(|other| other == number));
        assert!(back, "a number is no reading of its reading");
    }
}

fn state(text: &str) {
    if let Some(found) = IssuingState::recognise(text) {
        let own = IssuingState::recognise(found.state.code()).expect("a state's own code is known");
        assert!(own.state == found.state && !own.merged, "a state's own code stands for another");
        assert_eq!(IssuingState::from_number(found.state.number()), Some(found.state));
        assert_eq!(IssuingState::recognise(&text.to_lowercase()), Some(found), "case matters");
    }
    if let Some(mended) = mend_code(text) {
        assert!(mended != text && mended.chars().count() == text.chars().count());
        assert_eq!(mend_code(&mended), None, "a mended code needs mending");
    }
    // A zone's code has three characters, and one that is typed at most 16 bytes.
    let code: String = text.chars().take(16).collect();
    for reading in code_lookalikes(&code) {
        let changed = reading.chars().zip(code.chars()).filter(|(read, was)| read != was).count();
        assert!(changed == 1 && reading.chars().count() == code.chars().count());
    }
}

/// A check in JSON.
pub fn request(data: &[u8]) {
    let understood = json_strings(data);
    let mut contents: Vec<_> = understood.iter().map(String::as_bytes).collect();
    contents.push(data);
    let question = CheckRequest::parse(data).and_then(|request| request.into_question(&"fuzz".into()));
    match question {
        Ok(question) => assert_plain(&question),
        Err(fault) => assert_silent(&fault, &contents),
    }
}

fn assert_plain(question: &Question) {
    let number = match &question.presented {
        Presented::Mrz(text) => zones::read(text).ok().and_then(|zone| zone.number.document_number()),
        Presented::Document { number, .. } => DocumentNumber::parse(number).ok(),
    };
    let shown = format!("{:?}", question.presented);
    assert!(matches!(shown.as_str(), "Mrz(..)" | "Document(..)"), "a question shows its document");
    let asker = &question.asker;
    for word in
        [&asker.purpose, &asker.terminal, &asker.operator, &asker.client_reference].into_iter().flatten()
    {
        assert!((1..=64).contains(&word.len()) && word.is_ascii(), "a word breaks its rule");
        let bare: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        let named = number.is_some_and(|number| bare.to_ascii_uppercase().contains(number.as_str()));
        assert!(!named, "a word that is kept contains the number");
    }
    assert!(question.data_age_max.is_none_or(|age| (0..=TEN_YEARS_S).contains(&age.as_secs())));
}

/// Two cuts and the longest line, a byte each times 16; the format; then a manifest.
pub fn manifest(data: &[u8]) {
    let mut choices = Choices(data);
    let [first, second, longest, format] = choices.array();
    let text = choices.rest();
    let longest = usize::from(longest) * 16;
    let whole = lines(&[text], longest);
    assert_eq!(whole, expected_lines(text, longest), "a line is lost or changed");
    let first = (usize::from(first) * 16).min(text.len());
    let second = (first + usize::from(second)).min(text.len());
    let pieces = [&text[..first], &text[first..second], &text[second..]];
    assert!(whole == lines(&pieces, longest), "where the pieces are cut matters");
    let format = match format % 3 {
        0 => None,
        1 => Some(portcullis::bulk::Format::Csv),
        _ => Some(portcullis::bulk::Format::Ndjson),
    };
    let mut manifest = Manifest::new(format, "fuzz".into());
    for line in whole {
        let (number, bytes) = (line.number, line.bytes.clone().unwrap_or_default());
        match manifest.read(line) {
            None => assert!(
                number == 1 && format != Some(portcullis::bulk::Format::Ndjson),
                "a line is not answered"
            ),
            Some(answered) => {
                assert_eq!(answered.number, number);
                match answered.question {
                    Ok(question) => assert_plain(&question),
                    Err(fault) => {
                        let understood = json_strings(&bytes);
                        let mut contents: Vec<_> = understood.iter().map(String::as_bytes).collect();
                        contents.push(&bytes);
                        assert_silent(&fault, &contents);
                        assert_eq!(fault == LineFault::TooLong, fault.code() == "line_too_long");
                    }
                }
            }
        }
    }
}

fn lines(pieces: &[&[u8]], longest: usize) -> Vec<RawLine> {
    let mut lines = Lines::new(longest);
    let mut found = Vec::new();
    for piece in pieces {
        lines.push(piece);
        found.extend(lines.by_ref());
    }
    lines.finish();
    found.extend(lines);
    found
}

fn expected_lines(text: &[u8], longest: usize) -> Vec<RawLine> {
    let mut parts: Vec<_> = text.split(|byte| *byte == b'\n').collect();
    parts.pop_if(|last| last.is_empty());
    let line = |(part, number): (&[u8], u64)| {
        let bytes = part.strip_suffix(b"\r").unwrap_or(part);
        RawLine { number, bytes: (bytes.len() <= longest).then(|| bytes.to_vec()) }
    };
    parts.into_iter().zip(1..).map(line).collect()
}

/// The settings file.
pub fn settings(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Settings::parse(&text) {
        Ok(settings) => {
            let again = Settings::parse(&text).expect("what was read once is read again");
            assert_eq!(settings.digest(), again.digest(), "the same settings have two digests");
            assert_eq!(settings.canonical(), again.canonical(), "the same settings have two canonical texts");
        }
        Err(faults) => assert!(!faults.to_string().is_empty(), "settings are refused without a word"),
    }
    match parse_deviations(&text) {
        Ok(deviations) => assert_eq!(parse_deviations(&text), Ok(deviations)),
        Err(faults) => assert!(!faults.to_string().is_empty(), "deviations are refused without a word"),
    }
}
