//! Where things stand under the data directory, and which generation is in force.
//!
//! `index/LOCK`, `index/CURRENT`, `index/generations/<10 digits>.generation`, `index/segments/<sha256>.segment`; names
//! that end in `.tmp` are unfinished.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::domain::{Digest, GenerationId};
use crate::ground::storage::Storage;

use super::generation_file::{self, Fault};
use super::{Generation, IndexError};

/// The paths under one data directory.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("index"))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.0.join("LOCK")
    }

    pub(super) fn current(&self) -> PathBuf {
        self.0.join("CURRENT")
    }

    pub(super) fn generations(&self) -> PathBuf {
        self.0.join("generations")
    }

    pub(super) fn segments(&self) -> PathBuf {
        self.0.join("segments")
    }

    pub(super) fn generation(&self, number: u64) -> PathBuf {
        self.generations().join(format!("{number:010}.generation"))
    }

    pub(super) fn segment(&self, digest: Digest) -> PathBuf {
        self.segments().join(format!("{digest}.segment"))
    }
}

/// Where a segment stands, or would stand, under a data directory.
#[must_use]
pub fn segment_path(data_dir: &Path, digest: Digest) -> PathBuf {
    Folder::of(data_dir).segment(digest)
}

/// The generation in force; `None` if there never was one.
///
/// # Errors
/// Whatever can't be relied on is refused and never taken for an empty index: that would forget the floors.
pub fn current(
    storage: &dyn Storage,
    data_dir: &Path,
) -> Result<Option<(Generation, GenerationId)>, IndexError> {
    let folder = Folder::of(data_dir);
    for _ in 0..READS_MAX {
        let Some(id) = read_pointer(storage, &folder)? else { return Ok(None) };
        match read_generation(storage, &folder, id) {
            // Others may have published so often meanwhile that the file is gone already: look again.
            Err(IndexError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound
                    && read_pointer(storage, &folder)? != Some(id) => {}
            read => return Ok(Some((read?, id))),
        }
    }
    let (path, what) = (folder.current(), "it changes faster than it can be followed");
    Err(IndexError::Unreliable { path, what })
}

/// The generation in force and those before it that are still there, newest first. Each names the digest of the one before; over
/// a gap, where there was nothing but the word of publishers that the lists are still right, the next is taken as it is: whoever
/// goes back to it verifies its files, as those of any other.
///
/// # Errors
/// As [`current`], and [`IndexError::Io`]; an older one that cannot be read ends the list.
pub fn kept(storage: &dyn Storage, data_dir: &Path) -> Result<Vec<(Generation, GenerationId)>, IndexError> {
    let folder = Folder::of(data_dir);
    let mut kept = Vec::from_iter(current(storage, data_dir)?);
    let Some((_, newest)) = kept.first() else { return Ok(kept) };
    let newest = newest.number;
    let mut numbers = generation_numbers(storage, &folder)?;
    numbers.retain(|number| *number < newest);
    while let (Some((next, _)), Some(number)) = (kept.last(), numbers.pop()) {
        let named = next.previous.filter(|before| before.number == number);
        let read = match named {
            Some(before) => read_generation(storage, &folder, before).map(|generation| (generation, before)),
            None => read_unnamed(storage, &folder, number),
        };
        match read {
            Ok(read) => kept.push(read),
            Err(_) => break,
        }
    }
    Ok(kept)
}

/// The numbers of the generations that are there, ascending.
fn generation_numbers(storage: &dyn Storage, folder: &Folder) -> Result<Vec<u64>, IndexError> {
    let folder = folder.generations();
    let paths = storage.list(&folder).map_err(IndexError::io("list", &folder))?;
    let mut numbers: Vec<_> = paths.iter().filter_map(|path| generation_number(path)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The number of a generation, by the name of its file.
pub(super) fn generation_number(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_suffix(".generation")?.parse().ok()
}

fn read_unnamed(
    storage: &dyn Storage,
    folder: &Folder,
    number: u64,
) -> Result<(Generation, GenerationId), IndexError> {
    let path = folder.generation(number);
    let bytes = storage.read(&path, GENERATION_BYTES_MAX).map_err(IndexError::io("read", &path))?;
    let id = GenerationId { number, digest: Digest(Sha256::digest(&bytes).into()) };
    Ok((read_generation(storage, folder, id)?, id))
}

/// The text of CURRENT.
pub(super) fn pointer_text(id: Option<GenerationId>) -> String {
    match id {
        None => format!("{POINTER_MAGIC}none\n"),
        Some(GenerationId { number, digest }) => format!("{POINTER_MAGIC}{number} {digest}\n"),
    }
}

/// What CURRENT names; `None` if it says that there is none, or if nothing was ever published.
pub(super) fn read_pointer(
    storage: &dyn Storage,
    folder: &Folder,
) -> Result<Option<GenerationId>, IndexError> {
    let path = folder.current();
    let bytes = match storage.read(&path, POINTER_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return no_pointer(storage, folder),
        read => read.map_err(IndexError::io("read", &path))?,
    };
    let text = str::from_utf8(&bytes).unwrap_or_default();
    let parsed = text.split_once('\n').and_then(|(_, line)| {
        let (number, digest) = line.strip_suffix('\n')?.split_once(' ')?;
        Some(GenerationId { number: number.parse().ok()?, digest: Digest::from_hex(digest)? })
    });
    // Compared as a whole, so that there is one spelling of each.
    if text == pointer_text(None) {
        return Ok(None);
    }
    if parsed.is_some() && text == pointer_text(parsed) {
        return Ok(parsed);
    }
    match generation_file::version(text, "portcullis-current ") {
        Some(found) if found > POINTER_VERSION => {
            Err(IndexError::Newer { path, found, reads: POINTER_VERSION })
        }
        _ => Err(IndexError::Unreliable { path, what: "it is damaged" }),
    }
}

/// Reads and checks the file of a generation.
pub(super) fn read_generation(
    storage: &dyn Storage,
    folder: &Folder,
    id: GenerationId,
) -> Result<Generation, IndexError> {
    let path = folder.generation(id.number);
    let bytes = storage.read(&path, GENERATION_BYTES_MAX).map_err(IndexError::io("read", &path))?;
    if Digest(Sha256::digest(&bytes).into()) != id.digest {
        return Err(IndexError::Unreliable { path, what: "it is not the file that CURRENT names" });
    }
    match Generation::decode(&bytes) {
        Ok(generation) if generation.number == id.number => Ok(generation),
        Ok(_) => Err(IndexError::Unreliable { path, what: "it holds another generation than its name says" }),
        Err(fault) => Err(fault.at(path)),
    }
}

/// Reads the file of a generation that stands anywhere, such as in a backup. Its id says what it is; that it is the right one is for
/// whoever knows the digest to say.
///
/// # Errors
/// [`IndexError`] if it cannot be read or is none.
pub fn generation_at(storage: &dyn Storage, path: &Path) -> Result<(Generation, GenerationId), IndexError> {
    let bytes = storage.read(path, GENERATION_BYTES_MAX).map_err(IndexError::io("read", path))?;
    let generation = Generation::decode(&bytes).map_err(|fault| fault.at(path.to_owned()))?;
    let id = generation.id();
    Ok((generation, id))
}

impl Fault {
    fn at(self, path: PathBuf) -> IndexError {
        match self {
            Self::Newer { found, reads } => IndexError::Newer { path, found, reads },
            Self::Content(what) => IndexError::Unreliable { path, what },
        }
    }
}

const POINTER_VERSION: u32 = 1;
const POINTER_MAGIC: &str = "portcullis-current 1\n";
const POINTER_BYTES_MAX: u64 = 256;
const READS_MAX: usize = 8;
/// Metadata of a few feeds; each of their files is far below a MiB.
pub(super) const GENERATION_BYTES_MAX: u64 = 64 << 20;

fn no_pointer(storage: &dyn Storage, folder: &Folder) -> Result<Option<GenerationId>, IndexError> {
    let generations = folder.generations();
    let found = storage.list(&generations).map_err(IndexError::io("list", generations))?;
    let any = found.iter().any(|path| path.extension().is_some_and(|extension| extension == "generation"));
    if any { Err(IndexError::CurrentMissing(folder.current())) } else { Ok(None) }
}
