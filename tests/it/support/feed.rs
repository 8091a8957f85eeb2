//! A centre that publishes a feed, and a site that follows it, at times that are handed in.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use portcullis::audit::{AuditLog, Config, Role};
use portcullis::config::PublisherSettings;
use portcullis::feed::mirror::{Directory, Limits as LineLimits, Mirror};
use portcullis::feed::{
    PrivateKey, PublicKey, RoleName, Roles, Signer, Signers, add_signatures, first_root, next_root,
};
use portcullis::ground::clock::Clock;
use portcullis::ground::storage::Disk;
use portcullis::index::{Generation, current};
use portcullis::publishing::feed::{FeedFolder, FeedSettings, add, heartbeat, publish, withdraw};
use portcullis::publishing::{Limits, Progress, Stage};
use portcullis::register::{Adapter, Format};
use portcullis::syncing::{self, Activation, Source, SyncError, Synced, Wish};
use tempfile::TempDir;

use super::site::{Standing, feed};

/// The feed of every centre here.
pub(crate) const FEED: &str = "uto-sltd";

/// The hours of these tests, from the first.
pub(crate) fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_772_344_800 + hour * 3600).unwrap()
}

/// A key that is the same in every run: its seed is one byte, repeated.
pub(crate) fn key(seed: u8) -> PrivateKey {
    // PKCS#8 of an Ed25519 key (RFC 8410), up to the seed.
    let head = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    PrivateKey::parse(&[&head[..], &[seed; 32]].concat()).unwrap()
}

/// Whose keys sign for each role, by their seeds, and how many of them must.
#[derive(Clone, Debug)]
pub(crate) struct Holders(pub(crate) BTreeMap<RoleName, (Vec<u8>, u64)>);

impl Holders {
    /// Two of three must sign roots and publications.
    pub(crate) fn first() -> Self {
        Self(BTreeMap::from([
            (RoleName::Root, (vec![1, 2, 3], 2)),
            (RoleName::Targets, (vec![11, 12, 13], 2)),
            (RoleName::Snapshot, (vec![21], 1)),
            (RoleName::Timestamp, (vec![31], 1)),
        ]))
    }

    /// The same, with other keys for some roles.
    pub(crate) fn with(&self, role: RoleName, keys: &[u8]) -> Self {
        let mut holders = self.clone();
        let of_role = holders.0.get_mut(&role).unwrap();
        of_role.0 = keys.to_vec();
        holders
    }

    /// The same, with other keys for everything but roots.
    pub(crate) fn with_other_online_keys(&self) -> Self {
        let other = self.with(RoleName::Targets, &[14, 15, 16]);
        other.with(RoleName::Snapshot, &[22]).with(RoleName::Timestamp, &[32])
    }

    pub(crate) fn keys(&self, role: RoleName) -> &[u8] {
        &self.0[&role].0
    }

    pub(crate) fn roles(&self) -> Roles {
        let public = |seed: &u8| -> PublicKey { key(*seed).public() };
        let roles = self.0.iter();
        roles.map(|(role, (keys, least))| (*role, (keys.iter().map(public).collect(), *least))).collect()
    }

    /// What signs for each role, here and among the holders that come after.
    pub(crate) fn signers_with(&self, next: Option<&Self>) -> Signers {
        let signer = |seed: &u8| -> Box<dyn Signer> { Box::new(key(*seed)) };
        let keys =
            |role| self.keys(role).iter().chain(next.into_iter().flat_map(move |next| next.keys(role)));
        RoleName::ALL.map(|role| (role, keys(role).map(signer).collect())).into()
    }
}

/// A publisher, with a folder of its own.
pub(crate) struct Centre {
    pub(crate) folder: FeedFolder,
    pub(crate) settings: FeedSettings,
    pub(crate) holders: Holders,
    dir: TempDir,
}

impl Centre {
    /// A feed that has a root and has published nothing.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = FeedFolder::new(Arc::new(Disk), dir.path());
        let settings = PublisherSettings::first(feed(FEED), BTreeMap::new()).feed;
        let holders = Holders::first();
        let signers = holders.signers_with(None);
        let signers: Vec<&dyn Signer> = signers[&RoleName::Root].iter().map(|signer| &**signer).collect();
        let root = first_root(&holders.roles(), &signers, at(0), settings.lifetimes.root).unwrap();
        folder.repository().init(&root).unwrap();
        Self { folder, settings, holders, dir }
    }

    /// One that has published three passports.
    pub(crate) fn with_a_list() -> Self {
        let centre = Self::new();
        centre.publish(0..3, 0);
        centre
    }

    pub(crate) fn repository(&self) -> PathBuf {
        self.folder.repository().folder().to_owned()
    }

    pub(crate) fn root(&self) -> Vec<u8> {
        self.folder.repository().root().unwrap()
    }

    /// Lists passports of Utopia too.
    pub(crate) fn publish(&self, numbers: Range<u32>, hour: i64) {
        self.gather("UTO", numbers, false);
        self.publish_what_waits(hour);
    }

    /// Publishes passports of one state as the whole list.
    pub(crate) fn publish_whole(&self, state: &str, numbers: Range<u32>, hour: i64) {
        self.gather(state, numbers, true);
        self.publish_what_waits(hour);
    }

    pub(crate) fn gather(&self, state: &str, numbers: Range<u32>, whole: bool) {
        let limits = Limits { rejects_max: 0.0, shrink_max: None };
        let input = self.register(state, numbers);
        add(&self.folder, input, whole, limits, 1 << 20, &mut Silent).unwrap();
    }

    pub(crate) fn withdraw(&self, numbers: Range<u32>) {
        let limits = Limits { rejects_max: 0.0, shrink_max: None };
        withdraw(&self.folder, self.register("UTO", numbers), limits, 1 << 20, &mut Silent).unwrap();
    }

    fn register(
        &self,
        state: &str,
        numbers: Range<u32>,
    ) -> (Adapter, portcullis::publishing::Inputs, PathBuf) {
        let mut register = "document_number,issuing_state,kind,status\n".to_owned();
        numbers.for_each(|number| writeln!(register, "N{number:04},{state},passport,stolen").unwrap());
        let inputs = portcullis::publishing::Inputs::Stream(Box::new(Cursor::new(register)));
        (Adapter::from(Format::Csv), inputs, self.dir.path().join("rejects.csv"))
    }

    pub(crate) fn publish_what_waits(&self, hour: i64) {
        self.publish_signed_with(None, hour);
    }

    fn publish_signed_with(&self, next: Option<&Holders>, hour: i64) {
        let signers = self.holders.signers_with(next);
        publish(&self.folder, &self.settings, &signers, at(hour), at(hour), &mut |_, _| {}).unwrap();
    }

    pub(crate) fn heartbeat(&self, hour: i64) {
        let signers = self.holders.signers_with(None);
        let signers: Vec<_> = signers[&RoleName::Timestamp].iter().map(|signer| &**signer).collect();
        heartbeat(&self.folder, &self.settings, &signers, None, at(hour)).unwrap();
    }

    /// Hands the feed on to other holders: what waits is published with the keys of both, then comes their root.
    pub(crate) fn hand_on(&mut self, to: &Holders, hour: i64) {
        self.publish_signed_with(Some(to), hour);
        let root = self.next_root(to, hour);
        self.folder.repository().put_root(&root).unwrap();
        self.holders = to.clone();
    }

    /// The next root, signed by the holders of now and of then.
    pub(crate) fn next_root(&self, to: &Holders, hour: i64) -> Vec<u8> {
        let lifetime = self.settings.lifetimes.root;
        let root = next_root(&self.root(), &to.roles(), at(hour), lifetime).unwrap();
        let signers = self.holders.signers_with(Some(to));
        let signers: Vec<_> = signers[&RoleName::Root].iter().map(|signer| &**signer).collect();
        add_signatures(&root, &signers).unwrap()
    }
}

/// A site with nothing but what it was set up with.
pub(crate) struct Border {
    pub(crate) source: Source,
    pub(crate) data: TempDir,
    log: AuditLog,
    _log_dir: TempDir,
}

impl Border {
    pub(crate) fn new(root: Vec<u8>) -> Self {
        let log_dir = tempfile::tempdir().unwrap();
        let (log, _) =
            AuditLog::open(Arc::new(Disk), log_dir.path(), Role::Cli, Config::default(), at(0)).unwrap();
        let source = Source {
            feed: feed(FEED),
            root,
            mirrors: Vec::new(),
            limits: LineLimits::default(),
            activation: Activation::AtOnce,
            sequence_min: 0,
            shrink_max: 0.5,
            fold_mib_per_second: 1000,
        };
        Self { source, data: tempfile::tempdir().unwrap(), log, _log_dir: log_dir }
    }

    /// A site that has what a centre has published.
    pub(crate) fn following(centre: &Centre, hour: i64) -> Self {
        let border = Self::new(centre.root());
        border.sync(&centre.repository(), hour).unwrap();
        border
    }

    /// Follows the repository in a folder.
    pub(crate) fn sync(&self, repository: &Path, hour: i64) -> Result<Synced, SyncError> {
        self.sync_through(vec![directory(repository)], Wish::default(), hour)
    }

    pub(crate) fn sync_through(
        &self,
        mirrors: Vec<Arc<dyn Mirror>>,
        wish: Wish,
        hour: i64,
    ) -> Result<Synced, SyncError> {
        let clock = Clock::new(Standing(at(hour) + SignedDuration::from_mins(1)));
        let site = syncing::Site {
            storage: Arc::new(Disk),
            data_dir: self.data.path(),
            log: &self.log,
            clock: &clock,
            principal: "test".into(),
        };
        let source = Source { mirrors, ..self.source.clone() };
        syncing::sync(&site, &source, wish, &mut |_, _| ControlFlow::Continue(()))
    }

    /// What is in force.
    pub(crate) fn in_force(&self) -> Option<Generation> {
        current(&Disk, self.data.path()).unwrap().map(|(generation, _)| generation)
    }
}

pub(crate) fn directory(repository: &Path) -> Arc<dyn Mirror> {
    Arc::new(Directory::new(Arc::new(Disk), repository))
}

/// Tells nobody how far it is.
struct Silent;

impl Progress for Silent {
    fn at(&mut self, _: Stage, _: u64, _: Option<u64>) {}
}
