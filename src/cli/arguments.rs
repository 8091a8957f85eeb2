//! What can be said on the command line. `--help` teaches from here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::alert_arguments::Alert;
use super::audit_arguments::Audit;
use super::backup_arguments::{Backup, Restore};
use super::case_arguments::Case;
use super::feed_arguments::Feed;
use super::hits_arguments::Hits;
use super::inspect_arguments::Inspect;

/// Screens travel documents against lists of lost, stolen and revoked documents, and proves every answer.
#[derive(Parser)]
#[command(
    name = "portcullis",
    version,
    max_term_width = 110,
    after_help = "\
First steps:
  portcullis demo                                        everything at once, on made-up data
  portcullis generate --records 100000 --seed 1 --out register.csv
  portcullis import --data site --feed local --format csv register.csv
  printf 'L898902C3' | portcullis check --data site --number - --issuer UTO"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Generate(Generate),
    Import(Import),
    Check(Check),
    Manifest(Manifest),
    #[command(subcommand)]
    Alert(Alert),
    Hits(Hits),
    #[command(subcommand)]
    Case(Case),
    #[command(subcommand)]
    Feed(Feed),
    Sync(Sync),
    Fold(Fold),
    Rollback(Rollback),
    Serve(Serve),
    Adopt(Adopt),
    Backup(Backup),
    Restore(Restore),
    #[command(subcommand)]
    Audit(Audit),
    #[command(subcommand)]
    Inspect(Inspect),
}

/// Begins new logs, with new ids and keys: after a restore from a backup, or on a clone of a machine.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis adopt --data site
Two machines that go on from one log, or a log that goes on from an older copy, would be refused by the checkpoints that were
exported. The logs of before are put aside in audit/, and can be verified, searched and proved from as before. A restored
site also may have older lists: set sequence-min in its [sources.NAME] to the newest sequence that is known to have been in
force, and synchronise, before it answers. Stop the service first.")]
pub(crate) struct Adopt {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

/// Makes a synthetic register, imports it, starts the service, screens four documents before your eyes, then serves.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis demo --records 100000 --port 8081
With --once it stops after the four sample checks: exit code 0 if all came out as they must, 1 otherwise.")]
pub(crate) struct Demo {
    /// Records in the synthetic register.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1000..=200_000_000))]
    pub(crate) records: u64,
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "P", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Data directory; kept afterwards. Without it, the demo works in a new folder below the system's temporary one.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Stop after the sample checks.
    #[arg(long)]
    pub(crate) once: bool,
}

/// Writes a synthetic register: realistic issuers, numbers, kinds, statuses and dates; the same for the same seed.
#[derive(Args)]
#[command(after_help = "\
The file's name says how it is written: .csv or .ndjson, and .gz, .zst or .bz2 behind that.
With --like it is written as a publisher does: ru-mvd .csv, ua-mvs .json, cz-mvcr .zip. With --dirty a share of the
rows has a fault, each of every class that the format has; what must be refused is counted and printed.
Examples:
  portcullis generate --records 5000000 --seed 7 --out register.csv.zst
  portcullis generate --records 1000000 --like ru-mvd --dirty 0.02 --out list_of_expired_passports.csv.bz2")]
pub(crate) struct Generate {
    /// Records to write.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) records: u64,
    /// The same seed and number of records give the same bytes.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write it as this publisher does.
    #[arg(long)]
    pub(crate) like: Option<Publisher>,
    /// The share of rows that have a fault, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    pub(crate) dirty: f64,
    /// The file to write; an existing one is replaced once the new one is whole.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Publisher {
    RuMvd,
    UaMvs,
    CzMvcr,
}

/// Imports a register as a feed: builds an index file and puts a new generation in force. Replaces what the feed had.
#[derive(Args)]
#[command(after_help = "\
Columns (CSV with a header line, or members of one JSON object a line): document_number, issuing_state, kind,
status; optional: reported_on, review_on (YYYY-MM-DD), reference, document_number_to (the last number of an interval
of stolen blanks). gzip, zstd, bzip2 and zip are recognised by content. Publishers' own formats:
  ru-mvd    Russia, invalid internal passports: list_of_expired_passports.csv.bz2
  ua-mvs    Ukraine, stolen and lost passports: mvswantedpassport.json
  cz-mvcr   Czech Republic, invalid documents: zipped CSV for each class, or the ministry's answers in XML
  mapped    any other CSV, NDJSON or JSON array, as the --mapping file says
  kinds     passport identity_card visa residence_permit refugee_travel_document laissez_passer
            seafarer_document other
  statuses  stolen lost stolen_blank revoked invalid
Every row is accounted for: read = accepted + duplicates + rejected. Rejected rows go to a side file with line,
reason and column; it holds no document numbers. Before the list is put in force it is compared with the one that is,
and rows just read are asked for again. A list of which too much was rejected or has gone is refused: exit code 1.

The list is as old as --as-of says, and answers turn inconclusive when it gets stale: give the time at which its
publisher made it. Without --as-of the oldest modification time of the files is taken.
Examples:
  portcullis import --data site --feed national --format csv --as-of 2026-03-01T06:00:00Z register.csv.gz
  portcullis import --data site --feed ru-passports --format ru-mvd --dry-run list_of_expired_passports.csv.bz2
  portcullis import --data site --feed own --format mapped --mapping config/registers/ru-mvd.toml export.csv
  zcat register.ndjson.gz | portcullis import --data site --feed national --format ndjson --as-of 2026-03-01T06:00:00Z -")]
pub(crate) struct Import {
    /// The site's data directory; created if need be.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The feed's name: a-z, 0-9 and -.
    #[arg(long, value_name = "NAME")]
    pub(crate) feed: String,
    /// How the register is written.
    #[arg(long)]
    pub(crate) format: RegisterFormat,
    /// The time as of which the list is complete, such as 2026-03-01T06:00:00Z; required for standard input.
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// The mapping file of --format mapped; config/registers has examples that explain every key.
    #[arg(long, value_name = "FILE", required_if_eq("format", "mapped"))]
    pub(crate) mapping: Option<PathBuf>,
    /// Where rejected rows are listed [default: <data>/imports/<feed>.rejects.csv].
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// The greatest share of rows that may be rejected, 0 to 1: a list with more changes nothing.
    #[arg(long, value_name = "SHARE", default_value = "0.05", value_parser = share)]
    pub(crate) max_rejects: f64,
    /// The greatest share of the feed's notices that may be gone, 0 to 1: a list that lost more changes nothing.
    #[arg(long, value_name = "SHARE", default_value = "0.01", value_parser = share)]
    pub(crate) max_shrink: f64,
    /// Accept a list that lost any number of notices, or whole states: its publisher withdrew them.
    #[arg(long)]
    pub(crate) accept_shrink: bool,
    /// Hold so many MiB of notices in memory while the index is built; what is beyond waits in a file of the data
    /// directory, 27 bytes a row and its reference twice.
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(16..=1 << 20))]
    pub(crate) memory_max_mib: u64,
    /// Keep the base in force, and publish what changed as its delta: the next file to move is small. `portcullis fold`
    /// makes one base of both.
    #[arg(long)]
    pub(crate) delta: bool,
    /// Read, build, compare and report, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Write the report as JSON too.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Register files, or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RegisterFormat {
    Csv,
    Ndjson,
    RuMvd,
    UaMvs,
    CzMvcr,
    Mapped,
}

pub(super) fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a share is a number from 0 to 1, such as 0.05 for 5 %".to_owned())
}

/// Screens one document.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("document").required(true).args(["mrz", "number"]), after_help = "\
Exit code: 0 no hit, 10 hit, 11 inconclusive, 1 failed (there is no answer), 2 wrong usage.
Give numbers on standard input (-): what stands on a command line is seen by every user of the machine.
Examples:
  printf 'L898902C3' | portcullis check --data site --number - --issuer UTO --kind passport
  portcullis check --data site --mrz - < zone.txt
  portcullis check --data site --mrz zone.txt --json")]
pub(crate) struct Check {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Settings whose rules apply; their data directory is not used [default: the built-in rules].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A file with the lines of a machine-readable zone, or - for standard input.
    #[arg(long, value_name = "-|FILE")]
    pub(crate) mrz: Option<PathBuf>,
    /// The document number, best as - from standard input.
    #[arg(long, value_name = "-|N", requires = "issuer")]
    pub(crate) number: Option<String>,
    /// The issuing state's code, such as UTO, D or DEU.
    #[arg(long, value_name = "S", conflicts_with = "mrz")]
    pub(crate) issuer: Option<String>,
    /// The kind of document, such as passport.
    #[arg(long, value_name = "K", conflicts_with = "mrz")]
    pub(crate) kind: Option<String>,
    /// The purpose for which is asked, such as border: an alert may be for some only.
    #[arg(long, value_name = "WORD")]
    pub(crate) purpose: Option<String>,
    /// Print the answer as the service would send it.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Screens a whole list: one line of JSON for each line in, in order, then a summary.
#[derive(Args)]
#[command(after_help = "\
NDJSON: one check a line, as POST /v1/checks takes it. CSV: a header with document_number and issuing_state, and
if wanted kind, input (optical, chip, barcode, typed), client_reference and purpose.
The last line is {\"summary\": {…, \"complete\": true}}: without it, lines without an answer were not checked.
Exit code: 0 every line was answered, 1 otherwise, 2 wrong usage.
Examples:
  portcullis manifest --data site - < flight.csv
  portcullis manifest --data site flight.ndjson -o answers.ndjson")]
pub(crate) struct Manifest {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Settings whose rules apply; their data directory is not used [default: the built-in rules].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The list, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where the answers go; the file appears once it is whole [default: standard output].
    #[arg(short, long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    /// The purpose for which lines ask that name none.
    #[arg(long, value_name = "WORD")]
    pub(crate) purpose: Option<String>,
}

/// Makes one base of the base and delta of a feed that was imported here: what is listed stays as it is. Works beside a running
/// service. A feed that `sync` brings is folded when its publisher publishes the next base.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis import --data site --feed local --format csv --delta list.csv
  portcullis fold --data site --feed local
The new base is the file that importing the whole list would have made, byte for byte.")]
pub(crate) struct Fold {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The feed.
    #[arg(long, value_name = "NAME")]
    pub(crate) feed: String,
    /// Write at most so many MiB a second, so that the audit log of a service beside it does not wait for the disk.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) mib_per_second: u32,
}

/// Puts what an older generation listed in force again, as a new generation. What was taken back is not accepted again
/// under its sequence; import a corrected list, which gets a higher one.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis inspect index --data site
  portcullis rollback --data site --to 41
`inspect index` names the generations that are kept. The act is recorded before it is done.")]
pub(crate) struct Rollback {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The generation whose lists are wanted.
    #[arg(long, value_name = "GENERATION")]
    pub(crate) to: u64,
}

/// Brings the feeds of the settings up to date: fetches, verifies, and puts in force. Works beside a running service, which
/// takes up what is new within seconds.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis sync --config portcullis.toml
  portcullis sync --config portcullis.toml --from /media/stick/repository
  portcullis sync --config portcullis.toml --dry-run
A section [sources.NAME] of the settings says where a feed comes from, and names the root that the site is set up with.
Whatever fails, what is in force stays in force, and what came is continued the next time. A file in force that the disk has
spoilt is fetched again.
Exit code: 0 every feed is up to date, 1 one is not, 2 wrong usage.")]
pub(crate) struct Sync {
    /// The site's settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Only these feeds.
    #[arg(long, value_name = "NAME")]
    pub(crate) feed: Vec<String>,
    /// Take this folder for the mirror of every feed, such as a stick.
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,
    /// Tell what would be fetched and done, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Put in force what has come, whatever the settings say of when.
    #[arg(long)]
    pub(crate) activate: bool,
    /// Accept a list of this feed that lost any number of notices, or whole states: its publisher withdrew them. The name may be
    /// left out where one feed is synchronised.
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) accept_shrink: Vec<String>,
    /// Let a feed that was rolled back follow its publisher again.
    #[arg(long, value_name = "NAME")]
    pub(crate) release: Vec<String>,
}

/// Runs the service until it is told to stop (Ctrl-C or SIGTERM); then requests in flight end first.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis serve --config config/portcullis.toml
`portcullis inspect config --config FILE` shows what settings come to. New generations are taken up as they appear.")]
pub(crate) struct Serve {
    /// Settings; config/portcullis.toml explains every key.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}
