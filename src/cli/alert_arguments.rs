//! What can be said to `portcullis alert`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use portcullis::overlay::LastSeen;

/// Issues alerts of our own, which stand in answers beside what lists say. Works beside a running service, which takes them up
/// within seconds.
#[derive(Subcommand)]
#[command(after_help = "\
An alert as JSON:
  {\"document\": {\"issuing_state\": \"UTO\", \"number\": \"L898902C3\"},
   \"category\": \"stolen\", \"action\": \"seize\", \"instruction\": {\"text\": \"Keep it, call us.\", \"language\": \"en\"},
   \"originator\": {\"name\": \"Police of Utopia\", \"contact\": \"+999 1234\", \"reference\": \"A-17\"},
   \"grade\": {\"scheme\": \"admiralty\", \"code\": \"B2\"},
   \"handling\": {\"classes\": [\"officer\"], \"purposes\": []},
   \"valid\": {\"to\": \"2027-06-01T00:00:00Z\"}}
or, instead of the document, stolen blanks and series:
   \"interval\": {\"issuing_state\": \"UTO\", \"from\": \"C01X00010\", \"to\": \"C01X00099\"}
   \"interval\": {\"issuing_state\": \"UTO\", \"prefix\": \"C01X\", \"length\": 9}
No purposes means every purpose. An alert for some only is told to whoever names one of them: `portcullis check --purpose border`.")]
pub(crate) enum Alert {
    Issue(AlertIssue),
    Import(AlertImport),
    /// Submits a draft: from then on it waits for approval, or is in force.
    Submit(AlertAct),
    /// Approves what somebody else has issued or amended; from then on it counts.
    Approve(AlertAct),
    Amend(AlertAmend),
    Renew(AlertRenew),
    /// Withdraws an alert, for good.
    Withdraw(AlertAct),
    Expire(AlertExpire),
    List(AlertList),
    Show(AlertShow),
    Search(AlertSearch),
    Changes(AlertChanges),
    Export(AlertExport),
    VerifyExport(AlertVerifyExport),
    Restore(AlertRestore),
    AcceptLoss(AlertLoss),
}

/// Where alerts are kept, and by which rules.
#[derive(Args)]
pub(crate) struct AlertSite {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The settings, of which [alerts] has the rules [default: those that a service of the site started with last, or the built-in ones].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Issues an alert, and prints its name.
#[derive(Args)]
pub(crate) struct AlertIssue {
    #[command(flatten)]
    pub(crate) site: AlertSite,
    /// A file with the alert, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) alert: PathBuf,
    /// Issue it once, however often this is said with the same key.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// Write it down only: it is in force nowhere until it is submitted.
    #[arg(long)]
    pub(crate) draft: bool,
}

/// Issues many alerts: all of them, or none if there is something wrong with one.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis alert import alerts.ndjson --data site
  portcullis alert import alerts.csv --data site --per-row --rejects refused.csv
NDJSON has one alert a line, as `portcullis alert --help` shows it, and perhaps an \"idempotency_key\" of its own: the same import told
twice then issues nothing twice. CSV has a header line that names its columns, in any order:
  issuing_state            with number, or from and to, or prefix and length
  category, action         and perhaps instruction, with its language
  originator, contact      and perhaps reference
  grade_scheme, grade_code
  classes                  and perhaps purposes, release_to: words with blanks between them
  valid_to                 and perhaps valid_from
  idempotency_key          perhaps
A row is a line: an instruction of several lines needs NDJSON. Every row is accounted for: read = issued + issued before (by its key) +
rejected + held back. Rejected rows are listed by line, reason and rule, never by content. Exit codes: 0 imported, also if rows were
rejected --per-row; 1 nothing was issued, or not everything.")]
pub(crate) struct AlertImport {
    #[command(flatten)]
    pub(crate) site: AlertSite,
    /// A file with alerts, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How the file is written [default: what begins with { is ndjson, anything else is csv].
    #[arg(long, value_enum)]
    pub(crate) format: Option<AlertFormat>,
    /// Issue all of them in one write, or none; this is the default.
    #[arg(long, conflicts_with = "per_row")]
    pub(crate) all_or_nothing: bool,
    /// Issue each for itself, a thousand in a write, and leave those out that there is something wrong with.
    #[arg(long)]
    pub(crate) per_row: bool,
    /// Issue rows without a key of their own once, however often the same file is imported with the same key.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// Where rejected rows are listed [default: <data>/imports/alerts.rejects.csv].
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Say what would be issued, and issue nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How alerts are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlertFormat {
    Csv,
    Ndjson,
}

/// Which alert an act is on.
#[derive(Args)]
pub(crate) struct AlertAct {
    #[command(flatten)]
    pub(crate) site: AlertSite,
    /// The alert's name.
    #[arg(value_name = "ALERT")]
    pub(crate) alert: String,
    /// Only if it still has this revision.
    #[arg(long, value_name = "N")]
    pub(crate) revision: Option<u32>,
}

/// Changes what an alert says; a second issuer has to approve anew, where one has to.
#[derive(Args)]
pub(crate) struct AlertAmend {
    #[command(flatten)]
    pub(crate) act: AlertAct,
    /// A file with the whole alert as it is to be, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) statement: PathBuf,
}

/// Lets an alert hold until another time.
#[derive(Args)]
pub(crate) struct AlertRenew {
    #[command(flatten)]
    pub(crate) act: AlertAct,
    /// The new end, such as 2027-06-01T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: String,
}

/// Puts on record that alerts whose time is over have expired. They are in force no more in any case; a running service does this each
/// minute. Nothing expires by a clock that is ahead: the logs have to have entries of two days since.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis alert expire --data site
  portcullis alert expire --data site --clock-checked
An alert that has expired can be renewed: then it is in force again, or waits for approval.")]
pub(crate) struct AlertExpire {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Somebody has looked at the clock: what is over by it expires at once.
    #[arg(long)]
    pub(crate) clock_checked: bool,
}

/// Lists alerts. Numbers are not shown: `show` has them.
#[derive(Args)]
pub(crate) struct AlertList {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Also those that are not in force.
    #[arg(long)]
    pub(crate) all: bool,
    /// One JSON object an alert.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Searches for the alerts that concern a document, in force or not, as JSON.
#[derive(Args)]
#[command(after_help = "\
Example:
  printf 'UTO L898902C3' | portcullis alert search --document - --data site
That somebody searches is recorded first, without the document.")]
pub(crate) struct AlertSearch {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// - for a document on standard input: state and number.
    #[arg(long, value_name = "-")]
    pub(crate) document: String,
}

/// Shows an alert with all of its revisions, as JSON.
#[derive(Args)]
pub(crate) struct AlertShow {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The alert's name.
    #[arg(value_name = "ALERT")]
    pub(crate) alert: String,
}

/// Puts the alerts of a backup in the place of those that are damaged, gone, or older than they were. The service must be stopped.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis alert restore /mnt/backup/2026-11-27 --data site
Every file and every record is checked first, and it is recorded. The backup must be of this site. If the logs know of newer alerts than
it has, nothing is done but with --accept-loss. What was there is put aside, and nothing of it is removed.")]
pub(crate) struct AlertRestore {
    /// The folder of the backup.
    #[arg(value_name = "BACKUP")]
    pub(crate) backup: PathBuf,
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Also if there is no backup of all alerts: what was issued, changed or withdrawn after it was made is lost.
    #[arg(long)]
    pub(crate) accept_loss: bool,
}

/// Accepts that alerts are lost for good. The logs remember how many there were, and nothing is clear while fewer are there: bring the folder
/// `alerts` back, or `restore` it, if there is any way to. This is for where there is none; it is recorded, and the service must be stopped.
#[derive(Args)]
pub(crate) struct AlertLoss {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

/// Tells what was done to alerts, in order, one JSON object a change, without numbers. Whoever keeps the origin of the last goes on from there.
#[derive(Args)]
pub(crate) struct AlertChanges {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// What came after this revision: its counter, or COUNTER-NODE, its origin, by which a revision that was lost since is missed.
    #[arg(long, value_name = "REVISION", default_value = "0")]
    pub(crate) after: LastSeen,
    /// Wait for more at the end.
    #[arg(long)]
    pub(crate) follow: bool,
}

/// Writes the alerts in force that were approved of, with their numbers, as NDJSON that ends in a signature of the log's key. It is recorded.
#[derive(Args)]
pub(crate) struct AlertExport {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// A new file for it [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Checks an export, on any machine, with nothing but the public key of the log that signed it (audit/<log id>/verify.key). Exit code 0 only
/// if every byte is as it was signed.
#[derive(Args)]
pub(crate) struct AlertVerifyExport {
    /// The export, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) export: PathBuf,
    /// The log's public key, or a file with it.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
}
