//! LMDB: a memory-mapped B+ tree, asked within one read transaction that stays open.

use std::path::Path;

use anyhow::Result;
use heed::byteorder::NativeEndian;
use heed::types::{U32, U64};
use heed::{CommitOrAbort, Database, EnvFlags, EnvOpenOptions, IntegerComparator, PutFlags, RoTxn, WithTls};

use crate::data::Record;
use crate::engine::Peer;

/// Keys in the order of the machine's integers, which LMDB compares without looking at bytes.
type Table = Database<'static, U64<NativeEndian>, U32<NativeEndian>, IntegerComparator>;

pub(crate) struct Lmdb {
    reading: RoTxn<'static, WithTls>,
    table: Table,
    file_bytes: u64,
}

impl Peer for Lmdb {
    fn load(folder: &Path, records: &[Record]) -> Result<Self> {
        let mut options = EnvOpenOptions::new();
        options.map_size((records.len() * 64).next_multiple_of(1 << 20) + (16 << 20));
        #[expect(
            unsafe_code,
            reason = "nobody else opens the folder, and no flag lets memory be written through"
        )]
        let env = unsafe { options.flags(EnvFlags::NO_SYNC | EnvFlags::NO_READ_AHEAD).open(folder)? };
        let committed = env.create_databases_and_commit(env.write_txn()?, |opener, writing| {
            let options = opener.database_options().types::<U64<NativeEndian>, U32<NativeEndian>>();
            let table = options.key_comparator::<IntegerComparator>().create(writing)?;
            for (key, number) in records {
                table.put_with_flags(writing, PutFlags::APPEND, key, number)?;
            }
            heed::Result::Ok(CommitOrAbort::<_, ()>::Commit(table))
        })?;
        let table = committed.unwrap_commit();
        let file_bytes = env.real_disk_size()?;
        Ok(Self { reading: env.static_read_txn()?, table, file_bytes })
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(self.file_bytes)
    }

    fn find(&mut self, key: u64) -> Option<u32> {
        self.table.get(&self.reading, &key).expect("the map is sound")
    }
}
