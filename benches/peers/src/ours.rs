//! Portcullis: a list put in force in a folder and asked through its snapshot.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::Timestamp;
use portcullis::domain::{Authority, Bulletin, FeedName, Notice, SegmentRef};
use portcullis::feed::verify_local;
use portcullis::ground::storage::Disk;
use portcullis::index::{Builder, FeedRecord, Generation, Publisher, Snapshot, Stamp, segment_path};

use crate::data::Asked;
use crate::engine::{Engine, GROUP, chain};

/// Notices drawn at once, so that drawing is not timed.
const DRAWN: usize = 1 << 16;

pub(crate) struct Ours {
    snapshot: Snapshot,
}

impl Ours {
    /// Builds and opens the list; tells how long that took without the drawing.
    pub(crate) fn load(folder: &Path, mut notices: impl Iterator<Item = Notice>) -> Result<(Self, Duration)> {
        let mut builder = Builder::new();
        let mut took = Duration::ZERO;
        loop {
            let some: Vec<_> = notices.by_ref().take(DRAWN).collect();
            if some.is_empty() {
                break;
            }
            let started = Instant::now();
            some.iter().try_for_each(|notice| builder.push(notice))?;
            took += started.elapsed();
        }
        let started = Instant::now();
        let snapshot = put_in_force(folder, builder)?;
        Ok((Self { snapshot }, took + started.elapsed()))
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.snapshot.feeds().map(|feed| feed.list().base().bytes().as_ref().len() as u64).sum()
    }
}

impl Engine for Ours {
    fn ask_singly(&mut self, asked: &Asked) -> usize {
        chain(&asked.documents, |document| match self.snapshot.find(document).len() {
            0 => None,
            notices => Some(notices),
        })
    }

    fn ask_in_groups(&mut self, asked: &Asked) -> usize {
        let found_of = |group| {
            let mut found = black_box(self.snapshot.find_batch(group));
            found.dedup_by_key(|(at, ..)| *at);
            found.len()
        };
        asked.documents.chunks(GROUP).map(found_of).sum()
    }
}

fn put_in_force(folder: &Path, builder: Builder) -> Result<Snapshot> {
    let publisher = Publisher::lock(Arc::new(Disk), folder)?;
    let mut staged = publisher.stage()?;
    let as_of: Timestamp = "2026-03-01T12:00:00Z".parse()?;
    let built = builder.finish(Stamp { sequence: 1, as_of }, staged.file(), &mut |_, _| {})?;
    publisher.keep(staged, &built.segment)?;
    let segments = vec![built.segment];
    let feed = FeedName::parse("bench")?;
    let bulletin = Bulletin { feed, sequence: 1, as_of, authority: Authority::Local, segments };
    let record = FeedRecord { bulletin: bulletin.clone(), metadata: Default::default(), root: None, epoch: 0 };
    let next = Generation::with_feed(None, record, as_of)?;
    let locate = |file: &SegmentRef| segment_path(folder, file.digest);
    let verified = verify_local(&Disk, bulletin, locate)?;
    Ok(Snapshot::open(&Disk, folder, &next, next.id(), vec![verified])?)
}
