//! SQLite: a table by integers, mapped, asked with a prepared statement within one transaction that stays open.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Statement};

use crate::data::Record;
use crate::engine::Peer;

pub(crate) struct Sqlite {
    one: Statement<'static>,
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
             CREATE TABLE listed (key INTEGER PRIMARY KEY, number INTEGER NOT NULL);
             BEGIN;"
        ))?;
        let mut insert = connection.prepare("INSERT INTO listed VALUES (?1, ?2)")?;
        for (key, number) in records {
            insert.execute((key.cast_signed(), number))?;
        }
        connection.execute_batch("COMMIT; ANALYZE; BEGIN;")?;
        let one = connection.prepare("SELECT number FROM listed WHERE key = ?1")?;
        Ok(Self { one, file_bytes: path.metadata()?.len() })
    }

    fn bytes(&mut self) -> Result<u64> {
        Ok(self.file_bytes)
    }

    fn find(&mut self, key: u64) -> Option<u32> {
        self.one.query_row([key.cast_signed()], |row| row.get(0)).optional().expect("the file is sound")
    }
}
