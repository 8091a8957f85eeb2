//! `portcullis fold` and `portcullis rollback`.

use std::process::ExitCode;

use portcullis::audit::{self, AuditLog, Role};
use portcullis::domain::FeedName;
use portcullis::ground::step_back;
use portcullis::publishing::{self, Folded};

use super::arguments::{Fold, Rollback};
use super::usage::Usage;
use super::{progress, site};

pub(super) fn fold(arguments: &Fold) -> anyhow::Result<ExitCode> {
    let feed = FeedName::parse(&arguments.feed).map_err(Usage::because)?;
    step_back();
    site::must_exist(&arguments.data)?;
    let (clock, principal) = (site::clock(), site::principal()?);
    let (now, config) = (clock.now().time, audit::Config::default());
    let (log, _) = AuditLog::open(site::disk(), &arguments.data, Role::Cli, config, now)?;
    let fold = publishing::Fold {
        storage: site::disk(),
        data_dir: &arguments.data,
        log: &log,
        clock: &clock,
        principal,
        feed: feed.clone(),
        mib_per_second: Some(arguments.mib_per_second),
    };
    let bar = progress::count(0, "folding");
    let folded = publishing::fold(&fold, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let folded = folded?;
    log.close()?;
    match folded {
        Folded::Published(id) => {
            println!("feed {feed}: one base, the same list; generation {} is in force", id.number);
        }
        Folded::Nothing => println!("feed {feed} has no delta: nothing was changed"),
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rollback(arguments: &Rollback) -> anyhow::Result<ExitCode> {
    site::must_exist(&arguments.data)?;
    let (clock, principal) = (site::clock(), site::principal()?);
    let (now, config) = (clock.now().time, audit::Config::default());
    let (log, _) = AuditLog::open(site::disk(), &arguments.data, Role::Cli, config, now)?;
    let id = publishing::rollback(site::disk(), &arguments.data, &log, &clock, &principal, arguments.to)?;
    log.close()?;
    println!("generation {} is in force, with the lists of generation {}", id.number, arguments.to);
    Ok(ExitCode::SUCCESS)
}
