//! A verdict with everything that was understood, consulted and noticed on the way.

use std::sync::Arc;

use jiff::Timestamp;

use super::case::CaseId;
use super::{Coverage, DocumentNumber, IssuingState, Kind, Listing, Reason, Verdict, mrz};

/// The whole answer to one question.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When it was decided; coverage is judged at this time.
    pub decided_at: Timestamp,
    /// The caller's own reference, given back.
    pub client_reference: Option<Arc<str>>,
    /// The answer.
    pub verdict: Verdict,
    /// The case that a hit has opened or added to.
    pub case: Option<CaseId>,
    /// Everything that was in doubt, whatever the verdict.
    pub reasons: Vec<Reason>,
    /// Other readings of the document that are listed.
    pub candidates: Vec<Candidate>,
    /// What is odd and decides nothing.
    pub advisories: Vec<Advisory>,
    /// The document as it was understood.
    pub understood: Understood,
    /// What was consulted.
    pub coverage: Coverage,
}

/// The document as it was understood, as far as it was.
#[derive(Clone, Debug, Default)]
pub struct Understood {
    /// The number in normal form, if it is one.
    pub number: Option<DocumentNumber>,
    /// The issuing state, if it is known.
    pub issuing_state: Option<IssuingState>,
    /// The kind presented, if it was said.
    pub kind: Option<Kind>,
    /// How sure the number is.
    pub number_assurance: Option<NumberAssurance>,
    /// The zone's format and check digits, if a zone was read.
    pub mrz: Option<mrz::Summary>,
    /// Why the zone was not read, if it was not.
    pub mrz_fault: Option<mrz::MrzFault>,
    /// Look-alike corrections that satisfy the zone's check digits. None of them was applied.
    pub mendings: Vec<mrz::Mending>,
}

/// How sure the number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberAssurance {
    /// Read from the chip, with a sound check digit where there is one.
    Chip,
    /// The printed check digit agrees.
    CheckDigit,
    /// The printed check digit does not agree.
    CheckDigitWrong,
    /// Typed by hand: nothing vouches for it.
    Typed,
    /// The printed check digit does not agree, as is known of this series of documents: nothing vouches for it.
    KnownDeviation,
    /// Read by a machine, without a check digit.
    Unchecked,
}

impl NumberAssurance {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Chip => "chip",
            Self::CheckDigit => "check_digit",
            Self::CheckDigitWrong => "check_digit_wrong",
            Self::Typed => "typed",
            Self::KnownDeviation => "known_deviation",
            Self::Unchecked => "unchecked",
        }
    }
}

/// Another reading of the document that is listed. Never a hit: someone has to look at the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What the reading changes.
    pub differs: ReadingDiffers,
    /// Who lists it, and what is said of it as it is listed.
    pub listing: Listing,
}

/// What a reading changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadingDiffers {
    /// Characters of the number that look alike.
    Number,
    /// The number's length: the zone or the list may have cut it after nine characters.
    NumberLength,
    /// What was typed in front of the number.
    NumberPrefix,
    /// The issuing state's code, by characters that look alike.
    IssuingState,
    /// The holder's nationality in place of the issuing state.
    Nationality,
    /// The kind: listed under this number as another kind than presented.
    Kind,
}

impl ReadingDiffers {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::NumberLength => "number_length",
            Self::NumberPrefix => "number_prefix",
            Self::IssuingState => "issuing_state",
            Self::Nationality => "nationality",
            Self::Kind => "kind",
        }
    }
}

/// Something odd worth saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// What it is.
    pub code: AdvisoryCode,
    /// The field of the zone that it concerns, where it concerns one.
    pub field: Option<mrz::Field>,
}

impl Advisory {
    /// An advisory that concerns no field in particular.
    #[must_use]
    pub fn new(code: AdvisoryCode) -> Self {
        Self { code, field: None }
    }
}

/// How loud an advisory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth looking at the document for.
    Caution,
}

impl Severity {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Caution => "caution",
        }
    }
}

/// The codes of advisories. On the wire the enumeration is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AdvisoryCode {
    /// A digit in the issuing state's code was read as the letter it looks like.
    IssuerCodeMended,
    /// Another state answers for the code in the issuing field.
    IssuerMerged,
    /// A check digit other than the number's is wrong.
    CheckDigitWrong,
    /// The document code is not one that ICAO knows.
    DocumentCodeOdd,
    /// A look-alike of the number is listed.
    NumberLookalikeListed,
    /// A look-alike of the issuing state's code has this number listed.
    IssuerLookalikeListed,
    /// The number has more ambiguous characters than are tried.
    LookalikesIncomplete,
    /// A notice on this document is past its review date and no longer in force.
    NoticeLapsed,
    /// A check digit is wrong as is known of this series of documents.
    KnownDeviation,
    /// Full-width or Cyrillic characters were read as the Latin ones that they look like.
    HomoglyphsRead,
}

impl AdvisoryCode {
    /// Every code.
    pub const ALL: [Self; 10] = [
        Self::IssuerCodeMended,
        Self::IssuerMerged,
        Self::CheckDigitWrong,
        Self::DocumentCodeOdd,
        Self::NumberLookalikeListed,
        Self::IssuerLookalikeListed,
        Self::LookalikesIncomplete,
        Self::NoticeLapsed,
        Self::KnownDeviation,
        Self::HomoglyphsRead,
    ];

    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::IssuerCodeMended => "issuer_code_mended",
            Self::IssuerMerged => "issuer_merged",
            Self::CheckDigitWrong => "check_digit_wrong",
            Self::DocumentCodeOdd => "document_code_odd",
            Self::NumberLookalikeListed => "number_lookalike_listed",
            Self::IssuerLookalikeListed => "issuer_lookalike_listed",
            Self::LookalikesIncomplete => "lookalikes_incomplete",
            Self::NoticeLapsed => "notice_lapsed",
            Self::KnownDeviation => "known_deviation",
            Self::HomoglyphsRead => "homoglyphs_read",
        }
    }

    /// How loud it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::IssuerMerged
            | Self::DocumentCodeOdd
            | Self::LookalikesIncomplete
            | Self::NoticeLapsed
            | Self::KnownDeviation => Severity::Info,
            Self::IssuerCodeMended
            | Self::CheckDigitWrong
            | Self::NumberLookalikeListed
            | Self::IssuerLookalikeListed
            | Self::HomoglyphsRead => Severity::Caution,
        }
    }
}
