//! `portcullis hits`.

use std::io::{Write, stdout};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use portcullis::alerting::hits::{Cursor, HitEvent, HitReader, HitSite};
use portcullis::audit::{Act, AuditError, Position};
use portcullis::domain::FeedName;
use portcullis::domain::alert::CallerClass;
use portcullis::ground::storage::{Lock, LockError};
use serde::Serialize;

use super::audit_read::record;
use super::hits_arguments::Hits;
use super::interrupt::Interrupt;
use super::site;
use super::usage::Usage;

const AT_ONCE: usize = 1024;
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    event: &'a HitEvent,
    position: String,
}

pub(super) fn run(arguments: &Hits) -> anyhow::Result<ExitCode> {
    site::must_exist(&arguments.data)?;
    let settings = site::settings_for(&arguments.data, arguments.config.as_deref())?;
    let hit_site =
        HitSite { storage: site::disk(), data_dir: arguments.data.clone(), name: settings.service.site };
    let from = |position| HitReader::new(&hit_site, CallerClass::Officer, position);
    let mut reader = match &*arguments.from {
        "start" => from(Position::default()),
        "now" => HitReader::at_end(&hit_site, CallerClass::Officer)?,
        text => from(Position::parse(text).ok_or_else(|| {
            Usage::because("--from takes start, now, or a position as a line of this command shows it")
        })?),
    };
    reader.follower().check().map_err(|error| match error {
        beyond @ AuditError::ReadFurther { .. } => {
            anyhow::Error::new(beyond).context("this site has not got so far")
        }
        error => error.into(),
    })?;
    let what = format!("hits after {}", reader.position());
    let webhook = arguments.webhook.as_deref();
    let webhook = webhook.map(|name| Rewound::lock(&hit_site, name, settings.webhooks.keys())).transpose()?;
    record(&arguments.data, Act::AuditExport, arguments.purpose.as_deref(), Some(&what), None)?;
    if let Some(webhook) = webhook {
        webhook.cursor.write(reader.position())?;
        println!("webhook {} goes on after {}", webhook.name, shown(reader.position()));
        return Ok(ExitCode::SUCCESS);
    }
    let interrupt = arguments.follow.then(Interrupt::watch).transpose()?;
    let mut out = stdout().lock();
    loop {
        let batch = reader.read(AT_ONCE);
        for told in &batch.events {
            let line = Line { event: &told.event, position: told.after.to_string() };
            serde_json::to_writer(&mut out, &line).map_err(std::io::Error::from)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        if let Some(fault) = batch.fault.filter(|_| !batch.more) {
            return Err(fault).context("what is recorded there cannot be shown");
        }
        match &interrupt {
            Some(interrupt) if interrupt.asked() => break,
            Some(_) if !batch.more => thread::sleep(LOOK_EVERY),
            None if !batch.more => break,
            _ => {}
        }
    }
    if reader.follower().erased() > 0 {
        eprintln!("portcullis: {} hits were erased, for their time was over", reader.follower().erased());
    }
    Ok(ExitCode::SUCCESS)
}

/// A webhook to which nobody delivers at the moment.
struct Rewound<'a> {
    name: &'a str,
    cursor: Cursor,
    _lock: Lock,
}

impl<'a> Rewound<'a> {
    fn lock<'n>(
        site: &HitSite,
        name: &'a str,
        mut set: impl Iterator<Item = &'n FeedName>,
    ) -> anyhow::Result<Self> {
        if FeedName::parse(name).is_err() {
            return Err(Usage::because("--webhook takes the name of a webhook of the settings").into());
        }
        let cursor = Cursor::of(site.storage.clone(), &site.data_dir, name);
        // One that is spoilt is one.
        if !set.any(|set| set.as_str() == name) && matches!(cursor.read(), Ok(None)) {
            let rule = format!(
                "this site has told no webhook {name} anything, and --config names no settings that have it: see how it is spelt"
            );
            return Err(Usage::because(rule).into());
        }
        let lock = Cursor::lock(&*site.storage, &site.data_dir, name).map_err(|error| match error {
            LockError::Held => {
                anyhow::Error::new(error).context("a service delivers to this webhook: stop it first")
            }
            LockError::Io(error) => anyhow::Error::new(error).context(format!(
                "cannot use {}: see that this account may write it, and that the disk has room",
                site.data_dir.join("hits").display()
            )),
        })?;
        Ok(Self { name, cursor, _lock: lock })
    }
}

/// A position as a line has it; of the oldest it has no text.
fn shown(position: &Position) -> String {
    if *position == Position::default() { "the start".to_owned() } else { position.to_string() }
}
