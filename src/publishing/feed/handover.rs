//! A key takes the place of another.
//!
//! Whatever moment it breaks off at, readers find what is signed as a root asks that they know or come to, and whoever goes on
//! brings it to its end:
//!
//! 1. the list is signed with the keys of both, so that readers of either root accept it;
//! 2. the next root is written beside the repository, and goes from holder to holder;
//! 3. once enough have signed, it is the root;
//! 4. where the old key was lost, and could not sign first, the list is signed now.

use jiff::Timestamp;

use super::publish::Next;
use super::{FeedError, FeedFolder, FeedSettings};
use crate::feed::{
    MetadataError, PublicKey, RepositoryError, RoleName, Roles, Signer, Signers, add_signatures, next_root,
    roles_of,
};
use crate::ground::storage::publish_file;
use crate::index::Publisher;

/// The handing on of keys, with the folder locked.
#[derive(Debug)]
pub struct Handover<'f> {
    folder: &'f FeedFolder,
    publisher: Publisher,
}

/// What became of a root that is being signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// It is the root.
    InPlace,
    /// Others must sign too.
    NotYet,
}

impl<'f> Handover<'f> {
    /// Keeps everybody else from working on the feed.
    ///
    /// # Errors
    /// [`FeedError::Index`] if somebody does.
    pub fn lock(folder: &'f FeedFolder) -> Result<Self, FeedError> {
        let publisher = folder.lock()?;
        Ok(Self { folder, publisher })
    }

    /// Whose keys sign, by the newest root.
    ///
    /// # Errors
    /// [`FeedError::Repository`].
    pub fn roles(&self) -> Result<Roles, FeedError> {
        roles_of(&self.folder.repository.root()?).map_err(sign_error)
    }

    /// Makes sure that no other root is being signed: one would be lost.
    ///
    /// # Errors
    /// [`FeedError::HandoverUnderWay`], and [`FeedError`].
    pub fn check_none(&self) -> Result<(), FeedError> {
        match self.folder.next_root()? {
            Some(next) if next != self.folder.repository.root()? => {
                Err(FeedError::HandoverUnderWay(self.folder.next_root_path()))
            }
            _ => Ok(()),
        }
    }

    /// Begins to put a new key in the place of an old one. The signers are those of both: without the old one readers accept
    /// the list again once [`finish`](Self::finish) has signed it.
    ///
    /// # Errors
    /// [`FeedError::KeyNotNamed`], [`FeedError::HandoverUnderWay`], and [`FeedError`].
    pub fn begin(
        &self,
        (role, old, new): (RoleName, PublicKey, PublicKey),
        settings: &FeedSettings,
        signers: &Signers,
        now: Timestamp,
    ) -> Result<(), FeedError> {
        self.check_none()?;
        // What is not vouched for now would be once it is signed again.
        self.folder.standing()?;
        let mut roles = self.roles()?;
        let place = roles.get_mut(&role).and_then(|(keys, _)| keys.iter_mut().find(|key| **key == old));
        *place.ok_or(FeedError::KeyNotNamed { role: role.word(), key: old })? = new;
        match role {
            RoleName::Root => Ok(()),
            RoleName::Targets => self.publish_again(settings, signers, now),
            RoleName::Snapshot | RoleName::Timestamp => self.sign_above(settings, signers, now),
        }
        .or_else(|error| if is_unsigned(&error) { Ok(()) } else { Err(error) })?;
        let root = self.folder.repository.root()?;
        let next = next_root(&root, &roles, now, settings.lifetimes.root).map_err(sign_error)?;
        self.write(&next)
    }

    /// Adds signatures to the root that is being signed, and puts it in place if they are enough.
    ///
    /// # Errors
    /// [`FeedError::NoHandover`], and [`FeedError`].
    pub fn sign(&self, signers: &[&dyn Signer]) -> Result<Signed, FeedError> {
        let next = self.folder.next_root()?;
        let next = next.ok_or_else(|| FeedError::NoHandover(self.folder.next_root_path()))?;
        let repository = &self.folder.repository;
        if repository.root()? == next {
            return Ok(Signed::InPlace);
        }
        let next = add_signatures(&next, signers).map_err(sign_error)?;
        self.write(&next)?;
        match repository.put_root(&next).map_err(FeedError::from) {
            Ok(()) => Ok(Signed::InPlace),
            Err(error) if is_unsigned(&error) => Ok(Signed::NotYet),
            Err(error) => Err(error),
        }
    }

    /// Signs the list as a root in place asks, if it is not signed so yet. Gives false if the signers are not enough for that:
    /// the next publication has to do it.
    ///
    /// # Errors
    /// [`FeedError`].
    pub fn finish(
        &self,
        settings: &FeedSettings,
        signers: &Signers,
        now: Timestamp,
    ) -> Result<bool, FeedError> {
        let signed = match self.folder.repository.current().map_err(FeedError::from) {
            Err(error) if is_unsigned(&error) => match self.sign_above(settings, signers, now) {
                Err(error) if is_unsigned(&error) => self.publish_again(settings, signers, now),
                signed => signed,
            },
            current => current.map(drop),
        };
        match signed {
            Ok(()) => self.folder.end_handover().map(|()| true),
            Err(error) if is_unsigned(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn sign_above(
        &self,
        settings: &FeedSettings,
        signers: &Signers,
        now: Timestamp,
    ) -> Result<(), FeedError> {
        Ok(self.folder.repository.sign_again(signers, &settings.lifetimes, now)?)
    }

    /// What is signed by the targets is never signed again under the same version: the same list is the next publication.
    /// Nothing new is vouched for, and what waits goes on waiting.
    fn publish_again(
        &self,
        settings: &FeedSettings,
        signers: &Signers,
        now: Timestamp,
    ) -> Result<(), FeedError> {
        let Some(before) = self.folder.standing()? else { return Ok(()) };
        let Self { folder, publisher } = self;
        let next = Next { folder, settings, publisher, before: Some(&before), pending: &[] };
        next.publish(signers, before.as_of(), now, &mut |_, _| {}).map(drop)
    }

    fn write(&self, next: &[u8]) -> Result<(), FeedError> {
        let path = self.folder.next_root_path();
        publish_file(&*self.folder.storage, &path, next).map_err(FeedError::io("write", path))
    }
}

fn sign_error(source: MetadataError) -> FeedError {
    RepositoryError::Sign(source).into()
}

/// Whether there are too few signatures, of which others may have more.
fn is_unsigned(error: &FeedError) -> bool {
    let FeedError::Repository(RepositoryError::Sign(source) | RepositoryError::Metadata { source, .. }) =
        error
    else {
        return false;
    };
    matches!(source, MetadataError::Signatures { .. })
}
