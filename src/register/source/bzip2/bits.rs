//! Bits that begin and end within bytes, the highest of a byte first.

/// What a block begins with: the digits of π.
pub(super) const BLOCK: u64 = 0x3141_5926_5359;
/// What a stream ends with, before its checksum: the digits of √π.
pub(super) const END: u64 = 0x1772_4538_5090;
pub(super) const MAGIC_BITS: usize = 48;

/// Some bits; those behind the last one in its byte are 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    pub(super) bytes: Vec<u8>,
    pub(super) len: usize,
}

impl Bits {
    /// The bits from one place in bytes to another.
    pub(super) fn of(bytes: &[u8], from: usize, to: usize) -> Self {
        let (len, shift) = (to - from, from % 8);
        let source = &bytes[from / 8..to.div_ceil(8)];
        let mut copied: Vec<u8> = if shift == 0 {
            source.to_vec()
        } else {
            let next = source[1..].iter().chain(&[0]);
            source.iter().zip(next).map(|(byte, next)| byte << shift | next >> (8 - shift)).collect()
        };
        copied.truncate(len.div_ceil(8));
        if let (Some(last), 1..) = (copied.last_mut(), len % 8) {
            *last &= 0xFF << (8 - len % 8);
        }
        Self { bytes: copied, len }
    }

    pub(super) fn append(&mut self, other: &Self) {
        let free = self.bytes.len() * 8 - self.len;
        if free == 0 {
            self.bytes.extend_from_slice(&other.bytes);
        } else {
            for byte in &other.bytes {
                if let Some(last) = self.bytes.last_mut() {
                    *last |= byte >> (8 - free);
                }
                self.bytes.push(byte << free);
            }
        }
        self.len += other.len;
        self.bytes.truncate(self.len.div_ceil(8));
    }

    /// Appends the lowest bits of a number, up to 64.
    pub(super) fn push(&mut self, value: u64, count: usize) {
        let aligned = value << (64 - count);
        self.append(&Self { bytes: aligned.to_be_bytes()[..count.div_ceil(8)].to_vec(), len: count });
    }
}

/// The number in up to 57 bits at a place; `None` beyond the end.
pub(super) fn number(bytes: &[u8], from: usize, count: usize) -> Option<u64> {
    if from + count > bytes.len() * 8 {
        return None;
    }
    let mut word = [0; 8];
    let source = &bytes[from / 8..bytes.len().min(from / 8 + 8)];
    word[..source.len()].copy_from_slice(source);
    Some(u64::from_be_bytes(word) << (from % 8) >> (64 - count))
}

/// The first place from one on where a block begins or a stream may end.
pub(super) fn find(bytes: &[u8], from: usize) -> Option<(usize, u64)> {
    // The second and the third byte of the eight in which it begins are wholly of the magic, however it is shifted.
    let first = from / 8;
    let pairs = bytes.get(first + 1..)?.iter().zip(bytes.get(first + 2..)?);
    for (at, (second, third)) in (first..).zip(pairs) {
        let shifts = SECOND[usize::from(*second)] & THIRD[usize::from(*third)];
        if shifts == 0 {
            continue;
        }
        for place in (0..8).filter(|shift| shifts >> shift & 1 == 1).map(|shift| 8 * at + shift) {
            match number(bytes, place, MAGIC_BITS) {
                Some(magic @ (BLOCK | END)) if place >= from => return Some((place, magic)),
                _ => {}
            }
        }
    }
    None
}

/// By how many bits a magic may be shifted whose second, or third, byte is this one: a bit each.
const SECOND: [u8; 256] = shifts(32);
const THIRD: [u8; 256] = shifts(24);

const fn shifts(below: u32) -> [u8; 256] {
    let (mut table, mut shift) = ([0; 256], 0);
    while shift < 8 {
        table[(BLOCK >> (below + shift) & 0xFF) as usize] |= 1 << shift;
        table[(END >> (below + shift) & 0xFF) as usize] |= 1 << shift;
        shift += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(bits: &Bits) -> String {
        (0..bits.len).map(|at| number(&bits.bytes, at, 1).unwrap().to_string()).collect()
    }

    proptest! {
        #[test]
        fn bits_are_cut_and_joined(bytes in prop::collection::vec(any::<u8>(), 1..40), cuts in any::<[u16; 3]>()) {
            let whole = Bits::of(&bytes, 0, bytes.len() * 8);
            let mut cuts = cuts.map(|cut| usize::from(cut) % (whole.len + 1));
            cuts.sort_unstable();
            let [from, middle, to] = cuts;
            let mut joined = Bits::of(&bytes, from, middle);
            joined.append(&Bits::of(&bytes, middle, to));
            prop_assert_eq!(&joined, &Bits::of(&bytes, from, to));
            prop_assert_eq!(text(&joined), &text(&whole)[from..to]);
        }

        #[test]
        fn a_magic_is_found_wherever_it_begins(
            before in prop::collection::vec(any::<u8>(), 0..20),
            cut in 0..8_usize,
            after in prop::collection::vec(any::<u8>(), 0..20),
            is_end: bool,
        ) {
            let magic = if is_end { END } else { BLOCK };
            let mut bits = Bits::of(&before, 0, (before.len() * 8).saturating_sub(cut));
            let place = bits.len;
            bits.push(magic, MAGIC_BITS);
            bits.append(&Bits::of(&after, 0, after.len() * 8));
            prop_assert_eq!(find(&bits.bytes, 0), Some((place, magic)));
            prop_assert_eq!(find(&bits.bytes, place), Some((place, magic)));
            prop_assert_eq!(find(&bits.bytes, place + 1), None);
        }
    }
}
