//! The tree against one in memory that follows RFC 6962 word by word.

use std::convert::Infallible;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;

use sha2::{Digest as _, Sha256};

use super::*;

/// All leaves.
struct Leaves(Vec<Hash>);

impl Leaves {
    fn of(count: u64) -> Self {
        Self((0..count).map(|at| Sha256::digest(at.to_le_bytes()).into()).collect())
    }

    /// MTH of section 2.1.
    fn root(&self, from: usize, to: usize) -> Hash {
        match to - from {
            0 => Sha256::digest([]).into(),
            1 => self.0[from],
            count => {
                let left = largest_power_below(count);
                node(&self.root(from, from + left), &self.root(from + left, to))
            }
        }
    }
}

fn largest_power_below(count: usize) -> usize {
    (0..).map(|bits| 1 << bits).take_while(|power| *power < count).last().unwrap()
}

impl Subtrees for Leaves {
    type Error = Infallible;

    fn perfect(&self, height: u32, index: u64) -> Result<Hash, Infallible> {
        let (from, count) = ((index << height) as usize, 1 << height);
        Ok(self.root(from, from + count))
    }
}

fn frontier(leaves: &Leaves) -> Frontier {
    let mut frontier = Frontier::default();
    leaves.0.iter().for_each(|leaf| frontier.push(*leaf, |_, _| {}));
    frontier
}

#[test]
fn the_edge_has_the_root_at_every_size() {
    for size in 0..300 {
        let leaves = Leaves::of(size);
        let edge = frontier(&leaves);
        assert_eq!(edge.root(), leaves.root(0, size as usize), "{size}");
    }
}

#[test]
fn every_perfect_subtree_is_told_when_it_is_complete() {
    let leaves = Leaves::of(70);
    let (mut edge, mut told) = (Frontier::default(), Vec::new());
    for leaf in &leaves.0 {
        edge.push(*leaf, |height, hash| told.push((height, *hash)));
    }
    for height in 1..=6 {
        let of_height = told.iter().filter(|(at, _)| *at == height).map(|(_, hash)| *hash);
        let right = (0..70 >> height).map(|index| leaves.perfect(height, index).unwrap());
        assert!(of_height.eq(right), "{height}");
    }
}

#[test]
fn roots_are_those_of_the_known_answers() {
    // Certificate Transparency's own test data: the leaves of its reference implementation.
    let leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let hash = |hex: &str| -> Hash {
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
    };
    let mut edge = Frontier::default();
    leaves.iter().for_each(|leaf| edge.push(hash(leaf), |_, _| {}));
    let root = crate::domain::Digest(edge.root()).to_string();
    assert_eq!(root, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

proptest! {
    #[test]
    fn roots_and_paths_are_those_of_somebody_elses_tree(
        size in 1_usize..400,
        at in any::<proptest::sample::Index>(),
    ) {
        let (mut theirs, mut ours) = (MemoryBackedTree::<Sha256, _>::new(), Vec::new());
        for number in 0..size {
            let value = number.to_le_bytes();
            theirs.push(value);
            ours.push(Sha256::new().chain_update([0]).chain_update(value).finalize().into());
        }
        let ours = Leaves(ours);
        let root: Hash = (*theirs.root().as_bytes()).into();
        prop_assert_eq!(frontier(&ours).root(), root);
        let index = at.index(size);
        let Ok(path) = inclusion(&ours, index as u64, size as u64);
        let right = theirs.prove_inclusion(index);
        prop_assert_eq!(&path.concat()[..], right.as_bytes());
    }

    #[test]
    fn an_edge_that_is_read_is_the_one_that_grew(size in 0_u64..600) {
        let leaves = Leaves::of(size);
        let Ok(read) = Frontier::of(&leaves, size);
        prop_assert_eq!(read, frontier(&leaves));
    }

    #[test]
    fn what_is_proved_is_accepted_and_nothing_else(
        size in 1_u64..600,
        at in any::<proptest::sample::Index>(),
        other in any::<proptest::sample::Index>(),
        bit in 0_usize..256,
    ) {
        let leaves = Leaves::of(size);
        let root = leaves.root(0, size as usize);
        let index = at.index(size as usize) as u64;
        let leaf = leaves.0[index as usize];
        let Ok(mut path) = inclusion(&leaves, index, size);
        prop_assert_eq!(root_of_inclusion(leaf, index, size, &path), Some(root));
        let elsewhere = other.index(size as usize) as u64;
        if elsewhere != index {
            prop_assert_ne!(root_of_inclusion(leaf, elsewhere, size, &path), Some(root));
        }
        if let Some(hash) = path.first_mut() {
            hash[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(root_of_inclusion(leaf, index, size, &path), Some(root));
            path.pop();
        }
        path.push(leaf);
        path.push(leaf);
        prop_assert_ne!(root_of_inclusion(leaf, index, size, &path), Some(root));
    }

    #[test]
    fn no_proof_makes_checking_panic(
        index: u64, size: u64,
        path in proptest::collection::vec(any::<Hash>(), 0..70),
    ) {
        let _ = root_of_inclusion([7; 32], index, size, &path);
    }
}
