//! False publications, made by hand: what a thief of some keys, or a publisher gone wrong, puts on a mirror.

use std::path::{Path, PathBuf};

use portcullis::feed::{RefreshError, RoleName, Signer};
use portcullis::syncing::{Outcome, SyncError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::feed::{Border, Centre, Holders, key};

/// A repository that others write to than its centre.
pub(crate) struct Tampered {
    folder: PathBuf,
    holders: Holders,
    _copy: Option<TempDir>,
}

/// The newest publication of a repository, to be changed and signed again.
pub(crate) struct Forgery {
    pub(crate) timestamp: Value,
    pub(crate) snapshot: Value,
    pub(crate) targets: Value,
    /// Whose keys sign.
    pub(crate) holders: Holders,
}

impl Tampered {
    /// A copy.
    pub(crate) fn of(centre: &Centre) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["metadata", "targets"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            copy_files(&centre.repository().join(name), &folder.path().join(name));
        }
        let path = folder.path().to_owned();
        Self { folder: path, holders: centre.holders.clone(), _copy: Some(folder) }
    }

    /// The centre's own.
    pub(crate) fn in_place(centre: &Centre) -> Self {
        Self { folder: centre.repository(), holders: centre.holders.clone(), _copy: None }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn metadata(&self, name: &str) -> PathBuf {
        self.path().join("metadata").join(name)
    }

    /// Changes every file of the lists.
    pub(crate) fn change_targets(&self, change: impl Fn(&mut Vec<u8>)) {
        for entry in std::fs::read_dir(self.path().join("targets")).unwrap() {
            change_file(&entry.unwrap().path(), &change);
        }
    }

    /// Has the files of another repository too.
    pub(crate) fn bring_targets_of(&self, other: &Self) {
        copy_files(&other.path().join("targets"), &self.path().join("targets"));
    }

    pub(crate) fn change_metadata(&self, name: &str, change: impl Fn(&mut Vec<u8>)) {
        change_file(&self.metadata(name), &change);
    }

    /// Changes the newest publication and signs it again, with the keys of the centre unless the forgery has others.
    pub(crate) fn forge(&self, change: impl FnOnce(&mut Forgery)) {
        let mut forgery = self.forgery();
        change(&mut forgery);
        forgery.write(self);
    }

    pub(crate) fn forgery(&self) -> Forgery {
        let signed = |name: &str| signed_part(&std::fs::read(self.metadata(name)).unwrap());
        let timestamp = signed("timestamp.json");
        let snapshot = signed(&format!("{}.snapshot.json", timestamp["meta"]["snapshot.json"]["version"]));
        let targets = signed(&format!("{}.targets.json", snapshot["meta"]["targets.json"]["version"]));
        Forgery { timestamp, snapshot, targets, holders: self.holders.clone() }
    }

    /// Names the files of the newest publication as they are now, by the keys of the centre.
    pub(crate) fn name_again(&self) {
        let Forgery { mut timestamp, mut snapshot, targets, holders } = self.forgery();
        let bytes = std::fs::read(self.metadata(&format!("{}.targets.json", targets["version"]))).unwrap();
        snapshot["meta"]["targets.json"] = named(&targets, &bytes);
        let bytes = signed_by(&snapshot, holders.keys(RoleName::Snapshot));
        std::fs::write(self.metadata(&format!("{}.snapshot.json", snapshot["version"])), &bytes).unwrap();
        timestamp["meta"]["snapshot.json"] = named(&snapshot, &bytes);
        let bytes = signed_by(&timestamp, holders.keys(RoleName::Timestamp));
        std::fs::write(self.metadata("timestamp.json"), bytes).unwrap();
    }

    /// Puts a root in place: `signed`, with the signatures of these keys.
    pub(crate) fn put_root(&self, version: u64, signed: &Value, keys: &[u8]) {
        std::fs::write(self.metadata(&format!("{version}.root.json")), signed_by(signed, keys)).unwrap();
    }
}

impl Forgery {
    pub(crate) fn bulletin(&mut self) -> &mut Value {
        &mut self.targets["bulletin"]
    }

    /// The last file of the list, as the bulletin has it.
    pub(crate) fn last_file(&mut self) -> &mut Value {
        let last = if self.targets["bulletin"]["delta"].is_null() { "base" } else { "delta" };
        &mut self.targets["bulletin"][last]
    }

    /// Each role names the one below it as it is now.
    fn write(mut self, repository: &Tampered) {
        let targets = signed_by(&self.targets, self.holders.keys(RoleName::Targets));
        self.snapshot["meta"]["targets.json"] = named(&self.targets, &targets);
        let snapshot = signed_by(&self.snapshot, self.holders.keys(RoleName::Snapshot));
        self.timestamp["meta"]["snapshot.json"] = named(&self.snapshot, &snapshot);
        let timestamp = signed_by(&self.timestamp, self.holders.keys(RoleName::Timestamp));
        let write = |name: String, bytes: &[u8]| std::fs::write(repository.metadata(&name), bytes).unwrap();
        write(format!("{}.targets.json", self.targets["version"]), &targets);
        write(format!("{}.snapshot.json", self.snapshot["version"]), &snapshot);
        write("timestamp.json".to_owned(), &timestamp);
    }
}

/// What is signed of a file of metadata.
pub(crate) fn signed_part(bytes: &[u8]) -> Value {
    serde_json::from_slice::<Value>(bytes).unwrap()["signed"].take()
}

/// Metadata with the signatures of these keys, byte for byte as the product writes it; a key may be named twice.
pub(crate) fn signed_by(signed: &Value, keys: &[u8]) -> Vec<u8> {
    let canonical = canonical(signed);
    let signature = |seed: &u8| {
        let signature = key(*seed).sign(&canonical).unwrap();
        json!({"keyid": key_id(&public_key(*seed)), "sig": hex(&signature)})
    };
    let mut signatures: Vec<_> = keys.iter().map(signature).collect();
    signatures.sort_by_key(|signature| signature["keyid"].to_string());
    serde_json::to_vec(&json!({"signed": signed, "signatures": signatures})).unwrap()
}

/// A public key as roots have it.
pub(crate) fn public_key(seed: u8) -> Value {
    let public = key(seed).public().to_string();
    json!({"keytype": "ed25519", "keyval": {"public": public}, "scheme": "ed25519"})
}

/// SHA-256 of the key's canonical form.
pub(crate) fn key_id(key: &Value) -> String {
    hex(&Sha256::digest(canonical(key)))
}

/// Sorted, without blanks: canonical JSON, for want of characters that need an escape.
pub(crate) fn canonical(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How the role above names a file.
pub(crate) fn named(signed: &Value, bytes: &[u8]) -> Value {
    let sha256 = hex(&Sha256::digest(bytes));
    json!({"hashes": {"sha256": sha256}, "length": bytes.len(), "version": signed["version"]})
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn change_file(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

/// What a site that has the first publication says of a lie about the second.
pub(crate) fn refused(lie: impl FnOnce(&Tampered)) -> SyncError {
    let centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    centre.publish(3..6, 2);
    let mirror = Tampered::of(&centre);
    lie(&mirror);
    refused_by(&border, &mirror, &centre, 3)
}

/// Why a false second publication was not accepted.
pub(crate) fn refused_forgery(change: impl FnOnce(&mut Forgery)) -> RefreshError {
    refresh_error(refused(|mirror| mirror.forge(change)))
}

/// What a site says of a mirror, after which it is as it was and follows its centre.
pub(crate) fn refused_by(border: &Border, mirror: &Tampered, centre: &Centre, hour: i64) -> SyncError {
    let before = border.in_force();
    let error = border.sync(mirror.path(), hour).unwrap_err();
    assert_eq!(border.in_force(), before, "after {error:?}");
    let synced = border.sync(&centre.repository(), hour).unwrap();
    assert!(matches!(synced.outcome, Outcome::InForce(_)), "{synced:?}");
    error
}

/// Why no metadata was accepted.
pub(crate) fn refresh_error(error: SyncError) -> RefreshError {
    match error {
        SyncError::Refresh { source, .. } => *source,
        other => panic!("{other:?}"),
    }
}
