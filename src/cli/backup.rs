//! `portcullis backup` and `portcullis restore`.

use std::process::ExitCode;

use portcullis::app;
use portcullis::audit::Act;
use portcullis::domain::Authority;

use super::audit_read::record;
use super::backup_arguments::{Backup, Restore};
use super::{progress, site};

pub(super) fn back_up(arguments: &Backup) -> anyhow::Result<ExitCode> {
    let settings = site::settings(&arguments.config)?;
    site::must_exist(&settings.data_dir)?;
    // First, so that it is in the backup too.
    record(&settings.data_dir, Act::BackedUp, None, None, None)?;
    let now = site::clock().now().time;
    let bar = progress::count(0, "backing up");
    let told = &mut |log: &str| bar.set_message(format!("backing up {log}"));
    let config = Some(&*arguments.config);
    let made = app::back_up(&site::disk(), &settings.data_dir, config, &arguments.to, (now, told));
    bar.finish_and_clear();
    let made = made?;
    println!("{}: {} logs, keys, settings and floors", arguments.to.display(), made.logs.len());
    if let Some(revision) = made.alerts {
        println!("alerts up to revision {revision}");
    }
    for (log, fault) in &made.faults {
        println!("{log}: NOT SOUND, and copied as it is: {fault}");
    }
    println!("keep it where only the site's operator can read it, and no longer than the entries in it");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(arguments: &Restore) -> anyhow::Result<ExitCode> {
    let now = site::clock().now().time;
    let (backup, generation) = app::restore(&site::disk(), &arguments.backup, &arguments.data, now)?;
    record(&arguments.data, Act::Restored, None, Some(&backup.made_at.to_string()), None)?;
    println!("{}: restored as of {:.0}", arguments.data.display(), backup.made_at);
    for log in &backup.logs {
        println!("{log} is put aside: it can be verified, searched and proved from");
    }
    for (what, fault) in &backup.faults {
        println!("{what}: NOT SOUND, and restored as it was backed up: {fault}");
    }
    println!("the settings of then are {}", arguments.backup.join("portcullis.toml").display());
    for feed in generation.iter().flat_map(|generation| &generation.expected) {
        let is_local = generation.as_ref().and_then(|of| of.authority(feed)) == Some(Authority::Local);
        let how =
            if is_local { "import it again".to_owned() } else { format!("portcullis sync --release {feed}") };
        println!("nothing is clear until feed {feed} is in force again, with no older list than then: {how}");
    }
    println!("whoever writes next begins a new log; note its key, audit/<log id>/verify.key, elsewhere");
    Ok(ExitCode::SUCCESS)
}
