//! The documents whose numbers are long: a side map, since keys have no room for them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fst::raw::Fst;
use fst::{IntoStreamer, Streamer};

use crate::domain::{DocumentId, DocumentNumber, IssuingState};

use super::{Damaged, Key};

/// A checked copy of the side map on the heap.
///
/// It is a copy because `fst` trusts its bytes and would panic over a map that changes under it. Long numbers are
/// rare: ICAO's have 9 characters.
pub(super) struct Longs(Fst<Vec<u8>>);

impl Longs {
    /// Checks a map of `count` documents whose values are below `set_count`, and calls `visit` for each of them.
    pub(super) fn open(
        bytes: &[u8],
        count: u64,
        mut visit: impl FnMut(&DocumentId, u64) -> Result<(), &'static str>,
    ) -> Result<Self, &'static str> {
        let open = || {
            let map = Fst::new(bytes.to_vec()).map_err(|_| "it is no map")?;
            map.verify().map_err(|_| "its checksum is wrong")?;
            if map.len() as u64 != count {
                return Err("it has another number of documents than the header says");
            }
            if count > LONGS_MAX {
                return Err("it has more documents than a segment may have");
            }
            walk(&map, count, &mut visit)?;
            Ok(Self(map))
        };
        // A map with a right checksum can still be nonsense, over which `fst` panics.
        catch_unwind(AssertUnwindSafe(open)).unwrap_or(Err("it is malformed"))
    }

    /// The set number of a document.
    pub(super) fn find(&self, document: &DocumentId) -> Option<u64> {
        let (key, len) = key(document);
        self.0.get(&key[..len]).map(fst::raw::Output::value)
    }

    /// The documents of the same state whose numbers are longer and begin with this one's, with their set numbers,
    /// ascending.
    pub(super) fn longer(
        &self,
        document: &DocumentId,
    ) -> impl Iterator<Item = Result<(DocumentId, u64), Damaged>> + '_ {
        let (key, len) = key(document);
        let mut stream = self.0.range().gt(&key[..len]).into_stream();
        std::iter::from_fn(move || {
            let (found, set) = stream.next()?;
            let begins_alike = found.starts_with(&key[..len]);
            begins_alike.then(|| self::document(found).map(|found| (found, set.value())).ok_or(Damaged))
        })
    }

    /// Every document with its set number, ascending.
    pub(super) fn documents(&self) -> impl Iterator<Item = Result<(DocumentId, u64), Damaged>> + '_ {
        let mut stream = self.0.stream();
        std::iter::from_fn(move || {
            let (key, set) = stream.next()?;
            Some(document(key).map(|document| (document, set.value())).ok_or(Damaged))
        })
    }
}

/// Makes the map of documents that come in ascending order.
pub(super) fn build(documents: impl Iterator<Item = (DocumentId, u64)>) -> Vec<u8> {
    let mut map = fst::MapBuilder::memory();
    for (document, set) in documents {
        let (key, len) = key(&document);
        map.insert(&key[..len], set).expect("documents ascend and memory takes every write");
    }
    map.into_inner().expect("memory takes every write")
}

/// The most documents with a long number that a segment may have.
///
/// The map shares what numbers have in common, so that a file of a few KiB can list more of them than anybody could
/// walk through: its length is no bound.
pub(super) const LONGS_MAX: u64 = 1 << 26;

const KEY_LEN_MAX: usize = 2 + DocumentNumber::LEN_MAX;

fn key(document: &DocumentId) -> ([u8; KEY_LEN_MAX], usize) {
    let mut key = [0; KEY_LEN_MAX];
    let number = document.number.as_bytes();
    key[..2].copy_from_slice(&document.issuing_state.number().to_be_bytes());
    key[2..2 + number.len()].copy_from_slice(number);
    (key, 2 + number.len())
}

fn document(key: &[u8]) -> Option<DocumentId> {
    let (state, text) = key.split_first_chunk()?;
    let number = DocumentNumber::parse(std::str::from_utf8(text).ok()?).ok()?;
    let document =
        DocumentId { issuing_state: IssuingState::from_number(u16::from_be_bytes(*state))?, number };
    (number.as_bytes() == text && Key::pack(&document).is_none()).then_some(document)
}

/// Visits every path of the map, which visits every node: afterwards no lookup meets one that is malformed.
///
/// Each document has at most [`KEY_LEN_MAX`] nodes of its own, which bounds the walk through a map that lies.
fn walk(
    map: &Fst<Vec<u8>>,
    count: u64,
    visit: &mut impl FnMut(&DocumentId, u64) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    let mut steps_left = count.saturating_mul(KEY_LEN_MAX as u64);
    let mut found = 0;
    let mut key = Vec::with_capacity(KEY_LEN_MAX);
    let root = map.root();
    if root.is_final() {
        return Err("it has an empty number");
    }
    let mut path = vec![(root, 0, fst::raw::Output::zero())];
    while let Some((node, next, output)) = path.last_mut() {
        if *next == node.len() {
            path.pop();
            key.pop();
            continue;
        }
        if *next == 0 && !leads_where_it_says(node) {
            return Err("its transitions are in disorder");
        }
        let transition = node.transition(*next);
        *next += 1;
        steps_left = steps_left.checked_sub(1).ok_or("it has paths that lead nowhere")?;
        if key.len() == KEY_LEN_MAX {
            return Err("it has a number that is too long");
        }
        if transition.addr >= node.addr() {
            return Err("its nodes are in disorder");
        }
        key.push(transition.inp);
        let child = map.node(transition.addr);
        let output = fst::raw::Output::new(
            output.value().checked_add(transition.out.value()).ok_or("it has a set that does not exist")?,
        );
        if child.is_final() {
            let set = output.value().checked_add(child.final_output().value());
            let set = set.ok_or("it has a set that does not exist")?;
            let document = document(&key).ok_or("it has a number that is not long or not in normal form")?;
            if map.get(&key).map(fst::raw::Output::value) != Some(set) {
                return Err("it does not find what it holds");
            }
            found += 1;
            visit(&document, set)?;
        }
        path.push((child, 0, output));
    }
    if found == count { Ok(()) } else { Err("it has another number of documents than it says") }
}

/// A walk goes through a node's transitions by their place, a lookup by their character: both find the same ones.
///
/// Otherwise a lookup would find numbers that no walk comes by, or a walk one number twice.
fn leads_where_it_says(node: &fst::raw::Node) -> bool {
    let agrees =
        |character: u8| node.find_input(character).is_none_or(|at| node.transition(at).inp == character);
    // Only a node with more transitions than that has a table of them by character.
    let all_agree = node.len() <= 32 || (0..=u8::MAX).all(agrees);
    node.transitions().is_sorted_by(|a, b| a.inp < b.inp) && all_agree
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn documents() -> Vec<(DocumentId, u64)> {
        let mut documents: Vec<_> = (0..40_u64)
            .map(|at| {
                let text = format!("{}X{}", at * 7_777_777_777, "LONGNUMB");
                let state = IssuingState::from_number(1 + (at % 3) as u16 * 100).unwrap();
                let number = DocumentNumber::parse(&text).unwrap();
                (DocumentId { issuing_state: state, number }, at * at)
            })
            .collect();
        documents.sort_unstable();
        documents
    }

    fn reseal(map: &mut [u8]) {
        // `fst` ends with its masked CRC-32C; the crate gives no access to it, so learn it from the refusal.
        let at = map.len() - 4;
        if let Err(fst::Error::Fst(fst::raw::Error::ChecksumMismatch { got, .. })) =
            Fst::new(&*map).and_then(|map| map.verify())
        {
            map[at..].copy_from_slice(&got.to_le_bytes());
        }
    }

    #[test]
    fn what_was_built_is_found_and_listed() {
        let documents = documents();
        let map = build(documents.iter().copied());
        let mut seen = Vec::new();
        let longs = Longs::open(&map, 40, |document, set| {
            seen.push((*document, set));
            Ok(())
        });
        let longs = longs.unwrap();
        assert_eq!(seen, documents);
        assert_eq!(longs.documents().collect::<Result<Vec<_>, _>>().unwrap(), documents);
        for (document, set) in &documents {
            assert_eq!(longs.find(document), Some(*set));
            assert_eq!(
                longs.find(&DocumentId { number: document.number.with([(0, b'Z')]), ..*document }),
                None
            );
        }
    }

    #[test]
    fn no_map_finds_what_it_does_not_list() {
        let state = IssuingState::from_number(1).unwrap();
        let document = |first: char| {
            let number = DocumentNumber::parse(&format!("{first}LONGNUMBER")).unwrap();
            DocumentId { issuing_state: state, number }
        };
        // So many that their first characters stand in a table, and some that are not in it.
        let listed = || ('0'..='9').chain('A'..='X').map(document);
        let map = build(listed().zip(0..));
        let mut opened = 0;
        for at in 0..map.len() - 4 {
            let mut odd = map.clone();
            odd[at] = 1;
            reseal(&mut odd);
            let mut seen = Vec::new();
            let longs = Longs::open(&odd, 34, |document, _| {
                seen.push(*document);
                Ok(())
            });
            if let Ok(longs) = longs {
                opened += 1;
                let expected = |first: char| seen.contains(&document(first));
                for first in ('0'..='9').chain('A'..='Z') {
                    assert_eq!(longs.find(&document(first)).is_some(), expected(first), "{at} {first}");
                }
            }
        }
        assert!(opened > 0);
    }

    #[test]
    fn an_empty_map_is_sound() {
        let longs = Longs::open(&build(std::iter::empty()), 0, |_, _| Err("never")).unwrap();
        assert_eq!(longs.documents().count(), 0);
    }

    #[test]
    fn more_documents_than_can_be_walked_through_are_refused_before_the_walk() {
        let mut map = build(documents().into_iter());
        let many = LONGS_MAX + 1;
        let at = map.len() - 20;
        map[at..at + 8].copy_from_slice(&many.to_le_bytes());
        reseal(&mut map);
        let refused = Longs::open(&map, many, |_, _| panic!("nothing is visited")).err().unwrap();
        assert!(refused.contains("more documents"), "{refused}");
    }

    #[test]
    fn a_number_with_a_key_has_no_place_here() {
        let mut map = fst::MapBuilder::memory();
        map.insert(b"\x00\x01ABC", 0).unwrap();
        let refused = Longs::open(&map.into_inner().unwrap(), 1, |_, _| Ok(())).err().unwrap();
        assert!(refused.contains("not long"), "{refused}");
    }

    proptest! {
        #[test]
        fn a_malformed_map_with_a_right_checksum_is_refused_or_answers(at in 0.., byte: u8) {
            let mut map = build(documents().into_iter());
            let at = at as usize % (map.len() - 4);
            map[at] ^= byte;
            reseal(&mut map);
            if let Ok(longs) = Longs::open(&map, 40, |_, _| Ok(())) {
                for (document, _) in documents() {
                    longs.find(&document);
                }
                prop_assert_eq!(longs.documents().count(), 40);
            }
        }
    }
}
