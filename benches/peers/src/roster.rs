//! Who is asked.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::arguments::Arguments;
use crate::data::{self, Asked, Questions, Record};
use crate::engine::{Engine, Peer};
use crate::fst_map::FstMap;
use crate::hash_map::InMemory;
use crate::lmdb::Lmdb;
use crate::measure::Figures;
use crate::ours::Ours;
use crate::redb_table::Redb;
use crate::redis_server::Redis;
#[cfg(feature = "rocksdb")]
use crate::rocksdb_table::RocksDb;
use crate::sqlite::Sqlite;

/// An engine that is loaded, and what was measured of it.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// Portcullis must be ahead of it.
    pub(crate) is_bar: bool,
    pub(crate) engine: Box<dyn Engine>,
    pub(crate) load_seconds: f64,
    pub(crate) bytes_per_record: f64,
    pub(crate) figures: Figures,
}

type Load = fn(&Path, &[Record]) -> Result<Loaded>;

struct Entry {
    name: &'static str,
    is_bar: bool,
    load: Load,
}

const PEERS: &[Entry] = &[
    Entry { name: "lmdb", is_bar: true, load: load_peer::<Lmdb> },
    Entry { name: "redb", is_bar: true, load: load_peer::<Redb> },
    Entry { name: "sqlite", is_bar: true, load: load_peer::<Sqlite> },
    #[cfg(feature = "rocksdb")]
    Entry { name: "rocksdb", is_bar: true, load: load_peer::<RocksDb> },
    Entry { name: "redis", is_bar: true, load: load_peer::<Redis> },
    Entry { name: "fst", is_bar: true, load: load_peer::<FstMap> },
    Entry { name: "hashbrown", is_bar: false, load: load_peer::<InMemory> },
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PEERS.iter().map(|entry| entry.name)
}

/// Portcullis first, then the peers that are wanted.
pub(crate) fn load(arguments: &Arguments, folder: &Path) -> Result<(Vec<Contender>, Questions)> {
    let records = data::records(arguments.records);
    let questions = data::questions(arguments.records, &records);
    let mut contenders = Vec::new();
    let mut enter = |name, is_bar, load: &dyn Fn(&Path) -> Result<Loaded>| {
        let home = folder.join(name);
        std::fs::create_dir(&home)?;
        let (mut engine, took, bytes) = load(&home).with_context(|| format!("{name} is loaded"))?;
        check(engine.as_mut(), &questions).with_context(|| format!("{name} is asked"))?;
        contenders.push(Contender {
            name,
            is_bar,
            engine,
            load_seconds: took.as_secs_f64(),
            bytes_per_record: bytes as f64 / records.len() as f64,
            figures: Figures::default(),
        });
        anyhow::Ok(())
    };
    enter("portcullis", false, &|home| {
        let (ours, took) = Ours::load(home, data::notices(arguments.records))?;
        let bytes = ours.bytes();
        Ok((Box::new(ours), took, bytes))
    })?;
    for entry in PEERS.iter().filter(|entry| arguments.is_wanted(entry.name)) {
        enter(entry.name, entry.is_bar, &|home| (entry.load)(home, &records))?;
    }
    Ok((contenders, questions))
}

/// An engine, how long it took to load, and its bytes.
type Loaded = (Box<dyn Engine>, Duration, u64);

fn load_peer<P: Peer + 'static>(home: &Path, records: &[Record]) -> Result<Loaded> {
    let started = Instant::now();
    let mut peer = P::load(home, records)?;
    let took = started.elapsed();
    let bytes = peer.bytes()?;
    Ok((Box::new(peer), took, bytes))
}

/// An engine that answers wrongly is not compared.
fn check(engine: &mut dyn Engine, questions: &Questions) -> Result<()> {
    let mut ask = |asked: &Asked| (engine.ask_singly(asked), engine.ask_in_groups(asked));
    let listed = questions.hits.keys.len();
    ensure!(ask(&questions.hits) == (listed, listed), "something that is listed is not found");
    ensure!(ask(&questions.misses) == (0, 0), "something that is not listed is found");
    Ok(())
}
