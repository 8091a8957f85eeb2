//! The names of a store, which say of two revisions with one counter, or of a counter alone, whether they are the same.

use super::head::{HEAD, Head};
use super::store::guarded;
use super::{OverlayError, Store};
use crate::domain::alert::NodeId;

/// A new name of a store, which it has not taken yet.
#[derive(Debug)]
pub struct NewName(Head);

impl NewName {
    /// The counter that its first revision comes after.
    #[must_use]
    pub fn after(&self) -> u64 {
        self.0.at().counter
    }
}

impl Store {
    /// Under which name the revision with a counter was made; `None` if there is none.
    #[must_use]
    pub fn node_of(&self, counter: u64) -> Option<NodeId> {
        self.head.name_of(counter).map(|name| name.node)
    }

    /// Whether the store was ever as far as a counter, and no further. One that counts on above what was lost never was where that was.
    #[must_use]
    pub fn was_at(&self, counter: u64) -> bool {
        counter == 0 || self.head.names().any(|name| (name.after..=name.last).contains(&counter))
    }

    /// A new name that it could take, under which it counts on above a counter.
    ///
    /// # Errors
    /// [`OverlayError::Random`].
    pub fn new_name(&self, above: u64) -> Result<NewName, OverlayError> {
        Ok(NewName(self.head.renamed(above)?))
    }

    /// Takes a new name: from here on this is another store than its twin, if it has one.
    ///
    /// # Errors
    /// [`OverlayError::Pages`]; which of the two names it has shows when it is opened again.
    pub fn rename(&mut self, name: NewName) -> Result<(), OverlayError> {
        guarded(&self.path, || self.write_head(&name.0))?;
        self.head = name.0;
        self.tell();
        Ok(())
    }

    fn write_head(&self, head: &Head) -> Result<(), OverlayError> {
        let failed = OverlayError::pages::<redb::Error>(&self.path);
        let writing = self.database.pages().begin_write().map_err(|error| failed(error.into()))?;
        {
            let mut table = writing.open_table(HEAD).map_err(|error| failed(error.into()))?;
            head.write(&mut table, &self.key).map_err(|error| failed(error.into()))?;
        }
        writing.commit().map_err(|error| failed(error.into()))
    }
}
