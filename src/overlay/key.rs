//! The key that vouches for records: whoever can write the store's file, and does not have it, can make none and change none.

use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::OverlayError;
use crate::ground::storage::{Storage, publish_file};

const FILE_TAG: &str = "portcullis-alert-key 1";
const FILE_BYTES_MAX: u64 = 256;
/// The length of what vouches for a record.
pub(super) const MAC_BYTES: usize = 32;

/// HMAC-SHA-256 with the store's key.
#[derive(Clone)]
pub(super) struct StoreKey(Hmac<Sha256>);

impl StoreKey {
    /// Makes the key of a new store.
    pub(super) fn create(storage: &dyn Storage, path: &Path) -> Result<Self, OverlayError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).map_err(OverlayError::Random)?;
        let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = Zeroizing::new(format!("{FILE_TAG} {}\n", *Zeroizing::new(digits)));
        publish_file(storage, path, text.as_bytes()).map_err(OverlayError::io("write", path))?;
        Ok(Self::of(&key))
    }

    /// Reads the key of a store that is there.
    pub(super) fn read(storage: &dyn Storage, path: &Path) -> Result<Self, OverlayError> {
        let unreadable = || OverlayError::Key { path: path.to_owned() };
        let bytes = Zeroizing::new(storage.read(path, FILE_BYTES_MAX).map_err(|_| unreadable())?);
        let text = std::str::from_utf8(&bytes).ok();
        let digits = text.and_then(|text| text.strip_prefix(FILE_TAG)?.strip_prefix(' ')?.strip_suffix('\n'));
        let key = digits.and_then(crate::domain::Digest::from_hex).ok_or_else(unreadable)?;
        Ok(Self::of(&key.0))
    }

    fn of(key: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// What vouches for a value under a name: neither can be put in another's place.
    pub(super) fn mac(&self, name: &[u8], value: &[u8]) -> [u8; MAC_BYTES] {
        let mac = self.0.clone().chain_update((name.len() as u64).to_le_bytes());
        mac.chain_update(name).chain_update(value).finalize().into_bytes().into()
    }

    /// The value that something vouches for; `None` if it does not.
    pub(super) fn open<'v>(&self, name: &[u8], sealed: &'v [u8]) -> Option<&'v [u8]> {
        let (mac, value) = sealed.split_first_chunk::<MAC_BYTES>()?;
        let whole = self.0.clone().chain_update((name.len() as u64).to_le_bytes());
        whole.chain_update(name).chain_update(value).verify_slice(mac).is_ok().then_some(value)
    }

    /// A value with what vouches for it.
    pub(super) fn seal(&self, name: &[u8], value: &[u8]) -> Vec<u8> {
        [&self.mac(name, value)[..], value].concat()
    }
}

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreKey(..)")
    }
}
