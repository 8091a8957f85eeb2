//! Cases under a digest key: how they are named, and how what they hold is sealed.
//!
//! AES-256-GCM with a key of each case's own (HMAC-SHA-256 of the digest key). The nonce stands in front: 12 bytes of another such digest
//! of what is sealed, so that sealing cannot fail, and no nonce seals two contents. Whoever destroys the digest key has closed every case
//! that was made with it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use hmac::Mac;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::Digester;
use super::sealed::day_of;
use crate::domain::DocumentId;
use crate::domain::case::CaseId;

impl Digester {
    /// The case of a document that somebody asked about on a day, by a reference of his own: asking again by it is the same case, and so is
    /// asking again without any.
    #[must_use]
    pub fn case(
        &self,
        principal: &str,
        reference: Option<&str>,
        document: &DocumentId,
        at: Timestamp,
    ) -> CaseId {
        let reference = reference.unwrap_or_default();
        let mut mac = self.mac().chain_update(b"portcullis case 1\0");
        for text in [principal, reference, &day_of(at).to_string()] {
            mac.update(&(text.len() as u64).to_le_bytes());
            mac.update(text.as_bytes());
        }
        let whole: [u8; 32] = mac.chain_update(self.document(document)).finalize().into_bytes().into();
        CaseId(std::array::from_fn(|at| whole[at]))
    }

    /// Seals what a case holds.
    #[must_use]
    pub fn seal(&self, case: CaseId, content: &[u8]) -> Vec<u8> {
        let mac =
            self.mac().chain_update(b"portcullis case nonce 1\0").chain_update(case.0).chain_update(content);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        let nonce: [u8; NONCE_LEN] = std::array::from_fn(|at| whole[at]);
        let mut content = content.to_vec();
        let sealed = self.case_key(case).seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(case.0),
            &mut content,
        );
        sealed.expect("a case is far shorter than what one nonce seals");
        [&nonce[..], &content].concat()
    }

    /// Opens what was sealed of a case; `None` if it was not sealed by this key, or is not as it was.
    #[must_use]
    pub fn open_sealed(&self, case: CaseId, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut content = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.case_key(case).open_in_place(nonce, Aad::from(case.0), &mut content).ok()?.len();
        content.truncate(opened);
        Some(content)
    }

    fn case_key(&self, case: CaseId) -> LessSafeKey {
        let mac = self.mac().chain_update(b"portcullis case key 1\0").chain_update(case.0);
        let key = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
        UnboundKey::new(&AES_256_GCM, &*key).map(LessSafeKey::new).expect("a key of this length is one")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::{DocumentNumber, IssuingState};
    use crate::ground::storage::Disk;

    fn digester() -> Digester {
        Digester::open(&Disk, tempfile::tempdir().unwrap().path()).unwrap()
    }

    #[test]
    fn a_case_is_named_by_everything_that_makes_it_another() {
        let key = digester();
        let document = |number: &str| DocumentId {
            issuing_state: IssuingState::recognise("UTO").unwrap().state,
            number: DocumentNumber::parse(number).unwrap(),
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (day, same_day, next) =
            (at("2026-06-01T00:00:00Z"), at("2026-06-01T23:59:59Z"), at("2026-06-02T00:00:00Z"));
        let case =
            |principal, reference, number, time| key.case(principal, reference, &document(number), time);
        assert_eq!(case("a", Some("r"), "X1", day), case("a", Some("r"), "X1", same_day));
        let others: HashSet<_> = [
            case("a", Some("r"), "X1", day),
            case("b", Some("r"), "X1", day),
            case("a", Some("s"), "X1", day),
            case("a", None, "X1", day),
            case("ar", None, "X1", day),
            case("a", Some("r"), "X2", day),
            case("a", Some("r"), "X1", next),
            digester().case("a", Some("r"), &document("X1"), day),
        ]
        .into();
        assert_eq!(others.len(), 8);
    }

    #[test]
    fn what_a_case_holds_is_opened_by_its_key_and_name_and_as_it_was() {
        let (key, case) = (digester(), CaseId([7; 16]));
        let sealed = key.seal(case, b"UTO L898902C3");
        assert_ne!(
            sealed[..NONCE_LEN],
            key.seal(case, b"UTO L898902C4")[..NONCE_LEN],
            "a nonce seals one content"
        );
        assert!(!sealed.windows(8).any(|window| window == b"L898902C"));
        assert_eq!(
            key.open_sealed(case, &sealed).as_deref().map(|opened| &**opened),
            Some(&b"UTO L898902C3"[..])
        );
        assert!(key.open_sealed(CaseId([8; 16]), &sealed).is_none());
        assert!(digester().open_sealed(case, &sealed).is_none());
        for at in 0..sealed.len() {
            let mut spoilt = sealed.clone();
            spoilt[at] ^= 1;
            assert!(key.open_sealed(case, &spoilt).is_none(), "byte {at}");
            assert!(key.open_sealed(case, &sealed[..at]).is_none(), "cut at {at}");
        }
    }
}
