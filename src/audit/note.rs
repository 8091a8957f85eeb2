//! Signed notes (C2SP `signed-note`), and the Ed25519 keys that logs sign them with.
//!
//! A note is text that ends with a newline, an empty line, and a line for each signature: `— <name> <base64>`, of four bytes
//! that name the key and the signature. A key is shown to the world as `<name>+<hex of the four bytes>+<base64>`.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use sha2::{Digest as _, Sha256};

/// The algorithm, before the bytes of a key.
const ED25519_TAG: u8 = 1;
const KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;
const PEM_TAG: &str = "PRIVATE KEY";
/// What begins the line of a signature.
const DASH: &str = "\u{2014} ";

/// What signs the notes of one log.
pub(super) struct NoteSigner {
    key: NoteKey,
    pair: Ed25519KeyPair,
}

/// The public key of a log, by which anybody verifies its checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    id: [u8; 4],
    public: [u8; KEY_BYTES],
}

impl NoteSigner {
    /// A new key, and its PKCS#8 form as PEM.
    pub(super) fn generate(name: &str) -> Option<(Self, String)> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).ok()?;
        let pem = pem::encode(&pem::Pem::new(PEM_TAG, document.as_ref()));
        Some((Self::parse(name, pem.as_bytes())?, pem))
    }

    /// Reads a key from PEM.
    pub(super) fn parse(name: &str, pem: &[u8]) -> Option<Self> {
        let pem = pem::parse(pem).ok().filter(|pem| pem.tag() == PEM_TAG)?;
        let pair = Ed25519KeyPair::from_pkcs8(pem.contents()).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { key: NoteKey::new(name, public), pair })
    }

    pub(super) fn key(&self) -> &NoteKey {
        &self.key
    }

    /// The note of a text, which ends with a newline and has no empty line.
    pub(super) fn sign(&self, text: &str) -> String {
        let signature = self.pair.sign(text.as_bytes());
        let line = BASE64.encode([&self.key.id[..], signature.as_ref()].concat());
        format!("{text}\n{DASH}{} {line}\n", self.key.name)
    }
}

impl NoteKey {
    fn new(name: &str, public: [u8; KEY_BYTES]) -> Self {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', ED25519_TAG])
            .chain_update(public)
            .finalize()
            .into();
        Self { name: name.to_owned(), id: std::array::from_fn(|at| digest[at]), public }
    }

    /// Reads a key as it is shown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.trim().split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let key = BASE64.decode(key).ok()?;
        let public = key.strip_prefix(&[ED25519_TAG])?.try_into().ok()?;
        let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
        Some(Self::new(name, public)).filter(|key| is_name && key.id_text() == id)
    }

    /// Whose key it is.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of a note that this key has signed; `None` for everything else.
    #[must_use]
    pub fn open<'n>(&self, note: &'n str) -> Option<&'n str> {
        let (text, signatures) = note.split_at(note.rfind("\n\n")? + 1);
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        let signed = signatures.strip_prefix('\n')?.lines().any(|line| {
            let bytes = line
                .strip_prefix(DASH)
                .and_then(|line| line.strip_prefix(&self.name)?.strip_prefix(' '))
                .and_then(|text| BASE64.decode(text).ok());
            let signature = bytes.as_deref().and_then(|bytes| bytes.strip_prefix(&self.id));
            signature.is_some_and(|signature| {
                signature.len() == SIGNATURE_BYTES && key.verify(text.as_bytes(), signature).is_ok()
            })
        });
        signed.then_some(text)
    }

    fn id_text(&self) -> String {
        self.id.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Display for NoteKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = BASE64.encode([&[ED25519_TAG], &self.public[..]].concat());
        write!(f, "{}+{}+{key}", self.name, self.id_text())
    }
}

impl std::fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NoteSigner").field(&self.key).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signer() -> NoteSigner {
        NoteSigner::generate("portcullis/serve-00c0ffee").unwrap().0
    }

    #[test]
    fn a_note_opens_with_the_key_that_signed_it_and_with_no_other() {
        let (signer, pem) = NoteSigner::generate("portcullis/serve-00c0ffee").unwrap();
        let note = signer.sign("one\ntwo\n");
        assert_eq!(signer.key().open(&note), Some("one\ntwo\n"));
        let again = NoteSigner::parse("portcullis/serve-00c0ffee", pem.as_bytes()).unwrap();
        assert_eq!(NoteKey::parse(&again.key().to_string()).as_ref(), Some(signer.key()));
        assert_eq!(again.key().open(&note), Some("one\ntwo\n"));
        assert_eq!(self::signer().key().open(&note), None);
        let other = NoteSigner::parse("portcullis/cli-00c0ffee", pem.as_bytes()).unwrap();
        assert_eq!(other.key().open(&note), None);
        // Signatures of others beside it, such as a witness's, are no matter.
        let more = format!("{note}\u{2014} witness.example/w b25lIHNpZ25hdHVyZQ==\n");
        assert_eq!(signer.key().open(&more), Some("one\ntwo\n"));
    }

    #[test]
    fn a_key_is_what_it_says_that_it_is() {
        let text = signer().key().to_string();
        assert_eq!(NoteKey::parse(&text).unwrap().to_string(), text);
        for wrong in ["", "a", "a+b", &text.replace("serve", "cli"), &text[..text.len() - 4]] {
            assert_eq!(NoteKey::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_other_text_opens(at in any::<proptest::sample::Index>(), byte in 1_u8..127, text: String) {
            let signer = signer();
            let note = signer.sign("portcullis/serve-00c0ffee\n17\nroot\n");
            let mut bytes = note.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= byte;
            if let Ok(changed) = String::from_utf8(bytes) {
                let opened = signer.key().open(&changed);
                prop_assert!(opened.is_none() || opened == signer.key().open(&note), "{}", changed);
            }
            let _ = signer.key().open(&text);
            let _ = NoteKey::parse(&text);
        }
    }
}
