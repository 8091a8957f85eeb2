//! `portcullis feed`, for whoever publishes one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use jiff::Timestamp;
use portcullis::config::PublisherSettings;
use portcullis::domain::FeedName;
use portcullis::feed::{self, Metadata, RoleName, Roles, Signer};
use portcullis::ground::storage::publish_file;
use portcullis::publishing::feed::{
    FeedFolder, Gathered, add, ends_soon, heartbeat, publish, purge, renew, reproduce, verify, withdraw,
};
use portcullis::publishing::{Inputs, Limits};

use super::bars::Bars;
use super::feed_arguments::{
    FeedAdd, FeedHeartbeat, FeedInit, FeedPublish, FeedPurge, FeedReproduce, FeedWithdraw, Registers,
};
use super::keys::{SETTINGS, new_keys, read_settings, signers};
use super::registers::{adapter, inputs};
use super::stores::push_if_any;
use super::usage::Usage;
use super::{progress, site};

pub(super) fn init(arguments: &FeedInit) -> anyhow::Result<ExitCode> {
    let name = FeedName::parse(&arguments.name).map_err(Usage::because)?;
    for (threshold, keys) in [
        (arguments.root_threshold, arguments.root_keys),
        (arguments.targets_threshold, arguments.targets_keys),
    ] {
        if arguments.settings.is_none() && threshold > keys {
            return Err(Usage::because(format_args!("{threshold} of {keys} keys cannot sign")).into());
        }
    }
    let (storage, dir) = (site::disk(), arguments.dir.as_path());
    let folder = FeedFolder::new(storage.clone(), dir);
    if folder.repository().root().is_ok() {
        return Err(feed::RepositoryError::Exists(folder.repository().folder().to_owned()).into());
    }
    let settings = match &arguments.settings {
        Some(path) => read_settings(path)?,
        None => new_keys(&*storage, arguments, &name)?,
    };
    let signers = signers(&*storage, dir, &settings, &RoleName::ALL)?;
    let mut roles = Roles::new();
    for (role, signers) in &signers {
        let threshold = match role {
            RoleName::Root => arguments.root_threshold,
            RoleName::Targets => arguments.targets_threshold,
            RoleName::Snapshot | RoleName::Timestamp => 1,
        };
        let publics: Vec<_> = signers.iter().map(|signer| signer.public()).collect();
        roles.insert(*role, (publics, threshold));
    }
    let now = site::clock().now().time;
    let root_signers: Vec<&dyn Signer> = signers[&RoleName::Root].iter().map(|signer| &**signer).collect();
    let root = feed::first_root(&roles, &root_signers, now, settings.feed.lifetimes.root)
        .context("the first root cannot be signed")?;
    publish_file(&*storage, &dir.join(SETTINGS), settings.to_toml().as_bytes())
        .with_context(|| format!("cannot write {}", dir.join(SETTINGS).display()))?;
    folder.repository().init(&root)?;
    println!(
        "feed {name} has its keys and its first root; {} says what was decided",
        dir.join(SETTINGS).display()
    );
    println!("sites are set up with {}", folder.repository().folder().join("metadata/1.root.json").display());
    println!("take the root's keys offline: they sign again only when a key is changed");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_add(arguments: &FeedAdd) -> anyhow::Result<ExitCode> {
    let Prepared { folder, input, limits, memory_bytes_max } = prepare(&arguments.registers)?;
    let mut bars = Bars::watch()?;
    let gathered = add(&folder, input, arguments.whole, limits, memory_bytes_max, &mut bars);
    bars.finish();
    tell(&folder, gathered?)
}

pub(super) fn run_withdraw(arguments: &FeedWithdraw) -> anyhow::Result<ExitCode> {
    let Prepared { folder, input, limits, memory_bytes_max } = prepare(&arguments.registers)?;
    let mut bars = Bars::watch()?;
    let gathered = withdraw(&folder, input, limits, memory_bytes_max, &mut bars);
    bars.finish();
    tell(&folder, gathered?)
}

pub(super) fn run_purge(arguments: &FeedPurge) -> anyhow::Result<ExitCode> {
    let before = arguments.before.parse().map_err(|_| {
        Usage::because(format_args!("--before {} is no day: write it as 2026-03-01", arguments.before))
    })?;
    let folder = FeedFolder::new(site::disk(), &arguments.dir);
    let lapsed = purge(&folder, before, PURGE_BYTES_MAX)?;
    println!("{lapsed} notices were to be looked at again before {before}, and wait to be withdrawn");
    Ok(ExitCode::SUCCESS)
}

/// What is beyond waits in a file.
const PURGE_BYTES_MAX: u64 = 512 << 20;

pub(super) fn run_reproduce(arguments: &FeedReproduce) -> anyhow::Result<ExitCode> {
    let settings = read_settings(&arguments.registers.dir.join(SETTINGS))?;
    let Prepared { folder, input, memory_bytes_max, .. } = prepare(&arguments.registers)?;
    let mut bars = Bars::watch()?;
    let reproduced = reproduce(&folder, &settings.feed, input, memory_bytes_max, &mut bars);
    bars.finish();
    let [built, published] = reproduced?;
    println!("built of the registers  {built}");
    println!("published, as one base  {published}");
    if built == published {
        println!("the registers make what is published, byte for byte");
        return Ok(ExitCode::SUCCESS);
    }
    println!("the registers do not make what is published");
    Ok(ExitCode::FAILURE)
}

struct Prepared {
    folder: FeedFolder,
    input: (portcullis::register::Adapter, Inputs, PathBuf),
    limits: Limits,
    memory_bytes_max: u64,
}

fn prepare(arguments: &Registers) -> anyhow::Result<Prepared> {
    let storage = site::disk();
    let adapter = adapter(arguments.format, arguments.mapping.as_deref(), &*storage)?;
    let rejects = arguments.rejects.clone().unwrap_or_else(|| arguments.dir.join("rejects.csv"));
    let limits = Limits { rejects_max: arguments.max_rejects, shrink_max: None };
    Ok(Prepared {
        folder: FeedFolder::new(storage, &arguments.dir),
        input: (adapter, inputs(&arguments.files)?, rejects),
        limits,
        memory_bytes_max: arguments.memory_max_mib << 20,
    })
}

fn tell(folder: &FeedFolder, gathered: Gathered) -> anyhow::Result<ExitCode> {
    let tally = &gathered.tally;
    println!(
        "read {} = accepted {} + duplicates {} + rejected {}",
        tally.read,
        tally.accepted,
        tally.duplicates,
        tally.rejected_total()
    );
    for (reason, count) in &tally.rejected {
        println!("  rejected {count}: {}", reason.word());
    }
    if let Some(refusal) = gathered.refusal {
        return Err(anyhow::Error::new(refusal).context("the register is not taken; nothing was changed"));
    }
    println!("{} changes wait for `portcullis feed publish`", folder.pending()?.len());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_publish(arguments: &FeedPublish) -> anyhow::Result<ExitCode> {
    let settings = read_settings(&arguments.dir.join(SETTINGS))?;
    let storage = site::disk();
    let folder = FeedFolder::new(storage.clone(), &arguments.dir);
    let online = [RoleName::Targets, RoleName::Snapshot, RoleName::Timestamp];
    let signers = signers(&*storage, &arguments.dir, &settings, &online)?;
    let now = site::clock().now().time;
    let as_of = as_of(arguments.as_of.as_deref())?.unwrap_or_else(|| whole_second(now));
    let bar = progress::count(0, "building");
    let publish = if arguments.renew { renew } else { publish };
    let published = publish(&folder, &settings.feed, &signers, as_of, now, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let published = published?;
    let (publication, account) = (&published.publication, &published.account);
    println!(
        "feed {}, sequence {}, as of {:.0}: {} notices",
        publication.feed, publication.sequence, publication.as_of, publication.list.notices
    );
    let difference = &account.difference;
    println!("  {} added, {} changed, {} withdrawn", difference.new, difference.changed, difference.gone);
    if account.overtaken > 0 {
        println!(
            "  {} additions are not listed: what is listed is later; to correct it, withdraw it first",
            account.overtaken
        );
    }
    if account.unknown > 0 {
        println!("  {} withdrawals of what was not listed", account.unknown);
    }
    for file in publication.targets().filter(|file| file.sequence == publication.sequence) {
        println!("  {} bytes  {}", file.length, file.name);
    }
    if let Some(metadata) = folder.repository().current()? {
        warn_of_ends(&metadata, &settings, now);
    }
    push_if_any(&arguments.dir, &settings)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_heartbeat(arguments: &FeedHeartbeat) -> anyhow::Result<ExitCode> {
    let settings = read_settings(&arguments.dir.join(SETTINGS))?;
    let storage = site::disk();
    let folder = FeedFolder::new(storage.clone(), &arguments.dir);
    let signers = signers(&*storage, &arguments.dir, &settings, &[RoleName::Timestamp])?;
    let signers: Vec<&dyn Signer> = signers.values().flatten().map(|signer| &**signer).collect();
    let now = site::clock().now().time;
    let as_of = as_of(arguments.as_of.as_deref())?;
    let metadata = heartbeat(&folder, &settings.feed, &signers, as_of, now)?;
    let publication = metadata.publication();
    println!("feed {}, sequence {}: as of {:.0}", publication.feed, publication.sequence, metadata.as_of());
    warn_of_ends(&metadata, &settings, now);
    push_if_any(&arguments.dir, &settings)?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_status(dir: &Path) -> anyhow::Result<ExitCode> {
    let folder = FeedFolder::new(site::disk(), dir);
    match folder.repository().current()? {
        None => println!("nothing is published yet"),
        Some(metadata) => {
            describe(&metadata);
            warn_of_ends(&metadata, &read_settings(&dir.join(SETTINGS))?, site::clock().now().time);
        }
    }
    for pending in folder.pending()? {
        println!("waits: {} {}", pending.number, pending.kind.word());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run_verify(dir: &Path) -> anyhow::Result<ExitCode> {
    let folder = FeedFolder::new(site::disk(), dir);
    let verified = verify(&folder)?;
    describe(&verified.metadata);
    println!("sound: signatures, {} files, lookups, counts and digest of the list", verified.files);
    Ok(ExitCode::SUCCESS)
}

fn describe(metadata: &Metadata) {
    let publication = metadata.publication();
    println!(
        "feed {}, sequence {}: {} notices, complete as of {:.0}, vouched for as of {:.0}",
        publication.feed,
        publication.sequence,
        publication.list.notices,
        publication.as_of,
        metadata.as_of()
    );
    println!("lineage {}, base of sequence {}", publication.lineage, publication.base.sequence);
    for (file, role) in publication.files() {
        println!("  {} {} bytes, sha256 {}", role.word(), file.length, file.sha256);
    }
    println!(
        "  {} increments, {} earlier bases can be folded from",
        publication.increments.len(),
        publication.earlier.len()
    );
    for ((role, expires), version) in metadata.expiries().zip(metadata.versions()) {
        println!("  {role} version {version}, accepted until {expires:.0}");
    }
}

/// Says what readers will refuse unless somebody signs it anew.
fn warn_of_ends(metadata: &Metadata, settings: &PublisherSettings, now: Timestamp) {
    for (role, at) in ends_soon(metadata, &settings.feed.lifetimes, now) {
        let verb = if at <= now { "ended" } else { "ends" };
        let renews = if role == "root" { "rotate-key root" } else { "publish" };
        eprintln!(
            "portcullis: the signature of the role {role} {verb} at {at:.0}, and no reader accepts the feed after that: `portcullis feed {renews}` makes a new one"
        );
    }
}

fn as_of(given: Option<&str>) -> anyhow::Result<Option<Timestamp>> {
    let wrong = |text: &str| {
        Usage::because(format_args!("--as-of {text} is no time: write it as 2026-03-01T06:00:00Z"))
    };
    given.map(|text| Ok(text.parse().map_err(|_| wrong(text))?)).transpose()
}

/// Files hold whole microseconds, and some readers of metadata whole seconds.
fn whole_second(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
