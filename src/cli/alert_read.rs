//! `portcullis alert list` and `show`, and what every reading of alerts by command has in common: it is an entry first.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use portcullis::alerting::AlertingError;
use portcullis::audit::{self, Act, Draft};
use portcullis::domain::Digest;
use portcullis::domain::alert::Standing;
use portcullis::http::wire::RevisionBody;
use portcullis::overlay::{Alerts, Store};

use super::alert::id;
use super::alert_arguments::{AlertList, AlertShow};
use super::site;

/// Records that alerts are read, and which, and gives the time.
pub(super) fn record(data: &Path, what: String) -> anyhow::Result<Timestamp> {
    site::must_exist(data)?;
    let (log, clock, by) = site::open_log(data)?;
    let now = clock.now().time;
    let draft = Draft::new(now, Act::AlertRead, by, Digest([0; 32]));
    let _ = log.submit(Draft { client_reference: Some(what.into()), ..draft }, ())?.wait()?;
    log.close()?;
    Ok(now)
}

/// The store, if it is what the site's logs say that it was.
pub(super) fn on_record(data: &Path) -> anyhow::Result<Option<Store>> {
    let storage = site::disk();
    let floor = audit::alert_floor(&*storage, data)?;
    Ok(Store::open_not_below(&storage, data, floor)?)
}

/// Every alert.
pub(super) fn all(data: &Path) -> anyhow::Result<Alerts> {
    let mut alerts = Alerts::default();
    if let Some(store) = on_record(data)? {
        alerts.follow(&store)?;
    }
    Ok(alerts)
}

pub(super) fn list(arguments: &AlertList) -> anyhow::Result<ExitCode> {
    let now = record(&arguments.data, "list".to_owned())?;
    let alerts = all(&arguments.data)?;
    let of = |newest| if arguments.all { Some(newest) } else { alerts.in_force(newest, now) };
    let mut listed: Vec<_> = alerts.iter().filter_map(of).collect();
    listed.sort_by_key(|revision| revision.origin.counter);
    let mut out = std::io::stdout().lock();
    for revision in listed {
        if arguments.json {
            serde_json::to_writer(&mut out, &RevisionBody::without_number(revision, now))?;
            writeln!(out)?;
            continue;
        }
        let statement = &revision.statement;
        let standing = match revision.standing(now) {
            Standing::InForce { unapproved: false } => "in force",
            Standing::InForce { unapproved: true } => "in force, unapproved",
            Standing::Not => "not in force",
        };
        writeln!(
            out,
            "{}  {}  {standing}  {}  {}  until {:.0}  {}",
            revision.alert,
            revision.life.word(),
            statement.category.word(),
            statement.action.word(),
            statement.to,
            statement.originator,
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn show(arguments: &AlertShow) -> anyhow::Result<ExitCode> {
    let id = id(&arguments.alert)?;
    let now = record(&arguments.data, id.to_string())?;
    let mut revisions = Vec::new();
    if let Some(store) = on_record(&arguments.data)? {
        store
            .each_after(0, &mut |revision| revisions.extend(Some(revision).filter(|one| one.alert == id)))?;
    }
    if revisions.is_empty() {
        return Err(AlertingError::Unknown(id).into());
    }
    let mut out = std::io::stdout().lock();
    for revision in &revisions {
        serde_json::to_writer(&mut out, &RevisionBody::of(revision, now))?;
        writeln!(out)?;
    }
    Ok(ExitCode::SUCCESS)
}
