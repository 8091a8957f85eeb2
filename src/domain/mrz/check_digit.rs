//! The check digit (ICAO Doc 9303 part 3 section 4.9).

/// The check digit, `b'0'..=b'9'`, of characters `0-9A-Z<`: values 0–9, 10–35 and 0 for the filler, weighted 7, 3, 1
/// from the left, summed modulo 10. Any other character counts as a filler; callers check the alphabet first.
#[must_use]
pub fn check_digit(field: impl IntoIterator<Item = u8>) -> u8 {
    let mut sum = Sum::default();
    for byte in field {
        sum.add(&[byte]);
    }
    sum.digit()
}

/// The check digit of a run of cells.
pub(super) fn digit_of(cells: &[u8]) -> u8 {
    let mut sum = Sum::default();
    sum.add(cells);
    sum.digit()
}

/// A weighted sum in the making, over cells that need not lie side by side.
#[derive(Default)]
pub(super) struct Sum {
    total: u32,
    counted: usize,
}

impl Sum {
    pub(super) fn add(&mut self, cells: &[u8]) {
        let weights = &WEIGHTS[self.counted % 3];
        self.counted += cells.len();
        let value = |cell: u8| u32::from(VALUES[usize::from(cell)]);
        let (triples, rest) = cells.as_chunks::<3>();
        for [first, second, third] in triples {
            self.total +=
                value(*first) * weights[0] + value(*second) * weights[1] + value(*third) * weights[2];
        }
        for (cell, weight) in rest.iter().zip(weights) {
            self.total += value(*cell) * weight;
        }
    }

    pub(super) fn digit(&self) -> u8 {
        b'0' + (self.total % 10) as u8
    }
}

/// The weights of three cells, by how many cells came before.
const WEIGHTS: [[u32; 3]; 3] = [[7, 3, 1], [3, 1, 7], [1, 7, 3]];

const VALUES: [u8; 256] = {
    let mut values = [0; 256];
    let mut at = 0;
    while at < 10 {
        values[b'0' as usize + at] = at as u8;
        at += 1;
    }
    let mut at = 0;
    while at < 26 {
        values[b'A' as usize + at] = at as u8 + 10;
        at += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_examples_of_doc_9303_agree() {
        for (field, digit) in [
            ("520727", b'3'),
            ("AB2134<<<", b'5'),
            ("HA672242<658022549601086<<<<<<<<<<<<<<0", b'8'),
            ("D231458907<<<<<<<<<<<<<<<34071279507122<<<<<<<<<<<", b'2'),
            ("HA672242<658022549601086<<<<<<<", b'8'),
        ] {
            assert_eq!(check_digit(field.bytes()), digit, "{field}");
        }
    }

    proptest! {
        #[test]
        fn a_sum_does_not_depend_on_where_its_cells_are_cut(cells in "[0-9A-Z<]{0,60}", at in 0..60_usize) {
            let (head, tail) = cells.as_bytes().split_at(at.min(cells.len()));
            let mut sum = Sum::default();
            sum.add(head);
            sum.add(tail);
            prop_assert_eq!(sum.digit(), check_digit(cells.bytes()));
        }
    }
}
