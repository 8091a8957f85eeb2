//! Lists in force in a temporary folder.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use portcullis::domain::{Authority, Bulletin, FeedName, Notice, SegmentRef, Status};
use portcullis::feed::verify_local;
use portcullis::ground::storage::Disk;
use portcullis::index::{
    self, Builder, DELTA_DOCUMENTS_MAX, FeedRecord, Generation, Publisher, Snapshot, Stamp, segment_path,
};
use portcullis::register::generate::Generator;
use tempfile::TempDir;

use crate::table::{Row, Table};

/// Bytes of notices that are held in memory while a list is built.
const MEMORY: u64 = 512 << 20;
const SEED: u64 = 1;

pub(crate) struct Lists {
    pub(crate) folder: Arc<TempDir>,
    pub(crate) snapshot: Snapshot,
    pub(crate) generation: Generation,
    pub(crate) records: u64,
    base: SegmentRef,
    built_in: f64,
}

pub(crate) fn as_of() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().expect("a time")
}

pub(crate) fn stamp(sequence: u64) -> Stamp {
    Stamp { sequence, as_of: as_of() }
}

/// Notices without references.
pub(crate) fn notices(seed: u64, records: u64) -> impl Iterator<Item = Notice> {
    Generator::new(seed, records).map(|notice| Notice { reference: None, ..notice })
}

impl Lists {
    pub(crate) fn of_one(records: u64) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let publisher = publisher(folder.path());
        let started = Instant::now();
        let base = build(&publisher, notices(SEED, records), 1);
        let built_in = started.elapsed().as_secs_f64();
        let generation = with(None, "first", 1, vec![base.clone()]);
        let snapshot = open(folder.path(), &generation);
        Self { folder, snapshot, generation, records, base, built_in }
    }

    /// The same base with a delta of so many documents: of ten, seven are new, two gone and one changed.
    pub(crate) fn with_delta(lists: &Self, records: u64, changes: u64) -> Self {
        let changes = changes.min(records / 4);
        let (gone, changed) = ((records / (changes / 5)) as usize, (records / (changes / 10)) as usize);
        let kept = notices(SEED, records).enumerate().filter(|(at, _)| !at.is_multiple_of(gone));
        let kept = kept.map(|(at, notice)| match at % changed {
            1 => Notice { status: Status::StolenBlank, ..notice },
            _ => notice,
        });
        let publisher = publisher(lists.folder.path());
        let now = build(&publisher, kept.chain(notices(3, changes * 7 / 10)), 2);
        let open_one = |file: &SegmentRef| {
            let generation = with(None, "alone", 2, vec![file.clone()]);
            open(lists.folder.path(), &generation)
        };
        let full = open_one(&now);
        let full = full.feeds().next().expect("there is a feed").list();
        let base = lists.snapshot.feeds().next().expect("there is a feed").list().base();
        let mut staged = publisher.stage().expect("there is room");
        let delta = index::delta(base, full.base(), stamp(2), DELTA_DOCUMENTS_MAX, staged.file());
        let delta = delta.expect("it is written");
        publisher.keep(staged, &delta).expect("there is room");
        let generation = with(None, "first", 2, vec![lists.base.clone(), delta]);
        let snapshot = open(lists.folder.path(), &generation);
        Self {
            folder: lists.folder.clone(),
            snapshot,
            generation,
            records,
            base: lists.base.clone(),
            built_in: 0.0,
        }
    }

    /// The list with two others beside it.
    pub(crate) fn with_two_more(&self, records: u64) -> Snapshot {
        let publisher = publisher(self.folder.path());
        let mut generation = self.generation.clone();
        for (name, seed) in [("second", 11), ("third", 12)] {
            let base = build(&publisher, notices(seed, records), 1);
            generation = with(Some(&generation), name, 1, vec![base]);
        }
        open(self.folder.path(), &generation)
    }

    pub(crate) fn report(&self, table: &Table) {
        let segment = self.snapshot.feeds().next().expect("there is a feed").list().base();
        let documents = segment.header().documents();
        let each = self.base.length as f64 / documents as f64;
        table.row(&Row {
            name: "bytes a document, no references",
            value: each,
            unit: "bytes",
            baseline: None,
            limit: Some(12.0),
        });
        table.row(&Row {
            name: "drawn and built",
            value: self.built_in,
            unit: "s",
            baseline: None,
            limit: None,
        });
        let mut times: Vec<_> = (0..5)
            .map(|_| {
                let bulletins = verified(self.folder.path(), &self.generation);
                let started = Instant::now();
                let id = self.generation.id();
                let opened = Snapshot::open(&Disk, self.folder.path(), &self.generation, id, bulletins);
                let took = started.elapsed().as_secs_f64();
                drop(opened.expect("it is sound"));
                took
            })
            .collect();
        times.sort_by(f64::total_cmp);
        table.row(&Row { name: "warm open", value: times[2], unit: "s", baseline: None, limit: Some(0.3) });
        let started = Instant::now();
        drop(verified(self.folder.path(), &self.generation));
        let sha256 = started.elapsed().as_secs_f64();
        table.row(&Row {
            name: "  SHA-256 before it",
            value: sha256,
            unit: "s",
            baseline: None,
            limit: None,
        });
        let started = Instant::now();
        self.snapshot.verify().expect("it is sound");
        let full = started.elapsed().as_secs_f64();
        table.row(&Row {
            name: "  verified as an import is",
            value: full,
            unit: "s",
            baseline: None,
            limit: None,
        });
    }

    /// Puts the lists in force.
    pub(crate) fn publish(&self) {
        publisher(self.folder.path()).publish(&self.generation).expect("it can be put in force");
    }
}

fn publisher(data_dir: &Path) -> Publisher {
    Publisher::lock(Arc::new(Disk), data_dir).expect("the folder is ours")
}

fn build(publisher: &Publisher, notices: impl Iterator<Item = Notice>, sequence: u64) -> SegmentRef {
    let spill = publisher.stage().expect("there is room");
    let mut builder = Builder::within(MEMORY, spill).expect("there is room");
    for notice in notices {
        builder.push(&notice).expect("there is room");
    }
    let mut staged = publisher.stage().expect("there is room");
    let built = builder.finish(stamp(sequence), staged.file(), &mut |_, _| {}).expect("it is built");
    publisher.keep(staged, &built.segment).expect("there is room");
    built.segment
}

fn with(before: Option<&Generation>, feed: &str, sequence: u64, segments: Vec<SegmentRef>) -> Generation {
    let feed = FeedName::parse(feed).expect("a name");
    let bulletin = Bulletin { feed, sequence, as_of: as_of(), authority: Authority::Local, segments };
    let record = FeedRecord { bulletin, metadata: Default::default(), root: None, epoch: 0 };
    let before = before.map(|generation| (generation, generation.id()));
    Generation::with_feed(before, record, as_of()).expect("the next generation")
}

fn verified(data_dir: &Path, generation: &Generation) -> Vec<portcullis::domain::Verified<Bulletin>> {
    let locate = |file: &SegmentRef| segment_path(data_dir, file.digest);
    let bulletins = generation.feeds.iter().map(|record| record.bulletin.clone());
    bulletins.map(|bulletin| verify_local(&Disk, bulletin, locate).expect("it is what was written")).collect()
}

pub(crate) fn open(data_dir: &Path, generation: &Generation) -> Snapshot {
    let bulletins = verified(data_dir, generation);
    Snapshot::open(&Disk, data_dir, generation, generation.id(), bulletins).expect("it is sound")
}
