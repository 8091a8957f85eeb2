//! Bytes as text: base64url without padding (RFC 4648 section 5). 32 bytes are 43 characters, 16 are 22.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads back what [`encode`] writes; `None` for anything else, also for the same bytes in another spelling.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != text_bytes(N) {
        return None;
    }
    let mut bytes = [0_u8; N];
    let (mut bits, mut held, mut at) = (0_u32, 0_u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            *bytes.get_mut(at)? = (bits >> held & 0xff) as u8;
            at += 1;
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0).then_some(bytes)
}

/// The same for any number of bytes. Only one spelling is read: a last character with bits beyond the bytes is refused.
pub(super) fn decode_all(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// How long the text of so many bytes is.
fn text_bytes(bytes: usize) -> usize {
    (8 * bytes).div_ceil(6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_texts_come_out() {
        assert_eq!(encode(&[0; 32]), "A".repeat(43));
        assert_eq!(encode(&[0xff; 32]), format!("{}8", "_".repeat(42)));
        let counting: [u8; 32] = std::array::from_fn(|at| at as u8);
        assert_eq!(encode(&counting), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        assert_eq!(encode(&counting[..16]), "AAECAwQFBgcICQoLDA0ODw");
    }

    #[test]
    fn a_second_spelling_is_refused() {
        assert_eq!(decode::<32>(&format!("{}B", "A".repeat(42))), None);
        assert_eq!(decode::<16>(&format!("{}B", "A".repeat(21))), None);
        for text in ["", "A", &"A".repeat(42), &"A".repeat(44), &"=".repeat(43), &"+".repeat(43)] {
            assert_eq!(decode::<32>(text), None);
        }
        for text in ["", &"A".repeat(21), &"A".repeat(23), &"A".repeat(43)] {
            assert_eq!(decode::<16>(text), None);
        }
    }

    proptest! {
        #[test]
        fn bytes_survive_their_text(whole: [u8; 32], half: [u8; 16]) {
            let (whole_text, half_text) = (encode(&whole), encode(&half));
            prop_assert_eq!((whole_text.len(), half_text.len()), (43, 22));
            prop_assert_eq!(decode(&whole_text), Some(whole));
            prop_assert_eq!(decode(&half_text), Some(half));
        }

        #[test]
        fn only_one_text_means_some_bytes(whole in "[A-Za-z0-9_-]{43}", half in "[A-Za-z0-9_-]{22}") {
            if let Some(bytes) = decode::<32>(&whole) {
                prop_assert_eq!(encode(&bytes), whole);
            }
            if let Some(bytes) = decode::<16>(&half) {
                prop_assert_eq!(encode(&bytes), half);
            }
        }
    }
}
