//! The head of a store: which store it is, how far it is, and which programs can read it.
//!
//! A store that may have a twin takes a new name, so that no origin is given to two revisions: one that came out of a backup, or that goes on
//! after a loss. It goes on counting where it was, and its head keeps the names of before, each with its last counter.

use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, Table, TableDefinition};

use super::OverlayError;
use super::key::StoreKey;
use crate::domain::alert::{NodeId, Origin};

pub(super) const HEAD: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("head");
/// The newest version of the format that this program reads and writes. A store has the lowest that its records need, so that older
/// programs read it for as long as they can, and say what they need then.
pub(super) const VERSION: u32 = 3;
/// The version from which on a head has names of before.
const RENAMED: u32 = 3;
const PLACE_BYTES: usize = 16;

/// The head of a store.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The store, and the counter of its newest revision.
    pub(super) at: Origin,
    /// The names that it had before, each with the last revision under it, in that order.
    before: Vec<Origin>,
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
                let at = Origin { node: new_name()?, counter: 0 };
                return Ok(Self { at, before: Vec::new(), version: 1 });
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
        let head = value.and_then(|value| Self::decode(value, version));
        head.ok_or_else(|| damaged("(the head) is not as it was written"))
    }

    /// Puts it in the place of the one before.
    pub(super) fn write(
        &self,
        table: &mut Table<'_, &str, &[u8]>,
        key: &StoreKey,
    ) -> Result<(), redb::StorageError> {
        for older in 1..self.version {
            table.remove(&*title(older))?;
        }
        let title = title(self.version);
        table.insert(&*title, &key.seal(title.as_bytes(), &self.encode())[..])?;
        Ok(())
    }

    /// The same store under a new name.
    pub(super) fn renamed(&self) -> Result<Self, OverlayError> {
        let mut before = self.before.clone();
        if self.at.counter > self.last_of_before() {
            before.push(self.at);
        }
        let at = Origin { node: new_name()?, ..self.at };
        let version = if before.is_empty() { self.version } else { self.version.max(RENAMED) };
        Ok(Self { at, before, version })
    }

    /// All names that revisions have, each with the last under it, in that order.
    pub(super) fn names(&self) -> impl Iterator<Item = Origin> {
        self.before.iter().copied().chain([self.at])
    }

    /// The name under which a revision was made.
    pub(super) fn origin_of(&self, counter: u64) -> Option<Origin> {
        let made = self.names().find(|name| counter <= name.counter).filter(|_| counter > 0);
        made.map(|name| Origin { counter, ..name })
    }

    fn last_of_before(&self) -> u64 {
        self.before.last().map_or(0, |name| name.counter)
    }

    fn encode(&self) -> Vec<u8> {
        [self.at].iter().chain(&self.before).flat_map(|name| place(*name)).collect()
    }

    fn decode(value: &[u8], version: u32) -> Option<Self> {
        let (names, []) = value.as_chunks::<PLACE_BYTES>() else { return None };
        let (at, before) = names.split_first()?;
        let head = Self { at: named(at), before: before.iter().map(named).collect(), version };
        let rises = head.before.is_sorted_by(|one, next| one.counter < next.counter);
        let is_sound = rises
            && head.last_of_before() <= head.at.counter
            && (version >= RENAMED || head.before.is_empty());
        is_sound.then_some(head)
    }
}

fn title(version: u32) -> String {
    format!("head {version}")
}

/// Where a revision stands: in the order of its origin.
pub(super) fn place(origin: Origin) -> [u8; PLACE_BYTES] {
    let mut place = [0; PLACE_BYTES];
    place[..8].copy_from_slice(&origin.node.0);
    place[8..].copy_from_slice(&origin.counter.to_be_bytes());
    place
}

fn named(place: &[u8; PLACE_BYTES]) -> Origin {
    let (node, counter) = place.split_at(8);
    Origin {
        node: NodeId(node.try_into().expect("8 bytes were split off")),
        counter: u64::from_be_bytes(counter.try_into().expect("8 bytes are left")),
    }
}

fn new_name() -> Result<NodeId, OverlayError> {
    let mut node = [0; 8];
    getrandom::fill(&mut node).map_err(OverlayError::Random)?;
    Ok(NodeId(node))
}
