//! A collector has what a log has signed, and nothing else; it goes on where it ended, and tells when the log is not what it was.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis::audit::{
    AuditError, Collector, Entry, Expected, LogReader, NoteKey, Recorded, check_proof, prove, verify,
};
use portcullis::ground::storage::{Disk, Storage};

use crate::audit_samples::{content, draft, entries, log_of, open, record, replace};
use crate::support::recording::Recording;

struct Collected {
    data: tempfile::TempDir,
    to: tempfile::TempDir,
    log: String,
}

impl Collected {
    /// A log with some entries.
    fn of(count: u64) -> Self {
        let (data, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = log_of(data.path(), count);
        let log = folder.file_name().unwrap().to_str().unwrap().to_owned();
        Self { data, to, log }
    }

    fn key(&self) -> NoteKey {
        let path = self.data.path().join("audit").join(&self.log).join("verify.key");
        NoteKey::parse(&String::from_utf8(content(&path)).unwrap()).unwrap()
    }

    fn reader(&self) -> LogReader {
        LogReader::new(Arc::new(Disk), self.data.path().to_owned())
    }

    fn folder(&self) -> PathBuf {
        self.to.path().join("audit").join(format!("{}.collected", self.log))
    }

    fn more(&self, from: u64, count: u64) {
        let (log, _) = open(&Disk, self.data.path()).unwrap();
        (from..from + count).for_each(|number| drop(record(&log, &draft(number, 0)).unwrap()));
        log.close().unwrap();
    }

    fn collect(&self) -> Result<u64, AuditError> {
        collect(&Disk, self.to.path(), &self.log, &self.key(), &self.reader())
    }
}

fn collect(
    storage: &dyn Storage,
    to: &Path,
    log: &str,
    key: &NoteKey,
    reader: &LogReader,
) -> Result<u64, AuditError> {
    let mut collector = Collector::open(storage, to, log, key)?;
    let note = reader.checkpoint(log)?.unwrap();
    let Some(newer) = collector.newer(&note)? else { return Ok(collector.entries()) };
    let from = collector.entries();
    for recorded in reader.entries(log, from, newer.size - from)? {
        let Recorded::Whole(stored) = recorded else { panic!("nothing was erased") };
        collector.push(&stored.salt, &stored.body)?;
    }
    collector.keep(&note)?;
    Ok(collector.entries())
}

fn sound(folder: &Path) -> u64 {
    let examined = verify(&Disk, folder, Expected::default(), &mut |_| {}).unwrap();
    assert!(examined.faults.is_empty(), "{:?}", examined.faults);
    examined.entries
}

#[test]
fn a_copy_follows_its_log_and_is_read_and_proved_from_as_the_log_is() {
    let collected = Collected::of(7);
    assert_eq!(collected.collect().unwrap(), 7);
    assert_eq!(collected.collect().unwrap(), 7);
    collected.more(7, 300);
    assert_eq!(collected.collect().unwrap(), 307);
    assert_eq!(sound(&collected.folder()), 307);
    for (found, at) in entries(&collected.folder()).unwrap().iter().zip(0..) {
        assert_eq!(*found, Entry::of(&draft(at, 0), at));
    }
    for entry in [0, 6, 7, 306] {
        let proof = prove(&Disk, &collected.folder(), entry).unwrap();
        assert_eq!(check_proof(&proof, &collected.key(), None).unwrap().entry_id, entry);
    }
}

#[test]
fn what_does_not_come_to_what_was_signed_is_not_kept() {
    let collected = Collected::of(7);
    let (reader, log, key) = (collected.reader(), &collected.log, collected.key());
    let note = reader.checkpoint(log).unwrap().unwrap();
    for spoilt in 0..7 {
        let mut collector = Collector::open(&Disk, collected.to.path(), log, &key).unwrap();
        for recorded in reader.entries(log, 0, 7).unwrap() {
            let mut stored = recorded.whole().unwrap();
            if stored.entry.sequence == spoilt {
                stored.salt[3] ^= 1;
            }
            collector.push(&stored.salt, &stored.body).unwrap();
        }
        assert!(matches!(collector.keep(&note), Err(AuditError::Forked { .. })));
        assert_eq!(collector.entries(), 0);
    }
    // Too few of them, in another place, and what is none at all.
    let mut collector = Collector::open(&Disk, collected.to.path(), log, &key).unwrap();
    let stored = reader.entries(log, 0, 1).unwrap().remove(0).whole().unwrap();
    collector.push(&stored.salt, &stored.body).unwrap();
    assert!(collector.push(&stored.salt, &stored.body).is_err());
    assert!(collector.push(&stored.salt, b"{}").is_err());
    assert!(matches!(collector.keep(&note), Err(AuditError::Forked { .. })));
    drop(collector);
    assert_eq!(collected.collect().unwrap(), 7);
    assert_eq!(sound(&collected.folder()), 7);
}

#[test]
fn a_log_that_was_cut_off_or_replaced_is_told_of() {
    let collected = Collected::of(7);
    let before: Vec<_> = {
        let folder = collected.data.path().join("audit").join(&collected.log);
        let files = Disk.list(&folder).unwrap().into_iter().filter(|path| path.is_file());
        files.map(|path| (content(&path), path)).collect()
    };
    collected.more(7, 5);
    assert_eq!(collected.collect().unwrap(), 12);
    // An older copy of the log is put back, and gone on with.
    for path in Disk.list(&collected.data.path().join("audit").join(&collected.log)).unwrap() {
        if path.is_file() {
            Disk.remove(&path).unwrap();
        }
    }
    before.iter().for_each(|(bytes, path)| replace(path, bytes));
    assert!(matches!(collected.collect(), Err(AuditError::CutOff { size: 12, entries: 7, .. })));
    collected.more(100, 5);
    assert!(matches!(collected.collect(), Err(AuditError::Forked { size: 12, .. })));
    collected.more(200, 5);
    assert!(matches!(collected.collect(), Err(AuditError::Forked { .. })));
    let other = Collected::of(3);
    let refused = Collector::open(&Disk, collected.to.path(), &collected.log, &other.key());
    assert!(matches!(refused, Err(AuditError::NoLog { .. })));
    assert_eq!(sound(&collected.folder()), 12);
}

#[test]
fn a_collector_that_is_killed_anywhere_goes_on_with_what_was_vouched_for() {
    let collected = Collected::of(3);
    let disk = Recording::new(collected.to.path());
    let (reader, log, key) = (collected.reader(), &collected.log, collected.key());
    assert_eq!(collect(&disk, collected.to.path(), log, &key, &reader).unwrap(), 3);
    let kept = disk.operations();
    collected.more(3, 2);
    assert_eq!(collect(&disk, collected.to.path(), log, &key, &reader).unwrap(), 5);
    let images = disk.crash_images(21, |image| {
        let again = Recording::new(image.root());
        let open = Collector::open(&again, image.root(), log, &key);
        let found = open.unwrap_or_else(|error| panic!("after {}: {error}", image.operations)).entries();
        let owed = if image.operations >= kept { 3 } else { 0 };
        let context = format!("after {}, lost {:?}, tear {:?}", image.operations, image.lost, image.tear);
        assert!(found >= owed, "{context}: {found} of {owed}, kept at {kept}");
        assert_eq!(collect(&again, image.root(), log, &key, &reader).unwrap(), 5);
        assert_eq!(sound(&image.root().join("audit").join(format!("{log}.collected"))), 5);
    });
    assert!(images > 50, "{images}");
}

#[test]
fn a_note_that_carries_something_else_is_refused_and_spoils_nothing() {
    let collected = Collected::of(7);
    let note = collected.reader().checkpoint(&collected.log).unwrap().unwrap();
    let collector = Collector::open(&Disk, collected.to.path(), &collected.log, &collected.key()).unwrap();
    let long = format!("{note}{}", "x".repeat(5000));
    for wrong in [&format!("{note}.\njunk\n"), note.trim_end(), &long, "", "nonsense\n"] {
        assert!(matches!(collector.newer(wrong), Err(AuditError::NotItsNote { .. })), "{wrong:.200}");
    }
    assert!(collector.newer(&note).unwrap().is_some());
    drop(collector);
    assert_eq!(collected.collect().unwrap(), 7);
}

#[test]
fn what_a_kill_left_of_a_first_collection_is_cut_off_and_what_was_kept_is_never_made_anew() {
    let collected = Collected::of(7);
    Collector::open(&Disk, collected.to.path(), &collected.log, &collected.key()).unwrap();
    // Leaves that came to the disk before their bodies.
    let leaves = collected.folder().join("leaves");
    replace(&leaves, &[content(&leaves), vec![7; 32 * 5]].concat());
    assert_eq!(collected.collect().unwrap(), 7);
    for name in ["checkpoints", "verify.key", "bodies", "places"] {
        let path = collected.folder().join(name);
        let bytes = content(&path);
        Disk.remove(&path).unwrap();
        let refused = collected.collect().unwrap_err();
        assert!(matches!(refused, AuditError::Damaged(_)), "{name}: {refused}");
        assert!(!path.exists());
        replace(&path, &bytes);
    }
    assert_eq!(sound(&collected.folder()), 7);
}
