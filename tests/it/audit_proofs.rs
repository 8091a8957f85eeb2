//! What an auditor may rely on: every entry can be proved, and nothing can be changed, cut off or put back unseen.

use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis::audit::{
    AuditError, Config, Examined, Expected, Fault, NoteKey, ProofFault, check_proof, log_folders,
    missing_logs, prove, verify,
};
use portcullis::domain::{Digest, Durability};
use portcullis::ground::storage::Disk;
use serde_json::Value;

use crate::audit_samples::{content, draft, frame_offsets, log_of, open, open_as, record, replace};

fn examined(folder: &Path) -> Examined {
    verify(&Disk, folder, Expected::default(), &mut |_| {}).unwrap()
}

/// 600 entries that were recorded together.
fn log_of_more_than_two_tiles(data: &Path) -> PathBuf {
    let (log, opened) = open(&Disk, data).unwrap();
    let drafts = (0..600).map(|number| (draft(number, 0), ())).collect();
    let _ = log.submit_many(drafts).unwrap().wait().unwrap();
    log.close().unwrap();
    data.join("audit").join(&*opened.log_id)
}

fn key(folder: &Path) -> NoteKey {
    NoteKey::parse(&String::from_utf8(content(&folder.join("verify.key"))).unwrap()).unwrap()
}

/// Somebody else's verifier, written from the specifications alone.
fn oracle(what: &str, path: &Path, key: &NoteKey) -> Value {
    let oracles =
        std::env::var_os("PORTCULLIS_ORACLES").expect("tests/run installs the oracles and says where");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/audit_oracle.py");
    let output = Command::new("python3")
        .arg(script)
        .args([what, path.to_str().unwrap(), &key.to_string()])
        .env("PYTHONPATH", PathBuf::from(oracles).join("python"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn every_entry_is_proved_to_whoever_has_the_key_and_the_receipt() {
    let data = tempfile::tempdir().unwrap();
    let (log, opened) = open(&Disk, data.path()).unwrap();
    let folder = data.path().join("audit").join(&*opened.log_id);
    let receipts: Vec<_> = (0..11).map(|number| record(&log, &draft(number, 0)).unwrap()).collect();
    assert!(matches!(prove(&Disk, &folder, 0), Err(AuditError::NotSigned { entries: 0, .. })));
    log.close().unwrap();
    let key = key(&folder);
    assert_eq!(key.to_string(), *opened.key);
    for receipt in &receipts {
        let proof = prove(&Disk, &folder, receipt.entry_id).unwrap();
        let proved = check_proof(&proof, &key, Some(receipt.leaves[0])).unwrap();
        assert_eq!((proved.entry_id, proved.leaf), (receipt.entry_id, receipt.leaves[0]));
        assert_eq!(proved.checkpoint.size, 11);
        let entry = proved.entry.unwrap();
        assert_eq!(
            entry.client_reference,
            draft(receipt.entry_id, 0).client_reference.as_deref().map(Into::into)
        );
    }
    assert!(matches!(prove(&Disk, &folder, 11), Err(AuditError::NotSigned { entry: 11, entries: 11, .. })));
}

#[test]
fn a_verifier_written_from_the_specifications_agrees() {
    let data = tempfile::tempdir().unwrap();
    let mut folder = PathBuf::new();
    // Several checkpoints, and more than one tile.
    for entries in [1, 2, 5, 700] {
        let (log, opened) = open(&Disk, data.path()).unwrap();
        folder = data.path().join("audit").join(&*opened.log_id);
        let from = opened.entries;
        let drafts = (from..from + entries).map(|number| (draft(number, 0), ())).collect();
        let _ = log.submit_many(drafts).unwrap().wait().unwrap();
        log.close().unwrap();
    }
    let (key, sound) = (key(&folder), examined(&folder));
    assert!(sound.faults.is_empty(), "{:?}", sound.faults);
    assert_eq!((sound.entries, sound.checkpoints), (708, 4));
    let found = oracle("log", &folder, &key);
    assert_eq!(found["sizes"], serde_json::json!([1, 3, 8, 708]));
    assert_eq!(found["root"], Digest(sound.newest.unwrap().root).to_string());
    for entry in [0, 7, 255, 256, 511, 512, 700, 707] {
        let file = data.path().join("proof");
        std::fs::write(&file, prove(&Disk, &folder, entry).unwrap()).unwrap();
        let proved = oracle("proof", &file, &key);
        assert_eq!((&proved["index"], &proved["size"]), (&entry.into(), &708.into()));
        assert_eq!(proved["entry"]["seq"], entry);
    }
}

#[test]
fn a_proof_that_was_changed_or_is_another_logs_proves_nothing() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, elsewhere) = (log_of(data.path(), 9), log_of(other.path(), 9));
    let (proof, key) = (prove(&Disk, &folder, 4).unwrap(), key(&folder));
    assert_eq!(check_proof(&proof, &self::key(&elsewhere), None), Err(ProofFault::Checkpoint));
    assert_eq!(check_proof(&proof, &key, Some(Digest([1; 32]))), Err(ProofFault::OtherLeaf));
    assert_eq!(check_proof(&proof.replace("index 4", "index 5"), &key, None), Err(ProofFault::Path));
    for at in 0..proof.len() {
        let mut bytes = proof.clone().into_bytes();
        bytes[at] ^= 1;
        let Ok(changed) = String::from_utf8(bytes) else { continue };
        if let Ok(proved) = check_proof(&changed, &key, None) {
            let right = check_proof(&proof, &key, None).unwrap();
            assert_eq!(proved, right, "byte {at}");
        }
    }
    // A body that was destroyed leaves the proof of its leaf, which the receipt names.
    let without: String =
        proof.lines().filter(|line| !line.starts_with("extra ")).map(|line| format!("{line}\n")).collect();
    let right = check_proof(&proof, &key, None).unwrap();
    assert_eq!(check_proof(&without, &key, None), Err(ProofFault::NoLeaf));
    let proved = check_proof(&without, &key, Some(right.leaf)).unwrap();
    assert_eq!((proved.leaf, proved.entry), (right.leaf, None));
}

#[test]
fn a_flipped_bit_anywhere_is_found_and_the_file_is_named() {
    let data = tempfile::tempdir().unwrap();
    let folder = log_of_more_than_two_tiles(data.path());
    for name in ["bodies", "leaves", "places", "tree-1", "checkpoints", "verify.key"] {
        let path = folder.join(name);
        let sound = content(&path);
        assert!(!sound.is_empty(), "{name}");
        for at in (0..sound.len()).step_by(1 + sound.len() / 60) {
            let mut spoilt = sound.clone();
            spoilt[at] ^= 1 << (at % 8);
            replace(&path, &spoilt);
            let found = examined(&folder);
            // The end of the last checkpoint, spoilt, is that of one that was not written whole.
            if name == "checkpoints" && found.torn_bytes > 0 {
                assert!(at > sound.len() - 120, "{at}");
                continue;
            }
            let told = found.faults.first().map(ToString::to_string).unwrap_or_default();
            // A changed key is told of, or makes strangers of the checkpoints.
            let named = if name == "verify.key" { "" } else { name };
            assert!(!told.is_empty() && told.contains(named), "{name} byte {at}: {told:?}");
        }
        replace(&path, &sound);
    }
    assert!(examined(&folder).faults.is_empty());
}

/// Frames of another order, with everything that is not signed made right again.
fn rewritten(folder: &Path, order: &[usize]) {
    let bodies = content(&folder.join("bodies"));
    let leaves = content(&folder.join("leaves"));
    let offsets = frame_offsets(&bodies);
    let (mut new_bodies, mut new_leaves) = (bodies[..64].to_vec(), leaves[..64].to_vec());
    let (mut places, mut sequence) = (Vec::new(), 0_u64);
    for at in order {
        let frame = &bodies[offsets[*at]..offsets[at + 1]];
        let (head, rest) = frame.split_at(28);
        let body = std::str::from_utf8(&rest[..rest.len() - 8]).unwrap();
        let body = body.replacen(&format!("\"seq\":{at},"), &format!("\"seq\":{sequence},"), 1);
        let mut frame = (body.len() as u32).to_le_bytes().to_vec();
        frame.extend_from_slice(&sequence.to_le_bytes());
        frame.extend_from_slice(&head[12..]);
        frame.extend_from_slice(body.as_bytes());
        let checksum = xxhash_rust::xxh3::xxh3_64(&frame);
        places.extend_from_slice(&(new_bodies.len() as u64).to_le_bytes());
        new_bodies.extend_from_slice(&frame);
        new_bodies.extend_from_slice(&checksum.to_le_bytes());
        use sha2::Digest as _;
        let leaf = sha2::Sha256::new().chain_update([0]).chain_update(&head[12..]).chain_update(body);
        new_leaves.extend_from_slice(&leaf.finalize());
        sequence += 1;
    }
    replace(&folder.join("bodies"), &new_bodies);
    replace(&folder.join("leaves"), &new_leaves);
    replace(&folder.join("places"), &places);
}

#[test]
fn entries_that_somebody_reordered_dropped_doubled_or_cut_off_are_missed() {
    let all: Vec<usize> = (0..10).collect();
    let swapped: Vec<usize> = [0, 1, 3, 2, 4, 5, 6, 7, 8, 9].into();
    let dropped: Vec<usize> = [0, 1, 2, 4, 5, 6, 7, 8, 9].into();
    let doubled: Vec<usize> = [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9].into();
    let replaced: Vec<usize> = [0, 1, 2, 3, 3, 5, 6, 7, 8, 9].into();
    for (order, what) in [
        (&swapped, "swapped"),
        (&dropped, "dropped"),
        (&doubled, "doubled"),
        (&replaced, "replaced"),
        (&all[..8].to_vec(), "cut"),
    ] {
        let data = tempfile::tempdir().unwrap();
        let folder = log_of(data.path(), 10);
        rewritten(&folder, &all);
        assert!(examined(&folder).faults.is_empty(), "what is written again as it was is sound");
        rewritten(&folder, order);
        let faults = examined(&folder).faults;
        let is_missed =
            |error: &AuditError| matches!(error, AuditError::Forked { .. } | AuditError::CutOff { .. });
        assert!(faults.iter().any(is_missed), "{what}: {faults:?}");
        let refused = open(&Disk, data.path()).unwrap_err();
        assert!(is_missed(&refused), "{what}: {refused}");
    }
}

fn exporting(to: &Path) -> Config {
    Config { checkpoints_to: vec![to.display().to_string()], ..Config::default() }
}

fn copied(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

#[test]
fn a_log_that_was_put_back_from_an_older_copy_is_refused_by_what_it_exported() {
    let (data, elsewhere, copies) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = || exporting(elsewhere.path());
    let (log, opened) = open_as(&Disk, data.path(), config()).unwrap();
    let folder = data.path().join("audit").join(&*opened.log_id);
    record(&log, &draft(0, 0)).unwrap();
    log.close().unwrap();
    copied(&folder, &copies.path().join("old"));
    let (log, _) = open_as(&Disk, data.path(), config()).unwrap();
    record(&log, &draft(1, 0)).unwrap();
    log.close().unwrap();
    let sound = verify(
        &Disk,
        &folder,
        Expected { keys: &[key(&folder)], exported_to: &[elsewhere.path().to_owned()] },
        &mut |_| {},
    );
    assert!(sound.unwrap().faults.is_empty());

    std::fs::remove_dir_all(&folder).unwrap();
    copied(&copies.path().join("old"), &folder);
    assert!(examined(&folder).faults.is_empty(), "by itself it is sound");
    let refused = open_as(&Disk, data.path(), config()).unwrap_err();
    assert!(matches!(refused, AuditError::CutOff { size: 2, entries: 1, .. }), "{refused}");
    let expected = Expected { keys: &[], exported_to: &[elsewhere.path().to_owned()] };
    let missed = verify(&Disk, &folder, expected, &mut |_| {}).unwrap().faults;
    assert!(matches!(missed[..], [AuditError::CutOff { .. }]), "{missed:?}");

    // Gone on from the copy, where nobody looked at what was exported.
    let (log, _) = open(&Disk, data.path()).unwrap();
    record(&log, &draft(7, 0)).unwrap();
    record(&log, &draft(8, 0)).unwrap();
    log.close().unwrap();
    let refused = open_as(&Disk, data.path(), config()).unwrap_err();
    assert!(matches!(refused, AuditError::Forked { size: 2, .. }), "{refused}");
    let forked = verify(&Disk, &folder, expected, &mut |_| {}).unwrap().faults;
    assert!(matches!(forked[..], [AuditError::Forked { .. }]), "{forked:?}");
}

#[test]
fn a_log_with_another_key_than_was_noted_or_none_is_not_sound() {
    let data = tempfile::tempdir().unwrap();
    let folder = log_of(data.path(), 3);
    let noted = key(&folder);
    ["signing.pem", "verify.key", "checkpoints"]
        .iter()
        .for_each(|name| std::fs::remove_file(folder.join(name)).unwrap());
    drop(open(&Disk, data.path()).unwrap());
    let expected = Expected { keys: std::slice::from_ref(&noted), exported_to: &[] };
    let faults = verify(&Disk, &folder, expected, &mut |_| {}).unwrap().faults;
    assert!(matches!(faults[..], [AuditError::OtherKey { .. }]), "{faults:?}");
    assert_ne!(key(&folder), noted);
    // Whoever takes only the key away does not get another one.
    std::fs::remove_file(folder.join("signing.pem")).unwrap();
    assert!(matches!(open(&Disk, data.path()), Err(AuditError::SigningKey { .. })));
}

#[test]
fn a_log_of_which_everything_signed_or_everything_was_taken_away_is_missed() {
    let (data, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let to = [elsewhere.path().to_owned()];
    let (log, opened) = open_as(&Disk, data.path(), exporting(elsewhere.path())).unwrap();
    record(&log, &draft(0, 0)).unwrap();
    log.close().unwrap();
    let folder = data.path().join("audit").join(&*opened.log_id);
    let folders = || log_folders(&Disk, data.path()).unwrap();
    assert!(missing_logs(&Disk, &folders(), &to).unwrap().is_empty());
    ["signing.pem", "verify.key", "checkpoints"]
        .iter()
        .for_each(|name| std::fs::remove_file(folder.join(name)).unwrap());
    let refused = open_as(&Disk, data.path(), exporting(elsewhere.path())).unwrap_err();
    assert!(matches!(refused, AuditError::SigningKey { .. }), "{refused}");
    let faults =
        verify(&Disk, &folder, Expected { keys: &[], exported_to: &to }, &mut |_| {}).unwrap().faults;
    assert!(matches!(faults[..], [AuditError::SigningKey { .. }]), "{faults:?}");
    std::fs::remove_dir_all(&folder).unwrap();
    let missing = missing_logs(&Disk, &folders(), &to).unwrap();
    assert_eq!(missing.into_iter().collect::<Vec<_>>(), [opened.log_id.to_string()]);
}

#[test]
fn what_is_computed_of_a_log_is_made_again_where_it_is_lost() {
    let data = tempfile::tempdir().unwrap();
    let folder = log_of_more_than_two_tiles(data.path());
    let before = ["places", "tree-1"].map(|name| content(&folder.join(name)));
    for name in ["places", "tree-1", "tree-2", "verify.key"] {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    drop(open(&Disk, data.path()).unwrap());
    assert_eq!(["places", "tree-1"].map(|name| content(&folder.join(name))), before);
    assert!(examined(&folder).faults.is_empty());
    // A file that is short of what was synced with a checkpoint is told of.
    replace(&folder.join("tree-1"), &before[1][..32]);
    let faults = examined(&folder).faults;
    assert!(
        matches!(&faults[..], [AuditError::Damaged(damage)] if damage.fault == Fault::Tree),
        "{faults:?}"
    );
}

/// MTH of RFC 6962, section 2.1.
fn root(leaves: &[Digest]) -> [u8; 32] {
    use sha2::Digest as _;
    match leaves {
        [] => sha2::Sha256::digest([]).into(),
        [leaf] => leaf.0,
        leaves => {
            let left = 1 << (leaves.len() - 1).ilog2();
            let (left, right) = leaves.split_at(left);
            sha2::Sha256::new()
                .chain_update([1])
                .chain_update(root(left))
                .chain_update(root(right))
                .finalize()
                .into()
        }
    }
}

#[test]
fn random_histories_leave_the_tree_that_their_receipts_make() {
    for seed in 0..6_u64 {
        let data = tempfile::tempdir().unwrap();
        let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut chance = |below: u64| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % below
        };
        let mut leaves: Vec<Digest> = Vec::new();
        for _ in 0..8 {
            let durability = [Durability::Synced, Durability::Written][chance(2) as usize];
            let config = Config { durability, ..Config::default() };
            let (log, opened) = open_as(&Disk, data.path(), config).unwrap();
            assert_eq!(opened.entries as usize, leaves.len());
            for _ in 0..chance(5) {
                let count = 1 + chance(300);
                let from = leaves.len() as u64;
                let drafts = (from..from + count).map(|number| (draft(number, chance(40) as usize), ()));
                let each = log.submit_many(drafts.collect()).unwrap().wait().unwrap().into_each();
                leaves.extend(each.iter().map(|audited| audited.receipt().leaves[0]));
            }
            log.close().unwrap();
            let folder = data.path().join("audit").join(&*opened.log_id);
            let found = examined(&folder);
            assert!(found.faults.is_empty(), "{:?}", found.faults);
            assert_eq!(found.newest.as_ref().map_or(0, |newest| newest.size) as usize, leaves.len());
            assert_eq!(found.newest.map_or_else(|| root(&[]), |newest| newest.root), root(&leaves));
            if !leaves.is_empty() {
                let entry = chance(leaves.len() as u64);
                let proof = prove(&Disk, &folder, entry).unwrap();
                let proved = check_proof(&proof, &key(&folder), Some(leaves[entry as usize])).unwrap();
                assert_eq!(proved.entry.unwrap().sequence, entry);
            }
        }
    }
}
