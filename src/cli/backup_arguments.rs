//! What can be said to `portcullis backup` and `portcullis restore`.

use std::path::PathBuf;

use clap::Args;

/// Backs up what nobody else has of a site: logs, keys, settings, how new its lists are, and how far hits were told.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis backup --config portcullis.toml --to /mnt/backup/2026-11-27
The service may go on working. Each log is copied as of its newest checkpoint, and the copy is verified. Lists are not in a backup, for
they are fetched, or imported, again; nor is any key that signs, for a log is not gone on with after a restore. Keys are: keep the
folder where only its operator can read it, and no longer than the entries in it.")]
pub(crate) struct Backup {
    /// The site's settings, which are backed up too.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The folder of the backup, which does not exist yet.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}

/// Restores a site from a backup into a new data directory.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis restore /mnt/backup/2026-11-27 --data site
Every file is checked first. The logs of before are put aside, as `<log id>.restored`: they can be verified, searched and proved from,
webhooks are told the hits in them that they were not told, and whoever writes next begins a new log. No list is in force until it is fetched (portcullis sync --release NAME) or imported, none is accepted that is older than those that
were in force when the backup was made, and nothing is clear until all of these feeds are there.")]
pub(crate) struct Restore {
    /// The folder of the backup.
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: PathBuf,
    /// The data directory, which does not exist yet.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}
