//! A disk that is full while a log or a key is made leaves nothing that piles up.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::BTreeSet;
use std::path::Path;

use portcullis::audit::Digester;
use portcullis::ground::storage::{Disk, Storage};

use crate::audit_samples::{draft, open, record, replace};
use crate::support::recording::Recording;

fn names(folder: &Path) -> BTreeSet<String> {
    let paths = Disk.list(folder).unwrap();
    paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Everything that a log consists of.
const FILES: [&str; 12] = [
    "LOCK",
    "bodies",
    "checkpoints",
    "leaves",
    "places",
    "reserve",
    "signing.pem",
    "tree-1",
    "tree-2",
    "tree-3",
    "tree-4",
    "verify.key",
];

#[test]
fn a_log_that_cannot_be_made_is_made_in_the_same_folder_once_there_is_room() {
    // The headers have 64 bytes each: none of `leaves`, some of it, all of it, some of `bodies`.
    for room in [0, 1, 63, 64, 65, 127] {
        let data = tempfile::tempdir().unwrap();
        let disk = Recording::new(data.path());
        disk.disk_full_after(Some(room));
        for _ in 0..5 {
            assert!(open(&disk, data.path()).is_err());
            let folders = names(&data.path().join("audit"));
            assert_eq!(folders.len(), 1, "{room}: {folders:?}");
            let files = names(&data.path().join("audit").join(folders.first().unwrap()));
            assert!(files.len() <= 3, "{room}: {files:?}");
        }
        disk.disk_full_after(None);
        let (log, opened) = open(&disk, data.path()).unwrap();
        assert!(opened.created);
        assert_eq!(names(&data.path().join("audit")), BTreeSet::from([opened.log_id.to_string()]));
        assert_eq!(
            names(&data.path().join("audit").join(&*opened.log_id)),
            BTreeSet::from(FILES.map(str::to_owned)),
            "{room}"
        );
        assert_eq!(record(&log, &draft(1, 0)).unwrap().entry_id, 0);
    }
}

#[test]
fn keys_that_could_not_be_written_whole_do_not_pile_up() {
    let data = tempfile::tempdir().unwrap();
    let disk = Recording::new(data.path());
    let keys = data.path().join("audit/keys");
    for room in [0, 1, 40, 90, 0] {
        disk.disk_full_after(Some(room));
        assert!(Digester::open(&disk, data.path()).is_err());
        assert!(names(&keys).len() <= 2, "{:?}", names(&keys));
        assert!(names(&keys).iter().all(|name| !name.ends_with(".key")));
    }
    disk.disk_full_after(None);
    let key_id = Digester::open(&disk, data.path()).unwrap().key_id();
    assert_eq!(names(&keys), BTreeSet::from(["LOCK".to_owned(), format!("{key_id}.key")]));
}

#[test]
fn half_a_key_beside_the_key_is_removed_by_whoever_holds_the_lock() {
    let data = tempfile::tempdir().unwrap();
    let key_id = Digester::open(&Disk, data.path()).unwrap().key_id();
    let keys = data.path().join("audit/keys");
    replace(&keys.join("00000001.key.tmp"), b"portcullis-digest-key 1 000");
    let lock = Disk.lock(&keys.join("LOCK")).unwrap();
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| Digester::open(&Disk, data.path()).unwrap().key_id());
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert_eq!(names(&keys).len(), 3, "its writer may still be at it");
        drop(lock);
        assert_eq!(opening.join().unwrap(), key_id);
    });
    assert_eq!(names(&keys), BTreeSet::from(["LOCK".to_owned(), format!("{key_id}.key")]));
}
