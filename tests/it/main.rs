//! The integration tests, as one binary.

mod cli_check;
mod cli_generate;
mod cli_help;
mod cli_import;
mod cli_import_refused;
mod cli_inspect_demo;
mod cli_manifest;
mod http_checks;
mod http_manifests;
mod live_damage;
mod reasons;
mod support;
