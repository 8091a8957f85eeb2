//! What is asked of several lists: keys are packed and mixed once for all of them.

use std::borrow::Cow;

use crate::domain::DocumentId;

use super::Key;
use super::build::MIXER;
use super::table::Mixer;

/// A document that is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'d> {
    /// Its key, mixed.
    Keyed(u64),
    /// It has none.
    Long(&'d DocumentId),
}

/// Documents that are asked about together.
#[derive(Debug)]
pub(super) struct AskedBatch<'d> {
    documents: &'d [DocumentId],
    mixed: Vec<u64>,
    /// The places of the documents without keys, ascending.
    longs: Vec<usize>,
}

impl<'d> Asked<'d> {
    #[inline]
    pub(super) fn of(document: &'d DocumentId) -> Self {
        Key::pack(document).map_or(Self::Long(document), |key| Self::Keyed(MIXER.mix(key.bits())))
    }

    /// By a key that was mixed.
    pub(super) fn mixed(h: u64) -> Self {
        Self::Keyed(h)
    }
}

/// A key that was mixed as questions are, mixed as a file has it.
#[inline]
pub(super) fn remixed(h: u64, mixer: Mixer) -> u64 {
    if mixer == MIXER { h } else { mixer.mix(MIXER.unmix(h)) }
}

impl<'d> AskedBatch<'d> {
    pub(super) fn of(documents: &'d [DocumentId]) -> Self {
        let (mut mixed, mut longs) = (Vec::with_capacity(documents.len()), Vec::new());
        for (at, document) in documents.iter().enumerate() {
            match Key::pack(document) {
                Some(key) => mixed.push(MIXER.mix(key.bits())),
                None => longs.push(at),
            }
        }
        Self { documents, mixed, longs }
    }

    pub(super) fn documents(&self) -> &'d [DocumentId] {
        self.documents
    }

    /// The keys of the documents that have one, mixed, in their order.
    pub(super) fn mixed(&self, mixer: Mixer) -> Cow<'_, [u64]> {
        if mixer == MIXER {
            return Cow::Borrowed(&self.mixed);
        }
        self.mixed.iter().map(|h| remixed(*h, mixer)).collect()
    }

    /// The place among all documents of the one with the key at a place among the keys.
    pub(super) fn place(&self, at: usize) -> usize {
        let mut place = at;
        for long in &self.longs {
            place += usize::from(*long <= place);
        }
        place
    }

    /// The documents without keys, by their places.
    pub(super) fn longs(&self) -> impl Iterator<Item = (usize, &'d DocumentId)> + '_ {
        self.longs.iter().map(|at| (*at, &self.documents[*at]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::document;
    use super::*;

    #[test]
    fn documents_keep_their_places_beside_those_without_keys() {
        let long = document("UTO", "ABCDEFGHI0123456789XYZ");
        let keyed = document("UTO", "L898902C3");
        for pattern in 0..64_u32 {
            let documents: Vec<_> =
                (0..6).map(|at| if pattern & 1 << at == 0 { keyed } else { long }).collect();
            let asked = AskedBatch::of(&documents);
            let places: Vec<_> = (0..asked.mixed(MIXER).len()).map(|at| asked.place(at)).collect();
            let expected: Vec<_> = (0..6).filter(|at| pattern & 1 << at == 0).collect();
            assert_eq!(places, expected);
        }
    }
}
