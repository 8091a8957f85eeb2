//! Signatures after the Standard Webhooks specification, section "Verifying webhook authenticity": HMAC-SHA-256 over id, time and body, with
//! full stops between them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";
/// Those of the specification.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What a sink shares with its receiver.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Reads `whsec_` and 24 to 64 bytes in base64; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let key = Zeroizing::new(BASE64.decode(text.trim().strip_prefix(PREFIX)?).ok()?);
        KEY_BYTES.contains(&key.len()).then_some(Self(key))
    }

    /// The value of the header `webhook-signature`.
    #[must_use]
    pub fn sign(&self, id: &str, time_s: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{time_s}.{body}").as_bytes());
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_as_it_says() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused_and_none_is_shown() {
        for wrong in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqr", "whsec_!"] {
            assert!(Secret::parse(wrong).is_none(), "{wrong}");
        }
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret { .. }");
    }
}
