//! Integration tests, as one binary.

mod audit_crash;
mod audit_damage;
mod audit_group_commit;
mod audit_log;
mod audit_samples;
mod support;
