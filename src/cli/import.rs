//! `portcullis import`.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::ValueEnum;
use indicatif::ProgressBar;
use portcullis::audit::{self, AuditLog, Role};
use portcullis::domain::FeedName;
use portcullis::ground::storage::{Storage, publish_file};
use portcullis::publishing::{self, Imported, Inputs, Limits, Outcome, Progress, Stage};
use portcullis::register::{Adapter, Format};

use super::arguments::{Import, RegisterFormat};
use super::interrupt::Interrupt;
use super::usage::Usage;
use super::{progress, site};

pub(super) fn run(arguments: &Import) -> anyhow::Result<ExitCode> {
    let feed = FeedName::parse(&arguments.feed).map_err(Usage::because)?;
    let as_of = match &arguments.as_of {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Usage::because(format_args!("--as-of {text} is no time: write it as 2026-03-01T06:00:00Z"))
        })?),
    };
    let inputs = inputs(arguments)?;
    let storage = site::disk();
    let adapter = adapter(arguments, &*storage)?;
    storage
        .create_dir_all(&arguments.data)
        .with_context(|| format!("cannot create the data directory {}", arguments.data.display()))?;
    let rejects = match &arguments.rejects {
        Some(path) => path.clone(),
        None => {
            let folder = arguments.data.join("imports");
            storage.create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
            folder.join(format!("{feed}.rejects.csv"))
        }
    };
    let clock = site::clock();
    let (now, config) = (clock.now().time, audit::Config::default());
    let (log, _) = AuditLog::open(storage.clone(), &arguments.data, Role::Cli, config, now)?;
    let import = publishing::Import {
        storage,
        data_dir: &arguments.data,
        log: &log,
        clock: &clock,
        principal: site::principal()?,
        feed,
        adapter,
        as_of,
        rejects,
        limits: Limits {
            rejects_max: arguments.max_rejects,
            shrink_max: (!arguments.accept_shrink).then_some(arguments.max_shrink),
        },
        memory_bytes_max: arguments.memory_max_mib << 20,
        delta: arguments.delta,
        dry_run: arguments.dry_run,
    };
    let mut bars = Bars { stage: None, bar: ProgressBar::hidden(), interrupt: Interrupt::watch()? };
    let started = Instant::now();
    let imported = publishing::import(&import, inputs, &mut bars);
    bars.bar.finish_and_clear();
    let imported = imported?;
    print(&import.feed, &imported, &import.rejects, started.elapsed());
    if let Some(path) = &arguments.report {
        write_report(&*import.storage, path, arguments, &import.feed, &imported)?;
    }
    log.close()?;
    match imported.outcome {
        Outcome::Refused(refusal) => {
            Err(anyhow::Error::new(refusal).context("the list is not put in force; nothing was changed"))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn adapter(arguments: &Import, storage: &dyn Storage) -> anyhow::Result<Adapter> {
    let shipped = |word: &str| Adapter::shipped(word).context("the format is not in this program");
    if arguments.mapping.is_some() && arguments.format != RegisterFormat::Mapped {
        return Err(Usage::because("--mapping goes with --format mapped").into());
    }
    match (arguments.format, &arguments.mapping) {
        (RegisterFormat::Csv, _) => Ok(Format::Csv.into()),
        (RegisterFormat::Ndjson, _) => Ok(Format::Ndjson.into()),
        (RegisterFormat::Mapped, Some(path)) => {
            let cannot = || format!("cannot read the mapping {}", path.display());
            let bytes = storage.read(path, MAPPING_BYTES_MAX).with_context(cannot)?;
            let text = String::from_utf8(bytes).with_context(cannot)?;
            let wrong = |error| Usage::because(format_args!("{}: {error}", path.display()));
            Ok(Adapter::mapped(&text).map_err(wrong)?)
        }
        (format, _) => shipped(&word(format)),
    }
}

/// A mapping is a page or two.
const MAPPING_BYTES_MAX: u64 = 1 << 20;

fn word(format: RegisterFormat) -> String {
    format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn write_report(
    storage: &dyn Storage,
    path: &Path,
    arguments: &Import,
    feed: &FeedName,
    imported: &Imported,
) -> anyhow::Result<()> {
    let files: Vec<_> = arguments.files.iter().map(|path| path.display().to_string()).collect();
    let report = publishing::report(feed, &word(arguments.format), &files, imported);
    let text = format!("{report:#}\n");
    publish_file(storage, path, text.as_bytes()).with_context(|| {
        let done =
            if matches!(imported.outcome, Outcome::Published(_)) { "; the list is in force" } else { "" };
        format!("cannot write the report {}{done}", path.display())
    })
}

fn inputs(arguments: &Import) -> anyhow::Result<Inputs> {
    if !arguments.files.iter().any(|path| path == Path::new("-")) {
        return Ok(Inputs::Files(arguments.files.clone()));
    }
    if arguments.files.len() > 1 {
        let rule =
            "standard input (-) can't be combined with files: import them as files, or through the pipe";
        return Err(Usage::because(rule).into());
    }
    Ok(Inputs::Stream(Box::new(io::stdin())))
}

fn print(feed: &FeedName, imported: &Imported, rejects: &Path, took: Duration) {
    let tally = &imported.tally;
    let expanded =
        if tally.expanded > 0 { format!(" + {} in intervals", tally.expanded) } else { String::new() };
    println!(
        "read {}{expanded} = accepted {} + duplicates {} + rejected {}",
        tally.read,
        tally.accepted,
        tally.duplicates,
        tally.rejected_total()
    );
    for (reason, count) in &tally.rejected {
        println!("  rejected {count}: {}", reason.word());
    }
    if tally.rejected_total() > 0 {
        println!("  lines and reasons are in {}", rejects.display());
    }
    if tally.days_left_out > 0 {
        println!("  {} days could not be read and were left out", tally.days_left_out);
    }
    if imported.aliases > 0 {
        println!("{} second spellings are listed as well", imported.aliases);
    }
    if let Some(bulletin) = &imported.bulletin {
        let change = &imported.change;
        let (new, changed, gone) = (change.difference.new, change.difference.changed, change.difference.gone);
        println!("of {} notices in force: {new} new, {changed} changed, {gone} gone", change.before);
        if change.difference.lapsed > 0 {
            println!("  {} of the changed have lapsed by the new list", change.difference.lapsed);
        }
        let stands = |number| {
            format!(
                "generation {number} is in force: feed {feed}, sequence {}, as of {:.0}, {} notices",
                bulletin.sequence, bulletin.as_of, tally.accepted
            )
        };
        match &imported.outcome {
            Outcome::Published(id) => println!("{}", stands(id.number)),
            Outcome::Unchanged(id) => {
                println!("nothing is new, not even the time: generation {} stays in force", id.number);
            }
            Outcome::DryRun => println!("dry run: nothing was changed"),
            Outcome::Refused(_) => {}
        }
    }
    let rows_per_s = u128::from(tally.read) * 1000 / took.as_millis().max(1);
    println!("took {:.1} s, {rows_per_s} rows/s", took.as_secs_f64());
}

/// One bar a stage.
struct Bars {
    stage: Option<Stage>,
    bar: ProgressBar,
    interrupt: Interrupt,
}

impl Progress for Bars {
    fn at(&mut self, stage: Stage, done: u64, total: Option<u64>) {
        if self.stage != Some(stage) {
            self.bar.finish_and_clear();
            self.stage = Some(stage);
            self.bar = match stage {
                Stage::Reading => progress::bytes(total, "reading"),
                Stage::Building => progress::count(total.unwrap_or_default(), "building"),
                Stage::Publishing => progress::count(1, "publishing"),
            };
        }
        self.bar.set_position(done);
    }

    fn stopped(&self) -> bool {
        self.interrupt.asked()
    }
}
