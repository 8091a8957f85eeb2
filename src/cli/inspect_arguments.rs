//! What can be said to `portcullis inspect`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Shows what is on disk.
#[derive(Subcommand)]
pub(crate) enum Inspect {
    Index(InspectIndex),
    Audit(InspectData),
    Config(InspectConfig),
}

/// Shows the generation in force: feeds, files, what they list and how full they are.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis inspect index --data site
  portcullis inspect index --data site --verify
With --verify every list is checked as before it was put in force; exit code 1 if one is not sound.")]
pub(crate) struct InspectIndex {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Check everything again.
    #[arg(long)]
    pub(crate) verify: bool,
}

/// Shows a part of a site's data directory.
#[derive(Args)]
#[command(after_help = "Example:\n  portcullis inspect audit --data site")]
pub(crate) struct InspectData {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

/// Checks settings and shows what they come to, defaults included.
#[derive(Args)]
#[command(after_help = "Example:\n  portcullis inspect config --config config/portcullis.toml")]
pub(crate) struct InspectConfig {
    /// The settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}
