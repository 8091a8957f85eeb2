//! The keys that sign for a feed, Ed25519 (RFC 8032) throughout.

use std::io::Write as _;
use std::process::{Command, Stdio};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use tough::schema::decoded::{Decoded, Hex};
use tough::schema::key::Key;
use zeroize::Zeroizing;

/// Something that signs with a key that it may keep to itself.
pub trait Signer: Send + Sync {
    /// The public key: 32 bytes.
    fn public(&self) -> PublicKey;

    /// Signs bytes.
    ///
    /// # Errors
    /// [`KeyError`] if it cannot, or will not.
    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError>;
}

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is no key.
    #[error(
        "this is no private key: an Ed25519 key in PKCS#8 is expected, as `openssl genpkey -algorithm ed25519` writes it"
    )]
    NoKey,
    /// The text is no public key.
    #[error("a public key has 64 hexadecimal digits")]
    NoPublicKey,
    /// No key could be made.
    #[error("the operating system gave no randomness for a new key")]
    NoRandomness,
    /// The program that signs could not be run.
    #[error("the program {program} that signs cannot be run")]
    Run {
        /// The program.
        program: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The program that signs gave no signature.
    #[error(
        "the program {program} gave no signature of the key {public}: it must read what is to be signed from standard input and write 64 bytes, or 128 hexadecimal digits, to standard output"
    )]
    Refused {
        /// The program.
        program: String,
        /// The key.
        public: PublicKey,
    },
}

impl PublicKey {
    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyError::NoPublicKey`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = crate::domain::Digest::from_hex(&text.to_ascii_lowercase());
        bytes.map(|bytes| Self(bytes.0)).ok_or(KeyError::NoPublicKey)
    }

    /// As TUF writes it.
    pub(super) fn key(self) -> Key {
        self.to_string().parse().expect("64 hexadecimal digits are an Ed25519 key")
    }

    /// What TUF calls it: SHA-256 of the canonical JSON of the key.
    pub(super) fn id(self) -> Decoded<Hex> {
        self.key().key_id().expect("a key of plain fields has canonical JSON")
    }

    /// Whether it made this signature.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(bytes, signature).is_ok()
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::domain::write_hex(f, &self.0)
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// A private key in memory.
pub struct PrivateKey(Ed25519KeyPair);

impl PrivateKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate() -> Result<Self, KeyError> {
        Ed25519KeyPair::generate().map(Self).map_err(|_| KeyError::NoRandomness)
    }

    /// Reads PKCS#8 (RFC 5958), in PEM or plain.
    ///
    /// # Errors
    /// [`KeyError::NoKey`].
    pub fn parse(text: &[u8]) -> Result<Self, KeyError> {
        let der = match pem::parse(text) {
            Ok(pem) if pem.tag() == PEM_TAG => Zeroizing::new(pem.into_contents()),
            Ok(_) => return Err(KeyError::NoKey),
            Err(_) => Zeroizing::new(text.to_vec()),
        };
        Ed25519KeyPair::from_pkcs8(&der).map(Self).map_err(|_| KeyError::NoKey)
    }

    /// The key in PEM.
    ///
    /// # Errors
    /// [`KeyError::NoKey`] if it cannot be written.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let document = self.0.to_pkcs8v1().map_err(|_| KeyError::NoKey)?;
        Ok(Zeroizing::new(pem::encode(&pem::Pem::new(PEM_TAG, document.as_ref()))))
    }
}

const PEM_TAG: &str = "PRIVATE KEY";

impl Signer for PrivateKey {
    fn public(&self) -> PublicKey {
        let bytes = self.0.public_key().as_ref().try_into();
        PublicKey(bytes.expect("an Ed25519 public key has 32 bytes"))
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(self.0.sign(bytes).as_ref().to_vec())
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey of {}", self.public())
    }
}

/// A program that holds a key, in a hardware security module or elsewhere: what is to be signed on its standard input,
/// the signature from its standard output.
#[derive(Clone, Debug)]
pub struct Hook {
    public: PublicKey,
    program: String,
    arguments: Vec<String>,
}

impl Hook {
    /// The program and its arguments, and the public key of what it signs with.
    #[must_use]
    pub fn new(public: PublicKey, program: String, arguments: Vec<String>) -> Self {
        Self { public, program, arguments }
    }

    fn run(&self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn()?;
        // What is signed fits into a pipe or is read by a program that means to sign it; one that does not read is refused below.
        let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(bytes));
        let output = child.wait_with_output()?;
        written?;
        Ok(if output.status.success() { output.stdout } else { Vec::new() })
    }
}

impl Signer for Hook {
    fn public(&self) -> PublicKey {
        self.public
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
        let run = self.run(bytes);
        let output = run.map_err(|source| KeyError::Run { program: self.program.clone(), source })?;
        let signature = match output.len() {
            64 => output,
            _ => from_hex(output.trim_ascii()).unwrap_or_default(),
        };
        if self.public.verifies(bytes, &signature) {
            return Ok(signature);
        }
        Err(KeyError::Refused { program: self.program.clone(), public: self.public })
    }
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(text).ok().filter(|text| text.len() == 128)?;
    (0..64).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";

    #[test]
    fn a_key_has_the_identity_that_the_reference_implementation_gives_it() {
        let key = PrivateKey::parse(PEM.as_bytes()).unwrap();
        let public = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8";
        assert_eq!(key.public().to_string(), public);
        let id = "63d00ee3cf4f5c61ad94efa696c68f13b608fe56ecea13fb144a6fd18e9235b9";
        assert_eq!(key.public().id(), id.parse::<Decoded<Hex>>().unwrap());
        assert_eq!(PrivateKey::parse(key.to_pem().unwrap().as_bytes()).unwrap().public(), key.public());
        assert!(!format!("{key:?}").contains("AABAg"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "x", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            assert!(matches!(PrivateKey::parse(text.as_bytes()), Err(KeyError::NoKey)), "{text}");
        }
        let certificate = PEM.replace("PRIVATE KEY", "CERTIFICATE");
        assert!(matches!(PrivateKey::parse(certificate.as_bytes()), Err(KeyError::NoKey)));
        assert!(matches!(PublicKey::parse("03a1"), Err(KeyError::NoPublicKey)));
    }

    #[test]
    fn a_program_signs_and_one_that_does_not_is_refused() {
        let key = PrivateKey::generate().unwrap();
        let signature: String = key.sign(b"x").unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        let hook = |script: String| {
            Hook::new(
                key.public(),
                "sh".to_owned(),
                vec!["-c".to_owned(), format!("cat >/dev/null; {script}")],
            )
        };
        assert_eq!(hook(format!("echo {signature}")).sign(b"x").unwrap(), key.sign(b"x").unwrap());
        for script in [format!("echo {signature}; exit 1"), "echo 00".to_owned(), "true".to_owned()] {
            assert!(matches!(hook(script).sign(b"x"), Err(KeyError::Refused { .. })));
        }
        assert!(matches!(hook(format!("echo {signature}")).sign(b"y"), Err(KeyError::Refused { .. })));
        let none = Hook::new(key.public(), "no-such-program-anywhere".to_owned(), Vec::new());
        assert!(matches!(none.sign(b"x"), Err(KeyError::Run { .. })));
    }
}
