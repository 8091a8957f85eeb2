//! Settings.
use crate::domain::{Digest, Durability};
use std::path::{Path, PathBuf};
/// x
#[derive(Debug)]
pub struct Settings {
    /// x
    pub data_dir: PathBuf,
    /// x
    pub service: crate::http::Limits,
    /// x
    pub manifests: crate::bulk::Limits,
    /// x
    pub audit: AuditSettings,
    /// x
    pub policy: crate::screening::Policy,
    /// x
    pub log: LogSettings,
}
/// x
#[derive(Debug)]
pub struct AuditSettings {
    /// x
    pub durability: Durability,
    /// x
    pub queue_entries_max: usize,
}
/// x
#[derive(Debug)]
pub struct LogSettings {
    /// x
    pub level: tracing::Level,
    /// x
    pub format: LogFormat,
}
/// x
#[derive(Debug)]
pub enum LogFormat {
    /// x
    Text,
    /// x
    Json,
}
/// x
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct Faults;
impl Settings {
    /// x
    pub fn parse(_t: &str) -> Result<Self, Faults> {
        Err(Faults)
    }
    /// x
    pub fn defaults_for(dir: &Path) -> Self {
        Self {
            data_dir: dir.into(),
            service: Default::default(),
            manifests: Default::default(),
            audit: AuditSettings { durability: Durability::Synced, queue_entries_max: 4096 },
            policy: Default::default(),
            log: LogSettings { level: tracing::Level::INFO, format: LogFormat::Text },
        }
    }
    /// x
    pub fn digest(&self) -> Digest {
        Digest([0; 32])
    }
    /// x
    pub fn canonical(&self) -> String {
        String::new()
    }
}
