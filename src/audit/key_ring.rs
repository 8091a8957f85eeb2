//! The digest keys of a site over time: the newest makes digests, older ones find what was recorded with them, and what was
//! recorded with a key that is destroyed can be linked to no document any more.

use std::path::Path;

use super::AuditError;
use super::keys::{CURRENT, Digester, KeyId, new_key, wait_for_lock};
use crate::ground::storage::{Storage, publish_file};

/// Makes a new digest key, which every process uses from its next start on. Gives the key of before and the new one.
///
/// # Errors
/// Those of [`Digester::open`].
pub fn rotate_digest_key(storage: &dyn Storage, data_dir: &Path) -> Result<(KeyId, KeyId), AuditError> {
    let before = Digester::open(storage, data_dir)?.key_id();
    let folder = data_dir.join("audit").join("keys");
    let _lock = wait_for_lock(storage, &folder.join("LOCK"))?;
    // Until another one is current, the one of before must say that it is.
    make_current(storage, &folder, before)?;
    let new = new_key(storage, &folder)?.key_id();
    make_current(storage, &folder, new)?;
    Ok((before, new))
}

/// Destroys a key that no process uses any more: nobody can tell then whom the digests were of that were made with it. Entries
/// stay, and are proved as before.
///
/// # Errors
/// [`AuditError::KeyInUse`] for the key that makes digests, and [`AuditError::NoKey`] for one that is not there.
pub fn destroy_digest_key(storage: &dyn Storage, data_dir: &Path, key: KeyId) -> Result<(), AuditError> {
    let current = Digester::open(storage, data_dir)?.key_id();
    let folder = data_dir.join("audit").join("keys");
    let _lock = wait_for_lock(storage, &folder.join("LOCK"))?;
    if key == current {
        return Err(AuditError::KeyInUse { key });
    }
    if !Digester::held(storage, data_dir)?.iter().any(|held| held.key_id() == key) {
        return Err(AuditError::NoKey { key });
    }
    let path = folder.join(format!("{key}.key"));
    storage.remove(&path).map_err(AuditError::storage("remove", &path))?;
    storage.sync_dir(&folder).map_err(AuditError::storage("sync", &folder))
}

fn make_current(storage: &dyn Storage, folder: &Path, key: KeyId) -> Result<(), AuditError> {
    let path = folder.join(CURRENT);
    publish_file(storage, &path, format!("{key}\n").as_bytes()).map_err(AuditError::storage("write", &path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::storage::Disk;

    #[test]
    fn the_newest_key_makes_digests_and_older_ones_are_held_until_they_are_destroyed() {
        let data = tempfile::tempdir().unwrap();
        let ids = || -> Vec<_> {
            let mut ids: Vec<_> = Digester::held(&Disk, data.path())
                .unwrap()
                .iter()
                .map(|key| key.key_id().to_string())
                .collect();
            ids.sort();
            ids
        };
        let first = Digester::open(&Disk, data.path()).unwrap().key_id();
        let (before, second) = rotate_digest_key(&Disk, data.path()).unwrap();
        let (again, third) = rotate_digest_key(&Disk, data.path()).unwrap();
        assert_eq!((before, again), (first, second));
        assert_eq!(Digester::open(&Disk, data.path()).unwrap().key_id(), third);
        assert_eq!(ids().len(), 3);
        assert!(matches!(destroy_digest_key(&Disk, data.path(), third), Err(AuditError::KeyInUse { .. })));
        destroy_digest_key(&Disk, data.path(), first).unwrap();
        assert!(matches!(destroy_digest_key(&Disk, data.path(), first), Err(AuditError::NoKey { .. })));
        let mut left = [second, third].map(|key| key.to_string());
        left.sort();
        assert_eq!(ids(), left);
    }

    #[test]
    fn a_key_that_is_gone_while_it_makes_digests_is_not_replaced_by_an_older_one() {
        let data = tempfile::tempdir().unwrap();
        Digester::open(&Disk, data.path()).unwrap();
        let (_, second) = rotate_digest_key(&Disk, data.path()).unwrap();
        std::fs::remove_file(data.path().join(format!("audit/keys/{second}.key"))).unwrap();
        assert!(matches!(Digester::open(&Disk, data.path()), Err(AuditError::KeyUnreadable { .. })));
        std::fs::write(data.path().join("audit/keys/current"), "nonsense").unwrap();
        assert!(matches!(Digester::open(&Disk, data.path()), Err(AuditError::KeyUnreadable { .. })));
    }
}
