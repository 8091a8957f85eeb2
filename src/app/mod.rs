//! The wiring: settings to a running service, and its ordered end.

mod alert_watch;
mod backup;
mod case_watch;
mod eraser;
mod error;
mod handle;
mod hits;
mod logging;
mod recorder;
mod rules;
mod server;
mod sources;
mod stores;
mod synchronise;
mod watch;

pub use backup::{Backup, BackupError, StagedAlerts, back_up, name_alerts, restore};
pub use error::AppError;
pub use handle::Handle;
pub use hits::WebhookError;
pub use logging::start_logging;
pub use rules::{RulesError, SiteRules};
pub use server::{Server, open_screening};
pub use sources::{SourceError, sources};
pub use stores::{PushError, push_to_store};
