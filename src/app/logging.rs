//! Where the service's own words go: to standard error, never with a document number.

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{LogFormat, LogLevel, LogSettings};

/// Sends events to standard error as settings say. Later calls in one process change nothing.
///
/// Libraries are heard from warnings upwards only: what they tell of a connection is not ours to vouch for.
pub fn start_logging(settings: &LogSettings) {
    let ours = Targets::new()
        .with_target("portcullis", level(settings.level))
        // It reports what clients send that is no HTTP, as errors.
        .with_target("actix_http", LevelFilter::OFF)
        .with_default(Level::WARN);
    let lines = fmt::layer().with_writer(std::io::stderr);
    // A second subscriber is refused, which is what is wanted where tests start the service twice.
    let _ = match settings.format {
        LogFormat::Text => registry().with(lines.with_filter(ours)).try_init(),
        LogFormat::Json => registry().with(lines.json().with_filter(ours)).try_init(),
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
