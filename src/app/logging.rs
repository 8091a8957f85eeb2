//! Where the service's own words go: to standard error, never with a document number.

use tracing::Level;

use crate::config::{LogFormat, LogLevel, LogSettings};

/// Sends events to standard error as settings say. Later calls in one process change nothing.
pub fn start_logging(settings: &LogSettings) {
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level(settings.level));
    // A second subscriber is refused, which is what is wanted where tests start the service twice.
    let _ = match settings.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

fn level(level: LogLevel) -> Level {
    match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
    }
}
