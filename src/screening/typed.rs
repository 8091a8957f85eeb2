//! Numbers as people type them.

use crate::domain::{DocumentNumber, IssuingState, latin_twin, transliterate};

/// A typed number, and what it may also have been meant to be.
#[derive(Debug, Default)]
pub(super) struct TypedNumber {
    pub(super) number: Option<DocumentNumber>,
    /// The number with, or without, what seems to be a prefix. Listed ones are worth a second look.
    pub(super) alternatives: Vec<DocumentNumber>,
    /// What a list may have of it that took it from a zone's nine cells, with the fillers that separators became there.
    pub(super) cut: Option<DocumentNumber>,
    /// Full-width or Cyrillic characters were read as the Latin ones they look like.
    pub(super) homoglyphs: bool,
}

/// Words that people copy from the document's face in front of the number.
const WORDS: [&str; 19] = [
    "PASSPORT",
    "PASSEPORT",
    "PASAPORTE",
    "REISEPASS",
    "DOCUMENT",
    "DOC",
    "CARD",
    "VISA",
    "PERMIT",
    "NUMBER",
    "NUMERO",
    "NUMMER",
    "NUM",
    "SERIAL",
    "SERIES",
    "NO",
    "NR",
    "N",
    "ID",
];
/// A word of this length or more is no part of a number.
const UNMISTAKABLE_LEN: usize = 4;
/// A number is what is left of a prefix only if it is long enough to be one.
const NUMBER_LEN_MIN: usize = 5;

/// Cells of a zone's number field.
const CELLS: usize = 9;

impl TypedNumber {
    /// Reads what was typed. Separators of all sorts are left out; prefixes are recognised, the issuing state's code as
    /// typed among them.
    pub(super) fn of(text: &str, issuing_state: &str) -> Self {
        let margin = |char: char| char.is_whitespace() || char.is_control() || char == '\u{feff}';
        let given = text.trim_matches(margin);
        let is_plain = given.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if is_plain { Self::of_plain(given, issuing_state) } else { Self::of_any(given, issuing_state) }
    }

    /// Of capitals and digits alone, as nearly all numbers come, there is little else that can be meant.
    fn of_plain(text: &str, issuing_state: &str) -> Self {
        let Ok(whole) = DocumentNumber::parse(text) else { return Self::default() };
        let cut = text.get(..CELLS).filter(|_| text.len() > CELLS);
        Self {
            number: Some(whole),
            alternatives: without_code(&whole, issuing_state),
            cut: cut.and_then(|cut| DocumentNumber::parse(cut).ok()),
            homoglyphs: false,
        }
        .in_order()
    }

    fn of_any(given: &str, issuing_state: &str) -> Self {
        let mut typed = Self::default();
        let text: String = given.chars().map(|char| typed.plain(char)).collect();
        let Ok(whole) = DocumentNumber::parse(&text.replace('#', " ")) else { return typed };
        typed.number = Some(whole);
        typed.cut = cut(&text).filter(|cut| *cut != whole);
        if let Some(prefix) = Prefix::of(&text)
            && let Ok(rest) = DocumentNumber::parse(prefix.rest)
            && is_telling(&rest)
        {
            let (number, other) = if prefix.unmistakable { (rest, whole) } else { (whole, rest) };
            typed.number = Some(number);
            typed.alternatives.push(other);
        }
        typed.alternatives.extend(without_words(&text));
        typed.alternatives.extend(groups(&text));
        typed.alternatives.extend(transliterated(given));
        let read = typed.number.into_iter().chain(typed.alternatives.clone());
        let bare: Vec<_> = read.flat_map(|number| without_code(&number, issuing_state)).collect();
        typed.alternatives.extend(bare);
        typed.in_order()
    }

    fn in_order(mut self) -> Self {
        self.alternatives.sort_unstable();
        self.alternatives.dedup();
        self.alternatives.retain(|other| Some(*other) != self.number);
        self
    }

    /// One character in the alphabet of numbers, or a blank for what separates, or as it is.
    fn plain(&mut self, char: char) -> char {
        match char {
            '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
                self.homoglyphs = true;
                u8::try_from(char as u32 - '０' as u32 + u32::from(b'0')).map_or(char, char::from)
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '_' | ',' | '\'' | '’' | '\\' => ' ',
            // Marks that only ever stand between a word and a number.
            '№' => '#',
            'º' | '°' | ':' | '#' => '#',
            // Two lines are two numbers, of which nobody knows which was meant.
            char if char.is_whitespace() && !matches!(char, '\n' | '\r') => ' ',
            char => match latin_twin(char) {
                Some(twin) => {
                    self.homoglyphs = true;
                    char::from(twin)
                }
                None => char,
            },
        }
    }
}

/// What stands in front of a number.
struct Prefix<'t> {
    rest: &'t str,
    /// Nobody's number begins like that.
    unmistakable: bool,
}

impl<'t> Prefix<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (mut rest, mut unmistakable, mut found) = (text.trim_start(), false, false);
        loop {
            let word_end = rest.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (word, after) = rest.split_at(word_end);
            let mark_end = after.find(|char: char| char.is_ascii_alphanumeric()).unwrap_or(after.len());
            let (mark, next) = after.split_at(mark_end);
            let is_word = WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
            let marked = mark.contains(['#', '.']);
            if !(is_word && !mark.is_empty() || word.is_empty() && mark.contains('#')) {
                break;
            }
            unmistakable |= marked || word.len() >= UNMISTAKABLE_LEN;
            (rest, found) = (next, true);
        }
        found.then_some(Self { rest, unmistakable })
    }
}

/// What is left once every word is left out, also those within, as in `AB No 123456`.
fn without_words(text: &str) -> Option<DocumentNumber> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric());
    let is_word = |word: &str| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    let rest: String = words.filter(|word| !is_word(word)).collect();
    DocumentNumber::parse(&rest).ok().filter(is_telling)
}

/// Each of several groups that may be a number by itself: beside a second number, a word or a check digit.
fn groups(text: &str) -> impl Iterator<Item = DocumentNumber> {
    let groups =
        text.split(|char: char| !char.is_ascii_alphanumeric()).filter(|group| group.len() < text.len());
    groups.filter_map(|group| DocumentNumber::parse(group).ok()).filter(is_telling)
}

/// The characters in the first nine cells, if more cells than that would be filled.
fn cut(text: &str) -> Option<DocumentNumber> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let cells = words.collect::<Vec<_>>().join("<");
    cells.get(..CELLS).filter(|_| cells.len() > CELLS).and_then(|cells| DocumentNumber::parse(cells).ok())
}

/// The number with its Cyrillic letters by their sound, as zones and some lists have them, and not by their looks.
fn transliterated(text: &str) -> Option<DocumentNumber> {
    let mut latin = String::new();
    transliterate(text, &mut latin);
    (latin != text).then(|| DocumentNumber::parse(&latin).ok()).flatten()
}

/// The number without a code of the issuing state in front, in any of the ways to write it.
fn without_code(number: &DocumentNumber, issuing_state: &str) -> Vec<DocumentNumber> {
    let state = |code: &str| IssuingState::recognise(code).map(|found| found.state);
    let issuer = state(issuing_state);
    let rest = |len: usize| {
        let (code, rest) = number.as_str().split_at_checked(len)?;
        DocumentNumber::parse(rest)
            .ok()
            .filter(|rest| issuer.is_some() && state(code) == issuer && is_telling(rest))
    };
    (1..=3).filter_map(rest).collect()
}

fn is_telling(number: &DocumentNumber) -> bool {
    number.as_bytes().len() >= NUMBER_LEN_MIN && number.as_bytes().iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> (Option<String>, Vec<String>) {
        let typed = TypedNumber::of(text, "UTO");
        let words = |number: DocumentNumber| number.as_str().to_owned();
        (typed.number.map(words), typed.alternatives.into_iter().map(words).collect())
    }

    #[test]
    fn separators_of_every_sort_are_left_out() {
        for text in
            ["L898902C3", "l 898-902/c.3", "L898902–C3", "L\u{a0}898_902,C3", "L898902\tC3\r\n", "Ｌ898902С3"]
        {
            assert_eq!(read(text).0.as_deref(), Some("L898902C3"), "{text}");
        }
    }

    #[test]
    fn an_unmistakable_prefix_is_left_out_and_the_whole_is_asked_besides() {
        for (text, whole) in [
            ("No. L898902C3", "NOL898902C3"),
            ("№ L898902C3", "L898902C3"),
            ("Nº L898902C3", "NL898902C3"),
            ("Passport No: L898902C3", "PASSPORTNOL898902C3"),
            ("passport L898902C3", "PASSPORTL898902C3"),
        ] {
            let (number, _) = read(text);
            assert_eq!(number.as_deref(), Some("L898902C3"), "{text} of {whole}");
        }
    }

    #[test]
    fn what_may_be_a_prefix_or_a_part_of_the_number_is_asked_both_ways() {
        assert_eq!(read("NO 1234567"), (Some("NO1234567".into()), vec!["1234567".into()]));
        assert_eq!(
            read("AB No 123456"),
            (Some("ABNO123456".into()), vec!["123456".into(), "AB123456".into()])
        );
        assert_eq!(read("UTO1234567"), (Some("UTO1234567".into()), vec!["1234567".into()]));
    }

    #[test]
    fn of_several_groups_each_that_may_be_a_number_is_asked_too() {
        for text in
            ["A1234567, B7654321", "A1234567\tB7654321", "A1234567:B7654321", "A1234567\u{2028}B7654321"]
        {
            let others = read(text).1;
            assert!(others.contains(&"A1234567".into()) && others.contains(&"B7654321".into()), "{text}");
        }
        for text in ["A1234567 UTO", "A1234567<7", "PP A1234567", "PassportNo A1234567", "Serie A1234567"] {
            let (number, others) = read(text);
            assert!(number.into_iter().chain(others).any(|number| number == "A1234567"), "{text}");
        }
    }

    #[test]
    fn cyrillic_letters_are_asked_by_their_looks_and_by_their_sound() {
        assert_eq!(read("СН123456"), (Some("CH123456".into()), vec!["SN123456".into()]));
    }

    #[test]
    fn a_code_of_the_issuer_is_taken_off_however_it_is_written() {
        for (text, code) in [
            ("GBR123456789", "GB"),
            ("GBR123456789", "GBO"),
            ("GB123456789", "GBR"),
            ("DEU123456789", "D"),
            ("D<<123456789", "D"),
            ("D 123456789", "DE"),
        ] {
            let typed = TypedNumber::of(text, code);
            let bare = DocumentNumber::parse("123456789").unwrap();
            assert!(typed.alternatives.contains(&bare), "{text} of {code}");
        }
    }

    #[test]
    fn a_number_that_only_begins_like_a_word_is_left_alone() {
        for text in ["NO1234567", "ID99887766", "N123", "CARD", "UTO1"] {
            assert_eq!(read(text), (Some(text.into()), vec![]), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_number_is_read_the_short_way_as_it_would_be_the_long_way(
            text in "(NO|ID|CARD|UTO|PASSPORT|[A-Z]{0,3})[0-9A-Z]{0,24}",
            issuing_state in "UTO|D|GB|GBR|[A-Z]{1,3}",
        ) {
            let read = |typed: TypedNumber| (typed.number, typed.alternatives, typed.cut, typed.homoglyphs);
            let short = read(TypedNumber::of_plain(&text, &issuing_state));
            prop_assert_eq!(short, read(TypedNumber::of_any(&text, &issuing_state)));
        }

        #[test]
        fn no_text_breaks_the_reader_and_a_number_in_normal_form_is_itself(text in "\\PC{0,40}") {
            let typed = TypedNumber::of(&text, &text);
            prop_assert!(typed.alternatives.iter().all(|other| Some(*other) != typed.number));
            if let Some(number) = typed.number {
                prop_assert_eq!(TypedNumber::of(number.as_str(), "UTO").number, Some(number));
            }
        }
    }
}
