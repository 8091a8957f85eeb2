//! A backup: everything of a site that nobody else has. Lists are fetched, or imported, again.

mod alerts;
mod contents;
mod error;
mod files;
mod make;
mod restore;

pub use alerts::StagedAlerts;
pub use contents::Backup;
pub use error::BackupError;
pub use make::back_up;
pub use restore::{name_alerts, restore};
