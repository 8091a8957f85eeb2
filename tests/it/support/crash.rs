//! What a crash may leave of a recorded run.
//!
//! The model: a file's content is durable once the file was synced after it was written, a name (create, rename,
//! remove, of files and folders) once its folder was synced after it. Of what was not yet durable any part may
//! be lost:
//!
//! - For each prefix of the record, the lost operations are every subset of the unsynced ones if these are at
//!   most 6, else none, all, and 64 subsets drawn by the seed.
//! - A lost append leaves zeros if a later one to the same file survived. A lost cut takes the later unsynced
//!   changes of that file with it, because file systems journal lengths in order.
//! - A surviving unsynced append may be torn: end at any byte, if nothing follows it in the file, or have zeros
//!   in any of its 512-byte sectors, or what was there before. One of each sort is drawn by the seed for every subset.
//! - Names stand for files, not for what another name stood for: a lost create whose rename survived leaves the
//!   file under its last name.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use portcullis::ground::storage::{Disk, Storage};

use super::recording::FileId;

const SUBSETS_OF_MAX: usize = 6;
const SUBSETS_DRAWN: usize = 64;
const SECTOR_BYTES: usize = 512;

/// Folders, as `None`, and files with their content, by their path below the root.
pub(crate) type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// Something that was done, with paths below the root.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Existing { file: FileId, path: PathBuf },
    CreateDir { path: PathBuf },
    Create { file: FileId, path: PathBuf },
    Append { file: FileId, offset: u64, bytes: Box<[u8]> },
    Truncate { file: FileId, len: u64 },
    Sync { file: FileId },
    Rename { file: FileId, from: PathBuf, to: PathBuf },
    Remove { file: FileId, path: PathBuf },
    SyncDir { path: PathBuf },
}

/// What one crash left.
#[derive(Debug)]
pub(crate) struct Image {
    /// The crash came after so many recorded operations.
    pub(crate) operations: usize,
    /// Which of these were lost, by their place in the record.
    pub(crate) lost: Vec<usize>,
    /// How a surviving append was torn.
    pub(crate) tear: Option<Tear>,
    folder: tempfile::TempDir,
}

impl Image {
    /// A folder with what survived, which is removed after the call back.
    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }
}

/// How an append was torn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tear {
    /// Only its first bytes are there.
    Short { operation: usize, bytes: usize },
    /// One of its sectors is zeros.
    Hole { operation: usize, sector: usize },
}

pub(super) fn for_each_image(
    before: &Tree,
    operations: &[Operation],
    seed: u64,
    at: impl Fn(usize) -> bool,
    mut each: impl FnMut(&Image),
) -> usize {
    let mut random = Random(seed);
    let mut seen = HashSet::new();
    let start = operations.iter().take_while(|done| matches!(done, Operation::Existing { .. })).count();
    for end in (start..=operations.len()).filter(|end| at(*end)) {
        let prefix = &operations[..end];
        for lost in subsets(&unsynced(prefix), &mut random) {
            for tear in tears(prefix, &lost, &mut random) {
                let tree = replay(before, prefix, &lost, tear);
                let mut hasher = DefaultHasher::new();
                tree.hash(&mut hasher);
                // The same files mean another thing later in the record, when more has been acknowledged.
                if seen.insert((end, hasher.finish())) {
                    let folder = materialise(&tree);
                    each(&Image { operations: end, lost: lost.iter().copied().collect(), tear, folder });
                }
            }
        }
    }
    seen.len()
}

/// The operations of a prefix that a crash after it may undo.
fn unsynced(prefix: &[Operation]) -> Vec<usize> {
    let mut unsynced = Vec::new();
    let mut synced_files = BTreeSet::new();
    let mut synced_folders = BTreeSet::new();
    for (at, operation) in prefix.iter().enumerate().rev() {
        let durable = match operation {
            Operation::Existing { .. } => true,
            Operation::Sync { file } => {
                synced_files.insert(*file);
                true
            }
            Operation::SyncDir { path } => {
                synced_folders.insert(path.as_path());
                true
            }
            Operation::Append { file, .. } | Operation::Truncate { file, .. } => synced_files.contains(file),
            Operation::CreateDir { path }
            | Operation::Create { path, .. }
            | Operation::Remove { path, .. } => synced_folders.contains(above(path)),
            Operation::Rename { from, to, .. } => {
                synced_folders.contains(above(from)) && synced_folders.contains(above(to))
            }
        };
        if !durable {
            unsynced.push(at);
        }
    }
    unsynced.reverse();
    unsynced
}

fn above(path: &Path) -> &Path {
    path.parent().expect("a recorded path lies below the root")
}

fn subsets(of: &[usize], random: &mut Random) -> Vec<BTreeSet<usize>> {
    let pick = |keep: &dyn Fn(usize) -> bool| {
        of.iter().enumerate().filter(|(at, _)| keep(*at)).map(|(_, operation)| *operation).collect()
    };
    if of.len() <= SUBSETS_OF_MAX {
        return (0..1_usize << of.len()).map(|mask| pick(&|at| mask >> at & 1 == 1)).collect();
    }
    let mut subsets = vec![BTreeSet::new(), of.iter().copied().collect()];
    for _ in 0..SUBSETS_DRAWN {
        let drawn: Vec<_> = of.iter().map(|_| random.below(2) == 1).collect();
        subsets.push(pick(&|at| drawn[at]));
    }
    subsets
}

/// No tear, and one of each sort for one of the unsynced appends that survived.
fn tears(prefix: &[Operation], lost: &BTreeSet<usize>, random: &mut Random) -> Vec<Option<Tear>> {
    let mut short = Vec::new();
    let mut holed = Vec::new();
    for operation in unsynced(prefix).into_iter().filter(|at| !lost.contains(at)) {
        let Operation::Append { file, bytes, .. } = &prefix[operation] else { continue };
        let last = !prefix.iter().enumerate().skip(operation + 1).any(|(at, later)| {
            let changed = match later {
                Operation::Append { file, .. } | Operation::Truncate { file, .. } => Some(file),
                _ => None,
            };
            changed == Some(file) && !lost.contains(&at)
        });
        if last && bytes.len() > 1 {
            short.push(Tear::Short { operation, bytes: 1 + random.below(bytes.len() - 1) });
        }
        holed.push(Tear::Hole { operation, sector: random.below(bytes.len().div_ceil(SECTOR_BYTES)) });
    }
    let mut one_of = |tears: Vec<Tear>| (!tears.is_empty()).then(|| Some(tears[random.below(tears.len())]));
    [Some(None), one_of(short), one_of(holed)].into_iter().flatten().collect()
}

fn replay(before: &Tree, prefix: &[Operation], lost: &BTreeSet<usize>, tear: Option<Tear>) -> Tree {
    let mut content: BTreeMap<FileId, Vec<u8>> = BTreeMap::new();
    let mut names: BTreeMap<PathBuf, FileId> = BTreeMap::new();
    let mut folders: BTreeSet<PathBuf> =
        before.iter().filter(|(_, file)| file.is_none()).map(|(path, _)| path.clone()).collect();
    let mut cut_lost = BTreeSet::new();
    for (at, operation) in prefix.iter().enumerate() {
        let lost = lost.contains(&at);
        match operation {
            Operation::Existing { file, path } => {
                content.insert(*file, before[path].clone().expect("a file has content"));
                names.insert(path.clone(), *file);
            }
            Operation::Truncate { file, .. } if lost => drop(cut_lost.insert(*file)),
            Operation::Truncate { file, .. } | Operation::Append { file, .. } if cut_lost.contains(file) => {}
            _ if lost => {}
            Operation::CreateDir { path } => drop(folders.insert(path.clone())),
            Operation::Create { file, path } => drop(names.insert(path.clone(), *file)),
            Operation::Append { file, offset, bytes } => {
                let offset = usize::try_from(*offset).expect("test files are small");
                write(content.entry(*file).or_default(), offset, bytes, torn(bytes, offset, at, tear));
            }
            Operation::Truncate { file, len } => {
                let len = usize::try_from(*len).expect("test files are small");
                content.entry(*file).or_default().resize(len, 0);
            }
            Operation::Rename { file, from, to } => {
                if names.get(from) == Some(file) {
                    names.remove(from);
                }
                names.insert(to.clone(), *file);
            }
            Operation::Remove { file, path } => {
                if names.get(path) == Some(file) {
                    names.remove(path);
                }
            }
            Operation::Sync { .. } | Operation::SyncDir { .. } => {}
        }
    }
    let reachable = |path: &Path| {
        path.ancestors().skip(1).all(|folder| folder.as_os_str().is_empty() || folders.contains(folder))
    };
    let files = names.iter().map(|(path, file)| (path, Some(content.get(file).cloned().unwrap_or_default())));
    let all = folders.iter().map(|path| (path, None)).chain(files);
    all.filter(|(path, _)| reachable(path)).map(|(path, file)| (path.clone(), file)).collect()
}

/// Writes what survived of some bytes. What did not keeps what was there: zeros, behind the end.
fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8], survived: Survived) {
    let end = offset + if survived.end < bytes.len() { survived.end } else { bytes.len() };
    content.resize(content.len().max(end), 0);
    for at in (0..survived.end).filter(|at| !survived.hole.contains(at)) {
        content[offset + at] = bytes[at];
    }
}

/// What of a write survived: its bytes up to an end, but for those of a hole.
struct Survived {
    end: usize,
    hole: std::ops::Range<usize>,
}

fn torn(bytes: &[u8], offset: usize, at: usize, tear: Option<Tear>) -> Survived {
    match tear {
        Some(Tear::Short { operation, bytes: kept }) if operation == at => Survived { end: kept, hole: 0..0 },
        Some(Tear::Hole { operation, sector }) if operation == at => {
            // Sectors are those of the file, so that the first of a write may be a part of one.
            let start = (offset / SECTOR_BYTES + sector) * SECTOR_BYTES;
            let hole = start.saturating_sub(offset)..(start + SECTOR_BYTES - offset).min(bytes.len());
            Survived { end: bytes.len(), hole }
        }
        _ => Survived { end: bytes.len(), hole: 0..0 },
    }
}

fn materialise(tree: &Tree) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("there is room for temporary files");
    for (path, file) in tree {
        let path = root.path().join(path);
        match file {
            None => Disk.create_dir_all(&path).expect("a folder can be made"),
            Some(bytes) => {
                let mut file = Disk.create(&path).expect("a file can be made");
                file.append(bytes).expect("there is room for temporary files");
            }
        }
    }
    root
}

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % end as u64) as usize
    }
}
