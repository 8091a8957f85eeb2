//! The head of a store: which store it is, how far it is, and which programs can read it.

use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, Table, TableDefinition};

use super::OverlayError;
use super::key::StoreKey;
use crate::domain::alert::{NodeId, Origin};

pub(super) const HEAD: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("head");
/// The newest version of the format that this program reads and writes. A store has the lowest that its records need, so that older
/// programs read it for as long as they can, and say what they need then.
pub(super) const VERSION: u32 = 2;

/// The head of a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// The store, and the counter of its newest revision.
    pub(super) at: Origin,
    /// The version of its format.
    pub(super) version: u32,
}

impl Head {
    /// Reads it; a new store gets its name with its first revision.
    pub(super) fn read(database: &Database, key: &StoreKey, path: &Path) -> Result<Self, OverlayError> {
        let failed = OverlayError::pages::<redb::Error>(path);
        let reading = database.begin_read().map_err(|error| failed(error.into()))?;
        let table = match reading.open_table(HEAD) {
            Err(redb::TableError::TableDoesNotExist(_)) => {
                let mut node = [0; 8];
                getrandom::fill(&mut node).map_err(OverlayError::Random)?;
                return Ok(Self { at: Origin { node: NodeId(node), counter: 0 }, version: 1 });
            }
            table => table.map_err(|error| failed(error.into()))?,
        };
        let damaged = |what| OverlayError::Damaged { path: path.to_owned(), counter: 0, what };
        let named = table.last().map_err(|error| failed(error.into()))?;
        let (name, sealed) = named.ok_or_else(|| damaged("(the head) is missing"))?;
        let version = name.value().strip_prefix("head ").and_then(|version| version.parse().ok());
        let version = match version.ok_or_else(|| damaged("(the head) is missing"))? {
            found if found > VERSION => {
                return Err(OverlayError::Newer { path: path.to_owned(), found, reads: VERSION });
            }
            version => version,
        };
        let value = key.open(name.value().as_bytes(), sealed.value());
        let value = value.and_then(|value| value.first_chunk::<16>());
        let value = value.ok_or_else(|| damaged("(the head) is not as it was written"))?;
        let (node, counter) = value.split_at(8);
        let at = Origin {
            node: NodeId(node.try_into().expect("8 bytes were split off")),
            counter: u64::from_be_bytes(counter.try_into().expect("8 bytes are left")),
        };
        Ok(Self { at, version })
    }

    /// Puts it in the place of the one before.
    pub(super) fn write(
        self,
        table: &mut Table<'_, &str, &[u8]>,
        key: &StoreKey,
    ) -> Result<(), redb::StorageError> {
        for older in 1..self.version {
            table.remove(&*title(older))?;
        }
        let title = title(self.version);
        table.insert(&*title, &key.seal(title.as_bytes(), &place(self.at))[..])?;
        Ok(())
    }
}

fn title(version: u32) -> String {
    format!("head {version}")
}

/// Where a revision stands: in the order of its origin.
pub(super) fn place(origin: Origin) -> [u8; 16] {
    let mut place = [0; 16];
    place[..8].copy_from_slice(&origin.node.0);
    place[8..].copy_from_slice(&origin.counter.to_be_bytes());
    place
}
