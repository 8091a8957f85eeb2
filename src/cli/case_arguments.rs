//! What can be said to `portcullis case`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Says what became of hits. Each hit opens a case, or adds to one: the same scan sent again is the same case. Works beside a running
/// service, which takes outcomes up within seconds.
#[derive(Subcommand)]
#[command(after_help = "\
A case holds its document and findings sealed, as long as hits are kept (audit.keep-hits-days), and is opened with the site's digest key.
Reading a case and saying what became of it are recorded in the audit log first.
  portcullis case list --data site
  portcullis case outcome --data site CASE false_hit --contact 'Police of Utopia'
  portcullis case outcome --data site CASE cleared_until --until 2027-01-31T00:00:00Z")]
pub(crate) enum Case {
    List(CaseList),
    Show(CaseShow),
    Outcome(CaseOutcome),
    Statistics(CaseStatistics),
}

/// Lists cases, from the oldest. Numbers are not shown: `show` has them.
#[derive(Args)]
pub(crate) struct CaseList {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Also those of which it is known what became of them.
    #[arg(long)]
    pub(crate) all: bool,
    /// One JSON object a case.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Shows a case with its document, its findings, all checks and all outcomes, as JSON.
#[derive(Args)]
pub(crate) struct CaseShow {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The case's name.
    #[arg(value_name = "CASE")]
    pub(crate) case: String,
}

/// Says what became of a case. By policy somebody else has to say the same before it holds.
#[derive(Args)]
pub(crate) struct CaseOutcome {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The settings, of which [cases] has the rules [default: those that a service of the site started with last, or the built-in ones].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The case's name.
    #[arg(value_name = "CASE")]
    pub(crate) case: String,
    /// confirmed, false_hit, cleared_until or refuse.
    #[arg(value_name = "OUTCOME")]
    pub(crate) outcome: String,
    /// Until when its bearer is cleared, such as 2027-01-31T00:00:00Z: with cleared_until, and only then.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Whom we asked.
    #[arg(long, value_name = "TEXT")]
    pub(crate) contact: Option<String>,
    /// When we asked.
    #[arg(long, value_name = "TIME")]
    pub(crate) asked_at: Option<String>,
    /// When the answer came.
    #[arg(long, value_name = "TIME")]
    pub(crate) answered_at: Option<String>,
    /// How good the finding's source is, as of now: a scheme and its code, such as admiralty:B2.
    #[arg(long, value_name = "SCHEME:CODE")]
    pub(crate) grade_after: Option<String>,
    /// Only if the case still has so many outcomes.
    #[arg(long, value_name = "N")]
    pub(crate) outcomes: Option<usize>,
}

/// Counts outcomes by whose findings the cases had, with the rate of false hits.
#[derive(Args)]
pub(crate) struct CaseStatistics {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// One JSON object a source.
    #[arg(long)]
    pub(crate) json: bool,
}
