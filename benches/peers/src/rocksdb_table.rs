//! RocksDB: one sorted file with a full Bloom filter, its blocks in a cache that holds all of them.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, DB, DBCompressionType, DataBlockIndexType, Options, SstFileWriter,
};

use crate::data::Record;
use crate::engine::Peer;

const FAMILY: &str = "default";
const BLOOM_BITS_PER_KEY: f64 = 10.0;
const CACHE_BYTES_PER_RECORD: usize = 128;

pub(crate) struct RocksDb {
    store: DB,
    file_bytes: u64,
}

impl Peer for RocksDb {
    fn load(folder: &Path, records: &[Record]) -> Result<Self> {
        let options = options(records.len());
        let sorted: PathBuf = folder.join("listed.sst");
        let mut writer = SstFileWriter::create(&options);
        writer.open(&sorted)?;
        for (key, number) in records {
            writer.put(key.to_be_bytes(), number.to_le_bytes())?;
        }
        writer.finish()?;
        let file_bytes = sorted.metadata()?.len();
        // Named, as many keys at once are asked of a column family.
        let store = DB::open_cf_with_opts(&options, folder.join("store"), [(FAMILY, options.clone())])?;
        store.ingest_external_file(vec![sorted])?;
        Ok(Self { store, file_bytes })
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(self.file_bytes)
    }

    fn find(&mut self, key: u64) -> Option<u32> {
        let value = self.store.get_pinned(key.to_be_bytes()).expect("the file is sound")?;
        Some(u32::from_le_bytes(value.as_ref().try_into().expect("four bytes")))
    }

    fn find_batch(&mut self, keys: &[u64]) -> usize {
        let family: &ColumnFamily = self.store.cf_handle(FAMILY).expect("it is always there");
        let mut keys: Vec<_> = keys.iter().map(|key| key.to_be_bytes()).collect();
        keys.sort_unstable();
        let answers = black_box(self.store.batched_multi_get_cf(family, &keys, true));
        answers.into_iter().filter(|answer| answer.as_ref().expect("the file is sound").is_some()).count()
    }
}

fn options(records: usize) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_bloom_filter(BLOOM_BITS_PER_KEY, false);
    blocks.set_block_cache(&Cache::new_lru_cache(records * CACHE_BYTES_PER_RECORD + (64 << 20)));
    blocks.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    blocks.set_format_version(6);
    let mut options = Options::default();
    options.create_if_missing(true);
    options.set_compression_type(DBCompressionType::None);
    options.set_block_based_table_factory(&blocks);
    options
}
