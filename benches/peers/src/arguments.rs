//! What may be said on the command line.

use clap::Parser;

use crate::roster;

/// Asks Portcullis and its peers the same questions, and tells who answers faster.
#[derive(Parser)]
pub(crate) struct Arguments {
    /// Notices on the list.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) records: u64,
    /// Rounds of which the median is taken.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rounds: u64,
    /// The peers to be asked, if not all.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', value_parser = roster::names().collect::<Vec<_>>())]
    only: Vec<String>,
    /// Print one JSON object for each figure instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Arguments {
    pub(crate) fn is_wanted(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == name)
    }
}
