//! What a publisher asks of whoever uses its list.

use serde::{Deserialize, Serialize};

/// The terms of a feed, in its publisher's words. They are signed with each publication and shown with each coverage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// The law on which the list rests.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub legal_basis: String,
    /// What it may be asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
    /// Who may ask.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// Whether carriers may be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onward_to_carriers: Option<bool>,
    /// Whether a hit must be reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hits_to_be_reported: Option<bool>,
    /// Whom to reach at any hour.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub contact: String,
    /// The day on which the terms are looked at again, as YYYY-MM-DD.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub review_on: String,
}

impl Terms {
    /// True if nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What cannot be signed so that every reader reads the same.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let texts = [&self.legal_basis, &self.contact, &self.review_on].into_iter();
        let mut texts = texts.chain(&self.purposes).chain(&self.audiences);
        if texts.clone().any(|text| text.chars().any(char::is_control)) {
            return Some("a text of the terms has a line break or another control character");
        }
        // Canonical JSON composes characters and some readers do not: what is composed already is the same to both.
        if texts.clone().any(|text| text.chars().any(|char| matches!(char, '\u{300}'..='\u{36f}'))) {
            return Some(
                "a text of the terms has an accent apart from its letter: write letters with accents as one",
            );
        }
        texts
            .any(|text| text.len() > TEXT_BYTES_MAX)
            .then_some("a text of the terms is longer than 1000 bytes")
    }
}

const TEXT_BYTES_MAX: usize = 1000;
