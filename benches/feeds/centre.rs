//! A national centre in a temporary folder.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use portcullis::domain::{DocumentId, DocumentNumber, FeedName, IssuingState, Notice};
use portcullis::feed::{Lifetimes, PrivateKey, RoleName, Roles, Signer, Signers, Terms, first_root};
use portcullis::ground::storage::Disk;
use portcullis::publishing::feed::{FeedFolder, FeedSettings, Published, add, publish};
use portcullis::publishing::{Inputs, Limits, Progress, Stage};
use portcullis::register::Format;
use portcullis::register::generate::Generator;
use tempfile::TempDir;

pub(crate) struct Centre {
    pub(crate) folder: TempDir,
    pub(crate) settings: FeedSettings,
    signers: Signers,
    pub(crate) root: Vec<u8>,
}

struct Silent;

impl Progress for Silent {
    fn at(&mut self, _: Stage, _: u64, _: Option<u64>) {}
}

/// Bytes of notices that are held in memory while a list is built.
const MEMORY: u64 = 512 << 20;

impl Centre {
    pub(crate) fn new(delta_documents_max: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut signers = Signers::new();
        let mut roles = Roles::new();
        for role in RoleName::ALL {
            let key = PrivateKey::generate().expect("there is randomness");
            roles.insert(role, (vec![key.public()], 1));
            signers.insert(role, vec![Box::new(key) as Box<dyn Signer>]);
        }
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let lifetimes = Lifetimes { root: days(365), publication: days(30), heartbeat: days(3) };
        let root_signers: Vec<_> = signers[&RoleName::Root].iter().map(|signer| &**signer).collect();
        let root = first_root(&roles, &root_signers, Timestamp::now(), lifetimes.root).expect("a root");
        let settings = FeedSettings {
            feed: FeedName::parse("national").expect("a name"),
            lifetimes,
            delta_documents_max,
            changes_max: FeedSettings::CHANGES_MAX,
            canaries: (vec![specimen("CANARY001")], vec![specimen("CANARY002")]),
            terms: Terms::default(),
        };
        let centre = Self { folder, settings, signers, root };
        centre.feed().repository().init(&centre.root).expect("there is room");
        centre
    }

    pub(crate) fn feed(&self) -> FeedFolder {
        FeedFolder::new(Arc::new(Disk), self.folder.path())
    }

    /// Gathers synthetic notices without references.
    pub(crate) fn gather(&self, seed: u64, records: u64) {
        let register = self.folder.path().join("register.csv");
        write_register(&register, seed, records);
        let inputs = Inputs::Files(vec![register.clone()]);
        let input = (Format::Csv.into(), inputs, self.folder.path().join("rejects.csv"));
        add(&self.feed(), input, false, Limits::default(), MEMORY, &mut Silent).expect("it is read");
        std::fs::remove_file(register).expect("it was written");
    }

    pub(crate) fn publish(&self) -> Published {
        let now = Timestamp::now();
        publish(&self.feed(), &self.settings, &self.signers, now, now, &mut |_, _| {})
            .expect("it is published")
    }
}

fn specimen(number: &str) -> DocumentId {
    let issuing_state = IssuingState::recognise("UTO").expect("the state of specimens").state;
    DocumentId { issuing_state, number: DocumentNumber::parse(number).expect("a number") }
}

fn write_register(path: &Path, seed: u64, records: u64) {
    use std::io::Write as _;
    let file = std::fs::File::create(path).expect("there is room");
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    writeln!(out, "document_number,issuing_state,kind,status,reported_on").expect("there is room");
    for notice in Generator::new(seed, records) {
        let Notice { document, kind, status, reported_on, .. } = notice;
        let day = reported_on.map(|day| day.to_string()).unwrap_or_default();
        let (number, state) = (document.number.as_str(), document.issuing_state);
        writeln!(out, "{number},{state},{},{},{day}", kind.word(), status.word()).expect("there is room");
    }
    out.into_inner().expect("there is room").sync_all().expect("there is room");
}
