//! What is asked of several lists: keys are packed and mixed once for all of them.

use crate::domain::DocumentId;

use super::Key;
use super::build::MIXER;
use super::table::{GROUP, Keys, Mixer};
use crate::ground::platform::{Vectors, Work, prefetch};

/// A document that is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'d> {
    /// Its key, mixed.
    Keyed(u64),
    /// It has none.
    Long(&'d DocumentId),
}

/// Documents that are asked about together: so many that memory works on the lines of all of them at a time, and no more.
#[derive(Debug)]
pub(super) struct Group<'d> {
    documents: &'d [DocumentId],
    /// Their keys, mixed; anything for those without.
    keys: Keys,
    /// A bit for each without a key.
    longs: u64,
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

impl<'d> Group<'d> {
    const fn of_nobody() -> Self {
        Self { documents: &[], keys: Keys { count: 0, mixed: [0; GROUP] }, longs: 0 }
    }

    /// Becomes the group of other documents, in its place: what is moved about costs more than what is made.
    #[inline]
    fn renew(&mut self, vectors: Vectors, documents: &'d [DocumentId]) {
        self.documents = documents;
        self.keys.count = documents.len();
        self.longs = vectors.run(Mixing { documents, mixed: &mut self.keys.mixed });
    }

    pub(super) fn documents(&self) -> &'d [DocumentId] {
        self.documents
    }

    /// The keys mixed as a file has them; `other` holds them if that is not how questions are mixed.
    #[inline]
    pub(super) fn keys<'k>(&'k self, mixer: Mixer, other: &'k mut Keys) -> &'k Keys {
        if mixer == MIXER {
            return &self.keys;
        }
        *other = Keys { mixed: self.keys.mixed.map(|h| remixed(h, mixer)), ..self.keys };
        other
    }

    /// The keys as questions are mixed.
    #[inline]
    pub(super) fn own_keys(&self) -> &Keys {
        &self.keys
    }

    /// A bit for each document without a key.
    #[inline]
    pub(super) fn long_bits(&self) -> u64 {
        self.longs
    }

    #[inline]
    pub(super) fn is_long(&self, at: usize) -> bool {
        self.longs >> at & 1 == 1
    }

    /// The documents without keys, by their places.
    pub(super) fn longs(&self) -> impl Iterator<Item = (usize, &'d DocumentId)> + '_ {
        let longs = self.documents.iter().enumerate();
        longs.filter(|(at, _)| self.longs != 0 && self.is_long(*at))
    }
}

/// Packs and mixes the keys of a group, compiled for whatever vectors there are.
struct Mixing<'d, 'k> {
    documents: &'d [DocumentId],
    mixed: &'k mut [u64; GROUP],
}

impl Work for Mixing<'_, '_> {
    type Output = u64;

    #[inline(always)]
    fn run(self) -> u64 {
        let longs = Key::pack_all(self.documents, self.mixed);
        for key in self.mixed {
            *key = MIXER.mix(*key);
        }
        longs
    }
}

/// Asks about many documents, a group at a time: while the lines of one are looked at, those of the next but one are asked for, so
/// that memory is at work all the time, also while keys are packed. `fetch` is for the first two; `look` is told the place of a
/// group's first document, the group, and the one that is to be asked for.
#[inline]
pub(super) fn ask_in_groups<'d>(
    vectors: Vectors,
    documents: &'d [DocumentId],
    mut fetch: impl FnMut(&Group<'d>),
    mut look: impl FnMut(usize, &Group<'d>, &Group<'d>),
) {
    let mut chunks = documents.chunks(GROUP);
    let mut ring = [const { Group::of_nobody() }; AHEAD + 1];
    for group in &mut ring[..AHEAD] {
        group.renew(vectors, chunks.next().unwrap_or_default());
        fetch(group);
    }
    let mut now = 0;
    for first in (0..documents.len()).step_by(GROUP) {
        // The documents themselves, before their keys are packed.
        documents.iter().skip(first + (AHEAD + 1) * GROUP).take(GROUP).step_by(2).for_each(prefetch);
        let last = (now + AHEAD) % ring.len();
        ring[last].renew(vectors, chunks.next().unwrap_or_default());
        look(first, &ring[now], &ring[last]);
        now = (now + 1) % ring.len();
    }
}

/// Groups whose lines are on their way while one is looked at.
const AHEAD: usize = 2;

#[cfg(test)]
mod tests {
    use super::super::samples::document;
    use super::*;

    #[test]
    fn every_document_is_asked_about_once_in_its_place() {
        let long = document("UTO", "ABCDEFGHI0123456789XYZ");
        let keyed = document("UTO", "L898902C3");
        for count in [0, 1, 31, 32, 33, 64, 100] {
            let documents: Vec<_> = (0..count).map(|at| if at % 7 == 3 { long } else { keyed }).collect();
            let (mut fetched, mut looked) = (0, Vec::new());
            let mut announced = Vec::new();
            let fetch = |group: &Group<'_>| fetched += group.documents().len();
            ask_in_groups(Vectors::widest(), &documents, fetch, |first, group, next| {
                announced.push(next.documents().len());
                let h = group.own_keys().mixed;
                looked.extend((0..group.documents().len()).map(|at| (first + at, h[at], group.is_long(at))));
            });
            let Asked::Keyed(h) = Asked::of(&keyed) else { panic!("it has a key") };
            for (at, (place, mixed, is_long)) in looked.into_iter().enumerate() {
                assert_eq!((place, is_long), (at, at % 7 == 3));
                assert!(is_long || mixed == h);
            }
            assert_eq!(fetched + announced.iter().sum::<usize>(), count);
        }
    }
}
