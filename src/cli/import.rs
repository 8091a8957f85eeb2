//! `portcullis import`.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::ProgressBar;
use portcullis::audit::{self, AuditLog, Role};
use portcullis::domain::FeedName;
use portcullis::publishing::{self, Imported, Inputs, Progress, Stage};
use portcullis::register::Format;

use super::arguments::{Import, RegisterFormat};
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
        format: match arguments.format {
            RegisterFormat::Csv => Format::Csv,
            RegisterFormat::Ndjson => Format::Ndjson,
        },
        as_of,
        rejects,
    };
    let mut bars = Bars { stage: None, bar: ProgressBar::hidden() };
    let started = Instant::now();
    let imported = publishing::import(&import, inputs, &mut bars);
    bars.bar.finish_and_clear();
    let imported = imported?;
    report(&imported, &import.rejects, started.elapsed());
    log.close()?;
    Ok(ExitCode::SUCCESS)
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

fn report(imported: &Imported, rejects: &Path, took: Duration) {
    let (tally, bulletin) = (&imported.tally, &imported.bulletin);
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
    if tally.rejected_total() > 0 {
        println!("  lines and reasons are in {}", rejects.display());
    }
    println!(
        "generation {} is in force: feed {}, sequence {}, as of {:.0}, {} notices",
        imported.generation.number, bulletin.feed, bulletin.sequence, bulletin.as_of, tally.accepted
    );
    let rows_per_s = u128::from(tally.read) * 1000 / took.as_millis().max(1);
    println!("took {:.1} s, {rows_per_s} rows/s", took.as_secs_f64());
}

/// One bar a stage.
struct Bars {
    stage: Option<Stage>,
    bar: ProgressBar,
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
}
