//! redb: a B-tree in a file of its own, with a cache that holds all of it.

use std::path::Path;

use anyhow::Result;
use redb::{Database, ReadOnlyTable, ReadableDatabase, TableDefinition};

use crate::data::Record;
use crate::engine::Peer;

const TABLE: TableDefinition<u64, u32> = TableDefinition::new("listed");
/// More than the file has: a page that is not cached is read with a system call.
const CACHE_BYTES_PER_RECORD: usize = 128;

pub(crate) struct Redb {
    table: ReadOnlyTable<u64, u32>,
    file_bytes: u64,
    // Closed when the table is: a table alone answers no more.
    _database: Database,
}

impl Peer for Redb {
    fn load(folder: &Path, records: &[Record]) -> Result<Self> {
        let path = folder.join("listed.redb");
        let cache_bytes = records.len() * CACHE_BYTES_PER_RECORD + (64 << 20);
        let mut database = Database::builder().set_cache_size(cache_bytes).create(&path)?;
        let mut writing = database.begin_write()?;
        writing.set_durability(redb::Durability::None)?;
        let mut table = writing.open_table(TABLE)?;
        for (key, number) in records {
            table.insert(key, number)?;
        }
        drop(table);
        writing.commit()?;
        database.compact()?;
        let table = database.begin_read()?.open_table(TABLE)?;
        Ok(Self { table, file_bytes: path.metadata()?.len(), _database: database })
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(self.file_bytes)
    }

    fn find(&mut self, key: u64) -> Option<u32> {
        self.table.get(key).expect("the file is sound").map(|number| number.value())
    }
}
