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
    let length = |increments: &[Increment]| {
        increments.iter().fold(0_u64, |sum, increment| sum.saturating_add(increment.file.length))
    };
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::FeedName;
    use crate::feed::{Canaries, Earlier, Sums, Terms};

    const BASE_LENGTH: u64 = 1_000_000;

    fn file(what: u8, sequence: u64, length: u64) -> File {
        let mut digest = [what; 32];
        digest[0] = sequence as u8;
        let (name, as_of) = (format!("{what}-{sequence}"), Timestamp::UNIX_EPOCH);
        File { name, sequence, as_of, sha256: Digest(digest), length, notices: 1, state_digest: 0 }
    }

    const BASE: u8 = b'b';
    const DELTA: u8 = b'd';
    const INCREMENT: u8 = b'i';
    const CLOSING: u8 = b'c';

    /// Sequence 30: bases of 10 and 20 lie behind the one of 28; deltas cost 100 a publication, increments 60.
    fn publication() -> Publication {
        let increment = |to: u64| Increment { from: to - 1, file: file(INCREMENT, to, 60) };
        let earlier = |from: u64, to: u64| Earlier {
            base: file(BASE, from, BASE_LENGTH),
            closing: file(CLOSING, to, 100 * (to - from)),
        };
        Publication {
            format: 1,
            feed: FeedName::parse("national").unwrap(),
            sequence: 30,
            as_of: Timestamp::UNIX_EPOCH,
            lineage: String::new(),
            seed: 0,
            previous: None,
            base: file(BASE, 28, BASE_LENGTH),
            delta: Some(file(DELTA, 30, 200)),
            increments: (19..=30).map(increment).collect(),
            earlier: vec![earlier(10, 20), earlier(20, 28)],
            list: Sums::default(),
            canaries: Canaries::default(),
            min_reader: 3,
            terms: Terms::default(),
        }
    }

    fn plan(base: u64, sequence: u64) -> Plan {
        let held = Held { base: file(BASE, base, 0).sha256, sequence };
        Plan::of(&publication(), Some(held), &|_| false)
    }

    fn words(plan: &Plan) -> String {
        let word = |step: &Step| match step {
            Step::Fetch { file, .. } => format!("fetch {}", file.name),
            Step::Compose { increments, file } => {
                format!("compose {} of {}", file.name, increments.len())
            }
            Step::Fold { file } => format!("fold {}", file.name),
        };
        format!("{}; {} bytes", plan.steps.iter().map(word).collect::<Vec<_>>().join(", "), plan.bytes)
    }

    #[test]
    fn a_site_without_a_list_downloads_it() {
        let plan = Plan::of(&publication(), None, &|_| false);
        assert_eq!(words(&plan), "fetch 98-28, fetch 100-30; 1000200 bytes");
    }

    #[test]
    fn a_site_that_has_the_publication_before_fetches_one_increment() {
        assert_eq!(words(&plan(28, 29)), "compose 100-30 of 1; 60 bytes");
    }

    #[test]
    fn a_site_that_was_away_a_while_fetches_the_cheaper_of_increments_and_delta() {
        assert_eq!(words(&plan(28, 28)), "compose 100-30 of 2; 120 bytes");
        let mut dear = publication();
        dear.increments.iter_mut().for_each(|increment| increment.file.length = 100);
        let held = Held { base: dear.base.sha256, sequence: 28 };
        assert_eq!(words(&Plan::of(&dear, Some(held), &|_| false)), "fetch 100-30; 200 bytes");
    }

    #[test]
    fn a_site_on_an_earlier_base_folds_its_way_and_fetches_no_base() {
        assert_eq!(words(&plan(20, 26)), "compose 99-28 of 2, fold 98-28, fetch 100-30; 320 bytes",);
        assert_eq!(
            words(&plan(10, 12)),
            "fetch 99-20, fold 98-20, fetch 99-28, fold 98-28, fetch 100-30; 2000 bytes",
        );
    }

    #[test]
    fn a_base_that_nobody_remembers_is_replaced_by_a_download() {
        assert_eq!(words(&plan(5, 7)), "fetch 98-28, fetch 100-30; 1000200 bytes");
    }

    #[test]
    fn a_fold_that_costs_more_than_the_base_is_not_made() {
        let mut dear = publication();
        dear.earlier[1].closing.length = 2 * BASE_LENGTH;
        dear.increments.clear();
        let held = Held { base: file(BASE, 20, 0).sha256, sequence: 26 };
        assert_eq!(
            words(&Plan::of(&dear, Some(held), &|_| false)),
            "fetch 98-28, fetch 100-30; 1000200 bytes"
        );
    }

    #[test]
    fn what_is_here_already_costs_nothing() {
        let has = |digest: &Digest| *digest == file(BASE, 28, 0).sha256;
        let plan = Plan::of(&publication(), None, &has);
        assert_eq!(words(&plan), "fetch 98-28, fetch 100-30; 200 bytes");
    }
}
