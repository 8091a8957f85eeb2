//! The keys of a feed: where they are, and how one takes the place of another.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use portcullis::config::{KeySource, PublisherSettings};
use portcullis::domain::FeedName;
use portcullis::feed::{self, Hook, PrivateKey, PublicKey, RepositoryError, RoleName, Signer, Signers};
use portcullis::ground::storage::{Storage, publish_file};
use portcullis::publishing::feed::FeedFolder;

use super::feed_arguments::{FeedInit, FeedRotateKey, FeedSignRoot};
use super::site;
use super::usage::Usage;

pub(super) const SETTINGS: &str = "feed.toml";
const SETTINGS_BYTES_MAX: u64 = 1 << 20;
const KEY_BYTES_MAX: u64 = 1 << 14;
/// The root that is being signed.
const NEXT_ROOT: &str = "next.root.json";
const ROOT_BYTES_MAX: u64 = 1 << 20;

pub(super) fn rotate(arguments: &FeedRotateKey) -> anyhow::Result<ExitCode> {
    let role = RoleName::ALL.into_iter().find(|role| role.word() == arguments.role);
    let role = role.ok_or_else(|| Usage::because("the role is root, targets, snapshot or timestamp"))?;
    let (storage, dir) = (site::disk(), arguments.dir.as_path());
    let mut settings = read_settings(&dir.join(SETTINGS))?;
    let folder = FeedFolder::new(storage.clone(), dir);
    let root = folder.repository().root()?;
    let mut roles = feed::roles_of(&root)?;
    let old = settings.keys.get(&role).and_then(|keys| keys.get(usize::try_from(arguments.number).ok()? - 1));
    let old = old.ok_or_else(|| Usage::because("feed.toml names no key of that number for the role"))?;
    let old = public_of(&*storage, dir, old)?;
    let (source, new) = match &arguments.key {
        Some(text) => {
            let source = KeySource::parse(text)
                .ok_or_else(|| Usage::because("--key is not as feed.toml names keys"))?;
            let new = signer(&*storage, dir, &source)?;
            (source, new)
        }
        None => {
            let path = free_path(&*storage, dir, role)?;
            (KeySource::File(path.clone()), new_key(&*storage, dir, &path)?)
        }
    };
    let (publics, _) = roles.get_mut(&role).context("the root has every role")?;
    let place = publics.iter_mut().find(|public| **public == old);
    *place.context("the root does not name that key: another was put in its place before")? = new.public();
    settings.keys.entry(role).or_default().push(source);
    write_settings(&*storage, dir, &settings)?;
    let now = site::clock().now().time;
    if role != RoleName::Root {
        let online = [RoleName::Targets, RoleName::Snapshot, RoleName::Timestamp];
        let both = signers(&*storage, dir, &settings, &online)?;
        folder.repository().sign_again(&both, &settings.feed.lifetimes, now)?;
    }
    let next = feed::next_root(&root, &roles, now, settings.feed.lifetimes.root)?;
    publish_file(&*storage, &dir.join(NEXT_ROOT), &next)?;
    sign_next(&*storage, dir, &folder, &settings, &[])
}

pub(super) fn sign_root(arguments: &FeedSignRoot) -> anyhow::Result<ExitCode> {
    let (storage, dir) = (site::disk(), arguments.dir.as_path());
    let settings = read_settings(&dir.join(SETTINGS))?;
    let folder = FeedFolder::new(storage.clone(), dir);
    let more = arguments.key.iter().map(|text| {
        let source =
            KeySource::parse(text).ok_or_else(|| Usage::because("--key is not as feed.toml names keys"))?;
        signer(&*storage, dir, &source)
    });
    let more: Vec<_> = more.collect::<anyhow::Result<_>>()?;
    sign_next(&*storage, dir, &folder, &settings, &more)
}

/// Adds the signatures of the root's keys that can be reached; makes it the root if they are enough.
fn sign_next(
    storage: &dyn Storage,
    dir: &Path,
    folder: &FeedFolder,
    settings: &PublisherSettings,
    more: &[Box<dyn Signer>],
) -> anyhow::Result<ExitCode> {
    let path = dir.join(NEXT_ROOT);
    let next = storage.read(&path, ROOT_BYTES_MAX);
    let next = next
        .with_context(|| format!("there is no {}: `portcullis feed rotate-key` makes one", path.display()))?;
    let sources = settings.keys.get(&RoleName::Root).map(Vec::as_slice).unwrap_or_default();
    // Keys that are elsewhere sign elsewhere.
    let here: Vec<_> = sources.iter().filter_map(|source| signer(storage, dir, source).ok()).collect();
    let signers: Vec<&dyn Signer> = here.iter().chain(more).map(|signer| &**signer).collect();
    let next = feed::add_signatures(&next, &signers)?;
    publish_file(storage, &path, &next).with_context(|| format!("cannot write {}", path.display()))?;
    match folder.repository().put_root(&next) {
        Ok(()) => {}
        Err(RepositoryError::Sign(feed::MetadataError::Signatures { .. })) => {
            println!("{} is signed by {} keys, which is not enough yet", path.display(), signers.len());
            println!("the other holders sign it with `portcullis feed sign-root`");
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(error.into()),
    }
    storage.remove(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    let settings = without_old_keys(storage, dir, folder, settings)?;
    let online = [RoleName::Targets, RoleName::Snapshot, RoleName::Timestamp];
    let now = site::clock().now().time;
    let signers = self::signers(storage, dir, &settings, &online)?;
    folder.repository().sign_again(&signers, &settings.feed.lifetimes, now)?;
    println!(
        "the next root is in place; readers follow by themselves, and the old key signs nothing any more"
    );
    Ok(ExitCode::SUCCESS)
}

/// Takes the keys that the root no longer names out of feed.toml.
fn without_old_keys(
    storage: &dyn Storage,
    dir: &Path,
    folder: &FeedFolder,
    settings: &PublisherSettings,
) -> anyhow::Result<PublisherSettings> {
    let roles = feed::roles_of(&folder.repository().root()?)?;
    let mut settings = settings.clone();
    for (role, sources) in &mut settings.keys {
        let named = roles.get(role).map(|(publics, _)| publics.as_slice()).unwrap_or_default();
        // One that cannot be read is elsewhere, and may be named.
        sources
            .retain(|source| public_of(storage, dir, source).map_or(true, |public| named.contains(&public)));
    }
    write_settings(storage, dir, &settings)?;
    Ok(settings)
}

fn write_settings(storage: &dyn Storage, dir: &Path, settings: &PublisherSettings) -> anyhow::Result<()> {
    let path = dir.join(SETTINGS);
    publish_file(storage, &path, settings.to_toml().as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}

fn public_of(storage: &dyn Storage, dir: &Path, source: &KeySource) -> anyhow::Result<PublicKey> {
    Ok(signer(storage, dir, source)?.public())
}

fn free_path(storage: &dyn Storage, dir: &Path, role: RoleName) -> anyhow::Result<PathBuf> {
    for number in 1..1000 {
        let path = Path::new("keys").join(format!("{}-{number}.pem", role.word()));
        if storage.open_read(&dir.join(&path)).is_err() {
            return Ok(path);
        }
    }
    bail!("there are a thousand keys in {}", dir.join("keys").display())
}

fn new_key(storage: &dyn Storage, dir: &Path, path: &Path) -> anyhow::Result<Box<dyn Signer>> {
    let key = PrivateKey::generate()?;
    publish_file(storage, &dir.join(path), key.to_pem()?.as_bytes())
        .with_context(|| format!("cannot write the key {}", path.display()))?;
    Ok(Box::new(key))
}

/// Makes a key for each role, each in a file of its own.
pub(super) fn new_keys(
    storage: &dyn Storage,
    arguments: &FeedInit,
    name: &FeedName,
) -> anyhow::Result<PublisherSettings> {
    let keys = arguments.dir.join("keys");
    storage.create_dir_all(&keys).with_context(|| format!("cannot create {}", keys.display()))?;
    let mut paths = BTreeMap::new();
    for (role, count) in [
        (RoleName::Root, arguments.root_keys),
        (RoleName::Targets, arguments.targets_keys),
        (RoleName::Snapshot, 1),
        (RoleName::Timestamp, 1),
    ] {
        for number in 1..=count {
            let path = Path::new("keys").join(format!("{}-{number}.pem", role.word()));
            new_key(storage, &arguments.dir, &path)?;
            paths.entry(role).or_insert_with(Vec::new).push(path);
        }
    }
    Ok(PublisherSettings::first(name.clone(), paths))
}

pub(super) fn read_settings(path: &Path) -> anyhow::Result<PublisherSettings> {
    let cannot = || format!("cannot read {}: `portcullis feed init` makes one", path.display());
    let bytes = site::disk().read(path, SETTINGS_BYTES_MAX).with_context(cannot)?;
    let text = String::from_utf8(bytes).with_context(cannot)?;
    PublisherSettings::parse(&text).with_context(|| format!("{} cannot be used", path.display()))
}

/// What signs for some roles.
pub(super) fn signers(
    storage: &dyn Storage,
    dir: &Path,
    settings: &PublisherSettings,
    roles: &[RoleName],
) -> anyhow::Result<Signers> {
    let mut signers = Signers::new();
    for role in roles {
        let sources = settings.keys.get(role).map(Vec::as_slice).unwrap_or_default();
        let signer = |source: &KeySource| {
            signer(storage, dir, source)
                .with_context(|| format!("a key of the role {} cannot be used", role.word()))
        };
        signers.insert(*role, sources.iter().map(signer).collect::<anyhow::Result<_>>()?);
    }
    Ok(signers)
}

fn signer(storage: &dyn Storage, dir: &Path, source: &KeySource) -> anyhow::Result<Box<dyn Signer>> {
    Ok(match source {
        KeySource::File(path) => {
            let path = dir.join(path);
            let pem = storage.read(&path, KEY_BYTES_MAX);
            let pem = pem.with_context(|| format!("cannot read the key {}", path.display()))?;
            Box::new(PrivateKey::parse(&zeroize::Zeroizing::new(pem))?)
        }
        KeySource::Environment(name) => {
            let pem = std::env::var(name).map_err(|_| {
                io::Error::new(io::ErrorKind::NotFound, format!("the variable {name} is not set"))
            })?;
            Box::new(PrivateKey::parse(zeroize::Zeroizing::new(pem).as_bytes())?)
        }
        KeySource::Hook { public, command } => {
            let (program, arguments) = command.split_first().context("a hook names a program")?;
            Box::new(Hook::new(*public, program.clone(), arguments.to_vec()))
        }
    })
}
