//! `portcullis feed`.

use std::process::ExitCode;

use anyhow::Context;
use portcullis::audit::{self, AuditLog, Role};
use portcullis::domain::FeedName;
use portcullis::publishing;

use super::arguments::Forget;
use super::site;

pub(super) fn forget(arguments: &Forget) -> anyhow::Result<ExitCode> {
    let feed = FeedName::parse(&arguments.name).context("wrong feed name")?;
    site::must_exist(&arguments.data)?;
    let (clock, principal) = (site::clock(), site::principal());
    let (now, config) = (clock.now().time, audit::Config::default());
    let (log, _) = AuditLog::open(site::disk(), &arguments.data, Role::Cli, config, now)?;
    let id = publishing::forget(site::disk(), &arguments.data, &log, &clock, &principal, &feed)?;
    log.close()?;
    println!(
        "feed {feed} is forgotten: generation {} is in force, and no answer needs that feed any more",
        id.number
    );
    Ok(ExitCode::SUCCESS)
}
