//! The newest publication that a mirror has, as far as it can be believed (TUF specification 1.0, section 5).

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tough::error::Error as Tough;
use tough::schema::{Root, Signed};
use tough::{ExpirationEnforcement, Limits, RepositoryLoader};
use url::Url;

use super::authorities::online_keys_differ;
use super::metadata::{MetadataFiles, SNAPSHOT, TARGETS, TIMESTAMP, read_root};
use super::mirror::Mirror;
use super::refresh_error::ROOTS_MAX;
use super::transport::Recording;
use super::{Metadata, RefreshError};
use crate::ground::storage::{Storage, publish_file};

/// What a site has accepted so far.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    /// The newest root that was accepted, or the one that the site was set up with.
    pub root: &'a [u8],
    /// The metadata that was accepted with it; none at first.
    pub metadata: Option<&'a MetadataFiles>,
}

/// What a mirror has.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// What was read.
    pub metadata: Metadata,
    /// The newest root, byte for byte.
    pub root: Vec<u8>,
    /// The other metadata, byte for byte.
    pub files: MetadataFiles,
    /// A newer root names other keys for what is newest, so that versions begin anew.
    pub begins_anew: bool,
}

/// How far a publisher's clock may be ahead.
const AHEAD_MAX: SignedDuration = SignedDuration::from_mins(10);
const LIMITS: Limits = Limits {
    max_root_size: 512 << 10,
    max_targets_size: 4 << 20,
    max_timestamp_size: 16 << 10,
    max_snapshot_size: 64 << 10,
    max_root_updates: ROOTS_MAX,
};

/// Fetches the metadata of a mirror and checks it against what was accepted. `scratch` is a folder for nothing else, whose
/// files are removed.
///
/// `roots` are those that were followed before and are newer than the accepted one, by file name. What the mirror has beyond
/// them is added, whatever becomes of the rest: whoever has heard that keys are no longer good never believes them again.
///
/// Time is the caller's, not the library's. `now` never runs below the highest time seen, so that nobody thaws a frozen feed by
/// setting a clock back. `machine_time` is what the machine's clock says by itself: what a feed vouches for raises the highest
/// time seen, and would lead it on without end if it were measured by that.
///
/// # Errors
/// [`RefreshError`] says which rule was broken.
pub fn refresh(
    mirror: &Arc<dyn Mirror>,
    accepted: Accepted<'_>,
    roots: &mut MetadataFiles,
    storage: &dyn Storage,
    scratch: &Path,
    (now, machine_time): (Timestamp, Timestamp),
) -> Result<Refreshed, RefreshError> {
    let of_site = if accepted.metadata.is_some() { RefreshError::Kept } else { RefreshError::SetUp };
    let root_before = read_root(accepted.root).map_err(of_site)?;
    let before = accepted.metadata.map(|files| Metadata::read(accepted.root, files)).transpose();
    let before = before.map_err(RefreshError::Kept)?;
    fill(storage, scratch, accepted.metadata).map_err(|source| scratch_error(scratch, source))?;
    let known = followed(&root_before, roots);
    if let Some(name) = roots.keys().find(|name| !known.contains_key(*name) && is_after(&root_before, name)) {
        return Err(RefreshError::Followed { name: name.clone() });
    }
    let transport = Recording::new(mirror.clone(), known);
    let loaded = load(accepted.root, transport.clone(), scratch);
    let (mut fetched, failure) = transport.take();
    clear(storage, scratch).map_err(|source| scratch_error(scratch, source))?;
    roots.extend(followed(&root_before, &fetched));
    if let Some(source) = failure {
        return Err(RefreshError::Mirror { mirror: mirror.name().to_owned(), source });
    }
    let versions = loaded.map_err(|error| match refused(*error, mirror.name()) {
        // The library follows such a root, and misses what it looks for then.
        missing @ RefreshError::Missing { .. } => unsound_root(&fetched).unwrap_or(missing),
        error => error,
    })?;

    let root = fetched.get(&root_name(versions.root)).cloned();
    let root = root.unwrap_or_else(|| accepted.root.to_vec());
    let names = [
        (TIMESTAMP, TIMESTAMP.to_owned()),
        (SNAPSHOT, format!("{}.{SNAPSHOT}", versions.snapshot)),
        (TARGETS, format!("{}.{TARGETS}", versions.targets)),
    ];
    let mut files: MetadataFiles = names
        .into_iter()
        .filter_map(|(name, fetched_as)| Some((name.to_owned(), fetched.remove(&fetched_as)?)))
        .collect();
    files.extend(all_roots(accepted, &root_before, fetched, versions.root));
    let metadata = Metadata::read(&root, &files).map_err(RefreshError::Metadata)?;
    let begins_anew = online_keys_differ(&root_before.signed, &metadata.root.signed);
    if let Some((role, at)) = metadata.expiries().find(|(_, at)| *at <= now) {
        return Err(RefreshError::Expired { role, at });
    }
    let as_of = metadata.as_of();
    if as_of.duration_since(machine_time) > AHEAD_MAX {
        return Err(RefreshError::FromTheFuture { as_of });
    }
    if let (Some(before), Some(kept)) = (&before, accepted.metadata) {
        check_floors(before, &metadata, begins_anew)?;
        if !begins_anew {
            check_same(before, &metadata, kept, &files)?;
        }
    }
    Ok(Refreshed { metadata, root, files, begins_anew })
}

/// The roots that lead on from one, each signed by enough of the keys of the one before and of its own.
fn followed(from: &Signed<Root>, fetched: &MetadataFiles) -> MetadataFiles {
    let (mut newest, mut followed) = (from.clone(), MetadataFiles::new());
    loop {
        let version = newest.signed.version.get().saturating_add(1);
        let name = root_name(version);
        let Some((bytes, next)) = fetched.get(&name).and_then(|bytes| Some((bytes, read_root(bytes).ok()?)))
        else {
            return followed;
        };
        if next.signed.version.get() != version || newest.signed.verify_role(&next).is_err() {
            return followed;
        }
        followed.insert(name, bytes.clone());
        newest = next;
    }
}

/// Every root that was accepted, for readers who begin with an older one and are served from here.
fn all_roots(
    accepted: Accepted<'_>,
    root: &Signed<Root>,
    fetched: MetadataFiles,
    newest: u64,
) -> impl Iterator<Item = (String, Vec<u8>)> {
    let before = accepted.metadata.into_iter().flatten();
    let before =
        before.filter(|(name, _)| name.ends_with(ROOT)).map(|(name, bytes)| (name.clone(), bytes.clone()));
    let own = (root_name(root.signed.version.get()), accepted.root.to_vec());
    let came = fetched
        .into_iter()
        .filter(move |(name, _)| root_version(name).is_some_and(|version| version <= newest));
    before.chain([own]).chain(came).collect::<Vec<_>>().into_iter()
}

const ROOT: &str = ".root.json";

fn is_after(root: &Signed<Root>, name: &str) -> bool {
    root_version(name).is_some_and(|version| version > root.signed.version.get())
}

fn root_version(name: &str) -> Option<u64> {
    name.strip_suffix(ROOT)?.parse().ok()
}

fn root_name(version: u64) -> String {
    format!("{version}{ROOT}")
}

struct Versions {
    root: u64,
    snapshot: u64,
    targets: u64,
}

fn load(root: &[u8], transport: Recording, scratch: &Path) -> Result<Versions, Box<Tough>> {
    // Names only: the transport knows where things are.
    let base = |folder: &str| format!("http://feed.invalid/{folder}/").parse::<Url>();
    let (metadata, targets) = (base("metadata"), base("targets"));
    let (Ok(metadata), Ok(targets)) = (metadata, targets) else { unreachable!("these are URLs") };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime without input, output and timers needs nothing of the system");
    runtime.block_on(async {
        let root = root.to_vec();
        let repository = RepositoryLoader::new(&root, metadata, targets)
            .transport(transport)
            .limits(LIMITS)
            .datastore(scratch)
            .expiration_enforcement(ExpirationEnforcement::Unsafe)
            .load()
            .await
            .map_err(Box::new)?;
        Ok(Versions {
            root: repository.root().signed.version.get(),
            snapshot: repository.snapshot().signed.version.get(),
            targets: repository.targets().signed.version.get(),
        })
    })
}

/// The library compares with what it finds in its folder, and takes what it cannot read there for nothing at all: so this was
/// read before.
fn fill(storage: &dyn Storage, scratch: &Path, files: Option<&MetadataFiles>) -> std::io::Result<()> {
    storage.create_dir_all(scratch)?;
    clear(storage, scratch)?;
    let compared = |name: &String| [TIMESTAMP, SNAPSHOT].contains(&name.as_str());
    for (name, bytes) in files.into_iter().flatten().filter(|(name, _)| compared(name)) {
        publish_file(storage, &scratch.join(name), bytes)?;
    }
    Ok(())
}

fn clear(storage: &dyn Storage, scratch: &Path) -> std::io::Result<()> {
    storage.list(scratch)?.iter().try_for_each(|path| storage.remove(path))
}

fn scratch_error(scratch: &Path, source: std::io::Error) -> RefreshError {
    RefreshError::Scratch { path: scratch.to_owned(), source }
}

/// The library has compared most of it; that it did is not taken on trust.
fn check_floors(before: &Metadata, now: &Metadata, begins_anew: bool) -> Result<(), RefreshError> {
    let roles = ["root", "timestamp", "snapshot", "targets"];
    let versions = roles.into_iter().zip(before.versions().into_iter().zip(now.versions()));
    for (role, (floor, found)) in versions {
        if found < floor && (role == "root" || !begins_anew) {
            return Err(RefreshError::Rollback { role: role.to_owned(), found, floor });
        }
    }
    Ok(())
}

fn check_same(
    before: &Metadata,
    now: &Metadata,
    kept: &MetadataFiles,
    files: &MetadataFiles,
) -> Result<(), RefreshError> {
    let ([_, was @ ..], [_, is @ ..]) = (before.versions(), now.versions());
    let roles = [TIMESTAMP, SNAPSHOT, TARGETS].into_iter().zip(was.into_iter().zip(is));
    for (role, (was, is)) in roles {
        // The same content may be signed anew, when a key is changed.
        if was == is && signed_part(kept.get(role)) != signed_part(files.get(role)) {
            return Err(RefreshError::Equivocation { role, version: is });
        }
    }
    Ok(())
}

fn signed_part(bytes: Option<&Vec<u8>>) -> Option<serde_json::Value> {
    let mut role: serde_json::Value = serde_json::from_slice(bytes?).ok()?;
    role.get_mut("signed").map(serde_json::Value::take)
}

fn unsound_root(fetched: &MetadataFiles) -> Option<RefreshError> {
    let mut roots = fetched.iter().filter(|(name, _)| name.ends_with(".root.json"));
    roots.find_map(|(_, root)| read_root(root).err()).map(RefreshError::Metadata)
}

fn refused(error: Tough, mirror: &str) -> RefreshError {
    use tough::TransportErrorKind::FileNotFound;
    use tough::schema::Error as Schema;
    match error {
        Tough::VerifyMetadata { role, source, .. } => match source {
            Schema::DuplicateKeyId { .. } => RefreshError::DuplicateSignature { role: role.to_string() },
            source => RefreshError::Signatures { role: role.to_string(), source: Box::new(source) },
        },
        // Said of a root also where it stands under the name of an earlier version.
        Tough::OlderMetadata { role, current_version, new_version, .. } if new_version > current_version => {
            RefreshError::MixAndMatch { role: role.to_string() }
        }
        Tough::OlderMetadata { role, current_version, new_version, .. } => {
            RefreshError::Rollback { role: role.to_string(), found: new_version, floor: current_version }
        }
        Tough::OlderSnapshotInTimestamp { snapshot_new, snapshot_old, .. } => {
            RefreshError::Rollback { role: "snapshot".to_owned(), found: snapshot_new, floor: snapshot_old }
        }
        Tough::SnapshotRoleRollback { role, old_role_version, new_role_version, .. } => {
            RefreshError::Rollback { role, found: new_role_version, floor: old_role_version }
        }
        Tough::VersionMismatch { role, .. } => RefreshError::MixAndMatch { role: role.to_string() },
        Tough::MaxUpdatesExceeded { .. } => RefreshError::TooManyRoots,
        Tough::Transport { ref source, .. } => {
            let cause = std::error::Error::source(source).and_then(|cause| cause.downcast_ref::<Tough>());
            match cause {
                Some(Tough::HashMismatch { .. }) => RefreshError::WrongDigest,
                Some(Tough::MaxSizeExceeded { max_size, .. }) => {
                    RefreshError::Endless { bytes_max: *max_size }
                }
                _ if source.kind() == FileNotFound => RefreshError::Missing { mirror: mirror.to_owned() },
                _ => RefreshError::Malformed(Box::new(error)),
            }
        }
        error => RefreshError::Malformed(Box::new(error)),
    }
}
