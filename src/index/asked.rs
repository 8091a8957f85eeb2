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
    #[inline]
    fn of(vectors: Vectors, documents: &'d [DocumentId]) -> Self {
        let (mixed, longs) = vectors.run(Mixing(documents));
        Self { documents, keys: Keys { mixed, count: documents.len() }, longs }
    }

    pub(super) fn documents(&self) -> &'d [DocumentId] {
        self.documents
    }

    /// The keys mixed as a file has them.
    #[inline]
    pub(super) fn keys(&self, mixer: Mixer) -> Keys {
        if mixer == MIXER {
            return self.keys;
        }
        Keys { mixed: self.keys.mixed.map(|h| remixed(h, mixer)), ..self.keys }
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
struct Mixing<'d>(&'d [DocumentId]);

impl Work for Mixing<'_> {
    type Output = ([u64; GROUP], u64);

    #[inline(always)]
    fn run(self) -> Self::Output {
        let (mut keys, longs) = Key::pack_all(self.0);
        for key in &mut keys {
            *key = MIXER.mix(*key);
        }
        (keys, longs)
    }
}

/// Asks about many documents, a group at a time: while the lines of one are looked at, those of the next are asked for.
/// `fetch` is for the first; `look` is told the place of a group's first document, the group, and the next.
#[inline]
pub(super) fn ask_in_groups<'d>(
    documents: &'d [DocumentId],
    fetch: impl FnOnce(&Group<'d>),
    mut look: impl FnMut(usize, &Group<'d>, &Group<'d>),
) {
    let vectors = Vectors::widest();
    let nobody = || Group { documents: &[], keys: Keys::default(), longs: 0 };
    let group = |(at, of_group): (usize, &'d [DocumentId])| {
        // The documents themselves, one group ahead.
        documents.iter().skip((at + 1) * GROUP).take(GROUP).step_by(2).for_each(prefetch);
        Group::of(vectors, of_group)
    };
    let mut groups = documents.chunks(GROUP).enumerate().map(group);
    let (mut first, mut group) = (0, groups.next().unwrap_or_else(nobody));
    fetch(&group);
    while !group.documents.is_empty() {
        let next = groups.next().unwrap_or_else(nobody);
        look(first, &group, &next);
        (first, group) = (first + GROUP, next);
    }
}

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
            ask_in_groups(&documents, fetch, |first, group, next| {
                announced.push(next.documents().len());
                let h = group.keys(MIXER).mixed;
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
