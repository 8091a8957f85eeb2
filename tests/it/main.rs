//! The integration tests, as one binary.

mod http_checks;
mod http_manifests;
mod index_mapping;
mod index_publish;
mod index_samples;
mod index_segment;
mod support;
