//! The keys of a feed: where they are, and how one takes the place of another.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use portcullis::config::{KeySource, PublisherSettings};
use portcullis::domain::FeedName;
use portcullis::feed::{self, Hook, PrivateKey, PublicKey, RoleName, Signer, Signers};
use portcullis::ground::storage::{Storage, publish_file};
use portcullis::publishing::feed::{FeedError, FeedFolder, Handover, Signed};

use super::feed_arguments::{FeedInit, FeedRotateKey, FeedSignRoot};
use super::site;
use super::stores::push_if_any;
use super::usage::Usage;

pub(super) const SETTINGS: &str = "feed.toml";
const SETTINGS_BYTES_MAX: u64 = 1 << 20;
const KEY_BYTES_MAX: u64 = 1 << 14;
/// The root that is being signed.
const NEXT_ROOT: &str = "next.root.json";

pub(super) fn rotate(arguments: &FeedRotateKey) -> anyhow::Result<ExitCode> {
    let role = RoleName::ALL.into_iter().find(|role| role.word() == arguments.role);
    let role = role.ok_or_else(|| Usage::because("the role is root, targets, snapshot or timestamp"))?;
    let (storage, dir) = (site::disk(), arguments.dir.as_path());
    let mut settings = read_settings(&dir.join(SETTINGS))?;
    let folder = FeedFolder::new(storage.clone(), dir);
    let handover = Handover::lock(&folder)?;
    handover.check_none()?;
    let (named, _) = handover.roles()?.remove(&role).context("the root has every role")?;
    let sources = settings.keys.entry(role).or_default();
    let old = old_key(&*storage, arguments, sources, &named)?;
    if !named.contains(&old) {
        // Before a key is made that nothing would come of.
        return Err(FeedError::KeyNotNamed { role: role.word(), key: old }.into());
    }
    let (source, new) = match &arguments.key {
        Some(text) => {
            let source = KeySource::parse(text)
                .ok_or_else(|| Usage::because("--key is not as feed.toml names keys"))?;
            let new = signer(&*storage, dir, &source)?;
            (source, new)
        }
        None => {
            let path = free_path(&*storage, dir, role, sources)?;
            (KeySource::File(path.clone()), new_key(&*storage, dir, &path)?)
        }
    };
    sources.push(source);
    write_settings(&*storage, dir, &settings)?;
    let both = signers_here(&*storage, dir, &settings);
    handover.begin((role, old, new.public()), &settings.feed, &both, site::clock().now().time)?;
    // What both keys sign is everywhere before the root that names the new one.
    push_if_any(dir, &settings)?;
    sign_next(&*storage, dir, &folder, &handover, &settings, &[])
}

/// The key that is to go: the one that feed.toml names there. Of one that is lost nobody can ask which it was: it is the one that
/// the root names and nothing here has.
fn old_key(
    storage: &dyn Storage,
    arguments: &FeedRotateKey,
    sources: &[KeySource],
    named: &[PublicKey],
) -> anyhow::Result<PublicKey> {
    let told = arguments.old.as_deref().map(PublicKey::parse).transpose().map_err(Usage::because)?;
    let public_of = |source: &KeySource| public_of(storage, &arguments.dir, source);
    let place = usize::try_from(arguments.number)?;
    let old = sources.get(place - 1).map(public_of);
    let fault = match (old, told) {
        (Some(Ok(old)), told) if told.is_none_or(|told| told == old) => return Ok(old),
        (Some(Ok(_)), _) => {
            bail!(Usage::because("--old is another key than feed.toml has under that number"))
        }
        (_, Some(told)) => return Ok(told),
        (None, None) => bail!(Usage::because("feed.toml names no key of that number for the role")),
        (Some(Err(fault)), None) => fault,
    };
    let here: Vec<_> = sources.iter().filter_map(|source| public_of(source).ok()).collect();
    let elsewhere: Vec<_> = named.iter().filter(|key| !here.contains(key)).collect();
    match elsewhere[..] {
        [old] => Ok(*old),
        _ => Err(fault.context(format!(
            "if the key is lost, --old says which of those it was that the root names and that are not here: {elsewhere:?}"
        ))),
    }
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
    sign_next(&*storage, dir, &folder, &Handover::lock(&folder)?, &settings, &more)
}

/// Adds the signatures of the root's keys that can be reached; makes it the root if they are enough.
fn sign_next(
    storage: &dyn Storage,
    dir: &Path,
    folder: &FeedFolder,
    handover: &Handover<'_>,
    settings: &PublisherSettings,
    more: &[Box<dyn Signer>],
) -> anyhow::Result<ExitCode> {
    // Keys that are elsewhere sign elsewhere.
    let here = signers_here(storage, dir, settings);
    let here = here.get(&RoleName::Root).into_iter().flatten();
    let signers: Vec<&dyn Signer> = here.chain(more).map(|signer| &**signer).collect();
    if handover.sign(&signers)? == Signed::NotYet {
        let keys = signers.len();
        println!("{} is signed by {keys} keys, which is not enough yet", dir.join(NEXT_ROOT).display());
        println!("the other holders sign it with `portcullis feed sign-root`");
        return Ok(ExitCode::SUCCESS);
    }
    let settings = without_old_keys(storage, dir, folder, settings)?;
    let now = site::clock().now().time;
    if handover.finish(&settings.feed, &signers_here(storage, dir, &settings), now)? {
        println!(
            "the next root is in place; readers follow by themselves, and the old key signs nothing any more"
        );
        push_if_any(dir, &settings)?;
    } else {
        println!("the next root is in place; the old key signs nothing any more");
        println!(
            "readers refuse the list until it is signed with the keys of that root: put them in place, then `portcullis feed publish --renew`"
        );
    }
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
        let here: Vec<_> = sources.iter().filter_map(|source| public_of(storage, dir, source).ok()).collect();
        // One that cannot be read is elsewhere, and may be named, unless every one that is named is here.
        let may_be_elsewhere = !named.iter().all(|public| here.contains(public));
        sources.retain(|source| match public_of(storage, dir, source) {
            Ok(public) => named.contains(&public),
            Err(_) => may_be_elsewhere,
        });
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

/// Where a new key goes. A name of feed.toml is not free also where its file is elsewhere.
fn free_path(
    storage: &dyn Storage,
    dir: &Path,
    role: RoleName,
    sources: &[KeySource],
) -> anyhow::Result<PathBuf> {
    for number in 1..1000 {
        let path = Path::new("keys").join(format!("{}-{number}.pem", role.word()));
        let is_named = sources.contains(&KeySource::File(path.clone()));
        if !is_named && storage.open_read(&dir.join(&path)).is_err() {
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

/// What signs, of all roles, as far as it can be reached from here.
fn signers_here(storage: &dyn Storage, dir: &Path, settings: &PublisherSettings) -> Signers {
    let here = |sources: &Vec<KeySource>| {
        sources.iter().filter_map(|source| signer(storage, dir, source).ok()).collect()
    };
    settings.keys.iter().map(|(role, sources)| (*role, here(sources))).collect()
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
