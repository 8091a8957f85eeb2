//! `portcullis alert accept-loss`: the way on where alerts are lost for good.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use portcullis::audit::{Act, Draft};
use portcullis::domain::Digest;
use portcullis::overlay::Store;

use super::alert_held::HeldLogs;
use super::site;

/// Has the store of alerts count on above all that is lost. The entry comes first, and names the counter from which the store goes on: until
/// it does, its alerts stay missing.
pub(super) fn run(data: &Path) -> anyhow::Result<ExitCode> {
    site::must_exist(data)?;
    let (storage, now) = (site::disk(), site::clock().now().time);
    let mut held = HeldLogs::of(&storage, data, now)?;
    let Some(floor) = held.floor else {
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
        let name = store.new_name(floor)?;
        let draft = Draft::new(now, Act::AlertLossAccepted, site::principal()?, Digest([0; 32]));
        let reference = Some(floor.to_string().into());
        let draft = Draft { alert_revision: Some(name.after()), client_reference: reference, ..draft };
        held.record(&storage, data, draft)?;
        store.rename(name)?;
    }
    let after = store.head().counter;
    held.close()?;
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
