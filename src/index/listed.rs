//! What a file lists, told by reading all of it and not by looking anything up.

use std::collections::BTreeSet;

use crate::domain::DocumentId;

use super::{Damaged, Key, Segment};

impl<B: AsRef<[u8]>> Segment<B> {
    /// Those of some documents that are listed, in their order. Reads the file from end to end: it is what lookups are
    /// compared with.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    pub fn listed_of(&self, documents: &[DocumentId]) -> Result<Vec<DocumentId>, Damaged> {
        let (mut listed, mut keys) = (BTreeSet::new(), Vec::new());
        keys.extend(documents.iter().filter_map(|document| Some((Key::pack(document)?.bits(), *document))));
        keys.sort_unstable();
        let (view, mut wanted) = (self.view(), keys.into_iter().peekable());
        for at in 0..view.header.layout.slot_count {
            let key = view.slot(at)?.key;
            while let Some((asked, document)) = wanted.next_if(|(asked, _)| *asked <= key) {
                if asked == key {
                    listed.insert(document);
                }
            }
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
