//! Who issued a document.

use std::sync::LazyLock;

use super::state_table::{CODES, MERGED, NATIONALITY_ONLY, SPELLINGS};

/// A state or organisation that issues travel documents, by its number in the frozen table of the index format.
///
/// Numbers fit 9 bits: they run from 1 to at most 511.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IssuingState(u16);

/// How a code was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The state that answers for the code.
    pub state: IssuingState,
    /// The code belongs to another issuer whose listings are kept under `state`: what is found is an `alias` match.
    pub merged: bool,
}

impl IssuingState {
    /// How many states the table knows; their numbers are `1..=COUNT`.
    pub const COUNT: u16 = CODES.len() as u16;

    /// Understands a code of two or three letters, or `D`, in any case and with trailing fillers or blanks.
    ///
    /// Accepts ISO 3166-1 alpha-3 and alpha-2, the codes of ICAO Doc 9303 part 3 section 5, and retired spellings.
    /// Codes that only state a nationality (`XXA`, `XXB`, `XXC`, `XXX`) name no issuer and give `None`.
    #[must_use]
    pub fn recognise(code: &str) -> Option<Recognised> {
        BY_CODE[place(code.trim_matches(['<', ' ']).as_bytes())?]
    }

    /// Understands the field of a zone, where only Germany's code is shorter than three letters (Doc 9303 part 3
    /// section 5): two letters and a filler are three of which one was misread, and not ISO's code of two.
    #[must_use]
    pub fn of_zone(field: &[u8; 3]) -> Option<Recognised> {
        match field {
            b"D<<" => BY_CODE[place(b"D")?],
            field => BY_CODE[place(field)?],
        }
    }

    /// True for a code that says of its holder that no state calls him its national, or which does not matter
    /// (`XXA`, `XXB`, `XXC`, `XXX`).
    #[must_use]
    pub fn is_nationality_only(code: &str) -> bool {
        NATIONALITY_ONLY.contains(&code)
    }

    /// The state with a number of the table; `None` for 0 and for numbers that this version does not know.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        (1..=Self::COUNT).contains(&number).then_some(Self(number))
    }

    /// The number in the frozen table, `1..=COUNT`.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }

    /// The code that ICAO prints: three letters, or `D` for Germany.
    #[must_use]
    pub fn code(self) -> &'static str {
        CODES[usize::from(self.0) - 1]
    }

    /// Every known state, by number.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=Self::COUNT).map(Self)
    }
}

impl std::fmt::Debug for IssuingState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl std::fmt::Display for IssuingState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// Codes of one to three letters.
const PLACES: usize = 27 * 27 * 27;

/// Where a code stands among all codes; `None` if it is empty, too long, or has something else than letters.
fn place(code: &[u8]) -> Option<usize> {
    if code.is_empty() || code.len() > 3 {
        return None;
    }
    code.iter().try_fold(0, |place, byte| {
        let letter = byte.to_ascii_uppercase();
        letter.is_ascii_uppercase().then(|| place * 27 + usize::from(letter - b'A') + 1)
    })
}

static BY_CODE: LazyLock<Box<[Option<Recognised>]>> = LazyLock::new(|| {
    let own = |code: &str| {
        let at =
            CODES.iter().position(|known| *known == code).expect("every alias names a code of the table");
        IssuingState(u16::try_from(at + 1).expect("numbers fit 9 bits"))
    };
    let own_codes = CODES.iter().map(|code| (*code, Recognised { state: own(code), merged: false }));
    let spellings = SPELLINGS.iter().map(|(code, of)| (*code, Recognised { state: own(of), merged: false }));
    let merged = MERGED.iter().map(|(code, into)| (*code, Recognised { state: own(into), merged: true }));
    let mut places = vec![None; PLACES];
    for (code, found) in own_codes.chain(spellings).chain(merged) {
        let at = place(code.as_bytes()).expect("codes have one to three letters");
        assert!(places[at].replace(found).is_none(), "no code means two things");
    }
    places.into()
});

const _: () = assert!(CODES.len() < 512, "a state's number has 9 bits in an index key");

#[cfg(test)]
mod tests {
    use super::*;

    fn state(code: &str) -> Option<IssuingState> {
        IssuingState::recognise(code).map(|found| found.state)
    }

    #[test]
    fn every_code_is_read_back_and_no_code_means_two_things() {
        for known in IssuingState::all() {
            assert_eq!(state(known.code()), Some(known));
            assert_eq!(IssuingState::from_number(known.number()), Some(known));
        }
    }

    #[test]
    fn a_zone_has_no_codes_of_two_letters() {
        let of_zone = |field: &[u8; 3]| IssuingState::of_zone(field).map(|found| found.state.code());
        assert_eq!((of_zone(b"FRA"), of_zone(b"D<<")), (Some("FRA"), Some("D")));
        for field in [b"FR<", b"<FR", b"DE<", b"<<D", b"<<<", b"F1A"] {
            assert_eq!(of_zone(field), None, "{field:?}");
        }
    }

    #[test]
    fn numbers_are_frozen() {
        let frozen = [
            ("ABW", 1),
            ("D", 60),
            ("GBR", 80),
            ("RUS", 190),
            ("USA", 235),
            ("ZWE", 249),
            ("EUE", 250),
            ("UTO", 267),
            ("IAO", 268),
        ];
        for (code, number) in frozen {
            assert_eq!(state(code).map(IssuingState::number), Some(number), "{code}");
        }
    }

    #[test]
    fn every_iso_country_is_known_under_all_its_codes() {
        for country in rust_iso3166::ALL {
            assert!(state(country.alpha3).is_some(), "{}", country.alpha3);
            assert_eq!(state(country.alpha3), state(country.alpha2), "{}", country.alpha3);
        }
    }

    #[test]
    fn germany_is_one_state_however_it_is_written() {
        for code in ["D", "D<<", "d", "DEU", "DE", "de "] {
            assert_eq!(state(code).map(IssuingState::code), Some("D"), "{code}");
        }
    }

    #[test]
    fn british_nationality_codes_are_merged_into_the_united_kingdom() {
        let found = IssuingState::recognise("GBO").unwrap();
        assert_eq!((found.state.code(), found.merged), ("GBR", true));
        assert!(!IssuingState::recognise("XKX").unwrap().merged);
    }

    #[test]
    fn what_nobody_issues_under_is_no_issuer() {
        for code in ["", "<<<", "XXA", "XXB", "XXC", "XXX", "QQQ", "U", "ABCD", "DÉ", "日"] {
            assert_eq!(state(code), None, "{code}");
        }
    }
}
