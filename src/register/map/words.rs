//! Words of a publisher, and ours for them.

use std::collections::HashMap;

use super::mapping::{Raw, Slot};

/// Where a word comes from, and what it means.
#[derive(Clone, Debug)]
pub(super) struct WordRule {
    pub(super) from: From,
    pub(super) values: Option<Values>,
}

#[derive(Clone, Debug)]
pub(super) enum From {
    Constant(Box<str>),
    Slot(Slot),
    /// The beginning of the text's name, whatever its case; the longest that fits.
    FileName,
}

/// Our word for each of the publisher's, whatever their case.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    words: HashMap<Box<str>, Box<str>>,
    otherwise: Option<Box<str>>,
}

impl WordRule {
    /// Our word; `None` if the publisher's has no meaning.
    pub(super) fn word<'a>(&'a self, raw: &'a Raw<'_>, name: &str) -> Option<&'a str> {
        let text = match &self.from {
            From::Constant(word) => return Some(word),
            From::FileName => return self.values.as_ref()?.by_beginning(name),
            From::Slot(slot) => raw.text(*slot),
        };
        match &self.values {
            None => Some(text),
            Some(values) => values.word(text.trim()),
        }
    }
}

impl Values {
    pub(super) fn new(words: impl IntoIterator<Item = (String, String)>, otherwise: Option<String>) -> Self {
        let folded = words.into_iter().map(|(word, ours)| (word.to_uppercase().into(), ours.into()));
        Self { words: folded.collect(), otherwise: otherwise.map(Into::into) }
    }

    /// Our words, to be checked against those that there are.
    pub(super) fn ours(&self) -> impl Iterator<Item = &str> {
        self.words.values().chain(&self.otherwise).map(AsRef::as_ref)
    }

    fn word(&self, text: &str) -> Option<&str> {
        let found = self.words.get(text).or_else(|| self.words.get(text.to_uppercase().as_str()));
        found.or(self.otherwise.as_ref()).map(AsRef::as_ref)
    }

    fn by_beginning(&self, name: &str) -> Option<&str> {
        let name = name.to_uppercase();
        let fits = self.words.iter().filter(|(beginning, _)| name.starts_with(&***beginning));
        let longest = fits.max_by_key(|(beginning, _)| beginning.len()).map(|(_, ours)| ours);
        longest.or(self.otherwise.as_ref()).map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_names_by_their_longest_beginning() {
        let words = [("ВТРАЧЕНИЙ", "lost"), ("op", "identity_card"), ("OPs", "visa")];
        let values = Values::new(words.map(|(word, ours)| (word.to_owned(), ours.to_owned())), None);
        assert_eq!(values.word("втрачений"), Some("lost"));
        assert_eq!(values.word("found"), None);
        assert_eq!(values.by_beginning("op_vse.csv"), Some("identity_card"));
        assert_eq!(values.by_beginning("OPS_vse.csv"), Some("visa"));
        assert_eq!(values.by_beginning("zp.csv"), None);
        let otherwise = Values::new([], Some("other".to_owned()));
        assert_eq!((otherwise.word("x"), otherwise.by_beginning("x")), (Some("other"), Some("other")));
    }
}
