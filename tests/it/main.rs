//! The integration tests, as one binary.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod audit_answers;
mod audit_crash;
mod audit_damage;
mod audit_disk_full;
mod audit_group_commit;
mod audit_log;
mod audit_samples;
mod cli_check;
mod cli_contract;
mod cli_generate;
mod cli_help;
mod cli_import;
mod cli_import_refused;
mod cli_inspect_demo;
mod cli_manifest;
mod cli_registers;
mod config_faults;
mod config_settings;
mod corpus;
mod feed_local;
mod http_checks;
mod http_manifests;
mod index_mapping;
mod index_publish;
mod index_samples;
mod index_segment;
mod kill;
mod live_damage;
mod mrz_allocations;
mod mrz_generated;
mod mrz_oracles;
mod mrz_russian;
mod newest_generation;
mod privacy;
mod publish_crash;
mod reasons;
mod register_archives;
mod register_generate;
mod register_mapped;
mod register_publishers;
mod register_rows;
mod register_support;
mod support;
mod wire_golden;
