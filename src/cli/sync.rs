//! `portcullis sync`.

use std::ops::ControlFlow;
use std::process::ExitCode;

use portcullis::app::sources;
use portcullis::audit::{AuditLog, Role};
use portcullis::domain::FeedName;
use portcullis::ground::{causes, step_back};
use portcullis::syncing::{self, Outcome, Source, Step, Synced, Wish};

use super::arguments::Sync;
use super::interrupt::Interrupt;
use super::usage::Usage;
use super::{progress, site};

pub(super) fn run(arguments: &Sync) -> anyhow::Result<ExitCode> {
    let settings = site::settings(&arguments.config)?;
    let storage = site::disk();
    let wanted = arguments.feed.iter().chain(&arguments.release);
    let wanted = wanted.map(|name| FeedName::parse(name).map_err(Usage::because));
    let wanted: Vec<_> = wanted.collect::<Result<_, _>>()?;
    if let Some(unknown) = wanted.iter().find(|feed| !settings.sources.contains_key(feed)) {
        let section = format_args!("the settings have no [sources.{unknown}]");
        return Err(Usage::because(section).into());
    }
    let mut sources = sources(&settings, &storage, arguments.from.as_deref())?;
    sources.retain(|source| wanted.is_empty() || wanted.contains(&source.feed));
    if sources.is_empty() {
        let hint = "the settings name no source: a section [sources.NAME] says where a feed comes from";
        return Err(Usage::because(hint).into());
    }
    let shrinks = shrinks(arguments, &sources)?;
    step_back();
    storage.create_dir_all(&settings.data_dir)?;
    let clock = site::clock();
    let (log, _) =
        AuditLog::open(storage.clone(), &settings.data_dir, Role::Cli, settings.audit, clock.now().time)?;
    let site = syncing::Site {
        storage,
        data_dir: &settings.data_dir,
        log: &log,
        clock: &clock,
        principal: site::principal()?,
    };
    let interrupt = Interrupt::watch()?;
    let mut failed = false;
    for source in &sources {
        let wish = Wish {
            dry_run: arguments.dry_run,
            accept_shrink: shrinks.contains(&source.feed),
            release: arguments.release.iter().any(|name| *name == source.feed.as_str()),
            activate: arguments.activate,
            repair: true,
        };
        let bar = progress::bytes(None, "fetching");
        let synced = syncing::sync(&site, source, wish, &mut |done, total| {
            bar.set_length(total);
            bar.set_position(done);
            if interrupt.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        bar.finish_and_clear();
        match synced {
            Ok(synced) => tell(source, &synced),
            Err(error) => {
                failed = true;
                eprintln!("portcullis: {}", causes(&error));
            }
        }
    }
    log.close()?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The feeds that may shrink: nobody who looks at one of them speaks for the others.
fn shrinks(arguments: &Sync, sources: &[Source]) -> anyhow::Result<Vec<FeedName>> {
    let mut shrinks = Vec::new();
    for name in &arguments.accept_shrink {
        let named = match (name.as_str(), sources) {
            ("", [only]) => Some(only),
            ("", _) => {
                let hint = "say which feed may shrink: --accept-shrink=NAME";
                return Err(Usage::because(hint).into());
            }
            (name, sources) => sources.iter().find(|source| source.feed.as_str() == name),
        };
        let unknown = || Usage::because(format_args!("--accept-shrink={name}: no such feed is synchronised"));
        shrinks.push(named.ok_or_else(unknown)?.feed.clone());
    }
    Ok(shrinks)
}

fn tell(source: &Source, synced: &Synced) {
    let feed = &source.feed;
    println!("feed {feed}: sequence {}, vouched for as of {:.0}", synced.sequence, synced.as_of);
    for step in &synced.plan.steps {
        match step {
            Step::Fetch { file, role } => {
                println!("  fetch {} {} ({} bytes)", role.word(), file.name, file.length)
            }
            Step::Compose { increments, file } => {
                let bytes: u64 = increments.iter().map(|increment| increment.file.length).sum();
                println!("  compose {} of {} increments ({bytes} bytes)", file.name, increments.len());
            }
            Step::Fold { file } => println!("  fold into {} (nothing to fetch)", file.name),
        }
    }
    if synced.mismatch {
        println!("  what was made here was not what is signed, and was downloaded instead");
    }
    match synced.outcome {
        Outcome::Current => println!("  nothing is new"),
        Outcome::Vouched(id) => println!("  the same list; generation {} is in force", id.number),
        Outcome::InForce(id) => {
            println!("  {} bytes came; generation {} is in force", synced.line_bytes, id.number);
        }
        Outcome::Repaired(id) => println!(
            "  a file of the list in force was spoilt and came again; generation {} is in force",
            id.number
        ),
        Outcome::Waiting => println!(
            "  {} bytes came; downloaded, and not in force: the settings say when, and --activate says now",
            synced.line_bytes
        ),
        Outcome::DryRun => println!("  dry run: {} bytes would come; nothing was changed", synced.plan.bytes),
    }
}
