//! Whatever is imported, folded and taken back, in whatever order: a site is the list that the last act put in force.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use portcullis::domain::Kind;
use portcullis::feed::verify_local;
use portcullis::ground::storage::Disk;
use portcullis::index::{FeedRecord, Snapshot, current, kept, segment_path};
use proptest::prelude::*;

use crate::support::operator::Operator;
use crate::support::site::notice;

#[derive(Clone, Debug)]
enum Act {
    /// Withdraws some numbers, adds others, and publishes all of it, as a base or as a delta.
    Import {
        taken: u64,
        added: BTreeSet<u32>,
        delta: bool,
    },
    Fold,
    /// To the generation before or the one before that.
    Rollback {
        back: u64,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let import = (any::<u64>(), prop::collection::btree_set(0..NUMBERS, 0..25), any::<bool>());
    prop_oneof![
        4 => import.prop_map(|(taken, added, delta)| Act::Import { taken, added, delta }),
        1 => Just(Act::Fold),
        1 => (1..=2_u64).prop_map(|back| Act::Rollback { back }),
    ]
}

const NUMBERS: u32 = 200;

/// The generation in force, opened and verified, and the numbers that it has.
fn open(root: &Path) -> (u64, BTreeSet<u32>) {
    let (generation, id) = current(&Disk, root).unwrap().expect("something is in force");
    let verify = |record: &FeedRecord| {
        verify_local(&Disk, record.bulletin.clone(), |file| segment_path(root, file.digest)).unwrap()
    };
    let bulletins = generation.feeds.iter().map(verify).collect();
    let snapshot = Snapshot::open(&Disk, root, &generation, id, bulletins).unwrap();
    snapshot.verify().unwrap();
    let all: Vec<_> =
        (0..NUMBERS).map(|at| notice("UTO", &format!("N{at:03}"), Kind::Passport).document).collect();
    let single = (0..NUMBERS).filter(|at| !snapshot.find(&all[*at as usize]).is_empty()).collect();
    let batch: BTreeSet<_> = snapshot.find_batch(&all).into_iter().map(|(at, ..)| at as u32).collect();
    assert_eq!(single, batch);
    (id.number, single)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_history_of_acts_behaves_as_a_map(acts in prop::collection::vec(act(), 1..10)) {
        let root = tempfile::tempdir().unwrap();
        let operator = Operator::new(Arc::new(Disk), root.path());
        let mut live = BTreeSet::from([0, 1, 2]);
        operator.import(live.clone(), 0, false);
        let mut in_force = open(root.path()).0;
        let mut listed = BTreeMap::from([(in_force, live.clone())]);
        for (hour, act) in (1..).zip(acts) {
            match act {
                Act::Import { taken, added, delta } => {
                    live.retain(|number| taken >> (number % 64) & 1 == 0);
                    live.extend(added);
                    // A list without a row is refused.
                    live.insert(0);
                    operator.import(live.clone(), hour, delta);
                }
                Act::Fold => drop(operator.fold()),
                Act::Rollback { back } => {
                    let number = in_force.saturating_sub(back);
                    let is_kept = kept(&Disk, root.path()).unwrap().iter().any(|(kept, _)| kept.number == number);
                    if is_kept {
                        live = listed[&number].clone();
                        operator.rollback(number);
                    }
                }
            }
            let (number, found) = open(root.path());
            prop_assert_eq!(&found, &live);
            in_force = number;
            listed.insert(number, found);
            let segments = std::fs::read_dir(root.path().join("index/segments")).unwrap().count();
            prop_assert!(segments <= 2 + 3, "two bases and a delta each generation at most: {}", segments);
        }
    }
}
