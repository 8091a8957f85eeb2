//! In which order a store becomes what the folder is.

use bytes::Bytes;

use super::objects::Objects;
use super::{Pushed, StoreAccess, StoreError};
use crate::feed::metadata::{MetadataFiles, SNAPSHOT, TARGETS, TIMESTAMP};
use crate::feed::{File, Metadata, Repository};
use crate::ground::platform::Mapping;

/// Makes a store hand out what the repository's folder has. What is there already is not sent again, so that a push that was
/// cut goes on where it was; `progress` hears of bytes, written and all.
///
/// # Errors
/// [`StoreError`]. Readers find what they found before, or the newest publication.
pub fn push(
    repository: &Repository,
    access: &StoreAccess<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Pushed, StoreError> {
    let metadata = repository.current()?.ok_or(StoreError::NothingPublished)?;
    let files = repository.files()?.ok_or(StoreError::NothingPublished)?;
    let roots = repository.roots()?;
    let objects = Objects::open(access)?;
    let push = Push { repository, objects, metadata: &metadata, files: &files, roots: &roots };
    push.run(progress)
}

struct Push<'p> {
    repository: &'p Repository,
    objects: Objects,
    metadata: &'p Metadata,
    files: &'p MetadataFiles,
    roots: &'p [Vec<u8>],
}

impl Push<'_> {
    fn run(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Pushed, StoreError> {
        let known = self.roots_there()?;
        self.check_timestamp()?;
        let mut pushed = Pushed::default();
        self.targets(&mut pushed, progress)?;
        let [_, _, snapshot, targets] = self.metadata.versions();
        self.small(&format!("{targets}.{TARGETS}"), &self.files[TARGETS], &mut pushed)?;
        self.small(&format!("{snapshot}.{SNAPSHOT}"), &self.files[SNAPSHOT], &mut pushed)?;
        // Who has only the roots that are there must be able to read the list, or the next root comes first.
        let newest = known.checked_sub(1).map(|last| &self.roots[last]);
        if newest.is_some_and(|root| Metadata::read(root, self.files).is_ok()) {
            self.small(TIMESTAMP, &self.files[TIMESTAMP], &mut pushed)?;
            self.roots(known, &mut pushed)?;
        } else {
            self.roots(known, &mut pushed)?;
            self.small(TIMESTAMP, &self.files[TIMESTAMP], &mut pushed)?;
        }
        Ok(pushed)
    }

    /// How many of our roots the store has, from the first.
    fn roots_there(&self) -> Result<usize, StoreError> {
        for known in 0.. {
            let path = format!("metadata/{}.root.json", known + 1);
            let Some(there) = self.objects.read(&path)? else { return Ok(known) };
            if self.roots.get(known).is_none_or(|ours| *ours != there) {
                return Err(StoreError::AnotherFeed { path });
            }
        }
        Ok(self.roots.len())
    }

    /// Nothing older takes the place of what readers have seen.
    fn check_timestamp(&self) -> Result<(), StoreError> {
        let Some(there) = self.objects.read(&format!("metadata/{TIMESTAMP}"))? else { return Ok(()) };
        let ours = &self.files[TIMESTAMP];
        let here = version(ours).ok_or(StoreError::NoTimestamp)?;
        match version(&there).ok_or(StoreError::NoTimestamp)? {
            there if there > here => Err(StoreError::Ahead { there, here }),
            version if version == here && *ours != there => Err(StoreError::Forked { version }),
            _ => Ok(()),
        }
    }

    fn targets(&self, pushed: &mut Pushed, progress: &mut dyn FnMut(u64, u64)) -> Result<(), StoreError> {
        let mut missing: Vec<&File> = Vec::new();
        for file in self.metadata.publication().targets() {
            if self.objects.length_of(&file.path())? != Some(file.length) {
                missing.push(file);
            }
        }
        let total = missing.iter().map(|file| file.length).sum();
        let mut done = 0;
        for file in missing {
            let mut written = |bytes| {
                done += bytes;
                progress(done, total);
            };
            self.objects.write(&file.path(), self.mapped(file)?, &mut written)?;
            pushed.files += 1;
            pushed.bytes += file.length;
        }
        Ok(())
    }

    /// A segment without a copy of it in memory.
    fn mapped(&self, file: &File) -> Result<Bytes, StoreError> {
        let path = self.repository.path_of(file);
        let mapped = self.repository.open(file).and_then(|opened| Mapping::map(opened, file.length));
        mapped.map(Bytes::from_owner).map_err(|source| StoreError::Read { path, source })
    }

    fn roots(&self, known: usize, pushed: &mut Pushed) -> Result<(), StoreError> {
        for (at, root) in self.roots.iter().enumerate().skip(known) {
            self.small(&format!("{}.root.json", at + 1), root, pushed)?;
        }
        Ok(())
    }

    fn small(&self, name: &str, bytes: &[u8], pushed: &mut Pushed) -> Result<(), StoreError> {
        let path = format!("metadata/{name}");
        if self.objects.read(&path)?.is_some_and(|there| there == bytes) {
            return Ok(());
        }
        self.objects.write(&path, Bytes::copy_from_slice(bytes), &mut |_| {})?;
        pushed.files += 1;
        pushed.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Unverified: it can only make us refuse.
fn version(timestamp: &[u8]) -> Option<u64> {
    let timestamp: serde_json::Value = serde_json::from_slice(timestamp).ok()?;
    timestamp.pointer("/signed/version")?.as_u64()
}
