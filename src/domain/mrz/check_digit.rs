//! The check digit (ICAO Doc 9303 part 3 section 4.9).

/// The check digit, `b'0'..=b'9'`, of characters `0-9A-Z<`: values 0–9, 10–35 and 0 for the filler, weighted 7, 3, 1
/// from the left, summed modulo 10. Any other character counts as a filler; callers check the alphabet first.
#[must_use]
pub fn check_digit(field: impl IntoIterator<Item = u8>) -> u8 {
    let weights = [7, 3, 1].into_iter().cycle();
    let sum: u32 = field.into_iter().zip(weights).map(|(byte, weight)| value(byte) * weight).sum();
    b'0' + (sum % 10) as u8
}

fn value(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'Z' => u32::from(byte - b'A') + 10,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
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
}
