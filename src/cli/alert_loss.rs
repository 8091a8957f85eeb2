//! `portcullis alert accept-loss`: the way on where alerts are lost for good.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use portcullis::audit::{self, Act, AuditError, AuditLog, Draft, Role};
use portcullis::domain::Digest;
use portcullis::overlay::Store;

use super::site;

/// Has the store of alerts count on above all that is lost. All logs are held meanwhile: no process may go on with what is lost. The entry
/// comes first, and names the counter from which the store goes on: until it does, its alerts stay missing.
pub(super) fn run(data: &Path) -> anyhow::Result<ExitCode> {
    site::must_exist(data)?;
    let (storage, now) = (site::disk(), site::clock().now().time);
    let mut logs = Vec::new();
    for folder in audit::log_folders(&*storage, data)? {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // Nothing is recorded in those that were put aside.
        if name.contains('.') {
            continue;
        }
        match AuditLog::open_named(storage.clone(), data, name, audit::Config::default(), now) {
            Ok(opened) => logs.push(opened),
            Err(AuditError::NoLog { .. }) => {}
            Err(AuditError::InUse { path }) => {
                let held = AuditError::InUse { path };
                return Err(held)
                    .context("no process may go on with the alerts of before: stop the service first");
            }
            Err(error) => return Err(error.into()),
        }
    }
    let aside = audit::alert_floor_put_aside(&*storage, data)?;
    let Some(floor) = logs.iter().filter_map(|(_, opened)| opened.alert_floor).max().max(aside) else {
        println!("no log of {} knows of alerts: nothing is missing", data.display());
        return Ok(ExitCode::SUCCESS);
    };
    let folder = data.join("alerts");
    let is_no_store = || format!("what is left in {} is no store: move it aside first", folder.display());
    let existing = Store::open(&storage, data).with_context(is_no_store)?;
    let is_gone = existing.is_none();
    let mut store = match existing {
        Some(store) => store,
        None => Store::open_or_create(&storage, data).with_context(is_no_store)?,
    };
    let revision = store.head().counter;
    let is_lost = is_gone || !store.was_at(floor);
    if is_lost {
        if logs.is_empty() {
            logs.push(AuditLog::open(storage.clone(), data, Role::Cli, audit::Config::default(), now)?);
        }
        let name = store.new_name(floor)?;
        let draft = Draft::new(now, Act::AlertLossAccepted, site::principal()?, Digest([0; 32]));
        let reference = Some(floor.to_string().into());
        let draft = Draft { alert_revision: Some(name.after()), client_reference: reference, ..draft };
        let _ = logs[0].0.submit(draft, ())?.wait()?;
        store.rename(name)?;
    }
    let after = store.head().counter;
    logs.into_iter().try_for_each(|(log, _)| log.close())?;
    if is_gone {
        println!(
            "accepted: the alerts are gone and begin anew after revision {after}, and {floor} was on record. There may have been newer ones, nobody knows how many. Issue again what is missing"
        );
    } else if is_lost {
        println!(
            "accepted: the alerts have revision {revision} and go on after {after}, and {floor} was on record. Issue again what is missing"
        );
    } else {
        println!("the alerts have revision {revision}, and {floor} is on record: nothing more is missing");
    }
    Ok(ExitCode::SUCCESS)
}
