//! The integration tests, as one binary.

mod http_checks;
mod http_manifests;
mod support;
