//! TUF's metadata of one publication: the four roles, which vouch for one another (TUF specification 1.0, section 5).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU64;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tough::schema::decoded::{Decoded, Hex};
use tough::schema::{
    Hashes, Metafile, Role, RoleType, Root, Signature, Signed, Snapshot, Target, Targets, Timestamp as Stamp,
};

use super::keys::Signer;
use super::{MetadataError, PublicKey, Publication};
use crate::domain::Digest;

/// The metadata of a publication, each role checked against the root and against the one that names it.
#[derive(Clone, Debug)]
pub struct Metadata {
    pub(super) root: Signed<Root>,
    pub(super) timestamp: Signed<Stamp>,
    pub(super) snapshot: Signed<Snapshot>,
    pub(super) targets: Signed<Targets>,
    publication: Publication,
    as_of: Timestamp,
}

/// The files of a publication below `metadata/`, by name, but for the root.
pub type MetadataFiles = BTreeMap<String, Vec<u8>>;

pub(super) const TIMESTAMP: &str = "timestamp.json";
pub(super) const SNAPSHOT: &str = "snapshot.json";
pub(super) const TARGETS: &str = "targets.json";
/// The member of the `timestamp` role with the time of a heartbeat.
const AS_OF: &str = "as_of";
const SPECIFICATION: &str = "1.0.0";

impl Metadata {
    /// Reads the metadata that a generation keeps: the root and, by their roles' names without versions, the others.
    ///
    /// What has expired is read: expiry gates what is accepted, never what was.
    ///
    /// # Errors
    /// [`MetadataError`] if a file is missing, cannot be read, is not signed as the root asks, or is not the one named.
    pub fn read(root: &[u8], files: &MetadataFiles) -> Result<Self, MetadataError> {
        let root = read_root(root)?;
        let bytes = |name: &'static str| files.get(name).ok_or(MetadataError::Missing(name));
        let timestamp: Signed<Stamp> = signed(&root, bytes(TIMESTAMP)?, TIMESTAMP)?;
        let snapshot: Signed<Snapshot> = signed(&root, bytes(SNAPSHOT)?, SNAPSHOT)?;
        let targets: Signed<Targets> = signed(&root, bytes(TARGETS)?, TARGETS)?;
        named(timestamp.signed.meta.get(SNAPSHOT), bytes(SNAPSHOT)?, snapshot.signed.version, SNAPSHOT)?;
        named(snapshot.signed.meta.get(TARGETS), bytes(TARGETS)?, targets.signed.version, TARGETS)?;
        let publication = publication(&targets.signed)?;
        let vouched = timestamp.signed._extra.get(AS_OF).ok_or(MetadataError::NoAsOf)?;
        let as_of = vouched.as_str().and_then(|text| text.parse().ok()).ok_or(MetadataError::NoAsOf)?;
        if as_of < publication.as_of {
            return Err(MetadataError::AsOfEarlier);
        }
        Ok(Self { root, timestamp, snapshot, targets, publication, as_of })
    }

    /// What was published.
    #[must_use]
    pub fn publication(&self) -> &Publication {
        &self.publication
    }

    /// The time as of which the publisher vouches for it: that of the last heartbeat.
    #[must_use]
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// The versions of root, timestamp, snapshot and targets.
    #[must_use]
    pub fn versions(&self) -> [u64; 4] {
        let (root, timestamp) = (self.root.signed.version, self.timestamp.signed.version);
        [root, timestamp, self.snapshot.signed.version, self.targets.signed.version].map(NonZeroU64::get)
    }

    /// Each role, and when its signature ends.
    pub fn expiries(&self) -> impl Iterator<Item = (&'static str, Timestamp)> {
        let (root, timestamp) = (&self.root.signed, &self.timestamp.signed);
        let (snapshot, targets) = (&self.snapshot.signed, &self.targets.signed);
        [
            ("root", root.expires),
            ("timestamp", timestamp.expires),
            ("snapshot", snapshot.expires),
            ("targets", targets.expires),
        ]
        .into_iter()
    }
}

/// Reads a root that vouches for itself.
pub(super) fn read_root(bytes: &[u8]) -> Result<Signed<Root>, MetadataError> {
    let root: Signed<Root> = parse(bytes, "root.json")?;
    check_root(&root.signed)?;
    verify(&root.signed, &root, "root.json")?;
    Ok(root)
}

/// What a client of TUF takes for granted: thresholds that can be met, and no key that counts twice.
pub(super) fn check_root(root: &Root) -> Result<(), MetadataError> {
    for role in ROLES {
        let keys = root.roles.get(&role).ok_or(MetadataError::Root("a role is missing"))?;
        let ids: BTreeSet<_> = keys.keyids.iter().collect();
        let publics: BTreeSet<_> = ids.iter().filter_map(|id| root.keys.get(*id)).map(public_part).collect();
        if ids.len() != keys.keyids.len() || publics.len() != ids.len() {
            return Err(MetadataError::Root("a role has one key twice, or one that is not there"));
        }
        if keys.threshold.get() > ids.len() as u64 {
            return Err(MetadataError::Root("a role needs more signatures than it has keys"));
        }
    }
    if !root.consistent_snapshot {
        return Err(MetadataError::Root("it does not ask for consistent snapshots"));
    }
    Ok(())
}

const ROLES: [RoleType; 4] = [RoleType::Root, RoleType::Timestamp, RoleType::Snapshot, RoleType::Targets];

/// The public key, whatever else stands beside it.
fn public_part(key: &tough::schema::key::Key) -> String {
    let value = serde_json::to_value(key).unwrap_or_default();
    value.get("keyval").and_then(|value| value.get("public")).map(ToString::to_string).unwrap_or_default()
}

fn parse<T: serde::de::DeserializeOwned>(bytes: &[u8], file: &'static str) -> Result<T, MetadataError> {
    serde_json::from_slice(bytes).map_err(|source| MetadataError::Json { file, source })
}

fn signed<T: Role + serde::de::DeserializeOwned>(
    root: &Signed<Root>,
    bytes: &[u8],
    file: &'static str,
) -> Result<Signed<T>, MetadataError> {
    let role = parse(bytes, file)?;
    verify(&root.signed, &role, file)?;
    Ok(role)
}

fn verify<T: Role>(root: &Root, role: &Signed<T>, file: &'static str) -> Result<(), MetadataError> {
    root.verify_role(role).map_err(|source| MetadataError::Signatures { file, source: Box::new(source) })
}

fn named(
    meta: Option<&Metafile>,
    bytes: &[u8],
    version: NonZeroU64,
    file: &'static str,
) -> Result<(), MetadataError> {
    let meta = meta.ok_or(MetadataError::NotNamed(file))?;
    let same_length = meta.length.is_none_or(|length| length == bytes.len() as u64);
    let same_hash = meta.hashes.as_ref().is_none_or(|hashes| *hashes.sha256 == *Sha256::digest(bytes));
    let same = meta.version == version && same_length && same_hash;
    if same { Ok(()) } else { Err(MetadataError::NotNamed(file)) }
}

fn publication(targets: &Targets) -> Result<Publication, MetadataError> {
    let value = targets._extra.get(Publication::MEMBER).ok_or(MetadataError::NoBulletin)?;
    let format = value.get("format").and_then(serde_json::Value::as_u64);
    if format.is_some_and(|format| format > u64::from(Publication::FORMAT)) {
        return Err(MetadataError::Newer { format: format.unwrap_or_default() });
    }
    let read = serde_json::from_value::<Publication>(value.clone());
    let publication =
        read.map_err(|source| MetadataError::Json { file: "the bulletin in targets.json", source })?;
    if publication.sequence != targets.version.get() {
        return Err(MetadataError::Bulletin("its sequence is not the version of targets.json"));
    }
    if let Some(fault) = publication.fault() {
        return Err(MetadataError::Bulletin(fault));
    }
    for file in publication.targets() {
        let target = targets.targets.iter().find(|(name, _)| name.raw() == file.name);
        let same = target.is_some_and(|(_, target)| {
            target.length == file.length && *target.hashes.sha256 == file.sha256.0
        });
        if !same {
            return Err(MetadataError::Bulletin("it names a file that targets.json does not have"));
        }
    }
    Ok(publication)
}

/// Signs a role; the order of signatures and members is fixed, so that equal inputs give equal bytes.
pub(super) fn sign<T: Role>(role: T, signers: &[&dyn Signer]) -> Result<Vec<u8>, MetadataError> {
    let canonical = role.canonical_form().map_err(|source| MetadataError::Canonical(Box::new(source)))?;
    let mut signatures = BTreeMap::new();
    for signer in signers {
        let sig: Decoded<Hex> = signer.sign(&canonical)?.into();
        signatures.insert(signer.public().id(), sig);
    }
    let signatures = signatures.into_iter().map(|(keyid, sig)| Signature { keyid, sig }).collect();
    to_json(&Signed { signed: role, signatures })
}

pub(super) fn to_json(of: &impl serde::Serialize) -> Result<Vec<u8>, MetadataError> {
    // By way of a value, whose members are sorted.
    let value = serde_json::to_value(of);
    value
        .and_then(|value| serde_json::to_vec(&value))
        .map_err(|source| MetadataError::Json { file: "metadata to be signed", source })
}

/// The `targets` role of a publication.
pub(super) fn targets(publication: &Publication, expires: Timestamp) -> Result<Targets, MetadataError> {
    let version =
        NonZeroU64::new(publication.sequence).ok_or(MetadataError::Bulletin("its sequence is 0"))?;
    let mut targets = Targets::new(SPECIFICATION.to_owned(), version, whole_seconds(expires));
    // An empty list of delegations is read in different ways.
    targets.delegations = None;
    for file in publication.targets() {
        let name = tough::TargetName::new(&file.name)
            .map_err(|_| MetadataError::Bulletin("one of its files has a name that no file has"))?;
        let target = Target {
            length: file.length,
            hashes: hashes(file.sha256),
            custom: HashMap::new(),
            _extra: HashMap::new(),
        };
        targets.targets.insert(name, target);
    }
    let bulletin = serde_json::to_value(publication)
        .map_err(|source| MetadataError::Json { file: "the bulletin", source })?;
    targets._extra.insert(Publication::MEMBER.to_owned(), bulletin);
    Ok(targets)
}

/// The `snapshot` role that names `targets.json`.
pub(super) fn snapshot(version: NonZeroU64, targets: (NonZeroU64, &[u8]), expires: Timestamp) -> Snapshot {
    let mut snapshot = Snapshot::new(SPECIFICATION.to_owned(), version, whole_seconds(expires));
    snapshot.meta.insert(TARGETS.to_owned(), metafile(targets));
    snapshot
}

/// The `timestamp` role that names `snapshot.json` and vouches for a time.
pub(super) fn timestamp(
    version: NonZeroU64,
    snapshot: (NonZeroU64, &[u8]),
    as_of: Timestamp,
    expires: Timestamp,
) -> Stamp {
    let mut stamp = Stamp::new(SPECIFICATION.to_owned(), version, whole_seconds(expires));
    stamp.meta.insert(SNAPSHOT.to_owned(), metafile(snapshot));
    stamp._extra.insert(AS_OF.to_owned(), serde_json::Value::String(as_of.to_string()));
    stamp
}

fn metafile((version, bytes): (NonZeroU64, &[u8])) -> Metafile {
    let hashes = Some(hashes(Digest(Sha256::digest(bytes).into())));
    Metafile { length: Some(bytes.len() as u64), hashes, version, _extra: HashMap::new() }
}

fn hashes(digest: Digest) -> Hashes {
    Hashes { sha256: digest.0.to_vec().into(), _extra: HashMap::new() }
}

/// Readers elsewhere refuse fractions of a second.
pub(super) fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// The end of something signed now that is to last so long.
pub(super) fn expiry(now: Timestamp, lifetime: SignedDuration) -> Timestamp {
    whole_seconds(now.checked_add(lifetime).unwrap_or(Timestamp::MAX))
}

/// The keys of a role in a root, in order.
pub(super) fn key_ids(root: &Root, role: RoleType) -> BTreeSet<Decoded<Hex>> {
    root.roles.get(&role).map(|keys| keys.keyids.iter().cloned().collect()).unwrap_or_default()
}

/// A root with these keys and thresholds.
pub(super) fn root(
    version: NonZeroU64,
    expires: Timestamp,
    roles: &BTreeMap<super::RoleName, (Vec<PublicKey>, u64)>,
) -> Result<Root, MetadataError> {
    let mut keys = HashMap::new();
    let mut of_roles = HashMap::new();
    for (role, (publics, threshold)) in roles {
        let threshold = NonZeroU64::new(*threshold).ok_or(MetadataError::Root("a threshold is 0"))?;
        keys.extend(publics.iter().map(|public| (public.id(), public.key())));
        let keyids = publics.iter().map(|public| public.id()).collect();
        of_roles.insert(role.role(), tough::schema::RoleKeys { keyids, threshold, _extra: HashMap::new() });
    }
    let root = Root {
        spec_version: SPECIFICATION.to_owned(),
        consistent_snapshot: true,
        version,
        expires: whole_seconds(expires),
        keys,
        roles: of_roles,
        _extra: HashMap::new(),
    };
    check_root(&root)?;
    Ok(root)
}
