//! The lines of a segment's table, read without asking anything of them.

use std::hint::black_box;

use portcullis::domain::DocumentId;
use portcullis::ground::platform::{Mapping, prefetch};
use portcullis::index::table::{Mixer, Place};
use portcullis::index::{Key, Segment};

pub(crate) struct Lines<'s> {
    lines: &'s [[u8; 64]],
    buckets: u64,
    mixer: Mixer,
}

/// Reads that are under way together.
const GROUP: usize = 32;
/// The same where keys are packed meanwhile, as lookups do it.
const AHEAD_GROUP: usize = 16;

impl<'s> Lines<'s> {
    /// Finds the table by the description of the format, versions 2 and 3.
    pub(crate) fn of(segment: &'s Segment<Mapping>) -> Self {
        let file = segment.bytes().as_ref();
        let word = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().expect("eight bytes"));
        Self { lines: file[256..].as_chunks().0, buckets: word(184), mixer: Mixer::new(word(200)) }
    }

    /// The places of the documents' lines.
    pub(crate) fn places(&self, documents: &[DocumentId]) -> Vec<usize> {
        let place = |document: &DocumentId| {
            let key = Key::pack(document).expect("a document with a key");
            Place::of(self.mixer.mix(key.bits()), self.buckets).bucket as usize
        };
        documents.iter().map(place).collect()
    }

    /// Each waits for the one before.
    pub(crate) fn read_one_by_one(&self, places: &[usize]) {
        // The compiler cannot know that nothing is left of what was read.
        let nothing = black_box(0);
        let read = |before: usize, place: &usize| usize::from(self.lines[place ^ (before & nothing)][7]);
        black_box(places.iter().fold(0, read));
    }

    /// What is left of a batch where nothing is looked up: keys are packed, lines are asked for two groups ahead, a byte of each is read.
    pub(crate) fn pack_and_read(&self, documents: &[DocumentId]) {
        let (mut all, mut ring) = (0, [[0; AHEAD_GROUP]; 3]);
        for (at, group) in documents.chunks(AHEAD_GROUP).enumerate() {
            for (place, document) in ring[at % 3].iter_mut().zip(group) {
                let key = Key::pack(document).expect("a document with a key");
                *place = Place::of(self.mixer.mix(key.bits()), self.buckets).bucket as usize;
                prefetch(&self.lines[*place]);
            }
            all = ring[(at + 1) % 3].iter().fold(all, |all, place| all ^ self.lines[*place][7]);
        }
        black_box(all);
    }

    pub(crate) fn read_in_groups(&self, places: &[usize]) {
        let mut all = 0;
        for group in places.chunks(GROUP) {
            group.iter().for_each(|place| prefetch(&self.lines[*place]));
            all = group.iter().fold(all, |all, place| all ^ self.lines[*place][7]);
        }
        black_box(all);
    }
}
