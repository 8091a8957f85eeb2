//! The cheapest way from what a site holds to what is published.

use crate::domain::{Digest, SegmentRole};
use crate::feed::{File, Increment, Publication};

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Each step makes a file that the next ones rest on.
    pub steps: Vec<Step>,
    /// What is fetched over the line, without what is there already.
    pub bytes: u64,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A file is downloaded.
    Fetch {
        /// The file.
        file: File,
        /// What it is for.
        role: SegmentRole,
    },
    /// Increments, in their order, and the delta that is held become the next delta.
    Compose {
        /// They are fetched before.
        increments: Vec<Increment>,
        /// What must come out.
        file: File,
    },
    /// The base that is held and the delta of the step before become the next base.
    Fold {
        /// What must come out.
        file: File,
    },
}

/// What a site holds of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The base.
    pub base: Digest,
    /// The sequence of the list.
    pub sequence: u64,
}

impl Plan {
    /// The cheapest way; `has` tells which files are at the site already.
    #[must_use]
    pub fn of(publication: &Publication, held: Option<Held>, has: &dyn Fn(&Digest) -> bool) -> Self {
        let whole = Self::download(publication, has);
        let folded = held.and_then(|held| Self::onwards(publication, held, has));
        folded.filter(|folded| folded.bytes <= whole.bytes).unwrap_or(whole)
    }

    /// Every file as it is signed.
    #[must_use]
    pub fn download(publication: &Publication, has: &dyn Fn(&Digest) -> bool) -> Self {
        let steps =
            publication.files().map(|(file, role)| Step::Fetch { file: file.clone(), role }).collect();
        Self::costing(steps, has)
    }

    /// From what is held, by deltas; `None` if no delta is of the base that is held.
    fn onwards(publication: &Publication, held: Held, has: &dyn Fn(&Digest) -> bool) -> Option<Self> {
        let own = publication.base.sha256 == held.base;
        let earlier = publication.earlier.iter().position(|earlier| earlier.base.sha256 == held.base);
        let mut steps = Vec::new();
        if !own {
            let chain = &publication.earlier[earlier?..];
            let next = chain.iter().skip(1).map(|earlier| &earlier.base).chain([&publication.base]);
            for (at, (earlier, next)) in chain.iter().zip(next).enumerate() {
                let from = (at == 0).then_some(held.sequence);
                steps.push(delta(publication, from, &earlier.closing));
                steps.push(Step::Fold { file: next.clone() });
            }
        }
        let from = own.then_some(held.sequence);
        steps.extend(publication.delta.as_ref().map(|file| delta(publication, from, file)));
        Some(Self::costing(steps, has))
    }

    fn costing(steps: Vec<Step>, has: &dyn Fn(&Digest) -> bool) -> Self {
        let cost = |file: &File| if has(&file.sha256) { 0 } else { file.length };
        let bytes = steps.iter().map(|step| step.fetched().map(cost).fold(0, u64::saturating_add));
        let bytes = bytes.fold(0, u64::saturating_add);
        Self { steps, bytes }
    }
}

impl Step {
    /// The files that it needs from a mirror.
    pub fn fetched(&self) -> impl Iterator<Item = &File> {
        let (one, more) = match self {
            Self::Fetch { file, .. } => (Some(file), &[][..]),
            Self::Compose { increments, .. } => (None, increments.as_slice()),
            Self::Fold { .. } => (None, &[][..]),
        };
        one.into_iter().chain(more.iter().map(|increment| &increment.file))
    }
}

/// How a cumulative delta is had: of increments, if they lead to it from what is held and are shorter.
fn delta(publication: &Publication, from: Option<u64>, file: &File) -> Step {
    let increments = from.and_then(|from| chain(&publication.increments, from, file.sequence));
    let length =
        |increments: &[Increment]| increments.iter().map(|increment| increment.file.length).sum::<u64>();
    match increments.filter(|increments| length(increments) < file.length) {
        Some(increments) => Step::Compose { increments: increments.to_vec(), file: file.clone() },
        None => Step::Fetch { file: file.clone(), role: SegmentRole::Delta },
    }
}

/// The increments from one list to another.
fn chain(increments: &[Increment], from: u64, to: u64) -> Option<&[Increment]> {
    let first = increments.iter().position(|increment| increment.from == from)?;
    let last = increments.iter().position(|increment| increment.file.sequence == to)?;
    increments.get(first..=last).filter(|increments| !increments.is_empty())
}
