//! The head of a store: which store it is, how far it is, and which programs can read it.
//!
//! A store that may have a twin takes a new name: one that came out of a backup, that goes on after a loss, or on another machine. Under a
//! new name it counts on from the next thousand million, so that no counter is given twice, and whatever comes back from before is older
//! than what is on record since.

use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, Table, TableDefinition};

use super::OverlayError;
use super::key::StoreKey;
use crate::domain::alert::{NodeId, Origin};

pub(super) const HEAD: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("head");
/// The newest version of the format that this program reads and writes. A store has the lowest that its records need, so that older
/// programs read it for as long as they can, and say what they need then.
pub(super) const VERSION: u32 = 3;
/// The version from which on a head tells of names.
const RENAMED: u32 = 3;
const PLACE_BYTES: usize = 16;
const NAME_BYTES: usize = 24;
/// More than any store has revisions, and few enough that every counter is a whole number in JSON too.
const COUNTERS_OF_A_NAME: u64 = 1_000_000_000;

/// The head of a store.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The names that it has had, in that order: the last is its own.
    names: Vec<Name>,
    /// The version of its format.
    pub(super) version: u32,
}

/// A name of a store, and which counters were given under it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    pub(super) node: NodeId,
    /// The counter before the first.
    pub(super) after: u64,
    /// The counter of the newest.
    pub(super) last: u64,
}

impl Head {
    /// Reads it; a new store gets its name with its first revision.
    pub(super) fn read(database: &Database, key: &StoreKey, path: &Path) -> Result<Self, OverlayError> {
        let failed = OverlayError::pages::<redb::Error>(path);
        let reading = database.begin_read().map_err(|error| failed(error.into()))?;
        let table = match reading.open_table(HEAD) {
            Err(redb::TableError::TableDoesNotExist(_)) => {
                let name = Name { node: new_name()?, after: 0, last: 0 };
                return Ok(Self { names: vec![name], version: 1 });
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

    /// The store, and the counter of its newest revision; under a new name, which counter its first one comes after.
    pub(super) fn at(&self) -> Origin {
        let name = self.own();
        Origin { node: name.node, counter: name.last }
    }

    /// Goes on to the next revision, and gives its origin.
    pub(super) fn advance(&mut self) -> Origin {
        let name = self.names.last_mut().expect("a store has a name");
        name.last += 1;
        self.at()
    }

    /// The same store under a new name, with counters above one.
    pub(super) fn renamed(&self, above: u64) -> Result<Self, OverlayError> {
        let mut names = self.names.clone();
        // Nothing was made under it, and nobody knows of it.
        names.retain(|name| name.last > 0);
        let next = (self.own().last.max(above) / COUNTERS_OF_A_NAME + 1).saturating_mul(COUNTERS_OF_A_NAME);
        names.push(Name { node: new_name()?, after: next, last: next });
        Ok(Self { names, version: self.version.max(RENAMED) })
    }

    /// All names, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        self.names.iter()
    }

    /// The name under which a counter was given.
    pub(super) fn name_of(&self, counter: u64) -> Option<&Name> {
        self.names().find(|name| name.after < counter && counter <= name.last)
    }

    fn own(&self) -> &Name {
        self.names.last().expect("a store has a name")
    }

    /// Before names are told of, one is 16 bytes: it has all counters.
    fn encode(&self) -> Vec<u8> {
        if self.version < RENAMED {
            return place(self.at()).to_vec();
        }
        let encode = |name: &Name| {
            let mut bytes = [0; NAME_BYTES];
            bytes[..8].copy_from_slice(&name.node.0);
            bytes[8..16].copy_from_slice(&name.after.to_be_bytes());
            bytes[16..].copy_from_slice(&name.last.to_be_bytes());
            bytes
        };
        self.names().flat_map(encode).collect()
    }

    fn decode(value: &[u8], version: u32) -> Option<Self> {
        let number = |bytes: &[u8]| Some(u64::from_be_bytes(bytes.try_into().ok()?));
        let node = |bytes: &[u8]| Some(NodeId(bytes.try_into().ok()?));
        let names = if version < RENAMED {
            let (of, last) = value.split_first_chunk::<8>()?;
            vec![Name { node: node(of)?, after: 0, last: number(last)? }]
        } else {
            let (names, []) = value.as_chunks::<NAME_BYTES>() else { return None };
            let decode = |name: &[u8; NAME_BYTES]| {
                Some(Name {
                    node: node(&name[..8])?,
                    after: number(&name[8..16])?,
                    last: number(&name[16..])?,
                })
            };
            names.iter().map(decode).collect::<Option<Vec<_>>>()?
        };
        let is_sound = !names.is_empty()
            && names.iter().all(|name| name.after <= name.last)
            && names.is_sorted_by(|one, next| one.last <= next.after);
        is_sound.then_some(Self { names, version })
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

fn new_name() -> Result<NodeId, OverlayError> {
    let mut node = [0; 8];
    getrandom::fill(&mut node).map_err(OverlayError::Random)?;
    Ok(NodeId(node))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NodeId = NodeId([0x11; 8]);
    const TWO: NodeId = NodeId([0x22; 8]);

    fn bytes(hex: &str) -> Vec<u8> {
        let hex = hex.replace(' ', "");
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
    }

    #[test]
    fn a_head_of_each_version_stays_what_it_is() {
        let one = Name { node: ONE, after: 0, last: 3 };
        let two = Name { node: TWO, after: COUNTERS_OF_A_NAME, last: COUNTERS_OF_A_NAME + 2 };
        let of_one = "1111111111111111 0000000000000003";
        let of_two = "1111111111111111 0000000000000000 0000000000000003
                      2222222222222222 000000003b9aca00 000000003b9aca02"
            .replace(char::is_whitespace, "");
        for (names, version, golden) in
            [(vec![one], 1, of_one), (vec![one], 2, of_one), (vec![one, two], 3, &of_two)]
        {
            let golden = bytes(golden);
            assert_eq!(Head { names, version }.encode(), golden, "version {version}");
            let read = Head::decode(&golden, version).expect("it is one");
            assert_eq!((read.encode(), read.version), (golden, version));
        }
    }

    #[test]
    fn names_whose_counters_overlap_are_none() {
        let name = |node, after, last| Name { node, after, last };
        for names in [
            vec![],
            vec![name(ONE, 4, 3)],
            vec![name(ONE, 0, 5), name(TWO, 4, 9)],
            vec![name(ONE, 10, 11), name(TWO, 0, 5)],
        ] {
            let encoded = Head { names, version: 3 }.encode();
            assert!(Head::decode(&encoded, 3).is_none());
        }
        let sound = Head { names: vec![name(ONE, 0, 3), name(TWO, 10, 10)], version: 3 }.encode();
        for cut in 0..sound.len() {
            let decoded = Head::decode(&sound[..cut], 3);
            assert_eq!(decoded.is_some(), cut == NAME_BYTES, "{cut}");
        }
        assert!(Head::decode(&sound, 2).is_none());
    }
}
