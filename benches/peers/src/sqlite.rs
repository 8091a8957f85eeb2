//! SQLite: a table by integers, mapped, asked with a prepared statement within one transaction that stays open.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Statement};

use crate::data::Record;
use crate::engine::Peer;

pub(crate) struct Sqlite {
    one: Statement<'static>, c: &'static Connection,
    file_bytes: u64,
}

impl Peer for Sqlite {
    fn load(folder: &Path, records: &[Record]) -> Result<Self> {
        let path = folder.join("listed.sqlite");
        // A statement borrows from its connection; this one lives as long as the process.
        let connection: &'static Connection = Box::leak(Box::new(Connection::open(&path)?));
        let cache_kibibytes = records.len() / 16 + (16 << 10);
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA mmap_size = 1099511627776; PRAGMA cache_size = -{cache_kibibytes};
             CREATE TABLE listed (key INTEGER PRIMARY KEY, number INTEGER NOT NULL){};
             BEGIN;", if std::env::var("S").unwrap_or_default().contains("norowid") {"WITHOUT ROWID"} else {""}
        ))?;
        let mut insert = connection.prepare("INSERT INTO listed VALUES (?1, ?2)")?;
        for (key, number) in records {
            insert.execute((key.cast_signed(), number))?;
        }
        connection.execute_batch("COMMIT; ANALYZE; BEGIN;")?;
        let one = connection.prepare("SELECT number FROM listed WHERE key = ?1")?;
        Ok(Self { one, c: connection, file_bytes: path.metadata()?.len() })
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(self.file_bytes)
    }

    fn find_batch(&mut self, keys: &[u64]) -> usize {
        let var = std::env::var("S").unwrap_or_default();
        if var.contains("rarray") {
            rusqlite::vtab::array::load_module(self.c).unwrap();
            let v = std::rc::Rc::new(keys.iter().map(|k| rusqlite::types::Value::from(k.cast_signed())).collect::<Vec<_>>());
            let mut st = self.c.prepare_cached("SELECT number FROM rarray(?1) JOIN listed ON key = value").unwrap();
            let n = st.query_map([v], |r| r.get::<_, u32>(0)).unwrap().count(); n
        } else if var.contains("in") && keys.len() == 1024 {
            let q = format!("SELECT number FROM listed WHERE key IN (?1{})", (2..=1024).map(|n| format!(",?{n}")).collect::<String>());
            let mut st = self.c.prepare_cached(&q).unwrap();
            let n = st.query_map(rusqlite::params_from_iter(keys.iter().map(|k| k.cast_signed())), |r| r.get::<_, u32>(0)).unwrap().count(); n
        } else { keys.iter().filter(|k| self.find(**k).is_some()).count() }
    }
    fn find(&mut self, key: u64) -> Option<u32> {
        self.one.query_row([key.cast_signed()], |row| row.get(0)).optional().expect("the file is sound")
    }
}
