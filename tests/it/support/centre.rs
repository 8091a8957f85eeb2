//! A national centre that publishes a signed feed, and a post at the border that synchronises it.
//!
//! Both stand on a storage that is handed in, so that it can record and fail, and at times that are handed in.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::io::{self, Cursor};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use portcullis::audit::{AuditLog, Config, Role};
use portcullis::config::PublisherSettings;
use portcullis::domain::{Digest, FeedName, GenerationId, Kind, SegmentRole};
use portcullis::feed::mirror::{Directory, Mirror};
use portcullis::feed::{
    Metadata, PrivateKey, Publication, Repository, RoleName, Roles, Signer, Signers, first_root, verify,
};
use portcullis::ground::clock::Clock;
use portcullis::ground::storage::{Disk, Lock, LockError, Storage, StorageFile};
use portcullis::index::{FeedRecord, Snapshot, StateDigest, current, kept, segment_path};
use portcullis::publishing::feed::{
    self as feeds, FeedError, FeedFolder, FeedSettings, Gathered, Handover, Published, Signed,
};
use portcullis::publishing::{
    self, Fold, Folded, Inputs, Limits, Progress, PublishingError, Stage, rollback,
};
use portcullis::register::{Adapter, Format};
use portcullis::syncing::{Activation, Site, Source, SyncError, Synced, Wish, sync};

use super::command::files;
use super::recording::Recording;
use super::site::{Standing, feed, notice};

/// An hour of the day on which all this happens.
pub(crate) fn hour(hour: i8) -> Timestamp {
    format!("2026-03-01T{hour:02}:00:00Z").parse().unwrap()
}

/// A publisher's folder, and the keys of its feed, which stand elsewhere.
#[derive(Clone)]
pub(crate) struct Centre {
    storage: Arc<dyn Storage>,
    pub(crate) folder: PathBuf,
    pub(crate) settings: FeedSettings,
    signers: Arc<Signers>,
}

/// Tells nobody how far it is.
struct Silent;

impl Progress for Silent {
    fn at(&mut self, _: Stage, _: u64, _: Option<u64>) {}
}

impl Centre {
    /// Begins a feed, with a key for each role.
    pub(crate) fn found(storage: Arc<dyn Storage>, folder: &Path, name: &str, now: Timestamp) -> Self {
        let settings = PublisherSettings::first(feed(name), Default::default()).feed;
        let mut signers = Signers::new();
        let mut roles = Roles::new();
        for role in RoleName::ALL {
            let key = PrivateKey::generate().unwrap();
            roles.insert(role, (vec![key.public()], 1));
            signers.insert(role, vec![Box::new(key)]);
        }
        let centre = Self { storage, folder: folder.to_owned(), settings, signers: Arc::new(signers) };
        let root = first_root(&roles, &centre.of(RoleName::Root), now, centre.settings.lifetimes.root);
        centre.folder().repository().init(&root.unwrap()).unwrap();
        centre
    }

    /// The same centre in another folder.
    pub(crate) fn moved(&self, storage: Arc<dyn Storage>, folder: &Path) -> Self {
        Self { storage, folder: folder.to_owned(), ..self.clone() }
    }

    /// The same centre in a copy of its folder.
    pub(crate) fn copied(&self, folder: &Path) -> Self {
        copy(&self.folder, folder);
        self.moved(Arc::new(Disk), folder)
    }

    pub(crate) fn folder(&self) -> FeedFolder {
        FeedFolder::new(self.storage.clone(), &self.folder)
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.folder.join("repository")
    }

    /// The root that sites are set up with.
    pub(crate) fn root(&self) -> Vec<u8> {
        fs::read(self.repository().join("metadata/1.root.json")).unwrap()
    }

    pub(crate) fn try_add(&self, numbers: impl IntoIterator<Item = u32>) -> Result<Gathered, FeedError> {
        feeds::add(&self.folder(), self.input(numbers), false, LIMITS, 1 << 20, &mut Silent)
    }

    /// Passports of Utopia, `N000` and so on, wait to be listed.
    pub(crate) fn add(&self, numbers: impl IntoIterator<Item = u32>) -> &Self {
        self.try_add(numbers).unwrap();
        self
    }

    pub(crate) fn withdraw(&self, numbers: impl IntoIterator<Item = u32>) -> &Self {
        feeds::withdraw(&self.folder(), self.input(numbers), LIMITS, 1 << 20, &mut Silent).unwrap();
        self
    }

    pub(crate) fn try_publish(&self, at: Timestamp) -> Result<Published, FeedError> {
        feeds::publish(&self.folder(), &self.settings, &self.signers, at, at, &mut |_, _| {})
    }

    pub(crate) fn publish(&self, at: Timestamp) -> Publication {
        self.try_publish(at).unwrap().publication
    }

    /// Publishes a base to which the one before can be folded.
    pub(crate) fn rebase(&self, at: Timestamp) -> Publication {
        let mut centre = self.clone();
        centre.settings.delta_documents_max = 0;
        centre.publish(at)
    }

    pub(crate) fn heartbeat(&self, at: Timestamp) {
        let signers = self.of(RoleName::Timestamp);
        feeds::heartbeat(&self.folder(), &self.settings, &signers, None, at).unwrap();
    }

    /// The same centre, which signs for a role with one more key, that no root names yet.
    pub(crate) fn with_a_key_to_come(mut self, role: RoleName) -> Self {
        let signers = Arc::get_mut(&mut self.signers).unwrap();
        signers.get_mut(&role).unwrap().push(Box::new(PrivateKey::generate().unwrap()));
        self
    }

    /// Puts that key in the place of the other.
    pub(crate) fn rotate(&self, role: RoleName, at: Timestamp) {
        let folder = self.folder();
        let handover = Handover::lock(&folder).unwrap();
        let [old, new] = [0, 1].map(|place| self.signers[&role][place].public());
        handover.begin((role, old, new), &self.settings, &self.signers, at).unwrap();
        self.finish(&handover, at);
    }

    /// Goes on with what broke off, if a root was being signed.
    pub(crate) fn go_on_rotating(&self, at: Timestamp) {
        if self.folder.join("next.root.json").exists() {
            self.finish(&Handover::lock(&self.folder()).unwrap(), at);
        }
    }

    fn finish(&self, handover: &Handover<'_>, at: Timestamp) {
        assert_eq!(handover.sign(&self.of(RoleName::Root)).unwrap(), Signed::InPlace);
        assert!(handover.finish(&self.settings, &self.signers, at).unwrap());
        assert!(!self.folder.join("next.root.json").exists());
    }

    /// Signs what it is told to, whether or not it is so.
    pub(crate) fn sign(&self, publication: &Publication, at: Timestamp) -> Metadata {
        let repository = Repository::new(self.storage.clone(), self.repository());
        repository.publish(publication, at, &self.signers, &self.settings.lifetimes, at).unwrap()
    }

    /// What a post takes from this folder.
    pub(crate) fn source(&self) -> Source {
        self.source_at(vec![Arc::new(Directory::new(Arc::new(Disk), &self.repository()))])
    }

    pub(crate) fn source_at(&self, mirrors: Vec<Arc<dyn Mirror>>) -> Source {
        Source {
            feed: self.settings.feed.clone(),
            root: self.root(),
            mirrors,
            limits: Default::default(),
            activation: Activation::AtOnce,
            sequence_min: 0,
            shrink_max: 1.0,
            fold_mib_per_second: 10_000,
        }
    }

    fn of(&self, role: RoleName) -> Vec<&dyn Signer> {
        self.signers[&role].iter().map(|signer| &**signer).collect()
    }

    fn input(&self, numbers: impl IntoIterator<Item = u32>) -> (Adapter, Inputs, PathBuf) {
        let rows = numbers.into_iter().map(|number| format!("N{number:03},UTO,passport,stolen\n"));
        let head = "document_number,issuing_state,kind,status\n".to_owned();
        let register = std::iter::once(head).chain(rows).collect::<String>();
        let inputs = Inputs::Stream(Box::new(Cursor::new(register.into_bytes())));
        (Adapter::from(Format::Csv), inputs, self.folder.join("rejects.csv"))
    }
}

const LIMITS: Limits = Limits { rejects_max: 0.0, shrink_max: None };

/// A post at the border. Its log stands elsewhere.
pub(crate) struct Post<'a> {
    storage: Arc<dyn Storage>,
    data_dir: &'a Path,
    log: AuditLog,
    clock: Clock,
    _log_dir: tempfile::TempDir,
}

impl<'a> Post<'a> {
    pub(crate) fn new(storage: Arc<dyn Storage>, data_dir: &'a Path, now: Timestamp) -> Self {
        let log_dir = tempfile::tempdir().unwrap();
        let disk = unsynced(log_dir.path());
        let (log, _) = AuditLog::open(disk, log_dir.path(), Role::Cli, Config::default(), now).unwrap();
        Self { storage, data_dir, log, clock: Clock::new(Standing(now)), _log_dir: log_dir }
    }

    pub(crate) fn sync(&self, source: &Source, wish: Wish) -> Result<Synced, SyncError> {
        self.sync_while(source, wish, &mut || ())
    }

    /// Something else is done as often as somebody is told how far it is.
    pub(crate) fn sync_while(
        &self,
        source: &Source,
        wish: Wish,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<Synced, SyncError> {
        let site = Site {
            storage: self.storage.clone(),
            data_dir: self.data_dir,
            log: &self.log,
            clock: &self.clock,
            principal: "test".into(),
        };
        sync(&site, source, wish, &mut |_, _| {
            meanwhile();
            ControlFlow::Continue(())
        })
    }

    pub(crate) fn follow(&self, source: &Source) -> Synced {
        self.sync(source, Wish::default()).unwrap()
    }

    pub(crate) fn fold(&self, feed: &FeedName) -> Result<Folded, PublishingError> {
        let fold = Fold {
            storage: self.storage.clone(),
            data_dir: self.data_dir,
            log: &self.log,
            clock: &self.clock,
            principal: "test".into(),
            feed: feed.clone(),
            mib_per_second: None,
        };
        publishing::fold(&fold, &mut |_, _| {})
    }

    pub(crate) fn rollback(&self, to: u64) {
        self.try_rollback(to).unwrap();
    }

    pub(crate) fn try_rollback(&self, to: u64) -> Result<GenerationId, PublishingError> {
        let (storage, principal) = (self.storage.clone(), "test".into());
        rollback(storage, self.data_dir, &self.log, &self.clock, &principal, to)
    }

    pub(crate) fn forget(&self, feed: &FeedName) {
        let (storage, principal) = (self.storage.clone(), "test".into());
        publishing::forget(storage, self.data_dir, &self.log, &self.clock, &principal, feed).unwrap();
    }
}

/// What is in force at a site of one feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InForce {
    pub(crate) generation: u64,
    pub(crate) sequence: u64,
    pub(crate) as_of: Timestamp,
    pub(crate) roles: Vec<SegmentRole>,
    pub(crate) state: StateDigest,
}

/// Opens and verifies what is in force as a service would: what is there is never refused.
pub(crate) fn opened(data_dir: &Path) -> Option<(u64, Snapshot)> {
    let (generation, id) = current(&Disk, data_dir).expect("what is there is never refused")?;
    let prove = |record: &FeedRecord| {
        let locate = |file: &portcullis::domain::SegmentRef| segment_path(data_dir, file.digest);
        verify(&Disk, record.bulletin.clone(), record.proof(), locate).unwrap()
    };
    let bulletins = generation.feeds.iter().map(prove).collect();
    let snapshot = Snapshot::open(&Disk, data_dir, &generation, id, bulletins).unwrap();
    snapshot.verify().unwrap();
    Some((id.number, snapshot))
}

pub(crate) fn in_force(data_dir: &Path) -> Option<InForce> {
    let (generation, snapshot) = opened(data_dir)?;
    let held = snapshot.feeds().next().unwrap();
    let bulletin = held.bulletin();
    Some(InForce {
        generation,
        sequence: bulletin.sequence,
        as_of: bulletin.as_of,
        roles: bulletin.segments.iter().map(|segment| segment.role).collect(),
        state: held.list().state_digest(),
    })
}

/// Which of the first thousand numbers are listed.
pub(crate) fn listed(data_dir: &Path) -> Vec<u32> {
    let (_, snapshot) = opened(data_dir).expect("something is in force");
    let is_listed = |number: &u32| {
        let document = notice("UTO", &format!("N{number:03}"), Kind::Passport).document;
        !snapshot.find(&document).is_empty()
    };
    (0..1000).filter(is_listed).collect()
}

/// Files of a site's index and of its downloads that no generation needs.
pub(crate) fn litter(data_dir: &Path) -> Vec<PathBuf> {
    let generations = kept(&Disk, data_dir).unwrap();
    let feeds = generations.iter().flat_map(|(generation, _)| &generation.feeds);
    let needed: Vec<Digest> =
        feeds.flat_map(|record| &record.bulletin.segments).map(|segment| segment.digest).collect();
    let needed: Vec<PathBuf> = needed.iter().map(|digest| segment_path(data_dir, *digest)).collect();
    let index = data_dir.join("index");
    let is_known = |path: &PathBuf| {
        let is_temporary = path.extension().is_some_and(|end| end == "tmp");
        !is_temporary && (!path.starts_with(index.join("segments")) || needed.contains(path))
    };
    let stays =
        |path: &Path| path.ends_with("LOCK") || path.parent().is_some_and(|parent| parent.ends_with("roots"));
    let downloads =
        files(data_dir).into_iter().filter(|path| path.starts_with(data_dir.join("sync")) && !stays(path));
    files(&index).into_iter().filter(|path| !is_known(path)).chain(downloads).collect()
}

/// Stands for what is below a folder, without files in the making: crashes leave the same many times, and to look once is enough.
pub(crate) fn fingerprint(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let all = if folder.exists() { files(folder) } else { Vec::new() };
    for path in all.iter().filter(|path| path.extension().is_none_or(|end| end != "tmp")) {
        (path.strip_prefix(folder).unwrap(), fs::read(path).unwrap()).hash(&mut hasher);
    }
    hasher.finish()
}

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copied = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &copied) } else { assert!(fs::copy(&path, copied).is_ok()) }
    }
}

/// Records all but what is thrown away: the library that reads metadata writes to its scratch folder past every storage.
/// New folders are durable, as a storage promises.
#[derive(Clone, Debug)]
pub(crate) struct Ground(pub(crate) Recording);

/// A storage that syncs nothing, for what no crash will come to.
pub(crate) fn unsynced(root: &Path) -> Arc<dyn Storage> {
    Arc::new(Ground(Recording::new(root)))
}

fn is_scratch(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "scratch")
}

impl Ground {
    fn of(&self, path: &Path) -> &dyn Storage {
        if is_scratch(path) { &Disk } else { &self.0 }
    }
}

impl Storage for Ground {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        if path.ends_with("scratch") {
            self.create_dir_all(path.parent().unwrap())?;
            return fs::create_dir_all(path);
        }
        let missing: Vec<_> = path.ancestors().take_while(|folder| !folder.exists()).collect();
        self.0.create_dir_all(path)?;
        missing.iter().try_for_each(|folder| self.0.sync_dir(folder.parent().unwrap()))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        let file = self.of(path).create(path)?;
        Ok(if is_scratch(path) { Box::new(Fleeting(file)) } else { file })
    }

    fn open_append(&self, path: &Path) -> io::Result<Box<dyn StorageFile>> {
        self.of(path).open_append(path)
    }

    fn open_read(&self, path: &Path) -> io::Result<fs::File> {
        Disk.open_read(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.of(from).rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.of(path).remove(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if is_scratch(path) { Ok(()) } else { self.0.sync_dir(path) }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        Disk.list(path)
    }

    fn lock(&self, path: &Path) -> Result<Lock, LockError> {
        Disk.lock(path)
    }
}

/// A file that need not outlive anything.
#[derive(Debug)]
struct Fleeting(Box<dyn StorageFile>);

impl StorageFile for Fleeting {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.0.truncate(len)
    }

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
}
