//! The audit log: every answer is recorded before it is given.
//!
//! A deciding process opens a log of its own under `<data>/audit/<log id>/`, hands in [`Draft`]s, and gets
//! back what it handed in as [`Audited`](crate::domain::Audited) once the entry is durable. One thread
//! writes; everybody who waits shares one `fdatasync`. A log has a journal, `bodies` (what happened, salted),
//! and `leaves` (one hash per entry, kept for good); `format.rs` describes both. A leaf on
//! disk implies that its body was synced, so that opening tells a torn tail, which is cut, from damage, which
//! is refused. What is in the journal's older files is sealed (`sealed/`) by class and day, so that it can be erased when
//! its time is over; `history.rs` reads it all as one.

mod adopt;
mod alert_floor;
mod attest;
mod base64url;
mod body;
#[cfg(test)]
mod body_tests;
mod case_key;
mod case_mark;
mod checkpoint;
mod checkpoints;
mod collect;
mod computed;
mod config;
mod copy;
mod days_on_record;
mod draft;
mod elsewhere;
mod erase;
mod erasures;
mod error;
mod export;
mod follow;
mod format;
mod generation_mark;
mod group;
mod history;
mod inspect;
mod journal;
mod key_ring;
mod keys;
mod line;
mod log;
mod log_id;
mod members;
mod next_file;
mod note;
mod open;
mod output;
mod pending;
mod places;
mod position;
mod proof;
mod reader;
mod reply;
mod report;
mod reserve;
mod scan;
mod sealed;
mod see_that;
mod signed;
mod signing;
mod tail;
mod tree;
mod tree_writer;
mod verify;
mod vouched;
mod writer;

pub use adopt::adopt;
pub use alert_floor::{alert_floor, alert_floor_put_aside};
pub use body::{BodyFault, DIGESTS_KEPT, Entry, FINDINGS_KEPT};
pub use case_mark::{CaseMark, DraftCase, DraftOutcome, OutcomeMark};
pub use checkpoint::Checkpoint;
pub use collect::Collector;
pub use config::Config;
pub use copy::{copy_log, copy_log_as_it_is};
pub use days_on_record::DaysOnRecord;
pub use draft::{Act, Draft};
pub use erase::{ClockBy, Erasable, Erasure};
pub use error::{AuditError, Damage, ElsewhereFault, Fault, HeaderFault};
pub use follow::{Follower, VisitNew, VisitSome, Wanted};
pub use format::BODY_BYTES_MAX;
pub use generation_mark::GenerationMark;
pub use inspect::{Erased, LogSummary, Recorded, Stored, inspect, read_log};
pub use key_ring::{destroy_digest_key, rotate_digest_key};
pub use keys::{Digester, KeyId};
pub use line::{Asked, DraftLine, EntryLine};
pub use log::{AuditLog, Opened};
pub use log_id::{RESTORED_ENDING, Role};
pub use note::NoteKey;
pub use pending::Pending;
pub use position::Position;
pub use proof::{ProofFault, Proved, check_proof, prove};
pub use reader::LogReader;
pub use report::Report;
pub use sealed::{Retention, RetentionClass, bounds_of};
pub use verify::{Examined, Expected, log_folders, missing_logs, verify};
