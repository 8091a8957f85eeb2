//! The formats in which registers come.

use std::sync::Arc;

use encoding_rs::Encoding;

use super::map::{Csv, Layout, Mapping, MappingError};
use super::{Format, rows};

/// Reads the registers of one publisher, or those in a format of our own.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Of several, each text is read by the first that it fits.
    mappings: Vec<Arc<Mapping>>,
}

/// The mappings that are shipped, by the word of their format, and the folder `config/registers` holds.
const SHIPPED: [(&str, &[&str]); 3] = [
    ("ru-mvd", &[include_str!("../../config/registers/ru-mvd.toml")]),
    ("ua-mvs", &[include_str!("../../config/registers/ua-mvs.toml")]),
    (
        "cz-mvcr",
        &[
            include_str!("../../config/registers/cz-mvcr.toml"),
            include_str!("../../config/registers/cz-mvcr-series.toml"),
            include_str!("../../config/registers/cz-mvcr-answers.toml"),
        ],
    ),
];

impl Adapter {
    /// The words of the publishers' formats that are read as they come.
    pub fn words() -> impl Iterator<Item = &'static str> {
        SHIPPED.into_iter().map(|(word, _)| word)
    }

    /// The publisher's format with this word.
    ///
    /// # Panics
    /// If a mapping that is shipped is wrong, which a test holds.
    #[must_use]
    pub fn shipped(word: &str) -> Option<Self> {
        let (_, mappings) = SHIPPED.into_iter().find(|(known, _)| *known == word)?;
        let mapping = |toml: &&str| Arc::new(Mapping::parse(toml).expect("the shipped mappings are right"));
        Some(Self { mappings: mappings.iter().map(mapping).collect() })
    }

    /// The format that a mapping file describes; `config/registers` has examples that explain every key.
    ///
    /// # Errors
    /// [`MappingError`] says what is wrong with it.
    pub fn mapped(toml: &str) -> Result<Self, MappingError> {
        Ok(Self { mappings: vec![Arc::new(Mapping::parse(toml)?)] })
    }

    /// The encoding of texts that do not say theirs themselves.
    pub(super) fn encoding(&self) -> Option<&'static Encoding> {
        self.mappings.iter().find_map(|mapping| mapping.encoding)
    }

    /// How a text is cut, by its first character that is no blank.
    pub(super) fn layout(&self, first: u8) -> &Layout {
        let of_xml = |mapping: &&Arc<Mapping>| mapping.layout == Layout::CzechAnswers;
        let answers = self.mappings.iter().find(of_xml).filter(|_| first == b'<');
        let other = self.mappings.iter().find(|mapping| !of_xml(mapping));
        &answers.or(other).or(self.mappings.first()).expect("an adapter has a mapping").layout
    }

    /// The mapping of a text with this layout and first row; `None` if it fits none.
    pub(super) fn mapping(&self, layout: &Layout, first_row: &str) -> Option<Arc<Mapping>> {
        let fits = |mapping: &&Arc<Mapping>| match (&mapping.layout, layout) {
            (Layout::Csv(dialect @ Csv { count: Some(count), .. }), Layout::Csv(_)) => {
                self.mappings.len() == 1 || rows::csv_fields(first_row, dialect) == Some(*count)
            }
            (own, layout) => own == layout,
        };
        self.mappings.iter().find(fits).cloned()
    }
}

impl From<Format> for Adapter {
    fn from(format: Format) -> Self {
        let csv = Csv {
            separator: b',',
            quote: Some(b'"'),
            skip_lines: 0,
            header: true,
            strict: true,
            count: None,
        };
        let layout = match format {
            Format::Csv => Layout::Csv(csv),
            Format::Ndjson => Layout::Ndjson { strict: true },
        };
        Self { mappings: vec![Arc::new(Mapping::own(layout))] }
    }
}
