//! How good the source of an alert is, and how good what it says, in the scheme in which it was graded.
//!
//! Schemes: the Admiralty code (NATO AJP-2.1), the United Kingdom's 5x5x5 and, since 2016, 3x5x2 (College of Policing, Authorised
//! Professional Practice), and Europol's 4x4 (Europol Information System handling codes).

use super::category::words;

words! {
    /// A scheme.
    GradeScheme {
        /// Source A to F, information 1 to 6: `B2`.
        Admiralty = "admiralty",
        /// Source A to E, information 1 to 5, handling 1 to 5: `B21`.
        FiveFiveFive = "5x5x5",
        /// Source 1 to 3, information A to E, handling P or C: `1AP`.
        ThreeFiveTwo = "3x5x2",
        /// Source A to C or X, information 1 to 4: `A1`.
        FourFour = "4x4",
    }
}

words! {
    /// The scale to which every scheme is brought.
    Confidence {
        /// Reliable source, and confirmed or known to it.
        High = "high",
        /// Somewhere between.
        Medium = "medium",
        /// Unreliable source, or doubtful information.
        Low = "low",
        /// Nobody can tell.
        Unknown = "unknown",
    }
}

/// A grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grade {
    scheme: GradeScheme,
    code: [u8; 3],
    len: u8,
}

/// A code that its scheme does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the grade is not one of its scheme: admiralty has A1 to F6, 5x5x5 has A11 to E55, 3x5x2 has 1AP to 3EC, 4x4 has A1 to X4"
)]
pub struct GradeFault;

impl Grade {
    /// Reads a code of a scheme.
    ///
    /// # Errors
    /// [`GradeFault`].
    pub fn parse(scheme: GradeScheme, code: &str) -> Result<Self, GradeFault> {
        let places: &[&str] = match scheme {
            GradeScheme::Admiralty => &["ABCDEF", "123456"],
            GradeScheme::FiveFiveFive => &["ABCDE", "12345", "12345"],
            GradeScheme::ThreeFiveTwo => &["123", "ABCDE", "PC"],
            GradeScheme::FourFour => &["ABCX", "1234"],
        };
        let is_one = code.len() == places.len()
            && code.bytes().zip(places).all(|(byte, place)| place.as_bytes().contains(&byte));
        if !is_one {
            return Err(GradeFault);
        }
        let mut bytes = [0; 3];
        bytes[..code.len()].copy_from_slice(code.as_bytes());
        Ok(Self { scheme, code: bytes, len: places.len() as u8 })
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> GradeScheme {
        self.scheme
    }

    /// The code, as the scheme writes it.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code[..usize::from(self.len)]).expect("codes are ASCII")
    }

    /// What it comes to.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        use Confidence::{High, Low, Medium, Unknown};
        let (source, information) = (self.code[0], self.code[1]);
        match self.scheme {
            GradeScheme::Admiralty => match (source, information) {
                (b'F', _) | (_, b'6') => Unknown,
                (b'A' | b'B', b'1' | b'2') => High,
                (b'E', _) | (_, b'5') => Low,
                (b'D', b'3' | b'4') | (_, b'4') => Low,
                _ => Medium,
            },
            GradeScheme::FiveFiveFive => match (source, information) {
                (b'E', _) | (_, b'4') => Unknown,
                (b'A' | b'B', b'1' | b'2') => High,
                (b'D', _) | (_, b'5') => Low,
                _ => Medium,
            },
            GradeScheme::ThreeFiveTwo => match (source, information) {
                (_, b'D') => Unknown,
                (b'1', b'A' | b'B') => High,
                (b'3', _) | (_, b'E') => Low,
                _ => Medium,
            },
            GradeScheme::FourFour => match (source, information) {
                (b'X', _) => Unknown,
                (b'A' | b'B', b'1' | b'2') => High,
                (b'C', b'3' | b'4') | (_, b'4') => Low,
                _ => Medium,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_has_its_codes_and_no_others() {
        let count = |scheme| {
            let characters: Vec<_> = ('0'..='9').chain('A'..='Z').collect();
            let mut count = 0;
            for first in &characters {
                for second in &characters {
                    count += usize::from(Grade::parse(scheme, &format!("{first}{second}")).is_ok());
                    for third in &characters {
                        count +=
                            usize::from(Grade::parse(scheme, &format!("{first}{second}{third}")).is_ok());
                    }
                }
            }
            count
        };
        let counts: Vec<_> = GradeScheme::ALL.iter().map(|scheme| count(*scheme)).collect();
        assert_eq!(counts, [36, 125, 30, 16]);
        for wrong in ["", "B", "B2 ", "b2", "B22"] {
            assert_eq!(Grade::parse(GradeScheme::Admiralty, wrong), Err(GradeFault), "{wrong}");
        }
    }

    #[test]
    fn every_scheme_comes_to_one_scale() {
        let confidence = |scheme, code| Grade::parse(scheme, code).unwrap().confidence();
        for (scheme, code, expected) in [
            (GradeScheme::Admiralty, "A1", Confidence::High),
            (GradeScheme::Admiralty, "C3", Confidence::Medium),
            (GradeScheme::Admiralty, "A5", Confidence::Low),
            (GradeScheme::Admiralty, "F1", Confidence::Unknown),
            (GradeScheme::FiveFiveFive, "B21", Confidence::High),
            (GradeScheme::FiveFiveFive, "A41", Confidence::Unknown),
            (GradeScheme::ThreeFiveTwo, "1AP", Confidence::High),
            (GradeScheme::ThreeFiveTwo, "2CP", Confidence::Medium),
            (GradeScheme::ThreeFiveTwo, "3AC", Confidence::Low),
            (GradeScheme::FourFour, "B2", Confidence::High),
            (GradeScheme::FourFour, "X1", Confidence::Unknown),
        ] {
            assert_eq!(confidence(scheme, code), expected, "{} {code}", scheme.word());
        }
    }

    #[test]
    fn a_better_grade_never_comes_to_less() {
        let rank = |confidence| Confidence::ALL.iter().position(|one| *one == confidence).unwrap();
        for (scheme, sources, information) in
            [(GradeScheme::Admiralty, "ABCDE", "12345"), (GradeScheme::FourFour, "ABC", "1234")]
        {
            let of = |source: u8, information: u8| {
                let code = format!("{}{}", char::from(source), char::from(information));
                rank(Grade::parse(scheme, &code).unwrap().confidence())
            };
            for source in sources.as_bytes() {
                let all: Vec<_> = information.bytes().map(|information| of(*source, information)).collect();
                assert!(all.is_sorted(), "{} {source}", scheme.word());
            }
            for information in information.bytes() {
                let all: Vec<_> = sources.bytes().map(|source| of(source, information)).collect();
                assert!(all.is_sorted(), "{} {information}", scheme.word());
            }
        }
    }
}
