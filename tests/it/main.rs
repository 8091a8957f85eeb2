//! The integration tests, one binary.

mod config_faults;
mod config_settings;
