//! `portcullis alert accept-loss`: the way on where alerts are lost for good.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use portcullis::audit::{self, Act, AuditError, AuditLog, Draft};
use portcullis::domain::Digest;
use portcullis::overlay::Store;

use super::site;

/// Has every log of the site know that the store of alerts is right as it is now. All of them are held meanwhile: none may go on naming what
/// is lost.
pub(super) fn run(data: &Path) -> anyhow::Result<ExitCode> {
    site::must_exist(data)?;
    let (storage, now) = (site::disk(), site::clock().now().time);
    let mut logs = Vec::new();
    for folder in audit::log_folders(&*storage, data)? {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // Those that were put aside are asked by nobody.
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
    let Some(floor) = logs.iter().filter_map(|(_, opened)| opened.alert_floor).max() else {
        println!("no log of {} knows of alerts: nothing is missing", data.display());
        return Ok(ExitCode::SUCCESS);
    };
    let existing = Store::open(&storage, data).and_then(|store| match store {
        Some(store) => Ok(store),
        None => Store::open_or_create(&storage, data),
    });
    let aside = data.join("alerts");
    let existing = existing
        .with_context(|| format!("what is left in {} is no store: move it aside first", aside.display()))?;
    let revision = existing.head().counter;
    drop(existing);
    let principal = site::principal()?;
    let behind = |opened: &Option<u64>| opened.is_some_and(|floor| floor > revision);
    for (log, _) in logs.iter().filter(|(_, opened)| behind(&opened.alert_floor)) {
        let draft = Draft::new(now, Act::AlertLossAccepted, principal.clone(), Digest([0; 32]));
        let reference = Some(floor.to_string().into());
        let draft = Draft { alert_revision: Some(revision), client_reference: reference, ..draft };
        let _ = log.submit(draft, ())?.wait()?;
    }
    logs.into_iter().try_for_each(|(log, _)| log.close())?;
    if floor > revision {
        println!(
            "accepted: the alerts have revision {revision}, and {floor} was on record. Issue again what is missing"
        );
    } else {
        println!("the alerts have revision {revision}, and {floor} is on record: nothing more is missing");
    }
    Ok(ExitCode::SUCCESS)
}
