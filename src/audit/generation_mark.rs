//! Which generation an entry was decided on.

use std::fmt;

use super::base64url;
use crate::domain::GenerationId;

/// Names a generation in an entry: its number, and enough of its digest to tell it from another of that
/// number, since numbers begin anew with an index that is begun anew.
///
/// Written as `<number>:<the 16 bytes, base64url without padding>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GenerationMark {
    /// The generation's number.
    pub number: u64,
    /// The first 16 bytes of the SHA-256 of the generation's file.
    pub digest_start: [u8; 16],
}

impl GenerationMark {
    /// Reads what `Display` writes; `None` for anything else, also for another spelling of the same.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (number, start) = text.split_once(':')?;
        let mark = Self { number: number.parse().ok()?, digest_start: base64url::decode(start)? };
        // A sign or leading zeros would be a second spelling.
        (mark.number.to_string() == number).then_some(mark)
    }
}

impl From<GenerationId> for GenerationMark {
    fn from(id: GenerationId) -> Self {
        Self { number: id.number, digest_start: std::array::from_fn(|at| id.digest.0[at]) }
    }
}

impl fmt::Display for GenerationMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, base64url::encode(&self.digest_start))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_second_spelling_is_refused() {
        let start = "A".repeat(22);
        assert!(GenerationMark::parse(&format!("7:{start}")).is_some());
        for text in ["", "7", "7:", ":AAAA", "7:AAAA"] {
            assert_eq!(GenerationMark::parse(text), None, "{text}");
        }
        for number in ["07", "+7", "-7", " 7", "18446744073709551616", "7:7"] {
            assert_eq!(GenerationMark::parse(&format!("{number}:{start}")), None, "{number}");
        }
    }

    proptest! {
        #[test]
        fn a_mark_is_read_back(number: u64, digest_start: [u8; 16]) {
            let mark = GenerationMark { number, digest_start };
            prop_assert_eq!(GenerationMark::parse(&mark.to_string()), Some(mark));
        }
    }
}
