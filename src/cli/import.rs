//! `portcullis import`.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use portcullis::audit::{self, AuditLog, Role};
use portcullis::domain::FeedName;
use portcullis::ground::storage::{Storage, publish_file};
use portcullis::publishing::{self, Imported, Limits, Outcome};

use super::arguments::Import;
use super::bars::Bars;
use super::registers::{adapter, inputs, word};
use super::site;
use super::usage::Usage;

pub(super) fn run(arguments: &Import) -> anyhow::Result<ExitCode> {
    let feed = FeedName::parse(&arguments.feed).map_err(Usage::because)?;
    let as_of = match &arguments.as_of {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Usage::because(format_args!("--as-of {text} is no time: write it as 2026-03-01T06:00:00Z"))
        })?),
    };
    let inputs = inputs(&arguments.files)?;
    let storage = site::disk();
    let adapter = adapter(arguments.format, arguments.mapping.as_deref(), &*storage)?;
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
    let mut bars = Bars::watch()?;
    let started = Instant::now();
    let imported = publishing::import(&import, inputs, &mut bars);
    bars.finish();
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
