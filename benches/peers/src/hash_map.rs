//! hashbrown: a hash map in memory, a reference and no alternative, since it is built anew at every start.

use std::path::Path;

use anyhow::Result;
use hashbrown::HashMap;

use crate::data::Record;
use crate::engine::Peer;

pub(crate) struct InMemory(HashMap<u64, u32>);

impl Peer for InMemory {
    fn load(_: &Path, records: &[Record]) -> Result<Self> {
        Ok(Self(records.iter().copied().collect()))
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(self.0.allocation_size() as u64)
    }

    fn find(&mut self, key: u64) -> Option<u32> {
        self.0.get(&key).copied()
    }
}
