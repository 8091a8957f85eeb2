//! Bytes as lower-case hexadecimal digits, several of which stand in every answer.

use std::fmt;

const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// As many bytes as are written at a time.
const CHUNK: usize = 32;

/// Writes bytes as digits, in one piece where they are no more than a digest.
pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for chunk in bytes.chunks(CHUNK) {
        let mut digits = [0; 2 * CHUNK];
        for (byte, pair) in chunk.iter().zip(digits.chunks_exact_mut(2)) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(str::from_utf8(&digits[..2 * chunk.len()]).expect("digits are ASCII"))?;
    }
    Ok(())
}

/// Reads back what [`write_hex`] writes of so many bytes; `None` for anything else.
pub(crate) fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut bytes = [0; N];
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Shown<'b>(&'b [u8]);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write_hex(f, self.0)
        }
    }

    proptest! {
        #[test]
        fn bytes_are_shown_as_the_standard_library_shows_each(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let each: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(Shown(&bytes).to_string(), each);
        }
    }
}
