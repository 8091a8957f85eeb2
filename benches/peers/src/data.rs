//! What is listed and what is asked.

use std::collections::HashMap;

use portcullis::domain::{DocumentId, Notice};
use portcullis::index::Key;
use portcullis::register::generate::Generator;

/// Documents asked for in a round; fewer hits if fewer are listed.
const QUESTIONS: usize = 1 << 20;
const LISTED_SEED: u64 = 1;
const MISSING_SEED: u64 = 2;

/// A key and the number of what is said of its document, as a peer holds them.
pub(crate) type Record = (u64, u32);

pub(crate) struct Questions {
    pub(crate) misses: Asked,
    pub(crate) hits: Asked,
}

/// The same questions in both forms.
pub(crate) struct Asked {
    pub(crate) documents: Vec<DocumentId>,
    pub(crate) keys: Vec<u64>,
}

impl Asked {
    fn of(documents: impl Iterator<Item = DocumentId>) -> Self {
        let (documents, keys) = documents.map(|document| (document, key(&document))).unzip();
        Self { documents, keys }
    }
}

/// The notices of the list, in the order in which they are drawn.
pub(crate) fn notices(records: u64) -> impl Iterator<Item = Notice> {
    drawn(LISTED_SEED, records)
}

/// Every document of the list once, by ascending keys. Of several notices of a document a peer holds one only.
pub(crate) fn records(records: u64) -> Vec<Record> {
    let mut numbers = HashMap::new();
    let mut number = |notice: &Notice| {
        let next = u32::try_from(numbers.len()).expect("fewer sets than notices");
        let said = (notice.kind, notice.status, notice.reported_on, notice.review_on);
        *numbers.entry(said).or_insert(next)
    };
    let mut records: Vec<_> =
        notices(records).map(|notice| (key(&notice.document), number(&notice))).collect();
    records.sort_unstable();
    records.dedup_by_key(|(key, _)| *key);
    records
}

pub(crate) fn questions(records: u64, listed: &[Record]) -> Questions {
    let is_missing = |document: &DocumentId| {
        let key = key(document);
        listed.binary_search_by_key(&key, |(key, _)| *key).is_err()
    };
    let others = drawn(MISSING_SEED, 1 << 40).map(|notice| notice.document);
    let step = usize::try_from(records).expect("64 bits").div_ceil(QUESTIONS);
    Questions {
        misses: Asked::of(others.filter(is_missing).take(QUESTIONS)),
        hits: Asked::of(notices(records).step_by(step).map(|notice| notice.document)),
    }
}

fn drawn(seed: u64, records: u64) -> impl Iterator<Item = Notice> {
    Generator::new(seed, records).filter(|notice| Key::pack(&notice.document).is_some())
}

fn key(document: &DocumentId) -> u64 {
    Key::pack(document).expect("documents without a key are left out").bits()
}
