//! Blanks that were stolen by the box: an interval of numbers on one row.

use crate::domain::DocumentNumber;

/// The most numbers that one row may list.
pub const RANGE_MAX: u64 = 100_000;

/// Why two numbers are no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RangeFault {
    /// They differ in more than the digits at their ends, or the last comes before the first.
    Invalid,
    /// There are more than [`RANGE_MAX`] between them.
    TooWide,
}

/// How many numbers an interval has: both ends belong to it, and they differ in the digits at their ends only.
pub(super) fn width(first: &DocumentNumber, last: &DocumentNumber) -> Result<u64, RangeFault> {
    let ((prefix, from), (same, to)) = (split(first), split(last));
    if prefix != same || first.as_bytes().len() != last.as_bytes().len() || from > to {
        return Err(RangeFault::Invalid);
    }
    let width = (to - from).saturating_add(1);
    if width > RANGE_MAX { Err(RangeFault::TooWide) } else { Ok(width) }
}

/// The number that `steps` numbers of the interval that begins with `first` come before.
pub(super) fn number_after(first: &DocumentNumber, steps: u64) -> DocumentNumber {
    let (prefix, from) = split(first);
    let (mut value, digits_at) = (from + steps, prefix.len());
    let len = first.as_bytes().len();
    let changes = (digits_at..len).rev().map(|at| {
        let digit = b'0' + (value % 10) as u8;
        value /= 10;
        (at, digit)
    });
    first.with(changes)
}

/// A number's last digits, at most 18 of them, and what stands before.
fn split(number: &DocumentNumber) -> (&[u8], u64) {
    let bytes = number.as_bytes();
    let digits = bytes.iter().rev().take_while(|byte| byte.is_ascii_digit()).take(18).count();
    let (prefix, digits) = bytes.split_at(bytes.len() - digits);
    (prefix, digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> DocumentNumber {
        DocumentNumber::parse(text).unwrap()
    }

    fn width_of(first: &str, last: &str) -> Result<u64, RangeFault> {
        width(&number(first), &number(last))
    }

    #[test]
    fn an_interval_has_both_its_ends() {
        assert_eq!(width_of("AB0998", "AB1001"), Ok(4));
        assert_eq!(width_of("AB0998", "AB0998"), Ok(1));
        let listed: Vec<_> =
            (0..4).map(|at| number_after(&number("AB0998"), at).as_str().to_owned()).collect();
        assert_eq!(listed, ["AB0998", "AB0999", "AB1000", "AB1001"]);
    }

    #[test]
    fn what_is_no_interval_or_too_wide_is_refused() {
        for (first, last) in [("AB2", "AB1"), ("AB1", "AC2"), ("AB1", "AB10"), ("ABC", "ABD"), ("1A", "2A")] {
            assert_eq!(width_of(first, last), Err(RangeFault::Invalid), "{first} {last}");
        }
        assert_eq!(width_of("A000001", "A100000"), Ok(RANGE_MAX));
        assert_eq!(width_of("A000000", "A100000"), Err(RangeFault::TooWide));
        assert_eq!(width_of(&"0".repeat(22), &"9".repeat(22)), Err(RangeFault::Invalid));
    }

    proptest! {
        #[test]
        fn the_last_number_is_as_far_as_the_interval_is_wide(prefix in "[A-Z]{0,4}", from in 0_u64..900_000, more in 0..RANGE_MAX) {
            let [first, last] = [from, from + more].map(|value| number(&format!("{prefix}{value:09}")));
            let width = width(&first, &last);
            prop_assert_eq!(width, Ok(more + 1));
            prop_assert_eq!(number_after(&first, more), last);
        }
    }
}
