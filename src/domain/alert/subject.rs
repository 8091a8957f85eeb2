//! What an alert is about.

use std::fmt;

use crate::domain::{DocumentId, DocumentNumber, IssuingState};

/// What an alert is about. `Debug` shows its shape only: numbers are personal data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One document.
    Document(DocumentId),
    /// Numbers that follow one another, such as those of stolen blanks.
    Interval(Interval),
}

/// Numbers of one state and one length, from one to another, both among them. Digits come before letters. Between two numbers of
/// digits alone stand numbers of digits alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    issuing_state: IssuingState,
    from: DocumentNumber,
    to: DocumentNumber,
}

/// Why numbers are no interval. Never repeats one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntervalFault {
    /// They have not the same length.
    #[error("from and to must have the same number of characters")]
    Length,
    /// The first comes after the last.
    #[error("from must not come after to")]
    Order,
    /// A prefix as long as the numbers that begin with it, or longer, or numbers longer than any document's.
    #[error("length must be greater than that of the prefix, and at most 22")]
    Prefix,
}

impl Interval {
    /// The numbers from one to another.
    ///
    /// # Errors
    /// [`IntervalFault`].
    pub fn new(
        issuing_state: IssuingState,
        from: DocumentNumber,
        to: DocumentNumber,
    ) -> Result<Self, IntervalFault> {
        match (from.as_bytes(), to.as_bytes()) {
            (from, to) if from.len() != to.len() => Err(IntervalFault::Length),
            (from, to) if from > to => Err(IntervalFault::Order),
            _ => Ok(Self { issuing_state, from, to }),
        }
    }

    /// The numbers of so many characters that begin with a prefix, whatever follows it.
    ///
    /// # Errors
    /// [`IntervalFault::Prefix`].
    pub fn of_prefix(
        issuing_state: IssuingState,
        prefix: DocumentNumber,
        length: usize,
    ) -> Result<Self, IntervalFault> {
        let free = length.checked_sub(prefix.as_bytes().len()).filter(|free| *free > 0);
        let free = free.ok_or(IntervalFault::Prefix)?;
        let filled = |with: u8| {
            let characters = [prefix.as_bytes(), &vec![with; free]].concat();
            DocumentNumber::of_characters(&characters).ok_or(IntervalFault::Prefix)
        };
        Self::new(issuing_state, filled(b'0')?, filled(b'Z')?)
    }

    /// Whether a document is one of them.
    #[must_use]
    pub fn contains(&self, document: &DocumentId) -> bool {
        let (number, from, to) = (document.number.as_bytes(), self.from.as_bytes(), self.to.as_bytes());
        let digits = |number: &[u8]| number.iter().all(u8::is_ascii_digit);
        document.issuing_state == self.issuing_state
            && number.len() == from.len()
            && (from..=to).contains(&number)
            && (digits(number) || !(digits(from) && digits(to)))
    }

    /// The state.
    #[must_use]
    pub fn issuing_state(&self) -> IssuingState {
        self.issuing_state
    }

    /// The first number.
    #[must_use]
    pub fn from(&self) -> &DocumentNumber {
        &self.from
    }

    /// The last number.
    #[must_use]
    pub fn to(&self) -> &DocumentNumber {
        &self.to
    }
}

impl Subject {
    /// Whether it is about a document.
    #[must_use]
    pub fn concerns(&self, document: &DocumentId) -> bool {
        match self {
            Self::Document(one) => one == document,
            Self::Interval(interval) => interval.contains(document),
        }
    }

    /// Whose documents it is about.
    #[must_use]
    pub fn issuing_state(&self) -> IssuingState {
        match self {
            Self::Document(document) => document.issuing_state,
            Self::Interval(interval) => interval.issuing_state,
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Document(_) => "Document(..)",
            Self::Interval(_) => "Interval(..)",
        })
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interval(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utopia() -> IssuingState {
        IssuingState::recognise("UTO").unwrap().state
    }

    fn number(text: &str) -> DocumentNumber {
        DocumentNumber::parse(text).unwrap()
    }

    fn contains(interval: &Interval, text: &str) -> bool {
        interval.contains(&DocumentId { issuing_state: utopia(), number: number(text) })
    }

    #[test]
    fn an_interval_has_its_ends_and_what_is_between_of_the_same_length() {
        let interval = Interval::new(utopia(), number("C0098"), number("C01A2")).unwrap();
        for (text, expected) in [
            ("C0098", true),
            ("C0099", true),
            ("C009Z", true),
            ("C00Z0", true),
            ("C01A2", true),
            ("C01A3", false),
            ("C0097", false),
            ("C00980", false),
            ("C009", false),
        ] {
            assert_eq!(contains(&interval, text), expected, "{text}");
        }
        let elsewhere = IssuingState::recognise("D").unwrap().state;
        let other = DocumentId { issuing_state: elsewhere, number: number("C0099") };
        assert!(!interval.contains(&other));
    }

    #[test]
    fn between_digits_stand_digits_alone() {
        let interval = Interval::new(utopia(), number("0001000"), number("0001999")).unwrap();
        assert!(contains(&interval, "0001500") && !contains(&interval, "00010A0"));
    }

    #[test]
    fn a_prefix_is_an_interval_of_everything_that_may_follow() {
        let interval = Interval::of_prefix(utopia(), number("AB"), 4).unwrap();
        assert_eq!((interval.from().as_str(), interval.to().as_str()), ("AB00", "ABZZ"));
        assert!(contains(&interval, "AB7Q") && !contains(&interval, "AC00") && !contains(&interval, "AB7"));
        for length in [0, 1, 2, 23] {
            assert_eq!(Interval::of_prefix(utopia(), number("AB"), length), Err(IntervalFault::Prefix));
        }
        // Whatever follows digits may be a letter.
        assert!(contains(&Interval::of_prefix(utopia(), number("12"), 4).unwrap(), "12A0"));
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        let fault = |from, to| Interval::new(utopia(), number(from), number(to)).unwrap_err();
        assert_eq!(fault("A1", "A12"), IntervalFault::Length);
        assert_eq!(fault("A2", "A1"), IntervalFault::Order);
        assert_eq!(fault("AA", "A9"), IntervalFault::Order);
    }

    proptest! {
        #[test]
        fn numbers_are_in_an_interval_as_their_values_are(
            digits in prop::collection::vec(0_u64..1_000_000, 3),
        ) {
            let [from, to, asked] = [digits[0].min(digits[1]), digits[0].max(digits[1]), digits[2]];
            let text = |value: u64| number(&format!("{value:06}"));
            let interval = Interval::new(utopia(), text(from), text(to)).unwrap();
            let document = DocumentId { issuing_state: utopia(), number: text(asked) };
            prop_assert_eq!(interval.contains(&document), (from..=to).contains(&asked));
        }
    }
}
