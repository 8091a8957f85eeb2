//! The alerts in force as a signed file, for whoever keeps a copy of them.
//!
//! NDJSON: a line of what it is, a line each alert; then an empty line, and a signed note (C2SP `signed-note`) over the SHA-256 of all before the
//! empty line. Numbers stand in it: that is its purpose.

mod line;
#[cfg(test)]
mod tests;
mod verify;
mod write;

pub use verify::{ExportFault, Exported, verify_export};
pub use write::Export;
