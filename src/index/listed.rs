//! What a list has, told by reading all of it and not by looking anything up.

use std::collections::{BTreeSet, HashMap};

use crate::domain::DocumentId;

use super::cores::on_all_cores;
use super::filter::Filter;
use super::segment::Said;
use super::{Damaged, Key, List, Segment};

impl<B: AsRef<[u8]> + Sync> List<B> {
    /// Those of some documents that are listed, in their order. Reads the files from end to end, on all cores: it is what
    /// lookups are compared with.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are no longer those that were checked.
    pub fn listed_of(&self, documents: &[DocumentId]) -> Result<Vec<DocumentId>, Damaged> {
        let mut listed: BTreeSet<_> = self.base().listed_of(documents)?.into_iter().collect();
        let asked: BTreeSet<_> = documents.iter().collect();
        for changed in self.delta().into_iter().flat_map(Segment::documents) {
            match changed? {
                (document, Said::Gone) => drop(listed.remove(&document)),
                (document, Said::Set(_)) if asked.contains(&document) => drop(listed.insert(document)),
                (_, Said::Set(_)) => {}
            }
        }
        Ok(listed.into_iter().collect())
    }
}

impl<B: AsRef<[u8]> + Sync> Segment<B> {
    fn listed_of(&self, documents: &[DocumentId]) -> Result<Vec<DocumentId>, Damaged> {
        let mixer = self.header().shape.mixer;
        let keyed =
            documents.iter().filter_map(|document| Some((mixer.mix(Key::pack(document)?.bits()), *document)));
        let keyed: HashMap<_, _> = keyed.collect();
        let (view, filter) = (self.view(), Filter::of(&keyed.keys().copied().collect::<Vec<_>>()));
        let parts = on_all_cores(|part, parts| {
            let mut found = Vec::new();
            for entry in view.table()?.into_entries_of(part, parts) {
                let (h, _) = entry?;
                if filter.may_have(h) {
                    found.extend(keyed.get(&h));
                }
            }
            Ok(found)
        })?;
        let mut listed: BTreeSet<_> = parts.into_iter().flatten().collect();
        let longs: BTreeSet<_> = documents.iter().filter(|document| Key::pack(document).is_none()).collect();
        for found in self.long_documents() {
            let (document, said) = found?;
            if said != Said::Gone && longs.contains(&document) {
                listed.insert(document);
            }
        }
        Ok(listed.into_iter().collect())
    }
}
