//! Where the service's own words go: to standard error, never with a document number.

use crate::config::{LogFormat, LogSettings};

/// Sends events to standard error as settings say. Later calls in one process change nothing.
pub fn start_logging(settings: &LogSettings) {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(settings.level);
    // A second subscriber is refused, which is what is wanted where tests start the service twice.
    let _ = match settings.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
