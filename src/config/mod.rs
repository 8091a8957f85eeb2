//! Settings: one TOML file, read whole or refused whole.
//!
//! [`Settings::parse`] reports every fault of a file at once. What the file may say stands once, in `layout`: the
//! reader and the writer both walk it, so a key that is read is also shown by [`Settings::canonical`]. The words for
//! people stand in `config/portcullis.toml`, which is also the form that `canonical` fills in.
//! Reading the file is the caller's.

mod deviations;
mod faults;
mod layout;
mod publisher;
mod reader;
mod settings;
mod shapes;
mod sources;
mod stores;
mod webhooks;
mod writer;

pub use deviations::parse_deviations;
pub use faults::{Fault, Faults};
pub use publisher::{KeySource, PublisherSettings};
pub use settings::{IndexMemory, LogFormat, LogLevel, LogSettings, Settings};
pub use sources::SourceSettings;
pub use stores::StoreSettings;
pub use webhooks::WebhookSettings;
