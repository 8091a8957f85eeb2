//! What a file lists, told by reading all of it and not by looking anything up.

use std::collections::{BTreeSet, HashMap};

use crate::domain::DocumentId;

use super::{Damaged, Key, Segment};

impl<B: AsRef<[u8]>> Segment<B> {
    /// Those of some documents that are listed, in their order. Reads the file from end to end: it is what lookups are
    /// compared with.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    pub fn listed_of(&self, documents: &[DocumentId]) -> Result<Vec<DocumentId>, Damaged> {
        let keyed = documents.iter().filter_map(|document| Some((Key::pack(document)?.bits(), *document)));
        let (mut listed, keyed): (_, HashMap<_, _>) = (BTreeSet::new(), keyed.collect());
        for found in self.view().keyed() {
            listed.extend(keyed.get(&found?.0.bits()));
        }
        let longs: BTreeSet<_> = documents.iter().filter(|document| Key::pack(document).is_none()).collect();
        for found in self.long_documents() {
            let (document, _) = found?;
            if longs.contains(&document) {
                listed.insert(document);
            }
        }
        Ok(listed.into_iter().collect())
    }
}
