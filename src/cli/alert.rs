//! `portcullis alert`.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use portcullis::alerting::{AlertPolicy, AlertRequest, AlertingError, Desk, Fulfilled};
use portcullis::audit::ClockBy;
use portcullis::domain::alert::{AlertId, Revision};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::Alerts;

use super::alert_arguments::{Alert, AlertAct, AlertExpire, AlertIssue, AlertSite};
use super::usage::Usage;
use super::{
    alert_changes, alert_export, alert_import, alert_loss, alert_read, alert_restore, alert_search, site,
};

const INPUT_BYTES_MAX: u64 = 64 << 10;

pub(super) fn run(command: &Alert) -> anyhow::Result<ExitCode> {
    match command {
        Alert::Issue(arguments) => issue(arguments),
        Alert::Submit(act) => changed("submitted", act, |desk, id, by| desk.submit(id, by, act.revision)),
        Alert::Approve(act) => changed("approved", act, |desk, id, by| desk.approve(id, by, act.revision)),
        Alert::Withdraw(act) => changed("withdrawn", act, |desk, id, by| desk.withdraw(id, by, act.revision)),
        Alert::Amend(arguments) => {
            let statement = asked_for(&arguments.statement)?.into_statement(site::clock().now().time);
            let statement = statement.map_err(Usage::because)?;
            let act = &arguments.act;
            changed("amended", act, |desk, id, by| desk.amend(id, statement, by, act.revision))
        }
        Alert::Renew(arguments) => {
            let to = arguments.to.parse().map_err(|_| {
                Usage::because(format_args!(
                    "--to {} is no time: write it as 2026-09-01T00:00:00Z",
                    arguments.to
                ))
            })?;
            let act = &arguments.act;
            changed("renewed", act, |desk, id, by| desk.renew(id, to, by, act.revision))
        }
        Alert::Import(arguments) => alert_import::run(arguments),
        Alert::Expire(arguments) => expire(arguments),
        Alert::List(arguments) => alert_read::list(arguments),
        Alert::Show(arguments) => alert_read::show(arguments),
        Alert::Search(arguments) => alert_search::run(arguments),
        Alert::Changes(arguments) => alert_changes::run(arguments),
        Alert::Export(arguments) => alert_export::export(arguments),
        Alert::VerifyExport(arguments) => alert_export::verify(arguments),
        Alert::Restore(arguments) => alert_restore::run(arguments),
        Alert::AcceptLoss(arguments) => alert_loss::run(&arguments.data),
    }
}

fn issue(arguments: &AlertIssue) -> anyhow::Result<ExitCode> {
    let wanted = asked_for(&arguments.alert)?.into_wanted(site::clock().now().time);
    let (wanted, key) = (wanted.map_err(Usage::because)?, arguments.idempotency_key.as_deref());
    let issued = with_desk(&arguments.site, |desk, by| match arguments.draft {
        true => desk.draft(wanted, by, key),
        false => desk.issue(wanted, by, key),
    })?;
    let (what, revision) = match &issued {
        Fulfilled::New(revision) if arguments.draft => ("drafted", revision),
        Fulfilled::New(revision) => ("issued", revision),
        Fulfilled::Before(revision) => ("issued before with this key", revision),
    };
    tell(what, revision);
    Ok(ExitCode::SUCCESS)
}

fn expire(arguments: &AlertExpire) -> anyhow::Result<ExitCode> {
    site::must_exist(&arguments.data)?;
    let by = if arguments.clock_checked { ClockBy::Word } else { ClockBy::Entries };
    let (expired, left) = at_desk(&arguments.data, AlertPolicy::default(), |desk, _| {
        Ok((desk.expire(by)?, desk.over(ClockBy::Word)?.len()))
    })?;
    println!("{expired} alerts have expired");
    if left > 0 {
        eprintln!(
            "portcullis: {left} are over by this clock alone: they expire once the logs have entries of two days since, or with --clock-checked"
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn changed(
    what: &str,
    act: &AlertAct,
    change: impl FnOnce(&mut Desk<'_>, AlertId, &Arc<str>) -> Result<Arc<Revision>, AlertingError>,
) -> anyhow::Result<ExitCode> {
    let id = id(&act.alert)?;
    site::must_exist(&act.site.data)?;
    let revision = with_desk(&act.site, |desk, by| change(desk, id, by))?;
    tell(what, &revision);
    Ok(ExitCode::SUCCESS)
}

fn tell(what: &str, revision: &Revision) {
    let (alert, number, life) = (revision.alert, revision.number, revision.life.word());
    println!("alert {alert} {what}: revision {number}, {life}, until {:.0}", revision.statement.to);
}

/// Opens what an act needs, and the log in which it is recorded.
pub(super) fn with_desk<T>(
    at: &AlertSite,
    act: impl FnOnce(&mut Desk<'_>, &Arc<str>) -> Result<T, AlertingError>,
) -> anyhow::Result<T> {
    let policy = site::rules(&at.data, at.config.as_deref())?.alerts;
    at_desk(&at.data, policy, act)
}

fn at_desk<T>(
    data: &Path,
    policy: AlertPolicy,
    act: impl FnOnce(&mut Desk<'_>, &Arc<str>) -> Result<T, AlertingError>,
) -> anyhow::Result<T> {
    let storage = site::disk();
    storage.create_dir_all(data).with_context(|| format!("cannot create {}", data.display()))?;
    let (log, clock, by) = site::open_log(data)?;
    let mut desk = Desk {
        storage,
        data_dir: data.to_owned(),
        log: &log,
        clock: &clock,
        policy,
        known: Alerts::default(),
    };
    let done = act(&mut desk, &by)?;
    log.close()?;
    Ok(done)
}

pub(super) fn id(text: &str) -> anyhow::Result<AlertId> {
    Ok(AlertId::parse(text).ok_or_else(|| Usage::because("an alert's name has 32 hexadecimal digits"))?)
}

fn asked_for(path: &Path) -> anyhow::Result<AlertRequest> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(INPUT_BYTES_MAX).read_to_end(&mut bytes)?;
        bytes
    } else {
        Disk.read(path, INPUT_BYTES_MAX).with_context(|| format!("cannot read {}", path.display()))?
    };
    Ok(AlertRequest::parse(&bytes).map_err(Usage::because)?)
}
