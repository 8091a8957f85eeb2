//! A snapshot answers from what was verified, and says so when it no longer can.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::{
    Authority, Bulletin, DocumentId, FeedName, GenerationId, IssuingState, Kind, Lookalikes, SegmentRef,
    SegmentRole,
};
use crate::ground::storage::{Disk, Storage};

use super::layout::segment_path;
use super::samples::{a_few, builder, document, notice, stamp};
use super::{FeedRecord, Generation, IndexError, Inspection, Publisher, ScrubFault, Snapshot, Stamp};

struct Site {
    folder: tempfile::TempDir,
    generation: Generation,
    id: GenerationId,
}

fn feed(name: &str) -> FeedName {
    FeedName::parse(name).unwrap()
}

/// A site with the feeds `one` (a few notices) and `two` (one notice).
fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let publisher = Publisher::lock(Arc::new(Disk), folder.path()).unwrap();
    let mut in_force = None;
    for (name, notices) in [("two", vec![notice("UTO", "L898902C3")]), ("one", a_few())] {
        let mut staged = publisher.stage().unwrap();
        let built = builder(&notices).finish(stamp(), staged.file(), &mut |_, _| {}).unwrap();
        publisher.keep(staged, &built.segment).unwrap();
        let Stamp { sequence, as_of } = stamp();
        let bulletin = Bulletin {
            feed: feed(name),
            sequence,
            as_of,
            authority: Authority::Local,
            segments: vec![built.segment],
        };
        let record = FeedRecord { bulletin, metadata: BTreeMap::new(), root: None, epoch: 0 };
        let previous = in_force.as_ref().map(|(generation, id)| (generation, *id));
        let next = Generation::with_feed(previous, record, as_of).unwrap();
        let id = publisher.publish(&next).unwrap();
        in_force = Some((next, id));
    }
    let (generation, id) = in_force.unwrap();
    Site { folder, generation, id }
}

impl Site {
    fn locate(&self) -> impl Fn(&SegmentRef) -> PathBuf + '_ {
        |segment| segment_path(self.folder.path(), segment.digest)
    }

    fn bulletins(&self) -> Vec<Bulletin> {
        self.generation.feeds.iter().map(|record| record.bulletin.clone()).collect()
    }

    fn open(&self) -> Result<Snapshot, IndexError> {
        self.open_with(self.bulletins())
    }

    fn open_with(&self, bulletins: Vec<Bulletin>) -> Result<Snapshot, IndexError> {
        Snapshot::open_verified(&Disk, &self.locate(), &self.generation, self.id, bulletins)
    }

    /// Opens with the first feed's bulletin changed, in the generation too.
    fn open_changed(&self, change: impl FnOnce(&mut Bulletin)) -> Result<Snapshot, IndexError> {
        let mut generation = self.generation.clone();
        change(&mut generation.feeds[0].bulletin);
        let bulletins = generation.feeds.iter().map(|record| record.bulletin.clone()).collect();
        Snapshot::open_verified(&Disk, &self.locate(), &generation, generation.id(), bulletins)
    }

    fn segment(&self, at: usize) -> std::path::PathBuf {
        segment_path(self.folder.path(), self.generation.feeds[at].bulletin.segments[0].digest)
    }
}

/// Changes a byte of a file in place.
fn flip(path: &Path, at: u64) {
    let mut bytes = Disk.read(path, 1 << 20).unwrap();
    let mut file = Disk.open_append(path).unwrap();
    bytes[at as usize] ^= 1;
    file.truncate(at).unwrap();
    file.append(&bytes[at as usize..]).unwrap();
}

#[test]
fn a_batch_says_of_each_document_what_a_single_question_says() {
    let site = site();
    let snapshot = site.open_with(site.bulletins()).unwrap();
    let mut asked: Vec<_> = a_few().iter().map(|notice| notice.document).collect();
    asked.extend((0..200).map(|at| document("UTO", &format!("L{at:08}"))));
    asked.extend(asked.clone());
    asked.push(document("UTO", "ABCDEFGHI0123456789XYZ"));
    let batch = snapshot.find_batch(&asked);
    for (at, document) in asked.iter().enumerate() {
        let of_batch: Vec<_> = batch
            .iter()
            .filter(|(of, ..)| *of == at)
            .map(|(_, feed, notice)| (*feed, notice.clone()))
            .collect();
        assert_eq!(of_batch, snapshot.find(document), "{at}");
    }
    assert!(batch.len() >= 14 && !snapshot.poisoned());
    assert!(snapshot.find_batch(&[]).is_empty());
}

#[test]
fn look_alikes_are_what_a_batch_says_of_the_other_readings() {
    let site = site();
    let snapshot = site.open_with(site.bulletins()).unwrap();
    let (mut asked, mut listed) = (Vec::new(), 0);
    for (state, number) in
        [("UTO", "L898902C3"), ("D", "C01X00T47"), ("RUS", "4509123456"), ("IAO", "12345678901234")]
    {
        let own = document(state, number);
        asked.push(own);
        asked.extend(Lookalikes::of(own.number).take(40).map(|number| DocumentId { number, ..own }));
    }
    asked.push(document("UTO", "ACDEF"));
    for document in asked {
        let readings: Vec<_> =
            Lookalikes::of(document.number).map(|number| DocumentId { number, ..document }).collect();
        let of_batch: Vec<_> =
            snapshot.find_batch(&readings).into_iter().map(|(_, feed, notice)| (feed, notice)).collect();
        listed += usize::from(!of_batch.is_empty());
        assert_eq!(snapshot.find_lookalikes(&document), of_batch);
    }
    assert!(listed > 50, "{listed}");
}

#[test]
fn every_feed_is_asked_in_the_order_of_their_names() {
    let site = site();
    let mut reversed = site.bulletins();
    reversed.reverse();
    let snapshot = site.open_with(reversed).unwrap();
    let found = snapshot.find(&document("UTO", "L898902C3"));
    let feeds: Vec<_> = found.iter().map(|(feed, _)| feed.as_str()).collect();
    assert_eq!(feeds, ["one", "one", "two"]);
    assert!(snapshot.find(&document("UTO", "L898902C4")).is_empty());
    assert!(!snapshot.poisoned());
    assert_eq!(snapshot.expected(), [feed("one"), feed("two")]);
    let russia = IssuingState::recognise("RUS").unwrap().state;
    let reports: Vec<_> = snapshot.feeds().map(|feed| (feed.notices(), feed.reports(russia))).collect();
    assert_eq!(reports, [(6, true), (1, false)]);
    snapshot.scrub().unwrap();
}

#[test]
fn only_exactly_the_verified_bulletins_of_the_generation_are_opened() {
    let site = site();
    let refused = |bulletins| matches!(site.open_with(bulletins), Err(IndexError::NotVerified(_)));
    let [one, two] = site.bulletins().try_into().unwrap();
    assert!(refused(vec![]));
    assert!(refused(vec![one.clone()]));
    assert!(refused(vec![one.clone(), one.clone()]));
    assert!(refused(vec![one.clone(), two.clone(), Bulletin { feed: feed("zwei"), ..two.clone() }]));
    assert!(refused(vec![one, Bulletin { sequence: 8, ..two }]));
}

#[test]
fn a_generation_under_the_id_of_another_is_refused() {
    let site = site();
    let other = GenerationId { digest: crate::domain::Digest([0; 32]), ..site.id };
    let opened = Snapshot::open_verified(&Disk, &site.locate(), &site.generation, other, site.bulletins());
    assert!(matches!(opened, Err(IndexError::WrongId { number: 2 })));
}

#[test]
fn a_segment_that_is_not_the_announced_one_is_refused() {
    let site = site();
    let sequence = site.open_changed(|bulletin| bulletin.sequence += 1);
    assert!(matches!(sequence, Err(IndexError::NotAnnounced { what: "the sequence", .. })));
    let as_of = site.open_changed(|bulletin| bulletin.as_of += jiff::SignedDuration::from_micros(1));
    assert!(matches!(as_of, Err(IndexError::NotAnnounced { what: "the as-of time", .. })));
    let notices = site.open_changed(|bulletin| bulletin.segments[0].notices += 1);
    assert!(matches!(notices, Err(IndexError::NotAnnounced { what: "the number of notices", .. })));
    let length = site.open_changed(|bulletin| bulletin.segments[0].length -= 8);
    assert!(matches!(length, Err(IndexError::Length { .. })));
    let delta = site.open_changed(|bulletin| bulletin.segments[0].role = SegmentRole::Delta);
    assert!(matches!(delta, Err(IndexError::NoSingleBase(_))));
    let nothing = site.open_changed(|bulletin| bulletin.segments.clear());
    assert!(matches!(nothing, Err(IndexError::NoSingleBase(_))));
}

#[test]
fn a_damaged_segment_is_refused_at_open() {
    let site = site();
    flip(&site.segment(0), 300);
    assert!(matches!(site.open(), Err(IndexError::Segment { .. })));
}

#[test]
fn the_scrub_finds_a_byte_that_changed_anywhere_and_poisons_that_feed() {
    let site = site();
    let length = site.generation.feeds[0].bulletin.segments[0].length;
    for at in [0, 300, length - 9, length - 1] {
        let snapshot = site.open().unwrap();
        flip(&site.segment(0), at);
        assert!(matches!(snapshot.scrub(), Err(ScrubFault::Block { .. })), "{at}");
        let poisoned: Vec<_> = snapshot.feeds().map(|feed| feed.poisoned()).collect();
        assert_eq!(poisoned, [true, false]);
        assert!(snapshot.poisoned());
        flip(&site.segment(0), at);
        assert!(snapshot.scrub().is_ok());
        assert!(snapshot.poisoned(), "poison does not go away");
    }
}

#[test]
fn the_scrub_finds_another_length_even_within_the_last_page() {
    let site = site();
    let length = site.generation.feeds[1].bulletin.segments[0].length;
    let snapshot = site.open().unwrap();
    let mut file = Disk.open_append(&site.segment(1)).unwrap();
    file.append(b"more").unwrap();
    assert!(matches!(snapshot.scrub(), Err(ScrubFault::Length { found, .. }) if found == length + 4));
    file.truncate(length - 4).unwrap();
    assert!(matches!(snapshot.scrub(), Err(ScrubFault::Length { found, .. }) if found == length - 4));
    assert!(snapshot.poisoned());
}

#[test]
fn a_file_that_was_removed_while_it_is_open_stays_sound() {
    let site = site();
    let snapshot = site.open().unwrap();
    Disk.remove(&site.segment(0)).unwrap();
    snapshot.scrub().unwrap();
    assert_eq!(snapshot.find(&document("UTO", "L898902C3")).len(), 3);
    assert!(!snapshot.poisoned());
}

#[test]
fn damage_met_by_a_lookup_poisons() {
    let site = site();
    let snapshot = site.open().unwrap();
    let sets_at = snapshot.feeds().next().unwrap().list().base().header().layout.starts.offset;
    for word in 0..5 {
        flip(&site.segment(0), sets_at + 8 * word + 3);
    }
    for notice in a_few() {
        let _ = snapshot.find(&notice.document);
    }
    assert!(snapshot.poisoned());
}

#[test]
fn an_inspection_counts_every_notice() {
    let site = site();
    let inspection = Inspection::of(&site.open().unwrap()).unwrap();
    assert_eq!(inspection.generation, site.id);
    let one = &inspection.feeds[0];
    let file = &one.segments[0];
    assert_eq!((one.documents, one.state_digest.notices, file.format_version), (5, 6, 3));
    assert_eq!((file.documents, file.longs, file.overflowed), (5, 2, [0, 0]));
    assert_eq!(file.bytes, site.generation.feeds[0].bulletin.segments[0].length);
    assert_eq!(one.by_kind, [(Kind::Passport, 5), (Kind::IdentityCard, 1)].into());
    assert_eq!(one.by_state.values().sum::<u64>(), 6);
    assert_eq!(one.by_status.values().sum::<u64>(), 6);
}
