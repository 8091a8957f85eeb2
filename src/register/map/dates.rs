//! Days as publishers write them.

use jiff::civil::Date;

use crate::register::RejectReason;

/// How a publisher writes days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DayPattern(Vec<Token>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Year,
    /// Strictly of two digits, or of one or two.
    Month {
        strict: bool,
    },
    Day {
        strict: bool,
    },
    Char(u8),
    /// Whatever follows.
    Rest,
}

impl DayPattern {
    /// `YYYY-MM-DD`, as in Portcullis's own formats.
    pub(super) fn iso() -> Self {
        Self::parse("yyyy-mm-dd").expect("the pattern is right")
    }

    /// Reads a pattern: `yyyy`, `mm` and `dd` for so many digits, `m` and `d` for one or two, `*` at the end for
    /// whatever follows, and any other ASCII character for itself. Each of year, month and day occurs once.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut tokens = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, after @ ..] = rest {
            let run = rest.iter().take_while(|byte| *byte == first).count();
            let (token, len) = match (first, run) {
                (b'y', 4) => (Token::Year, 4),
                (b'm', 1 | 2) => (Token::Month { strict: run == 2 }, run),
                (b'd', 1 | 2) => (Token::Day { strict: run == 2 }, run),
                (b'*', 1) if after.is_empty() => (Token::Rest, 1),
                (b'y' | b'm' | b'd' | b'*', _) => return None,
                (other, _) if other.is_ascii() && !other.is_ascii_alphanumeric() || *other == b'T' => {
                    (Token::Char(*other), 1)
                }
                _ => return None,
            };
            tokens.push(token);
            rest = &rest[len..];
        }
        let once = |wanted: fn(&Token) -> bool| tokens.iter().filter(|token| wanted(token)).count() == 1;
        let whole = once(|token| matches!(token, Token::Year))
            && once(|token| matches!(token, Token::Month { .. }))
            && once(|token| matches!(token, Token::Day { .. }));
        whole.then_some(Self(tokens))
    }

    /// The day that a text says; an empty text is no day.
    pub(super) fn day(&self, text: &str) -> Result<Option<Date>, RejectReason> {
        if text.is_empty() {
            return Ok(None);
        }
        let (mut year, mut month, mut day) = (0, 0, 0);
        let mut rest = text.as_bytes();
        for token in &self.0 {
            match token {
                Token::Year => year = number(&mut rest, 4, true)?,
                Token::Month { strict } => month = number(&mut rest, 2, *strict)?,
                Token::Day { strict } => day = number(&mut rest, 2, *strict)?,
                Token::Char(char) => match rest.split_first() {
                    Some((first, after)) if first == char => rest = after,
                    _ => return Err(RejectReason::DateInvalid),
                },
                Token::Rest => rest = &[],
            }
        }
        let small = |number: i16| i8::try_from(number).ok();
        let date = small(month).zip(small(day)).and_then(|(month, day)| Date::new(year, month, day).ok());
        match date.filter(|_| rest.is_empty()) {
            None => Err(RejectReason::DateInvalid),
            Some(date) if (1900..=2200).contains(&date.year()) => Ok(Some(date)),
            Some(_) => Err(RejectReason::DateOutOfRange),
        }
    }
}

/// Takes a number of up to `len` digits off the front; strictly, of that many.
fn number(rest: &mut &[u8], len: usize, strict: bool) -> Result<i16, RejectReason> {
    let digits = rest.iter().take(len).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || (strict && digits < len) {
        return Err(RejectReason::DateInvalid);
    }
    let (number, after) = rest.split_at(digits);
    *rest = after;
    Ok(number.iter().fold(0, |value, digit| value * 10 + i16::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_read_strictly_and_within_their_range() {
        let day = |text| DayPattern::iso().day(text);
        assert_eq!(day(""), Ok(None));
        assert_eq!(day("2024-02-29"), Ok(Some(date(2024, 2, 29))));
        assert_eq!(day("1900-01-01"), Ok(Some(date(1900, 1, 1))));
        assert_eq!(day("2200-12-31"), Ok(Some(date(2200, 12, 31))));
        for text in ["1899-12-31", "2201-01-01", "0000-01-01"] {
            assert_eq!(day(text), Err(RejectReason::DateOutOfRange), "{text}");
        }
        for text in [
            "2023-02-29",
            "2023-2-29",
            "2023-13-01",
            "2023-00-10",
            "20230101",
            "01.02.2023",
            " 2023-01-01",
            "2023-01-011",
        ] {
            assert_eq!(day(text), Err(RejectReason::DateInvalid), "{text}");
        }
    }

    #[test]
    fn patterns_say_how_publishers_write_days() {
        for (pattern, text) in [
            ("d.m.yyyy", "1.9.2019"),
            ("d.m.yyyy", "01.09.2019"),
            ("m/d/yyyy", "9/1/2019"),
            ("yyyymmdd", "20190901"),
            ("yyyy-mm-dd*", "2019-09-01T12:30:00"),
            ("yyyy-mm-ddT*", "2019-09-01T"),
            ("dd mm yyyy", "01 09 2019"),
        ] {
            let found = DayPattern::parse(pattern).unwrap().day(text);
            assert_eq!(found, Ok(Some(date(2019, 9, 1))), "{pattern} {text}");
        }
        for pattern in
            ["", "yyyy-mm", "yy-mm-dd", "yyyy-mm-dd-dd", "yyyy*mm-dd", "yyyy-mmm-dd", "yyyy-mm-dd at"]
        {
            assert_eq!(DayPattern::parse(pattern), None, "{pattern}");
        }
        let strict = DayPattern::parse("dd.mm.yyyy").unwrap();
        assert_eq!(strict.day("1.9.2019"), Err(RejectReason::DateInvalid));
    }

    proptest! {
        #[test]
        fn a_day_that_is_written_is_read(year in 1900_i16..=2200, month in 1_i8..=12, day in 1_i8..=28) {
            let pattern = DayPattern::parse("d.m.yyyy").unwrap();
            let expected = Ok(Some(date(year, month, day)));
            prop_assert_eq!(pattern.day(&format!("{day}.{month}.{year}")), expected);
        }

        #[test]
        fn any_text_is_a_day_or_a_fault(text in "\\PC{0,20}") {
            let _ = DayPattern::parse("d.m.yyyy*").unwrap().day(&text);
            let _ = DayPattern::parse(&text);
        }
    }
}
