//! Roots: who signs for a feed, from the first to the one after a key was changed.

use std::num::NonZeroU64;

use jiff::{SignedDuration, Timestamp};
use tough::schema::{RoleType, Root, Signature, Signed};

use super::metadata::{self, read_root, sign};
use super::{MetadataError, PublicKey, RoleName, Roles, Signer};

/// Makes and signs the first root.
///
/// # Errors
/// [`MetadataError::Root`] if thresholds cannot be met, and [`MetadataError::Key`].
pub fn first_root(
    roles: &Roles,
    signers: &[&dyn Signer],
    now: Timestamp,
    lifetime: SignedDuration,
) -> Result<Vec<u8>, MetadataError> {
    let root = metadata::root(NonZeroU64::MIN, metadata::expiry(now, lifetime), roles)?;
    let signed = sign(root, signers)?;
    read_root(&signed)?;
    Ok(signed)
}

/// The root after another: the same version of it can be signed by one holder of a key after the other, each with
/// [`add_signatures`]. It is accepted once enough keys of the root before and of its own have signed.
///
/// # Errors
/// [`MetadataError`].
pub fn next_root(
    before: &[u8],
    roles: &Roles,
    now: Timestamp,
    lifetime: SignedDuration,
) -> Result<Vec<u8>, MetadataError> {
    let before = read_root(before)?;
    let version =
        before.signed.version.checked_add(1).ok_or(MetadataError::Root("there is no next version"))?;
    sign(metadata::root(version, metadata::expiry(now, lifetime), roles)?, &[])
}

/// Adds signatures to a root that is being signed; one of a key that has signed already takes the place of the former.
///
/// # Errors
/// [`MetadataError`].
pub fn add_signatures(root: &[u8], signers: &[&dyn Signer]) -> Result<Vec<u8>, MetadataError> {
    let mut root: Signed<Root> = serde_json::from_slice(root)
        .map_err(|source| MetadataError::Json { file: "the root to be signed", source })?;
    metadata::check_root(&root.signed)?;
    let more: Signed<Root> = serde_json::from_slice(&sign(root.signed.clone(), signers)?)
        .map_err(|source| MetadataError::Json { file: "the root to be signed", source })?;
    let is_new = |signature: &Signature| !more.signatures.iter().any(|new| new.keyid == signature.keyid);
    root.signatures.retain(is_new);
    root.signatures.extend(more.signatures);
    root.signatures.sort_by(|a, b| a.keyid.cmp(&b.keyid));
    metadata::to_json(&root)
}

/// Who may sign, by a root.
///
/// # Errors
/// [`MetadataError`].
pub fn roles_of(root: &[u8]) -> Result<Roles, MetadataError> {
    let root = read_root(root)?.signed;
    let mut roles = Roles::new();
    for name in RoleName::ALL {
        let Some(keys) = root.roles.get(&name.role()) else { continue };
        let public = |id| root.keys.get(id).and_then(public_key);
        let publics: Option<Vec<PublicKey>> = keys.keyids.iter().map(public).collect();
        let publics = publics.ok_or(MetadataError::Root("it has a key that is not Ed25519"))?;
        roles.insert(name, (publics, keys.threshold.get()));
    }
    Ok(roles)
}

fn public_key(key: &tough::schema::key::Key) -> Option<PublicKey> {
    let value = serde_json::to_value(key).ok()?;
    PublicKey::parse(value.get("keyval")?.get("public")?.as_str()?).ok()
}

/// True if another key signs for what is newest: then the versions of that begin anew, which is how a feed recovers from
/// whoever has used its keys to publish the highest version there is.
pub(super) fn online_keys_differ(before: &Root, after: &Root) -> bool {
    let differ = |role| metadata::key_ids(before, role) != metadata::key_ids(after, role);
    differ(RoleType::Timestamp) || differ(RoleType::Snapshot)
}
