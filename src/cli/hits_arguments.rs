//! What can be said to `portcullis hits`.

use std::path::PathBuf;

use clap::Args;

/// Shows the hits of a site as they were recorded, one JSON object a line: where and when, never whose document.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis hits --data site
  portcullis hits --data site --from now --follow
  portcullis hits --data site --from serve-00c0ffee:1017 --follow
  portcullis hits --data site --from serve-00c0ffee:1017 --webhook desk --config portcullis.toml
Each line says with `position` where to go on after it; a hit that is shown twice has the same `id`. Works beside a running service, and is
recorded as every reading of the log is. Exit code: 0 all that there is was shown, 1 a log cannot be read further, which is named.")]
pub(crate) struct Hits {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Where to begin: start, which is the oldest that is kept, now, or the position of a line.
    #[arg(long, value_name = "POSITION", default_value = "start")]
    pub(crate) from: String,
    /// Go on with what comes, until it is told to stop.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Settings with the site's name and its webhooks [default: the site is not named].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Shows nothing: has this webhook, which has a cursor or is in the settings, told what comes after --from, such as when its cursor is
    /// spoilt.
    #[arg(long, value_name = "NAME", conflicts_with = "follow")]
    pub(crate) webhook: Option<String>,
    /// What it is for, for the record.
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,
}
