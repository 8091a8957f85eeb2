//! `fst::Map` alone: a minimal automaton of the keys, in memory.

use std::path::Path;

use anyhow::Result;
use fst::{Map, MapBuilder};

use crate::data::Record;
use crate::engine::Peer;

pub(crate) struct FstMap(Map<Vec<u8>>);

impl Peer for FstMap {
    fn load(_: &Path, records: &[Record]) -> Result<Self> {
        let mut builder = MapBuilder::memory();
        for (key, number) in records {
            builder.insert(bytes_of(*key), u64::from(*number))?;
        }
        Ok(Self(builder.into_map()))
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(self.0.as_fst().as_bytes().len() as u64)
    }

    fn find(&mut self, key: u64) -> Option<u32> {
        self.0.get(bytes_of(key)).map(|number| u32::try_from(number).expect("it was put in as one"))
    }
}

/// The 56 bits of a key: a byte that is always zero would be one more step of each walk.
fn bytes_of(key: u64) -> [u8; 7] {
    let [_, bytes @ ..] = key.to_be_bytes();
    bytes
}
