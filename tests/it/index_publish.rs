//! One generation is in force, whatever happens in between.
#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use portcullis::domain::{Authority, Bulletin, Digest, FeedName, GenerationId};
use portcullis::ground::storage::{Disk, Lock, LockError, Storage, StorageFile};
use portcullis::index::{
    Builder, FeedRecord, Generation, IndexError, Publisher, Stamp, current, segment_path,
};

use crate::index_samples::a_few;

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn feed(name: &str) -> FeedName {
    FeedName::parse(name).unwrap()
}

fn lock(data_dir: &Path) -> Result<Publisher, IndexError> {
    Publisher::lock(Arc::new(Disk), data_dir)
}

/// Builds and keeps a segment that no other sequence has.
fn record(publisher: &Publisher, name: &str, sequence: u64) -> FeedRecord {
    let mut builder = Builder::new();
    a_few().iter().for_each(|notice| builder.push(notice).unwrap());
    let as_of = now() + SignedDuration::from_hours(sequence.cast_signed());
    let mut staged = publisher.stage().unwrap();
    let built = builder.finish(Stamp { sequence, as_of }, staged.file(), &mut |_, _| {}).unwrap();
    publisher.keep(staged, &built.segment).unwrap();
    let (authority, segments) = (Authority::Local, vec![built.segment]);
    let bulletin = Bulletin { feed: feed(name), sequence, as_of, authority, segments };
    FeedRecord { bulletin, metadata: BTreeMap::new(), root: None, epoch: 0 }
}

fn publish(publisher: &Publisher, name: &str, sequence: u64) -> (Generation, GenerationId) {
    let record = record(publisher, name, sequence);
    let in_force = publisher.current().unwrap();
    let previous = in_force.as_ref().map(|(generation, id)| (generation, *id));
    let next = Generation::with_feed(previous, record, now()).unwrap();
    let id = publisher.publish(&next).unwrap();
    (next, id)
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_published_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    assert!(current(&Disk, folder.path()).unwrap().is_none());
    let publisher = lock(folder.path()).unwrap();
    assert!(publisher.current().unwrap().is_none());
    let first = publish(&publisher, "local", 1);
    assert_eq!(current(&Disk, folder.path()).unwrap(), Some(first.clone()));
    let second = publish(&publisher, "other", 4);
    assert_eq!(current(&Disk, folder.path()).unwrap(), Some(second.clone()));
    let (generation, id) = second;
    assert_eq!((id.number, generation.previous), (2, Some(first.1)));
    assert_eq!(generation.expected, [feed("local"), feed("other")]);
    assert_eq!(generation.highest_time, now() + SignedDuration::from_hours(4));
}

#[test]
fn two_publishers_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let first = lock(folder.path()).unwrap();
    assert!(matches!(lock(folder.path()), Err(IndexError::Locked(_))));
    drop(first);
    lock(folder.path()).unwrap();
}

#[test]
fn a_generation_that_does_not_follow_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = lock(folder.path()).unwrap();
    let (first, id) = publish(&publisher, "local", 1);
    assert!(matches!(publisher.publish(&first), Err(IndexError::NotNext { number: 1 })));
    let elsewhere = GenerationId { digest: Digest([7; 32]), ..id };
    let next =
        Generation::with_feed(Some((&first, elsewhere)), record(&publisher, "local", 2), now()).unwrap();
    assert!(matches!(publisher.publish(&next), Err(IndexError::NotNext { number: 2 })));
    assert_eq!(publisher.current().unwrap(), Some((first, id)));
}

#[test]
fn a_generation_without_its_segments_is_not_put_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = lock(folder.path()).unwrap();
    let record = record(&publisher, "local", 1);
    let segment = segment_path(folder.path(), record.bulletin.segments[0].digest);
    let next = Generation::with_feed(None, record, now()).unwrap();
    std::fs::OpenOptions::new().write(true).open(&segment).unwrap().set_len(10).unwrap();
    assert!(matches!(publisher.publish(&next), Err(IndexError::Length { found: 10, .. })));
    std::fs::remove_file(&segment).unwrap();
    assert!(matches!(publisher.publish(&next), Err(IndexError::Io { .. })));
    assert!(publisher.current().unwrap().is_none());
}

#[test]
fn three_generations_stay_as_long_as_they_need_two_bases_of_a_feed_and_nothing_that_none_of_them_needs() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = lock(folder.path()).unwrap();
    let published: Vec<_> = (1..=5).map(|sequence| publish(&publisher, "local", sequence)).collect();
    let being_written = publisher.stage().unwrap();
    let index = folder.path().join("index");
    std::fs::write(index.join("generations/0000000009.generation.tmp"), "half").unwrap();
    std::fs::write(index.join("segments/notes.txt"), "not ours").unwrap();
    let last = publish(&publisher, "other", 1);
    let kept = ["0000000004.generation", "0000000005.generation", "0000000006.generation"];
    assert_eq!(names(&index.join("generations")), kept);
    assert!(being_written.path().exists(), "what is still being written is left alone");
    drop(being_written);
    let mut segments: Vec<_> = published[3..]
        .iter()
        .chain([&last])
        .flat_map(|(generation, _)| &generation.feeds)
        .map(|record| format!("{}.segment", record.bulletin.segments[0].digest))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .chain(["notes.txt".to_owned()])
        .collect();
    segments.sort();
    assert_eq!(names(&index.join("segments")), segments);
    assert_eq!(names(&index), ["CURRENT", "LOCK", "generations", "segments"]);

    publish(&publisher, "local", 6);
    assert_eq!(names(&index.join("generations")).len(), 3, "two bases of each feed");
    publish(&publisher, "local", 7);
    assert_eq!(names(&index.join("generations")), ["0000000007.generation", "0000000008.generation"]);
}

#[test]
fn a_feed_only_goes_forward_even_after_it_was_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = lock(folder.path()).unwrap();
    publish(&publisher, "local", 5);
    let (generation, id) = publish(&publisher, "other", 1);
    let forgotten = Generation::without_feed((&generation, id), &feed("local"), now()).unwrap();
    assert_eq!(forgotten.expected, [feed("other")]);
    assert!(forgotten.record(&feed("local")).is_none());
    let id = publisher.publish(&forgotten).unwrap();
    let (forgotten, _) = publisher.current().unwrap().unwrap();

    let stale = record(&publisher, "local", 5);
    let refused = Generation::with_feed(Some((&forgotten, id)), stale, now()).unwrap_err();
    assert!(matches!(refused, IndexError::SequenceNotHigher { sequence: 5, floor: 5, .. }), "{refused}");
    let mut earlier = record(&publisher, "local", 6);
    earlier.bulletin.as_of = now();
    let refused = Generation::with_feed(Some((&forgotten, id)), earlier, now()).unwrap_err();
    assert!(matches!(refused, IndexError::AsOfEarlier { .. }), "{refused}");
    let back = Generation::with_feed(Some((&forgotten, id)), record(&publisher, "local", 6), now()).unwrap();
    assert_eq!(back.floor(&feed("local")).unwrap().sequence, 6);
    assert!(back.floors.is_empty());
    let mut signed = record(&publisher, "local", 7);
    signed.bulletin.authority = Authority::Signed;
    for before in [&forgotten, &back] {
        let refused = Generation::with_feed(Some((before, id)), signed.clone(), now()).unwrap_err();
        assert!(matches!(refused, IndexError::AuthorityDiffers(_)), "{refused}");
    }
    let unknown = Generation::without_feed((&back, id), &feed("nobody"), now()).unwrap_err();
    assert!(matches!(unknown, IndexError::UnknownFeed(_)));
}

#[test]
fn what_is_missing_or_damaged_is_refused_and_never_taken_for_an_empty_index() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = lock(folder.path()).unwrap();
    let (_, id) = publish(&publisher, "local", 1);
    let pointer = folder.path().join("index/CURRENT");
    let text = std::fs::read_to_string(&pointer).unwrap();
    assert_eq!(text, format!("portcullis-current 1\n1 {}\n", id.digest));

    for odd in ["", "portcullis-current 1\n", &text[..text.len() - 1], &format!("{text}\n"), "none\n"] {
        std::fs::write(&pointer, odd).unwrap();
        let refused = current(&Disk, folder.path()).unwrap_err();
        assert!(matches!(refused, IndexError::Unreliable { .. }), "{odd:?}: {refused}");
    }
    std::fs::write(&pointer, text.replacen('1', "2", 1)).unwrap();
    assert!(matches!(current(&Disk, folder.path()), Err(IndexError::Newer { found: 2, reads: 1, .. })));
    std::fs::remove_file(&pointer).unwrap();
    assert!(matches!(current(&Disk, folder.path()), Err(IndexError::CurrentMissing(_))));
    std::fs::write(&pointer, &text).unwrap();
    assert!(current(&Disk, folder.path()).unwrap().is_some());

    let generation = folder.path().join("index/generations/0000000001.generation");
    let mut bytes = std::fs::read(&generation).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&generation, bytes).unwrap();
    assert!(matches!(publisher.current(), Err(IndexError::Unreliable { .. })));
    std::fs::remove_file(&generation).unwrap();
    assert!(matches!(publisher.current(), Err(IndexError::Io { .. })));
}

#[test]
fn a_first_publication_that_broke_off_leaves_an_empty_index_and_not_a_broken_one() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = lock(folder.path()).unwrap();
    let (generation, id) = publish(&publisher, "local", 1);
    // As after a crash between the rename of the generation file and that of CURRENT.
    std::fs::write(folder.path().join("index/CURRENT"), "portcullis-current 1\nnone\n").unwrap();
    assert!(publisher.current().unwrap().is_none());
    assert_eq!(publisher.publish(&generation).unwrap(), id);
    assert_eq!(publisher.current().unwrap(), Some((generation, id)));
}

/// A disk that refuses every operation that changes it from the n-th on.
#[derive(Debug)]
struct Failing {
    changes_left: AtomicI64,
}

impl Failing {
    fn allow(&self) -> io::Result<()> {
        match self.changes_left.fetch_sub(1, Ordering::Relaxed) {
            ..=0 => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

impl Storage for Failing {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        Disk.create_dir_all(path)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        self.allow().and_then(|()| Disk.create(path))
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        Disk.open_append(path)
    }

    fn open_read(&self, path: &Path) -> io::Result<File> {
        Disk.open_read(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.allow().and_then(|()| Disk.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.allow().and_then(|()| Disk.remove(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.allow().and_then(|()| Disk.sync_dir(path))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        Disk.list(path)
    }

    fn lock(&self, path: &Path) -> Result<Lock, LockError> {
        Disk.lock(path)
    }
}

#[test]
fn a_publication_that_breaks_off_anywhere_leaves_the_old_generation_or_the_new() {
    for generations_before in [0, 1, 4] {
        let mut ends = [0, 0];
        for changes in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let publisher = lock(folder.path()).unwrap();
            let before =
                (1..=generations_before).map(|sequence| publish(&publisher, "local", sequence)).last();
            let previous = before.as_ref().map(|(generation, id)| (generation, *id));
            drop(publisher);
            let failing = Arc::new(Failing { changes_left: AtomicI64::new(i64::MAX) });
            let publisher = Publisher::lock(failing.clone(), folder.path()).unwrap();
            let record = record(&publisher, "local", 9);
            let next = Generation::with_feed(previous, record, now()).unwrap();
            failing.changes_left.store(changes, Ordering::Relaxed);
            let published = publisher.publish(&next);
            drop(publisher);

            let in_force = current(&Disk, folder.path()).unwrap();
            let is_new = in_force.as_ref().is_some_and(|(generation, _)| *generation == next);
            assert!(is_new || in_force == before, "after {changes} changes");
            assert!(is_new || published.is_err());
            ends[usize::from(is_new)] += 1;
            publish(&lock(folder.path()).unwrap(), "local", 10);
            if failing.changes_left.load(Ordering::Relaxed) >= 0 {
                break;
            }
        }
        assert!(ends[0] > 3 && ends[1] > 1, "it broke off before and after the commit: {ends:?}");
    }
}

#[test]
fn a_generation_that_forgets_what_guards_against_going_back_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = lock(folder.path()).unwrap();
    let in_force = publish(&publisher, "local", 1);
    let next = |change: fn(&mut Generation)| {
        let mut next = Generation::without_feed((&in_force.0, in_force.1), &feed("local"), now()).unwrap();
        change(&mut next);
        publisher.publish(&next).unwrap_err()
    };
    let floor = next(|next| next.floors.clear());
    assert!(matches!(floor, IndexError::Forgets { what: "the floor of a feed", .. }), "{floor}");
    let sequence = next(|next| next.floors.values_mut().for_each(|kept| kept.floor.sequence -= 1));
    assert!(matches!(sequence, IndexError::Forgets { .. }), "{sequence}");
    let time = next(|next| next.highest_time = Timestamp::UNIX_EPOCH);
    assert!(matches!(time, IndexError::Forgets { what: "the highest time seen", .. }), "{time}");
    let order = next(|next| next.expected = vec![feed("b"), feed("a")]);
    assert!(matches!(order, IndexError::NotReadable { .. }), "{order}");
    assert_eq!(publisher.current().unwrap(), Some(in_force.clone()));
}

#[test]
fn a_staged_segment_of_another_length_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let publisher = lock(folder.path()).unwrap();
    let segment = record(&publisher, "local", 1).bulletin.segments.remove(0);
    let mut staged = publisher.stage().unwrap();
    staged.file().append(b"short").unwrap();
    assert!(matches!(publisher.keep(staged, &segment), Err(IndexError::Length { found: 5, .. })));
}
