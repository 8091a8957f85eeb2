//! What is asked, by whom, and what the answer has to rest on.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use zeroize::Zeroizing;

use crate::domain::alert::CallerClass;
use crate::domain::{FeedName, Kind};

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    /// The document as presented.
    pub presented: Presented,
    /// How it was read; `None` takes the usual way for what is presented.
    pub input: Option<Input>,
    /// Who asks, for the audit log.
    pub asker: Asker,
    /// The oldest feed may have at most this age.
    pub data_age_max: Option<SignedDuration>,
    /// Feeds must have at least these sequences.
    pub min_sequences: BTreeMap<FeedName, u64>,
}

/// The document as presented. `Debug` shows its shape only: the content is personal data.
#[derive(Clone)]
pub enum Presented {
    /// The text of a machine-readable zone, wiped when dropped: names and dates of birth are in it.
    Mrz(Zeroizing<String>),
    /// Number and issuing state from the document's face.
    Document {
        /// The number as printed or typed.
        number: String,
        /// The issuing state's code.
        issuing_state: String,
        /// The kind, if it is known.
        kind: Option<Kind>,
    },
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Mrz(_) => "Mrz(..)",
            Self::Document { .. } => "Document(..)",
        })
    }
}

/// How a document was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// By a camera.
    Optical,
    /// From the chip.
    Chip,
    /// From a barcode.
    Barcode,
    /// By hand.
    Typed,
}

impl Input {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Optical, Self::Chip, Self::Barcode, Self::Typed];

    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Optical => "optical",
            Self::Chip => "chip",
            Self::Barcode => "barcode",
            Self::Typed => "typed",
        }
    }

    /// The way with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|input| input.word() == word)
    }
}

/// Who asks, in words that the audit log keeps. None of them may name a traveller.
#[derive(Clone, Debug, Default)]
pub struct Asker {
    /// The caller as the service knows it.
    pub principal: Arc<str>,
    /// What he is; alerts are for some and not for others.
    pub class: CallerClass,
    /// The lawful purpose stated.
    pub purpose: Option<Arc<str>>,
    /// The checkpoint's terminal.
    pub terminal: Option<Arc<str>>,
    /// The person at the terminal, pseudonymous.
    pub operator: Option<Arc<str>>,
    /// The caller's own reference, given back in the answer.
    pub client_reference: Option<Arc<str>>,
    /// What the caller calls this request, so that the same scan sent again is known as that. It is not recorded.
    pub idempotency_key: Option<Arc<str>>,
}
