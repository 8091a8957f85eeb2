//! A log that is not as it was written is refused by name and left as it is.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::path::Path;

use portcullis::audit::{AuditError, Damage, Fault, inspect};
use portcullis::ground::storage::{Disk, Storage};

use crate::audit_samples::{content, entries, frame_offsets, log_of, open, replace};
use crate::support::recording::Recording;

const ENTRIES: u64 = 5;
const FILES: [&str; 2] = ["bodies", "leaves"];

/// A sound log to be spoilt again and again.
struct Victim {
    data: tempfile::TempDir,
    folder: std::path::PathBuf,
    bodies: Vec<u8>,
    leaves: Vec<u8>,
}

impl Victim {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = log_of(data.path(), ENTRIES);
        let [bodies, leaves] = FILES.map(|name| content(&folder.join(name)));
        Self { data, folder, bodies, leaves }
    }

    /// Opens the log with other files in place of its own; if it is refused, nothing was changed.
    fn open_with(&self, bodies: &[u8], leaves: &[u8]) -> Result<(u64, u64), AuditError> {
        // Nothing that was signed, nor what is computed: what the two files tell by themselves.
        for path in Disk.list(&self.folder).unwrap() {
            if !["bodies", "leaves", "LOCK"].iter().any(|name| path.ends_with(name)) {
                Disk.remove(&path).unwrap();
            }
        }
        replace(&self.folder.join("bodies"), bodies);
        replace(&self.folder.join("leaves"), leaves);
        let found = inspect(&Disk, self.data.path()).unwrap();
        match open(&Recording::new(self.data.path()), self.data.path()) {
            Ok((_, opened)) => {
                assert_eq!(*opened.log_id, *self.folder.file_name().unwrap().to_str().unwrap());
                assert!(found[0].damage.is_none());
                assert_eq!((found[0].entries, found[0].torn_bytes), (opened.entries, opened.torn_bytes));
                Ok((opened.entries, opened.torn_bytes))
            }
            Err(error) => {
                assert_eq!(content(&self.folder.join("bodies")), bodies);
                assert_eq!(content(&self.folder.join("leaves")), leaves);
                assert_eq!(Disk.list(&self.folder).unwrap().len(), 3);
                assert_eq!(found[0].damage.as_ref().map(ToString::to_string), Some(error.to_string()));
                Err(error)
            }
        }
    }

    fn refused(&self, bodies: &[u8], leaves: &[u8]) -> Damage {
        match self.open_with(bodies, leaves) {
            Err(AuditError::Damaged(damage)) => damage,
            other => panic!("{other:?}"),
        }
    }

    fn is(&self, path: &Path, name: &str) -> bool {
        path == self.folder.join(name)
    }
}

#[test]
fn a_flipped_bit_is_refused_by_file_and_entry() {
    let victim = Victim::new();
    let frames = frame_offsets(&victim.bodies);
    for at in 0..victim.bodies.len() {
        let mut bodies = victim.bodies.clone();
        bodies[at] ^= 1 << (at % 8);
        let damage = victim.refused(&bodies, &victim.leaves);
        let entry = frames.iter().rposition(|start| *start <= at).map(|entry| entry as u64);
        assert!(victim.is(&damage.path, "bodies"));
        assert_eq!(damage.entry, entry, "byte {at}");
        assert_eq!(damage.fault == Fault::Frame, entry.is_some());
        assert_eq!(damage.offset, entry.map_or(0, |entry| frames[entry as usize] as u64));
    }
    for at in 0..victim.leaves.len() {
        let mut leaves = victim.leaves.clone();
        leaves[at] ^= 1 << (at % 8);
        let damage = victim.refused(&victim.bodies, &leaves);
        let in_header = at < 64;
        assert!(victim.is(&damage.path, "leaves"));
        assert_eq!(damage.entry, (!in_header).then(|| (at as u64 - 64) / 32), "byte {at}");
        assert_eq!(damage.fault == Fault::Leaf, !in_header);
    }
}

#[test]
fn without_leaves_only_the_last_group_can_pass_for_torn() {
    let victim = Victim::new();
    let frames = frame_offsets(&victim.bodies);
    let (none, last) = (&victim.leaves[..64], frames[ENTRIES as usize - 1]);
    for at in 64..victim.bodies.len() {
        let mut bodies = victim.bodies.clone();
        bodies[at] ^= 0x10;
        if at < last {
            let damage = victim.refused(&bodies, none);
            assert_eq!(damage.fault, Fault::Frame, "byte {at}");
        } else {
            let found = victim.open_with(&bodies, none).unwrap();
            assert_eq!(found, (ENTRIES - 1, (bodies.len() - last) as u64), "byte {at}");
            assert_eq!(entries(&victim.folder).unwrap().len() as u64, ENTRIES - 1);
            assert_eq!(content(&victim.folder.join("leaves")), victim.leaves[..victim.leaves.len() - 32]);
        }
    }
}

#[test]
fn bodies_cut_short_are_refused_while_their_leaves_stand() {
    let victim = Victim::new();
    for len in 0..victim.bodies.len() {
        let damage = victim.refused(&victim.bodies[..len], &victim.leaves);
        assert!(len < 64 || damage.entry.is_some(), "{len}");
    }
    let more = [&victim.leaves[..], &[1; 32]].concat();
    let damage = victim.refused(&victim.bodies, &more);
    assert_eq!(damage.fault, Fault::EntriesMissing { leaves: ENTRIES + 1, entries: ENTRIES });
}

#[test]
fn leaves_cut_short_are_made_again() {
    let victim = Victim::new();
    for len in 0..victim.leaves.len() {
        if len < 64 {
            assert!(victim.is(&victim.refused(&victim.bodies, &victim.leaves[..len]).path, "leaves"));
        } else {
            assert_eq!(victim.open_with(&victim.bodies, &victim.leaves[..len]).unwrap(), (ENTRIES, 0));
            assert_eq!(content(&victim.folder.join("leaves")), victim.leaves, "{len}");
        }
    }
}

#[test]
fn a_hole_in_the_leaves_is_filled_from_the_bodies() {
    let victim = Victim::new();
    for entry in 0..ENTRIES as usize {
        let mut leaves = victim.leaves.clone();
        leaves[64 + 32 * entry..][..32].fill(0);
        assert_eq!(victim.open_with(&victim.bodies, &leaves).unwrap(), (ENTRIES, 0));
        assert_eq!(content(&victim.folder.join("leaves")), victim.leaves);
    }
}

#[test]
fn a_torn_tail_is_cut_at_every_length() {
    let victim = Victim::new();
    let frames = frame_offsets(&victim.bodies);
    let (last, kept) = (frames[ENTRIES as usize - 1], &victim.leaves[..victim.leaves.len() - 32]);
    for len in last..victim.bodies.len() {
        let found = victim.open_with(&victim.bodies[..len], kept).unwrap();
        assert_eq!(found, (ENTRIES - 1, (len - last) as u64));
        assert_eq!(content(&victim.folder.join("bodies")), victim.bodies[..last]);
    }
}

#[test]
fn moved_frames_are_refused() {
    let victim = Victim::new();
    let offsets = frame_offsets(&victim.bodies);
    let frames: Vec<_> = offsets.windows(2).map(|pair| &victim.bodies[pair[0]..pair[1]]).collect();
    let file = |order: &[usize]| {
        let frames = order.iter().map(|at| frames[*at]);
        std::iter::once(&victim.bodies[..64]).chain(frames).collect::<Vec<_>>().concat()
    };
    let moved: [(&[usize], u64); 6] = [
        (&[1, 2, 3, 4], 0),
        (&[0, 1, 3, 4], 2),
        (&[0, 2, 1, 3, 4], 1),
        (&[0, 1, 1, 2, 3, 4], 2),
        (&[0, 1, 2, 3, 4, 4], 5),
        (&[0, 1, 2, 3], 4),
    ];
    for (order, entry) in moved {
        assert_eq!(victim.refused(&file(order), &victim.leaves).entry, Some(entry), "{order:?}");
    }
    // Also while no leaf vouches for them.
    for (order, entry) in &moved[..5] {
        assert_eq!(victim.refused(&file(order), &victim.leaves[..64]).entry, Some(*entry), "{order:?}");
    }
}

#[test]
fn files_of_another_log_or_a_missing_one_are_refused() {
    let victim = Victim::new();
    let other = Victim::new();
    assert!(matches!(victim.refused(&other.bodies, &victim.leaves).fault, Fault::Header(_)));
    assert!(matches!(victim.refused(&victim.bodies, &other.leaves).fault, Fault::Header(_)));
    victim.open_with(&victim.bodies, &victim.leaves).unwrap();
    for name in FILES {
        let path = victim.folder.join(name);
        let kept = content(&path);
        Disk.remove(&path).unwrap();
        match open(&Disk, victim.data.path()) {
            Err(AuditError::Damaged(damage)) => {
                assert_eq!((damage.path.as_path(), damage.fault), (&*path, Fault::Missing))
            }
            other => panic!("{other:?}"),
        }
        assert!(Disk.open_read(&path).is_err());
        replace(&path, &kept);
    }
}

#[test]
fn a_newer_format_is_refused_as_such() {
    let victim = Victim::new();
    let mut leaves = victim.leaves.clone();
    leaves[8] = 2;
    let checksum = xxhash_rust::xxh3::xxh3_64(&leaves[..56]);
    leaves[56..64].copy_from_slice(&checksum.to_le_bytes());
    assert!(matches!(victim.open_with(&victim.bodies, &leaves), Err(AuditError::Newer { version: 2, .. })));
}
