//! What is asked of several lists: keys are packed and mixed once for all of them.

use crate::domain::DocumentId;

use super::Key;
use super::build::MIXER;
use super::lookalike_keys::LookalikeKeys;
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
    /// They; none where keys are all that is known of them.
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
        self.longs = vectors.run(Packing { documents, mixed: &mut self.keys.mixed });
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.keys.count
    }

    /// One of them.
    pub(super) fn document(&self, at: usize) -> DocumentId {
        let from_key = || Key::unmixed(self.keys.mixed[at]).unpack();
        self.documents.get(at).copied().unwrap_or_else(from_key)
    }

    /// The keys mixed as a file has them; `other` holds them if that is not how questions are mixed.
    #[inline]
    pub(super) fn keys<'k>(&'k self, mixer: Mixer, other: &'k mut Option<Keys>) -> &'k Keys {
        if mixer == MIXER {
            return &self.keys;
        }
        other.insert(Keys { mixed: self.keys.mixed.map(|h| remixed(h, mixer)), ..self.keys })
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
struct Packing<'d, 'k> {
    documents: &'d [DocumentId],
    mixed: &'k mut [u64; GROUP],
}

impl Work for Packing<'_, '_> {
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

/// Mixes the keys of a group.
struct Mixing<'k>(&'k mut [u64; GROUP]);

impl Work for Mixing<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for key in self.0 {
            *key = MIXER.mix(*key);
        }
    }
}

/// What is asked, a group after the other.
pub(super) trait Questions<'d> {
    /// Makes a group the next, which is full unless it is the last; empty after that.
    fn next_group(&mut self, vectors: Vectors, group: &mut Group<'d>);
}

impl<'d> Questions<'d> for &'d [DocumentId] {
    #[inline]
    fn next_group(&mut self, vectors: Vectors, group: &mut Group<'d>) {
        let (next, rest) = self.split_at_checked(GROUP).unwrap_or((self, &[]));
        // The documents themselves, before their keys are packed.
        rest.iter().take(GROUP).step_by(2).for_each(prefetch);
        group.renew(vectors, next);
        *self = rest;
    }
}

impl Questions<'_> for LookalikeKeys {
    #[inline]
    fn next_group(&mut self, vectors: Vectors, group: &mut Group<'_>) {
        group.keys.count = self.fill(&mut group.keys.mixed);
        vectors.run(Mixing(&mut group.keys.mixed));
    }
}

/// Asks many questions, a group at a time: while the lines of one are looked at, those of the next but one are asked for, so
/// that memory is at work all the time, also while keys are packed. `fetch` is for the first two; `look` is told the place of a
/// group's first question, the group, and the one that is to be asked for.
#[inline]
pub(super) fn ask_in_groups<'d>(
    vectors: Vectors,
    mut questions: impl Questions<'d>,
    mut fetch: impl FnMut(&Group<'d>),
    mut look: impl FnMut(usize, &Group<'d>, &Group<'d>),
) {
    let mut ring = [const { Group::of_nobody() }; AHEAD + 1];
    for group in &mut ring[..AHEAD] {
        questions.next_group(vectors, group);
        fetch(group);
    }
    let (mut now, mut first) = (0, 0);
    while ring[now].len() > 0 {
        let last = (now + AHEAD) % ring.len();
        questions.next_group(vectors, &mut ring[last]);
        look(first, &ring[now], &ring[last]);
        first += ring[now].len();
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
            let fetch = |group: &Group<'_>| fetched += group.len();
            ask_in_groups(Vectors::widest(), documents.as_slice(), fetch, |first, group, next| {
                announced.push(next.len());
                let h = group.own_keys().mixed;
                looked.extend((0..group.len()).map(|at| (first + at, h[at], group.is_long(at))));
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
