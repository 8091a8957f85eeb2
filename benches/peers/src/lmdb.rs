//! LMDB: a memory-mapped B+ tree, asked within one read transaction that stays open.

use std::path::Path;

use anyhow::Result;
use heed::byteorder::BigEndian;
use heed::types::{U32, U64};
use heed::{Database, EnvFlags, EnvOpenOptions, PutFlags, RoTxn, WithTls};

use crate::data::Record;
use crate::engine::Peer;

type Table = Database<U64<BigEndian>, U32<BigEndian>>;

pub(crate) struct Lmdb {
    reading: RoTxn<'static, WithTls>,
    table: Table,
    bytes: u64,
}

impl Peer for Lmdb {
    fn load(folder: &Path, records: &[Record]) -> Result<Self> {
        let mut options = EnvOpenOptions::new();
        options.map_size((records.len() * 64 + (16 << 20)).next_multiple_of(1 << 16));
        #[expect(unsafe_code, reason = "nobody else opens the folder, and no flag lets memory be written through")]
        let env = unsafe { options.flags(EnvFlags::NO_SYNC | EnvFlags::NO_READ_AHEAD).open(folder)? };
        let mut writing = env.write_txn()?;
        let table: Table = env.create_database(&mut writing, None)?;
        for (key, number) in records {
            table.put_with_flags(&mut writing, PutFlags::APPEND, key, number)?;
        }
        writing.commit()?;
        let bytes = env.non_free_pages_size()?;
        Ok(Self { reading: env.static_read_txn()?, table, bytes })
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(self.bytes)
    }

    fn find(&mut self, key: u64) -> Option<u32> {
        self.table.get(&self.reading, &key).expect("the map is sound")
    }
}
