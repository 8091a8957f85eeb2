//! What can be said to `portcullis feed`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::arguments::{RegisterFormat, share};

/// Publishes a signed feed, and decides what becomes of feeds at a site.
#[derive(Subcommand)]
#[command(after_help = "\
A national centre, from the beginning:
  portcullis feed init national --dir centre
  portcullis feed add --dir centre --format csv register.csv
  portcullis feed publish --dir centre
Any web server, or a stick, hands out centre/repository. A site is set up with centre/repository/metadata/1.root.json,
which it must get another way than the feed: `portcullis sync --help` goes on from there.")]
pub(crate) enum Feed {
    Init(FeedInit),
    Add(FeedAdd),
    Withdraw(FeedWithdraw),
    Purge(FeedPurge),
    Publish(FeedPublish),
    Heartbeat(FeedHeartbeat),
    RotateKey(FeedRotateKey),
    SignRoot(FeedSignRoot),
    Status(FeedDir),
    Verify(FeedDir),
    Reproduce(FeedReproduce),
    Push(FeedPush),
    Mirror(FeedMirror),
    Forget(Forget),
}

/// Begins a feed: makes keys, writes feed.toml, and signs the first root.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis feed init national --dir centre --root-keys 3 --root-threshold 2
The keys stand in centre/keys, one file each, readable by you only. Take those of the root offline, each to another
holder: they sign again only when a key is changed. With --settings the keys are those that a feed.toml of yours names,
for instance of a hardware security module.")]
pub(crate) struct FeedInit {
    /// The feed's name: a-z, 0-9 and -.
    pub(crate) name: String,
    /// The feed's folder; created if need be.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// How many keys the root has.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=16))]
    pub(crate) root_keys: u64,
    /// How many of them must sign.
    #[arg(long, value_name = "M", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=16))]
    pub(crate) root_threshold: u64,
    /// How many keys sign for publications.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=16))]
    pub(crate) targets_keys: u64,
    /// How many of them must sign.
    #[arg(long, value_name = "M", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=16))]
    pub(crate) targets_threshold: u64,
    /// A feed.toml to begin with; its keys are used and none are made.
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
}

/// A feed's folder.
#[derive(Args)]
pub(crate) struct FeedDir {
    /// The feed's folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

/// Reads registers whose notices the next publication lists too.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis feed add --dir centre --format csv today.csv
  portcullis feed add --dir centre --format ru-mvd --whole list_of_expired_passports.csv.bz2
Of notices on one document of one kind with one reference the latest wins, by reported_on. To correct a notice to an
earlier day, withdraw it first. `portcullis import --help` tells what registers look like.")]
pub(crate) struct FeedAdd {
    #[command(flatten)]
    pub(crate) registers: Registers,
    /// They are the whole list: what they do not have is withdrawn.
    #[arg(long)]
    pub(crate) whole: bool,
}

/// Reads registers whose notices the next publication lists no more.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis feed withdraw --dir centre --format csv found.csv
A row names what it takes out by document, kind and reference; its status and days say nothing.")]
pub(crate) struct FeedWithdraw {
    #[command(flatten)]
    pub(crate) registers: Registers,
}

/// Has the next publication withdraw what was to be looked at again by now, and was not renewed.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis feed purge --dir centre --before 2026-03-01
Nothing is withdrawn by itself when a day passes: sites stop telling of a notice whose review date is over, and its
publisher takes it out.")]
pub(crate) struct FeedPurge {
    /// The feed's folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The first day that is not over yet, as YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    pub(crate) before: String,
}

/// Builds the list again from its registers, and compares it with what is published, byte for byte.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis feed reproduce --dir centre --format csv register.csv today.csv
Exit code: 0 the registers make the very files that are published, 1 they do not.")]
pub(crate) struct FeedReproduce {
    #[command(flatten)]
    pub(crate) registers: Registers,
}

#[derive(Args)]
pub(crate) struct Registers {
    /// The feed's folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// How the registers are written.
    #[arg(long)]
    pub(crate) format: RegisterFormat,
    /// The mapping file of --format mapped.
    #[arg(long, value_name = "FILE", required_if_eq("format", "mapped"))]
    pub(crate) mapping: Option<PathBuf>,
    /// Where rejected rows are listed [default: <dir>/rejects.csv].
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// The greatest share of rows that may be rejected, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value = "0.05", value_parser = share)]
    pub(crate) max_rejects: f64,
    /// Hold so many MiB of notices in memory.
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(16..=1 << 20))]
    pub(crate) memory_max_mib: u64,
    /// Register files, or - for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

/// Publishes what was gathered, as a delta or as a new base, and signs it.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis feed publish --dir centre
  portcullis feed publish --dir centre --renew
Readers see the publication before or this one, whatever fails. Told is what was added, changed and withdrawn. In the last
third of its lifetime the list is published again also where nothing waits, so that it is accepted for longer.")]
pub(crate) struct FeedPublish {
    /// The feed's folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The time as of which the list is complete [default: now].
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
    /// Publish the list again also where nothing waits, with a new lifetime.
    #[arg(long)]
    pub(crate) renew: bool,
}

/// Makes the stores that feed.toml names hand out what the folder has: S3, what speaks like it, and web servers with WebDAV.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis feed push --dir centre
feed.toml names each store in a table of its own:
  [[stores]]
  url = \"s3://feeds/national\"              # a bucket and a folder in it
  endpoint = \"https://objects.example:9000\"  # where it is not Amazon's; region is another key
  [[stores]]
  url = \"https://feeds.example/national\"    # a web server that takes PUT
  credentials = \"env:FEED_STORE\"            # the variable that has user:password
Each may also have authorities-file, certificate-file, key-file and proxy. S3's keys are in AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, or come from the machine's role. `feed publish`, `heartbeat`, `rotate-key` and `sign-root` push by
themselves; this goes on with what did not come through. What is there is not sent again, and nothing is deleted.
Needs a program that was built with the feature object-store.")]
pub(crate) struct FeedPush {
    /// The feed's folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

/// Vouches for the list as it is, as of now: readers see that it is not old. Needs the key of the timestamp only.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis feed heartbeat --dir centre
While changes wait the list is not complete as of now: `portcullis feed publish` comes first, or --as-of tells the time up to
which nothing was missing. Root, snapshot and targets last no longer by it; what ends soon is told.")]
pub(crate) struct FeedHeartbeat {
    /// The feed's folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The time as of which the list is complete [default: now].
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<String>,
}

/// Puts a new key in the place of an old one. Needs as many of the root's keys as its threshold asks for.
#[derive(Args)]
#[command(after_help = "\
Examples:
  portcullis feed rotate-key timestamp --dir centre
  portcullis feed rotate-key root --dir centre --number 2
Readers notice nothing: what is published is signed by both keys before the next root names the new one. A key that is lost
can be replaced too; readers then keep the list that they have until the next root is in place. Where the root's keys are elsewhere, centre/next.root.json goes from holder to holder, each with `portcullis feed sign-root`; it becomes the root once enough have
signed. The next root lasts as long as a first one: `rotate-key root` also renews a root that ends soon.")]
pub(crate) struct FeedRotateKey {
    /// The role: root, targets, snapshot or timestamp.
    pub(crate) role: String,
    /// The feed's folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Which of the role's keys is replaced, in the order of feed.toml, from 1.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=16))]
    pub(crate) number: u64,
    /// The public part of the replaced key, as 64 hexadecimal digits: if it is lost, and the root names several that are not here or
    /// feed.toml no longer names it.
    #[arg(long, value_name = "PUBLIC-KEY")]
    pub(crate) old: Option<String>,
    /// The new key, as feed.toml names keys; without it one is made, in a file.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
}

/// Signs the root that `rotate-key` made, with the keys of the root that are here; it becomes the root once enough have signed.
#[derive(Args)]
#[command(after_help = "Example:\n  portcullis feed sign-root --dir centre --key /media/holder-2/root-2.pem")]
pub(crate) struct FeedSignRoot {
    /// The feed's folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// A key of the root that feed.toml does not name, or names elsewhere.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Vec<String>,
}

/// Hands on what a site has verified: writes it as a repository, for other sites behind a thin line.
#[derive(Args)]
#[command(after_help = "\
Example:
  portcullis feed mirror national --data site --out /srv/feeds/national
Run it after `portcullis sync`; a web server, or a stick, hands it out. Sites believe the publisher's signatures, and
nothing that this site says.")]
pub(crate) struct FeedMirror {
    /// The feed.
    pub(crate) name: String,
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The repository's folder; created if need be, and replaced file by file.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// Takes a feed out of force, so that a no_hit no longer needs it. There is no other way, and the act is recorded.
#[derive(Args)]
#[command(after_help = "Example:\n  portcullis feed forget national --data site")]
pub(crate) struct Forget {
    /// The feed.
    pub(crate) name: String,
    /// The site's data directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}
