//! `portcullis feed`.

use std::process::ExitCode;

use portcullis::audit::{self, AuditLog, Role};
use portcullis::domain::FeedName;
use portcullis::{publishing, syncing};

use super::feed_arguments::{FeedMirror, Forget};
use super::site;
use super::usage::Usage;

pub(super) fn mirror(arguments: &FeedMirror) -> anyhow::Result<ExitCode> {
    let feed = FeedName::parse(&arguments.name).map_err(Usage::because)?;
    site::must_exist(&arguments.data)?;
    let sequence = syncing::mirror(&site::disk(), &arguments.data, &feed, &arguments.out)?;
    println!("feed {feed}, sequence {sequence}: {} can be fetched from", arguments.out.display());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn forget(arguments: &Forget) -> anyhow::Result<ExitCode> {
    let feed = FeedName::parse(&arguments.name).map_err(Usage::because)?;
    site::must_exist(&arguments.data)?;
    let (clock, principal) = (site::clock(), site::principal()?);
    let (now, config) = (clock.now().time, audit::Config::default());
    let (log, _) = AuditLog::open(site::disk(), &arguments.data, Role::Cli, config, now)?;
    let id = publishing::forget(site::disk(), &arguments.data, &log, &clock, &principal, &feed)?;
    log.close()?;
    println!(
        "feed {feed} is forgotten: generation {} is in force, and no answer needs that feed any more, unless settings have [sources.{feed}]",
        id.number
    );
    Ok(ExitCode::SUCCESS)
}
