//! Many alerts at once, from a file: all of them or none, or each for itself.
//!
//! [`Import`] reads rows ([`Format`]) in bounded memory a line, plans and records them as the desk does, and accounts for each ([`Tally`]):
//! rows read = issued + issued before + rejected + held back. Whoever lets it [to the desk](AtDesk) does so a step at a time, so that other
//! acts have their turn between them.

mod csv;
mod error;
mod lines;
mod rows;
mod run;
mod tally;

pub use error::ImportError;
pub use lines::LINE_BYTES_MAX;
pub use rows::{Format, Row, Rows};
pub use run::{AtDesk, CHUNK_ROWS, Import, Imported, Mode, Observer, Outcome, Stage};
pub use tally::{Reject, RejectReason, Tally};
