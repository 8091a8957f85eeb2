//! What can be said to `portcullis audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::arguments::RegisterFormat;

/// Proves who asked what, when and why, and that nothing of it was changed since. Reading is recorded too.
#[derive(Subcommand)]
#[command(after_help = "\
An answer's receipt names its log and entry. What proves it, and what checks that elsewhere:
  portcullis audit prove serve-00c0ffee/17 --data site --out 17.proof
  portcullis audit check-proof 17.proof --key 'portcullis/serve-00c0ffee+…'
The public key of a log stands in audit/<log id>/verify.key of the data directory: note it elsewhere when the log begins.")]
pub(crate) enum Audit {
    Verify(AuditVerify),
    Prove(AuditProve),
    CheckProof(AuditCheckProof),
    Export(AuditExport),
    Find(AuditFind),
    Report(AuditReport),
    Replay(AuditReplay),
    Collect(AuditCollect),
    Erase(AuditErase),
    RotateDigestKey(AuditRotate),
    DestroyDigestKey(AuditDestroy),
}

/// Verifies logs: every entry, every hash of their trees, every checkpoint.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis audit verify --data site
  portcullis audit verify --data site --key keys.txt --exported /mnt/elsewhere/checkpoints
  portcullis audit verify /mnt/fleet/*/audit/serve-* --json
A log that was cut off, or put back from an older copy, shows by a checkpoint that was exported (audit.checkpoints-to); one that
was replaced, by its key. Exit code 0 if all are sound, 1 if one is not: the file and the entry are named.")]
pub(crate) struct AuditVerify {
    /// Folders of logs [default: all logs of --data].
    #[arg(value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,
    /// The site's data directory.
    #[arg(long, value_name = "DIR", required_unless_present = "logs")]
    pub(crate) data: Option<PathBuf>,
    /// A folder to which checkpoints are exported.
    #[arg(long, value_name = "DIR")]
    pub(crate) exported: Vec<PathBuf>,
    /// A file with the public keys of logs, one a line; a log with a key that is not among them is not sound.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// One JSON object a log.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Collects logs elsewhere, entry by entry: what comes is verified, and kept once a checkpoint vouches for it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis audit collect --from site --to /mnt/collected
  portcullis audit collect --from http://127.0.0.1:8080 --key keys.txt --to /mnt/collected --every 10
A copy goes on where it ended, whatever ended it. `audit verify --data /mnt/collected`, and whatever else reads logs, works on copies as on
logs. A log that has become shorter than its copy, or another, is refused and told of: exit code 1, or a line on standard error with
--every.")]
pub(crate) struct AuditCollect {
    /// The data directory of a site, or http://ADDRESS:PORT of a service on this machine.
    #[arg(long, value_name = "FROM")]
    pub(crate) from: String,
    /// The folder of the copies.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// A file with the public keys of the logs, one a line; of a data directory, if it is left out, what the logs show themselves.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Only this log.
    #[arg(long, value_name = "ID")]
    pub(crate) log: Vec<String>,
    /// Look again after so many seconds, until it is told to stop.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) every: Option<u64>,
}

/// Erases entries whose time is over, as audit.keep-…-days of the settings say; their hashes stay, and the log is proved as before.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis audit erase --config portcullis.toml --dry-run
  portcullis audit erase --config portcullis.toml
A service does this by itself, each hour, in the log that it writes; this command does it in the others, such as those of commands.
Entries are erased by files of one class and day, and a key goes with the last file of its month. What was erased is recorded first,
in the log it was erased from, and `audit verify` holds what is missing against that. Logs that were put aside are only told of.")]
pub(crate) struct AuditErase {
    /// The site's settings.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Only shows what would be erased.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Writes the proof of an entry: a text that anybody can check with the log's public key alone.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis audit prove serve-00c0ffee/17 --data site --out 17.proof
The proof holds the entry, the hashes that lead to the log's newest checkpoint, and that checkpoint (C2SP tlog-proof). An entry
is covered by a checkpoint within a minute.")]
pub(crate) struct AuditProve {
    /// The entry, as its receipt names it: <log id>/<entry id>.
    #[arg(value_name = "ENTRY")]
    pub(crate) entry: String,
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Where the proof goes [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Checks a proof, on any machine, with nothing but the log's public key.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis audit check-proof 17.proof --key 'portcullis/serve-00c0ffee+1b2c3d4e+AX…'
Shows the entry. Exit code 0 if it is proved, 1 if not: the reason is told.")]
pub(crate) struct AuditCheckProof {
    /// The proof, or - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) proof: PathBuf,
    /// The log's public key, or a file with it.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// The leaf that the answer's receipt names; the proof must be of that entry.
    #[arg(long, value_name = "HEX")]
    pub(crate) leaf: Option<String>,
}

/// Makes a new key for the digests of documents in the log.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis audit rotate-digest-key --data site
A running service takes it up at its next start. Keys of before are held, so that `audit find` still finds what was recorded
with them, until `audit destroy-digest-key`.")]
pub(crate) struct AuditRotate {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

/// Destroys a key of before: what was recorded with it can be linked to no document any more. There is no way back.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis audit destroy-digest-key 00c0ffee --data site
Entries stay, and are verified and proved as before. Restart services that were started before the key was changed first: they
make digests with it. Backups have the key too: destroy it there.")]
pub(crate) struct AuditDestroy {
    /// The key's id, as entries name it.
    #[arg(value_name = "KEY")]
    pub(crate) key: String,
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

/// Which logs, and between which times.
#[derive(Args)]
pub(crate) struct Selection {
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// A log's id; may be given several times [default: all logs].
    #[arg(long, value_name = "ID")]
    pub(crate) log: Vec<String>,
    /// Nothing before this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Nothing from this time on.
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// Why it is read; stands in the log.
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,
}

/// Writes entries as lines of JSON, each with its log, its place and its leaf hash.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis audit export --data site --from 2026-03-01T00:00:00Z --to 2026-04-01T00:00:00Z --out march.ndjson
A leaf hash is SHA-256 of a zero, the salt and the entry's bytes, in `body` (base64). That nothing was read which is not as it was
written is checked on the way; `audit verify` checks more.")]
pub(crate) struct AuditExport {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Where the entries go [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Finds every entry that a document stands in: asked about, as another reading, or as a candidate.
#[derive(Args)]
#[command(after_help = "\
Example:
  printf 'UTO L898902C3' | portcullis audit find --document - --data site --purpose 'request 2026-17'
The log holds no numbers, only digests: they are made again with the keys that are still held.")]
pub(crate) struct AuditFind {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// - : the issuing state's code and the number are read from standard input.
    #[arg(long, value_name = "-")]
    pub(crate) document: String,
    /// One JSON object an entry.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Counts entries by act, agreement, purpose, terminal, verdict and reason.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis audit report --data site --from 2026-01-01T00:00:00Z --suppress-below 5
With --suppress-below a number that could point at somebody is told as less than that.")]
pub(crate) struct AuditReport {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Tell no number below this.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) suppress_below: u64,
    /// One JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Asks again what an entry answered, of the very lists and by the very rules of then: was the answer right?
#[derive(Args)]
#[command(after_help = "\
Example, with the lists still there:
  portcullis audit replay serve-00c0ffee/17 --data site --config portcullis.toml --question question.json
Years later, with the generation's file and the register that was imported then:
  portcullis audit replay serve-00c0ffee/17 --data site --config portcullis.toml --question question.json \\
    --generation 0000000012.generation --register local=march.csv
The question is what was asked, as JSON of POST /v1/checks: the log holds digests and no numbers. The entry is proved first; the
generation has the digest that the entry names; an index file that is built of a register must be byte for byte the one that was in
force. A later program may read a document in another way. Exit code 0 if the answer was right, 1 if it is another one now: the
difference is told.")]
pub(crate) struct AuditReplay {
    /// The entry, as its receipt names it: <log id>/<entry id>.
    #[arg(value_name = "ENTRY")]
    pub(crate) entry: String,
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The log's public key, or a file with it, noted elsewhere [default: the one beside the log].
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The line, of an entry with the lines of a manifest.
    #[arg(long, value_name = "N")]
    pub(crate) line: Option<u64>,
    /// A file with the question, or - for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) question: PathBuf,
    /// The settings of then [default: the built-in ones].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The file of the generation, and of those before it [default: those that the data directory still has].
    #[arg(long, value_name = "FILE")]
    pub(crate) generation: Vec<PathBuf>,
    /// A folder that still has index files of then [default: that of the data directory].
    #[arg(long, value_name = "DIR")]
    pub(crate) segments: Vec<PathBuf>,
    /// A feed and the register of which its index file was built. Twice where a base and its delta are gone: the register of
    /// the base first.
    #[arg(long, value_name = "FEED=FILE")]
    pub(crate) register: Vec<String>,
    /// How the registers are written.
    #[arg(long, default_value = "csv")]
    pub(crate) format: RegisterFormat,
    /// The mapping file of --format mapped.
    #[arg(long, value_name = "FILE", required_if_eq("format", "mapped"))]
    pub(crate) mapping: Option<PathBuf>,
    /// Why it is read; stands in the log.
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,
}
