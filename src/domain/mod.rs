//! The vocabulary: what a document, a notice, a question and a verdict are.
//!
//! Pure: no input or output, no clock, no runtime, no wire format. Every other module imports from here and this
//! one imports from none.

pub mod alert;
mod answer;
mod bulletin;
pub mod case;
mod coverage;
mod cyrillic;
mod deviations;
mod document;
mod feed_name;
mod hex;
mod kind;
mod lookalike;
pub mod mrz;
mod notice;
mod number;
mod proof;
mod reason;
mod state;
mod state_table;
mod status;
mod verdict;

pub use answer::{
    Advisory, AdvisoryCode, Answer, Candidate, NumberAssurance, ReadingDiffers, Severity, Understood,
};
pub use bulletin::{Authority, Bulletin, Digest, SegmentRef, SegmentRole};
pub use coverage::{
    AlertsCoverage, CompleteCoverage, Coverage, FeedCoverage, Freshness, GenerationId, IssuerCoverage,
};
pub(crate) use cyrillic::{look_alike, transliterate};
pub use deviations::{Deviation, Deviations, NumberRange, Prints};
pub use document::DocumentId;
pub use feed_name::{FeedName, FeedNameFault};
pub(crate) use hex::{read_hex, write_hex};
pub use kind::Kind;
pub use lookalike::{Lookalikes, code_lookalikes, letter_twin, mend_code, mend_digit, twin};
pub(crate) use mrz::latin_twin;
pub use notice::{Notice, Reference, ReferenceFault};
pub use number::{DocumentNumber, NumberFault};
pub use proof::{Audited, Durability, Receipt, Verified};
pub use reason::{Reason, ReasonCode, Remedy};
pub use state::{IssuingState, Recognised};
pub use status::Status;
pub use verdict::{Cleared, Finding, FindingId, Listing, Match, Verdict};
