//! From what was said to what is live: each part sorted, the latest of each identity kept, documents in the order of the
//! file.

use std::cmp::Reverse;
use std::sync::Mutex;

use crate::domain::{DocumentId, Reference};
use crate::index::code::Code;
use crate::index::table::Mixer;
use crate::index::{Counts, IndexError, Key};

use super::dictionary::{Dictionary, Known};
use super::part::{Part, Sorted};
use super::record::Packed;
use super::spill::{Bytes, Spill, lock};
use super::tally::Tally;

/// The live documents of a part, by ascending `h`.
#[derive(Debug)]
pub(super) struct Live {
    /// `h` and, above its 56 bits, the lowest byte of what stands under it; then three more bytes of that. What stands under
    /// it is [`DETAILED`] or the number of a set in the dictionary.
    entries: Bytes,
    /// `h`, length `u32` and set of each document whose set has a reference.
    details: Bytes,
}

/// What stands under a document whose set is in the details.
pub(super) const DETAILED: u32 = u32::MAX;

const ENTRY_LEN: usize = 11;

/// Documents with a single notice that are looked up together.
const SINGLES: usize = 256;

/// What the parts of one worker add up to.
pub(super) struct Worker<'d> {
    pub(super) tally: Tally,
    pub(super) known: Known<'d>,
    /// What the details say.
    pub(super) counts: Counts,
    pub(super) documents: u64,
    pub(super) detailed: u64,
    pub(super) details_len: u64,
}

impl<'d> Worker<'d> {
    pub(super) fn new(dictionary: &'d Dictionary) -> Self {
        let (tally, known, counts) = (Tally::new(), Known::new(dictionary), Counts::default());
        Self { tally, known, counts, documents: 0, detailed: 0, details_len: 0 }
    }

    /// Sorts a part; what it becomes is spilt again if the part was.
    pub(super) fn sort(
        &mut self,
        part: Part,
        spill: Option<&Mutex<Spill>>,
        mixer: Mixer,
    ) -> Result<Live, IndexError> {
        let Sorted { plain, referenced } = part.sort(spill)?;
        let (mut entries, mut details) = (Vec::with_capacity(plain.len() * ENTRY_LEN), Vec::new());
        let (mut plain, mut referenced) = (&plain[..], &referenced[..]);
        let (mut document_notices, mut singles) = (Notices::default(), Vec::with_capacity(SINGLES));
        while let Some(h) = [plain.first().map(|(h, _)| *h), referenced.first().map(|((h, _), _)| *h)]
            .into_iter()
            .flatten()
            .min()
        {
            let own = plain.iter().take_while(|(own, _)| *own == h).count();
            let own_referenced = referenced.iter().take_while(|((own, _), _)| *own == h).count();
            document_notices.collect(&plain[..own], &referenced[..own_referenced]);
            (plain, referenced) = (&plain[own..], &referenced[own_referenced..]);
            let document = Key::from_bits(mixer.unmix(h)).expect("it was mixed from a key").unpack();
            let number = self.add(&document, &document_notices)?;
            if let Some(packed) = document_notices.single {
                singles.push((entries.len(), h, packed));
            }
            if number == DETAILED {
                let set = &document_notices.set;
                let len = u32::try_from(set.len()).map_err(|_| IndexError::TooLarge)?;
                details.extend_from_slice(&h.to_le_bytes());
                details.extend_from_slice(&len.to_le_bytes());
                details.extend_from_slice(set);
            }
            entries.extend_from_slice(&encode(h, number));
            if singles.len() == SINGLES {
                self.look_up(&mut singles, &mut entries)?;
            }
        }
        self.look_up(&mut singles, &mut entries)?;
        self.details_len += details.len() as u64;
        let keep = |bytes: Vec<u8>| match spill {
            None => Ok(Bytes::Here(bytes)),
            Some(spill) => lock(spill).append(&bytes).map(Bytes::Spilt),
        };
        Ok(Live { entries: keep(entries)?, details: keep(details)? })
    }

    /// Writes what stands under documents with a single notice into their entries.
    fn look_up(
        &mut self,
        singles: &mut Vec<(usize, u64, Packed)>,
        entries: &mut [u8],
    ) -> Result<(), IndexError> {
        singles.drain(..).try_for_each(|(at, h, packed)| {
            let entry = encode(h, self.known.single(packed)?);
            entries[at..][..ENTRY_LEN].copy_from_slice(&entry);
            Ok(())
        })
    }

    /// Counts a document with a key, and gives what stands under it; 0 where that is [looked up](Self::look_up) later.
    fn add(&mut self, document: &DocumentId, notices: &Notices) -> Result<u32, IndexError> {
        self.documents += 1;
        self.tally.add_document(document);
        notices.bodies().for_each(|body| self.tally.add_body(document, body));
        if notices.has_reference {
            self.detailed += 1;
            self.counts.add_set(&notices.set, 1);
            return Ok(DETAILED);
        }
        match notices.single {
            Some(_) => Ok(0),
            None => self.known.set(&notices.set),
        }
    }

    /// Counts a document without a key, whose notices come in any order; its set is in the dictionary.
    pub(super) fn add_long(
        &mut self,
        document: &DocumentId,
        said: &mut [(Packed, Option<Reference>)],
    ) -> Result<u32, IndexError> {
        let mut notices = Notices::default();
        notices.collect_mixed(said);
        self.documents += 1;
        self.tally.add_document(document);
        notices.bodies().for_each(|body| self.tally.add_body(document, body));
        self.known.set(&notices.set)
    }
}

impl Live {
    /// Hands on `h` and what stands under it, ascending.
    pub(super) fn entries(
        &self,
        spill: Option<&Spill>,
        buffer: &mut Vec<u8>,
        visit: &mut impl FnMut(u64, u32) -> Result<(), IndexError>,
    ) -> Result<(), IndexError> {
        let bytes = self.entries.get(spill, buffer)?;
        bytes.as_chunks::<ENTRY_LEN>().0.iter().try_for_each(|entry| {
            let (h, number) = decode(entry);
            visit(h, number)
        })
    }

    /// The details, as they stand in a file.
    pub(super) fn details<'b>(
        &'b self,
        spill: Option<&Spill>,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], IndexError> {
        self.details.get(spill, buffer)
    }
}

/// The notices on one document of which the latest of each identity is kept.
#[derive(Default)]
struct Notices {
    set: Vec<u8>,
    /// Where the bodies end.
    ends: Vec<usize>,
    single: Option<Packed>,
    has_reference: bool,
    said: Vec<(Packed, Option<Reference>)>,
}

impl Notices {
    fn collect(&mut self, plain: &[(u64, Packed)], referenced: &[((u64, Packed), Reference)]) {
        if let ([(_, packed)], []) = (plain, referenced) {
            self.clear();
            self.push(*packed, "");
            self.single = Some(*packed);
            return;
        }
        let mut said = std::mem::take(&mut self.said);
        said.clear();
        said.extend(plain.iter().map(|(_, packed)| (*packed, None)));
        said.extend(referenced.iter().map(|((_, packed), reference)| (*packed, Some(reference.clone()))));
        self.collect_mixed(&mut said);
        self.said = said;
    }

    fn collect_mixed(&mut self, said: &mut [(Packed, Option<Reference>)]) {
        fn text(reference: &Option<Reference>) -> &str {
            reference.as_ref().map_or("", Reference::as_str)
        }
        fn identity((packed, reference): &(Packed, Option<Reference>)) -> (u8, &str) {
            (packed.kind_byte(), text(reference))
        }
        said.sort_unstable_by(|a, b| {
            identity(a).cmp(&identity(b)).then_with(|| Reverse(a.0.lateness()).cmp(&Reverse(b.0.lateness())))
        });
        self.clear();
        for same in said.chunk_by(|a, b| identity(a) == identity(b)) {
            self.has_reference |= same[0].1.is_some();
            self.push(same[0].0, text(&same[0].1));
        }
        self.single =
            said.first().map(|(packed, _)| *packed).filter(|_| self.ends.len() == 1 && !self.has_reference);
    }

    fn clear(&mut self) {
        self.set.clear();
        self.ends.clear();
        (self.single, self.has_reference) = (None, false);
    }

    fn push(&mut self, packed: Packed, reference: &str) {
        packed.push_body(reference, &mut self.set);
        self.ends.push(self.set.len());
    }

    fn bodies(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).map(|(start, end)| &self.set[*start..*end])
    }
}

fn encode(h: u64, number: u32) -> [u8; ENTRY_LEN] {
    let (mut bytes, low) = ([0; ENTRY_LEN], u64::from(number & 0xFF));
    bytes[..8].copy_from_slice(&(h | low << Key::BITS).to_le_bytes());
    bytes[8..].copy_from_slice(&number.to_le_bytes()[1..]);
    bytes
}

fn decode(bytes: &[u8; ENTRY_LEN]) -> (u64, u32) {
    let [head @ .., b, c, d] = *bytes;
    let [.., a] = head;
    (u64::from_le_bytes(head) & ((1 << Key::BITS) - 1), u32::from_le_bytes([a, b, c, d]))
}

const _: () = assert!(Code::SETS_MAX < DETAILED as u64);
