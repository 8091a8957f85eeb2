//! Digests that nobody can compute from a guessed number without the key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::AuditError;
use crate::domain::alert::AlertId;
use crate::domain::{Digest, DocumentId, FeedName, FindingId, Notice, read_hex};
use crate::ground::storage::{Lock, LockError, Storage, publish_file};

const FILE_TAG: &str = "portcullis-digest-key 1";
/// Names the key that makes digests; not there as long as there was only one.
pub(super) const CURRENT: &str = "current";
const FILE_BYTES_MAX: u64 = 256;
const LOCK_TRIES: u32 = 250;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Makes keyed digests (HMAC-SHA-256) of documents and findings. Every process of a site uses the same key.
#[derive(Clone)]
pub struct Digester {
    key_id: KeyId,
    mac: Hmac<Sha256>,
}

/// Names a digest key: 8 lower-case hexadecimal digits, also its file's name before `.key`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId([u8; 4]);

impl Digester {
    /// Reads the site's key from `<data>/audit/keys/`, or makes it if there is none yet. Keys there that were never
    /// written whole are removed.
    ///
    /// # Errors
    /// If the folder can't be used, the key is no key, or there are several.
    pub fn open(storage: &dyn Storage, data_dir: &Path) -> Result<Self, AuditError> {
        let audit = data_dir.join("audit");
        let folder = audit.join("keys");
        if let Some(key) = Self::existing(storage, &folder)?
            && unfinished(storage, &folder)?.is_empty()
        {
            return Ok(key);
        }
        storage.create_dir_all(&folder).map_err(AuditError::storage("create", &folder))?;
        for above in [data_dir, &audit] {
            storage.sync_dir(above).map_err(AuditError::storage("sync", above))?;
        }
        let _lock = wait_for_lock(storage, &folder.join("LOCK"))?;
        // Whoever wrote these is gone, for they held the lock.
        for path in unfinished(storage, &folder)? {
            storage.remove(&path).map_err(AuditError::storage("remove", &path))?;
        }
        // Another process may have made one while we waited.
        if let Some(key) = Self::existing(storage, &folder)? {
            return Ok(key);
        }
        new_key(storage, &folder)
    }

    /// Every key that the site still holds.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn held(storage: &dyn Storage, data_dir: &Path) -> Result<Vec<Self>, AuditError> {
        let folder = data_dir.join("audit").join("keys");
        let names = storage.list(&folder).map_err(AuditError::storage("list", &folder))?;
        let keys = names.iter().filter(|path| path.extension().is_some_and(|end| end == "key"));
        keys.map(|path| Self::read(storage, path)).collect()
    }

    /// The key's name, to be recorded beside the digests.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The digest of a document: issuing state and number.
    #[must_use]
    pub fn document(&self, document: &DocumentId) -> [u8; 32] {
        let mut mac = self.mac.clone();
        mac.update(b"portcullis document 1\0");
        mac.update(&document.issuing_state.number().to_le_bytes());
        mac.update(document.number.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The id of what a feed says of a document: the first 16 bytes of the digest of both.
    #[must_use]
    pub fn finding(&self, feed: &FeedName, notice: &Notice) -> FindingId {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend_from_slice(b"portcullis finding 1\0");
        bytes.extend_from_slice(feed.as_str().as_bytes());
        // No feed's name has a zero byte, so that where it ends is certain.
        bytes.push(0);
        notice.canonical_bytes(&mut bytes);
        let whole: [u8; 32] = self.mac.clone().chain_update(&bytes).finalize().into_bytes().into();
        FindingId(std::array::from_fn(|at| whole[at]))
    }

    /// The id of what an alert says by one of its revisions: the first 16 bytes of the digest of both.
    #[must_use]
    pub fn alert(&self, alert: AlertId, revision: u32) -> FindingId {
        let mac = self.mac.clone().chain_update(b"portcullis alert 1\0").chain_update(alert.0);
        let whole: [u8; 32] = mac.chain_update(revision.to_le_bytes()).finalize().into_bytes().into();
        FindingId(std::array::from_fn(|at| whole[at]))
    }

    /// For what else is made of the key.
    pub(super) fn mac(&self) -> Hmac<Sha256> {
        self.mac.clone()
    }

    fn new(key_id: KeyId, key: &[u8; 32]) -> Self {
        let mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Self { key_id, mac }
    }

    fn existing(storage: &dyn Storage, folder: &Path) -> Result<Option<Self>, AuditError> {
        let names = storage.list(folder).map_err(AuditError::storage("list", folder))?;
        let keys: Vec<_> =
            names.iter().filter(|path| path.extension().is_some_and(|end| end == "key")).collect();
        let pointer = folder.join(CURRENT);
        match (&keys[..], names.contains(&pointer)) {
            ([], false) => Ok(None),
            ([path], false) => Self::read(storage, path).map(Some),
            (_, false) => Err(AuditError::KeyAmbiguous { path: folder.to_owned(), keys: keys.len() }),
            // Also where it is gone: an older one must not take its place unseen.
            (_, true) => {
                let bytes =
                    storage.read(&pointer, FILE_BYTES_MAX).map_err(AuditError::storage("read", &pointer))?;
                let named = std::str::from_utf8(&bytes).ok().and_then(|text| KeyId::parse(text.trim_end()));
                let named = named.ok_or(AuditError::KeyUnreadable { path: pointer })?;
                let path = folder.join(format!("{named}.key"));
                let is_there = names.contains(&path);
                if is_there {
                    Self::read(storage, &path).map(Some)
                } else {
                    Err(AuditError::KeyUnreadable { path })
                }
            }
        }
    }

    fn read(storage: &dyn Storage, path: &Path) -> Result<Self, AuditError> {
        let bytes = storage.read(path, FILE_BYTES_MAX).map_err(AuditError::storage("read", path))?;
        let parse = || {
            let line = std::str::from_utf8(&bytes).ok()?.strip_suffix('\n')?;
            let (id, key) = line.strip_prefix(FILE_TAG)?.strip_prefix(' ')?.split_once(' ')?;
            let named = path.file_stem().is_some_and(|stem| stem == id);
            let (id, key) = (KeyId::parse(id)?, Digest::from_hex(key)?);
            named.then(|| Self::new(id, &key.0))
        };
        parse().ok_or_else(|| AuditError::KeyUnreadable { path: path.to_owned() })
    }
}

impl std::fmt::Debug for Digester {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digester").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl KeyId {
    /// Reads a key's name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        read_hex(text).map(Self)
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::domain::write_hex(f, &self.0)
    }
}

impl std::fmt::Debug for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Makes a key, with the folder of keys locked.
pub(super) fn new_key(storage: &dyn Storage, folder: &Path) -> Result<Digester, AuditError> {
    let mut random = [0; 36];
    getrandom::fill(&mut random).map_err(AuditError::Random)?;
    let (id, key) = random.split_at(4);
    let key_id = KeyId(id.try_into().expect("four bytes were split off"));
    let key = Digest(key.try_into().expect("32 bytes are left"));
    let path = folder.join(format!("{key_id}.key"));
    publish_file(storage, &path, format!("{FILE_TAG} {key_id} {key}\n").as_bytes())
        .map_err(AuditError::storage("write", &path))?;
    Ok(Digester::new(key_id, &key.0))
}

/// What was being written when the disk was full or the power went.
fn unfinished(storage: &dyn Storage, folder: &Path) -> Result<Vec<PathBuf>, AuditError> {
    let mut names = storage.list(folder).map_err(AuditError::storage("list", folder))?;
    names.retain(|path| path.extension().is_some_and(|end| end == "tmp"));
    Ok(names)
}

pub(super) fn wait_for_lock(storage: &dyn Storage, path: &Path) -> Result<Lock, AuditError> {
    for _ in 0..LOCK_TRIES {
        match storage.lock(path) {
            Ok(lock) => return Ok(lock),
            Err(LockError::Held) => std::thread::sleep(LOCK_PAUSE),
            Err(LockError::Io(error)) => return Err(AuditError::storage("lock", path)(error)),
        }
    }
    Err(AuditError::KeyLocked { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::{DocumentNumber, IssuingState, Kind, Status};
    use crate::ground::storage::Disk;

    fn document(state: &str, number: &str) -> DocumentId {
        DocumentId {
            issuing_state: IssuingState::recognise(state).unwrap().state,
            number: DocumentNumber::parse(number).unwrap(),
        }
    }

    #[test]
    fn every_process_of_a_site_has_the_same_key() {
        let data = tempfile::tempdir().unwrap();
        let ids: HashSet<_> = std::thread::scope(|scope| {
            let open = || Digester::open(&Disk, data.path()).unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap().document(&document("UTO", "L898902C3")))
                .collect()
        });
        assert_eq!(ids.len(), 1);
        let other = tempfile::tempdir().unwrap();
        let other = Digester::open(&Disk, other.path()).unwrap();
        assert!(!ids.contains(&other.document(&document("UTO", "L898902C3"))));
    }

    #[test]
    fn a_digest_depends_on_everything_it_names() {
        let digester = Digester::new(KeyId([1; 4]), &[2; 32]);
        let digests: HashSet<_> = [("UTO", "A1"), ("UTO", "A2"), ("D", "A1"), ("UTO", "A11")]
            .map(|(state, number)| digester.document(&document(state, number)))
            .into();
        assert_eq!(digests.len(), 4);
        let notice = |reference: Option<&str>| Notice {
            document: document("UTO", "A1"),
            kind: Kind::Passport,
            status: Status::Lost,
            reported_on: None,
            review_on: None,
            reference: reference.map(|text| crate::domain::Reference::parse(text).unwrap()),
            alias: false,
        };
        let feed = |name| FeedName::parse(name).unwrap();
        let findings: HashSet<_> = [("a", None), ("b", None), ("a", Some("x")), ("ab", None)]
            .map(|(name, reference)| digester.finding(&feed(name), &notice(reference)))
            .into();
        assert_eq!(findings.len(), 4);
    }

    #[test]
    fn digests_never_change_under_one_key() {
        let digester = Digester::new(KeyId([1; 4]), &[2; 32]);
        let digest = Digest(digester.document(&document("UTO", "L898902C3")));
        assert_eq!(digest.to_string(), "209a9e69c637a43b8e8c57d79fc2ca7f04e7a410badf6f6ebc508abb75afddb6");
    }

    #[test]
    fn a_spoilt_or_second_key_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let digester = Digester::open(&Disk, data.path()).unwrap();
        let folder = data.path().join("audit/keys");
        let path = folder.join(format!("{}.key", digester.key_id()));
        let line = String::from_utf8(Disk.read(&path, 1000).unwrap()).unwrap();
        for spoilt in
            [line.trim_end(), "", &line.replace("key 1", "key 2"), &line[..line.len() - 2], &line.repeat(2)]
        {
            publish_file(&Disk, &path, spoilt.as_bytes()).unwrap();
            assert!(
                matches!(Digester::open(&Disk, data.path()), Err(AuditError::KeyUnreadable { .. })),
                "{spoilt}"
            );
        }
        publish_file(&Disk, &path, line.as_bytes()).unwrap();
        assert_eq!(Digester::open(&Disk, data.path()).unwrap().key_id(), digester.key_id());
        publish_file(&Disk, &folder.join("11111111.key"), line.as_bytes()).unwrap();
        assert!(matches!(Digester::open(&Disk, data.path()), Err(AuditError::KeyAmbiguous { keys: 2, .. })));
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let shown = format!("{:?}", Digester::new(KeyId([1; 4]), &[0xab; 32]));
        assert_eq!(shown, "Digester { key_id: KeyId(01010101), .. }");
    }
}
