//! What a publisher signs, put where readers find it: file after file, the timestamp last.

use std::num::NonZeroU64;

use jiff::Timestamp;
use tough::schema::{Root, Signed};

use super::metadata::{self, MetadataFiles, SNAPSHOT, TARGETS, TIMESTAMP};
use super::{
    Lifetimes, Metadata, MetadataError, Publication, Repository, RepositoryError, RoleName, Signer, Signers,
};

impl Repository {
    /// Signs a publication whose files are in their places, and makes it the newest.
    ///
    /// # Errors
    /// [`RepositoryError`]; after [`RepositoryError::Io`] the old or the new one is the newest, and doing it again is safe.
    pub fn publish(
        &self,
        publication: &Publication,
        as_of: Timestamp,
        signers: &Signers,
        lifetimes: &Lifetimes,
        now: Timestamp,
    ) -> Result<Metadata, RepositoryError> {
        // Nothing but the numbers of versions is taken from it.
        let before = self.standing()?;
        let role = metadata::targets(publication, metadata::expiry(now, lifetimes.publication))?;
        let version = role.version;
        let targets = metadata::sign(role, &of(signers, RoleName::Targets))?;
        let (published, files) =
            self.sign_above((version, targets), before.as_ref(), as_of, signers, (lifetimes, now))?;
        self.share(publication.targets())?;
        let [.., version] = published.versions();
        self.write(&self.metadata(&format!("{version}.{TARGETS}")), file(&files, TARGETS)?)?;
        self.put_above(&published, &files)?;
        self.tidy(&published);
        Ok(published)
    }

    /// Vouches for the newest publication as of a later time, with the key of the timestamp alone.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); [`RepositoryError::Sign`] also if there is no publication yet.
    pub fn heartbeat(
        &self,
        as_of: Timestamp,
        signers: &[&dyn Signer],
        lifetimes: &Lifetimes,
        now: Timestamp,
    ) -> Result<Metadata, RepositoryError> {
        let (root, files) = (self.root()?, self.files()?);
        let mut files = files.ok_or(MetadataError::Missing(TIMESTAMP))?;
        let before = self.current()?.ok_or(MetadataError::Missing(TIMESTAMP))?;
        let version = next(Some(before.timestamp.signed.version))?;
        let snapshot = (before.snapshot.signed.version, file(&files, SNAPSHOT)?);
        let role = metadata::timestamp(version, snapshot, as_of, metadata::expiry(now, lifetimes.heartbeat));
        let timestamp = metadata::sign(role, signers)?;
        files.insert(TIMESTAMP.to_owned(), timestamp.clone());
        let published = Metadata::read(&root, &files)?;
        self.write(&self.metadata(TIMESTAMP), &timestamp)?;
        Ok(published)
    }

    /// Names the newest publication in a new snapshot and a new timestamp, with other keys: the list stays, and so does what
    /// the keys of the targets have signed. Readers of the root before and of the one after accept it if keys of both sign.
    ///
    /// # Errors
    /// As [`publish`](Self::publish); [`RepositoryError::Sign`] also where the newest root asks for other keys of the targets.
    pub fn sign_again(
        &self,
        signers: &Signers,
        lifetimes: &Lifetimes,
        now: Timestamp,
    ) -> Result<(), RepositoryError> {
        let (Some(before), Some(files)) = (self.standing()?, self.files()?) else { return Ok(()) };
        let targets = (before.targets.signed.version, file(&files, TARGETS)?.to_vec());
        let as_of = before.as_of();
        let (published, files) = self.sign_above(targets, Some(&before), as_of, signers, (lifetimes, now))?;
        self.put_above(&published, &files)
    }

    /// Signs the roles above some targets and looks at all of it as a reader would.
    fn sign_above(
        &self,
        (targets_version, targets): (NonZeroU64, Vec<u8>),
        before: Option<&Metadata>,
        as_of: Timestamp,
        signers: &Signers,
        (lifetimes, now): (&Lifetimes, Timestamp),
    ) -> Result<(Metadata, MetadataFiles), RepositoryError> {
        let version = next(before.map(|before| before.snapshot.signed.version))?;
        let expires = metadata::expiry(now, lifetimes.publication);
        let role = metadata::snapshot(version, (targets_version, &targets), expires);
        let snapshot = metadata::sign(role, &of(signers, RoleName::Snapshot))?;
        let expires = metadata::expiry(now, lifetimes.heartbeat);
        let stamp_version = next(before.map(|before| before.timestamp.signed.version))?;
        let role = metadata::timestamp(stamp_version, (version, &snapshot), as_of, expires);
        let timestamp = metadata::sign(role, &of(signers, RoleName::Timestamp))?;
        let named = [(TIMESTAMP, timestamp), (SNAPSHOT, snapshot), (TARGETS, targets)];
        let files = named.map(|(name, bytes)| (name.to_owned(), bytes)).into();
        Ok((Metadata::read(&self.root()?, &files)?, files))
    }

    fn put_above(&self, published: &Metadata, files: &MetadataFiles) -> Result<(), RepositoryError> {
        let [_, _, version, _] = published.versions();
        self.write(&self.metadata(&format!("{version}.{SNAPSHOT}")), file(files, SNAPSHOT)?)?;
        self.write(&self.metadata(TIMESTAMP), file(files, TIMESTAMP)?)
    }

    /// Puts the next root in place: signed by the keys of the one before and by its own.
    ///
    /// # Errors
    /// [`RepositoryError::Sign`] if it does not follow, and [`RepositoryError::Io`].
    pub fn put_root(&self, root: &[u8]) -> Result<(), RepositoryError> {
        let before = metadata::read_root(&self.root()?)?;
        let next: Signed<Root> = metadata::read_root(root)?;
        let version = before.signed.version.checked_add(1).ok_or(RepositoryError::NoVersion)?;
        if next.signed.version != version {
            return Err(MetadataError::Root("its version is not the next").into());
        }
        before
            .signed
            .verify_role(&next)
            .map_err(|source| MetadataError::Signatures { file: "root.json", source: Box::new(source) })?;
        self.write(&self.metadata(&format!("{version}.root.json")), root)
    }
}

fn next(version: Option<NonZeroU64>) -> Result<NonZeroU64, RepositoryError> {
    let next = version.map_or(Some(NonZeroU64::MIN), |version| version.checked_add(1));
    next.ok_or(RepositoryError::NoVersion)
}

fn file<'f>(files: &'f MetadataFiles, name: &'static str) -> Result<&'f [u8], MetadataError> {
    files.get(name).map(Vec::as_slice).ok_or(MetadataError::Missing(name))
}

fn of(signers: &Signers, role: RoleName) -> Vec<&dyn Signer> {
    signers.get(&role).into_iter().flatten().map(|signer| &**signer).collect()
}
