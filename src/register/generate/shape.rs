//! Shapes of document numbers.

use crate::domain::DocumentNumber;

/// A shape: the characters that each position of a number may have. The numbers of a shape are counted from 0 with the
/// last position running fastest, so that consecutive blanks have consecutive numbers.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    positions: Vec<Vec<u8>>,
    capacity: u64,
}

impl Shape {
    /// Reads a shape of the table: `\d`, sets such as `[A-C0-9]` and literal characters, each with an optional `{n}`.
    ///
    /// # Panics
    /// If the pattern is wrong: patterns are our own.
    pub(super) fn new(pattern: &str) -> Self {
        let mut positions: Vec<Vec<u8>> = Vec::new();
        let mut rest = pattern;
        while !rest.is_empty() {
            let (set, after) = one_set(rest);
            let (times, after) = match after.strip_prefix('{').and_then(|after| after.split_once('}')) {
                Some((times, after)) => (times.parse().expect("a count in braces"), after),
                None => (1, after),
            };
            positions.extend(std::iter::repeat_n(set, times));
            rest = after;
        }
        assert!((1..=DocumentNumber::LEN_MAX).contains(&positions.len()), "{pattern}");
        let capacity = positions.iter().map(|set| set.len() as u64).product();
        Self { positions, capacity }
    }

    /// How many numbers have this shape.
    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The number that `rank` numbers of this shape come before.
    pub(super) fn number(&self, mut rank: u64) -> DocumentNumber {
        debug_assert!(rank < self.capacity);
        let mut text = [0; DocumentNumber::LEN_MAX];
        let text = &mut text[..self.positions.len()];
        for (byte, set) in text.iter_mut().zip(&self.positions).rev() {
            let size = set.len() as u64;
            *byte = set[(rank % size) as usize];
            rank /= size;
        }
        let text = std::str::from_utf8(text).expect("patterns are ASCII");
        DocumentNumber::parse(text).expect("patterns have the characters of document numbers")
    }
}

/// The set that a pattern begins with, in the order of its bytes, and the rest of the pattern.
fn one_set(pattern: &str) -> (Vec<u8>, &str) {
    if let Some(rest) = pattern.strip_prefix("\\d") {
        return ((b'0'..=b'9').collect(), rest);
    }
    let Some(rest) = pattern.strip_prefix('[') else {
        let (literal, rest) = pattern.split_at(1);
        return (literal.into(), rest);
    };
    let (inside, rest) = rest.split_once(']').expect("a set is closed");
    let mut set = Vec::new();
    let mut bytes = inside.as_bytes();
    while let [first, after @ ..] = bytes {
        match after {
            [b'-', last, after @ ..] => {
                set.extend(*first..=*last);
                bytes = after;
            }
            _ => {
                set.push(*first);
                bytes = after;
            }
        }
    }
    set.sort_unstable();
    set.dedup();
    (set, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_shape_are_counted_with_the_last_position_fastest() {
        let shape = Shape::new("P[A-C0]\\d{2}");
        assert_eq!(shape.capacity(), 400);
        let number = |rank| shape.number(rank).as_str().to_owned();
        assert_eq!([number(0), number(9), number(10), number(399)], ["P000", "P009", "P010", "PC99"]);
        assert_eq!(number(100), "PA00");
    }
}
