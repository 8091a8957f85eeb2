//! What several commands open.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use portcullis::alerting::{CaseError, Casebook};
use portcullis::app::{SiteRules, open_screening};
use portcullis::audit::{self, AuditLog, Role};
use portcullis::config::{Settings, parse_deviations};
use portcullis::ground::causes;
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::screening::{ClearedTable, Screening};

const SETTINGS_BYTES_MAX: u64 = 1 << 20;

pub(super) fn disk() -> Arc<dyn Storage> {
    Arc::new(Disk)
}

pub(super) fn clock() -> Arc<Clock> {
    Arc::new(Clock::new(SystemClock))
}

/// Reads a settings file and tells every fault in it.
pub(super) fn settings(path: &Path) -> anyhow::Result<Settings> {
    let settings = Settings::parse(&text(path)?).with_context(|| cannot_be_used(path))?;
    with_deviations(settings)
}

/// Reads the file of deviations that the settings name.
fn with_deviations(mut settings: Settings) -> anyhow::Result<Settings> {
    if let Some(path) = &settings.deviations_file {
        settings.policy.deviations = parse_deviations(&text(path)?).with_context(|| cannot_be_used(path))?;
    }
    Ok(settings)
}

fn cannot_be_used(path: &Path) -> String {
    format!("the settings {} cannot be used", path.display())
}

fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = Disk
        .read(path, SETTINGS_BYTES_MAX)
        .with_context(|| format!("cannot read the settings {}", path.display()))?;
    String::from_utf8(bytes).with_context(|| format!("the settings {} are not text", path.display()))
}

/// The rules by which somebody acts: those of the settings that are named, of the service of the site, or the built-in ones, which is said
/// of the last.
pub(super) fn rules(data: &Path, config: Option<&Path>) -> anyhow::Result<SiteRules> {
    if config.is_some() {
        return Ok(SiteRules::of(&settings_for(data, config)?));
    }
    if let Some(kept) = SiteRules::kept(&Disk, data)? {
        return Ok(kept);
    }
    eprintln!(
        "portcullis: without --config this is done by the built-in rules, and not by those of the site's settings"
    );
    Ok(SiteRules::of(&Settings::defaults_for(data)))
}

/// Opens a log of commands, in which an act is recorded, with the clock by which it is done and who does it.
pub(super) fn open_log(data: &Path) -> anyhow::Result<(AuditLog, Arc<Clock>, Arc<str>)> {
    let (clock, by) = (clock(), principal()?);
    let (log, _) = AuditLog::open(disk(), data, Role::Cli, audit::Config::default(), clock.now().time)?;
    Ok((log, clock, by))
}

/// Opens a site that exists, to screen with the settings in `config` or the built-in ones.
pub(super) fn open(data: &Path, config: Option<&Path>) -> anyhow::Result<(Screening, Settings)> {
    must_exist(data)?;
    let settings = settings_for(data, config)?;
    let (screening, opened) = open_screening(&settings, disk(), clock(), Role::Cli)?;
    if opened.torn_bytes > 0 {
        eprintln!(
            "portcullis: cut an unfinished write of {} bytes off the end of the audit log",
            opened.torn_bytes
        );
    }
    if let Some(fault) = &screening.site().in_force().fault {
        eprintln!("portcullis: no list can be trusted: {}", causes(&**fault));
    }
    if let Some(fault) = &screening.overlay().in_force().fault {
        eprintln!("portcullis: the alerts in force are not known: {}", causes(&**fault));
    }
    let data = data.to_owned();
    let now = screening.now();
    let cleared = move || -> Result<_, CaseError> {
        // Where nobody was ever cleared, which is told quickly, no case is read.
        if !Casebook::has_cleared(disk(), data.clone())? {
            return Ok(ClearedTable::default());
        }
        Casebook::read(disk(), data.clone())?.cleared(now)
    };
    screening.clear_when_wanted(move || match cleared() {
        Ok(table) => table,
        Err(error) => {
            eprintln!(
                "portcullis: it is not known of which findings bearers are cleared: {}",
                causes(&error)
            );
            ClearedTable::default()
        }
    });
    Ok((screening, settings))
}

/// The settings in `config`, or the built-in ones, for a data directory.
pub(super) fn settings_for(data: &Path, config: Option<&Path>) -> anyhow::Result<Settings> {
    let Some(path) = config else { return Ok(Settings::defaults_for(data)) };
    let settings = Settings::parse_for(&text(path)?, data).with_context(|| cannot_be_used(path))?;
    with_deviations(settings)
}

/// A data directory that is not there is a slip of the pen, not an empty site.
pub(super) fn must_exist(data: &Path) -> anyhow::Result<()> {
    if data.is_dir() {
        return Ok(());
    }
    bail!("there is no data directory {0}: `portcullis import --data {0}` makes one", data.display());
}

/// The account that runs the command, as the audit log names it: by the number that the system vouches for.
pub(super) fn principal() -> anyhow::Result<Arc<str>> {
    let own = Disk.open_read(Path::new("/proc/self/stat")).and_then(|file| file.metadata());
    let own = own.context("cannot tell which account runs this command: /proc is not there")?;
    Ok(format!("cli:uid-{}", own.uid()).into())
}
