//! `portcullis alert restore`: the way on where alerts are damaged or gone, and there is a backup.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use portcullis::app::StagedAlerts;
use portcullis::audit::{Act, Draft};
use portcullis::domain::Digest;
use portcullis::ground::storage::Storage;
use portcullis::overlay::{OverlayError, Store};

use super::alert_arguments::AlertRestore;
use super::alert_held::HeldLogs;
use super::site;

/// Puts the alerts of a backup in the place of those that are here. The entry comes first. They have a new name from here on; where some
/// are missing, the entry names the counter from which they go on.
pub(super) fn run(arguments: &AlertRestore) -> anyhow::Result<ExitCode> {
    let (data, storage, now) = (&*arguments.data, site::disk(), site::clock().now().time);
    site::must_exist(data)?;
    let mut held = HeldLogs::of(&storage, data, now)?;
    // What a killed process did not record is told there.
    let told = Store::newest(&*storage, data).ok().filter(|revision| *revision > 0);
    let known = held.floor.max(told);
    must_need_it(&storage, data, known)?;
    let mut staged = StagedAlerts::copy(&storage, &arguments.backup, data)?;
    let (found, made_at) = (staged.store.head().counter, staged.made_at);
    let known_to_it = |known: u64| staged.is_own && known <= found && staged.store.was_at(known);
    let missed = known.filter(|known| !known_to_it(*known));
    if let Some(known) = missed.filter(|_| !arguments.accept_loss) {
        let is_own = staged.is_own;
        staged.discard()?;
        if !is_own {
            bail!(
                "the backup of {made_at:.0} is of before the logs of this site were put aside: it may be that of a twin, or lack what was issued here since. Use a newer backup; where there is none, --accept-loss, and go through the alerts then"
            );
        }
        bail!(
            "the backup of {made_at:.0} has the alerts up to revision {found}, and {known} is on record: what was issued or changed since would be missing, and what was withdrawn since would be in force again. Use a newer backup; where there is none, --accept-loss, and go through the alerts then"
        );
    }
    let name = staged.store.new_name(known.unwrap_or_default())?;
    let after = name.after();
    let draft = Draft {
        alert_revision: if missed.is_some() { Some(after) } else { known },
        client_reference: Some(made_at.to_string().into()),
        ..Draft::new(now, Act::AlertsRestored, site::principal()?, Digest([0; 32]))
    };
    held.record(&storage, data, draft)?;
    staged.store.rename(name)?;
    let aside = staged.put_in_place()?;
    held.close()?;
    println!(
        "{}: restored as of {made_at:.0}, up to revision {found}; they go on after {after}",
        data.join("alerts").display()
    );
    if let Some(known) = missed {
        println!(
            "{known} was on record: go through the alerts, issue and change again what is missing, and withdraw again what was withdrawn"
        );
    }
    if let Some(aside) = aside {
        println!("those of before are in {}: remove them once nobody needs them", aside.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Alerts that are sound and all there would only lose by it.
fn must_need_it(storage: &Arc<dyn Storage>, data: &Path, known: Option<u64>) -> anyhow::Result<()> {
    let here = Store::open_not_below(storage, data, known);
    match here {
        Ok(None) => Ok(()),
        Ok(Some(store)) if store.each_after(0, &mut |_| ()).is_err() => Ok(()),
        Ok(Some(store)) => bail!(
            "the alerts in {} are sound, and none is missing up to revision {}: there is nothing to restore. What was done is undone by `amend`, `renew` and `withdraw`",
            data.join("alerts").display(),
            store.head().counter
        ),
        Err(error) if error.is_damage() => Ok(()),
        Err(OverlayError::Gone { .. } | OverlayError::Older { .. } | OverlayError::Replaced { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
