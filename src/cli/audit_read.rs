//! `portcullis audit export | find | report`: reading what logs say, which is recorded before it is shown.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;
use portcullis::audit::{self, Act, Asked, AuditLog, Digester, Draft, Entry, Recorded, Report, Role, Stored};
use portcullis::domain::Digest;
use portcullis::ground::storage::StorageFile;
use portcullis::http::wire::write_recorded;
use portcullis::overlay::Store;

use super::audit_arguments::{AuditExport, AuditFind, AuditReport, Selection};
use super::usage::Usage;
use super::{document, site};

pub(super) fn export(arguments: &AuditExport) -> anyhow::Result<ExitCode> {
    let selected = Selected::of(&arguments.selection)?;
    selected.record(Act::AuditExport, None)?;
    let mut out: Box<dyn Write> = match &arguments.out {
        None => Box::new(BufWriter::new(std::io::stdout().lock())),
        Some(path) => {
            let file =
                site::disk().create(path).with_context(|| format!("cannot create {}", path.display()))?;
            Box::new(BufWriter::with_capacity(1 << 16, Appending(file)))
        }
    };
    let (mut written, mut line) = (0_u64, Vec::new());
    selected.each_recorded(&mut |log_id, recorded| {
        line.clear();
        write_recorded(&mut line, log_id, recorded);
        line.push(b'\n');
        written += 1;
        out.write_all(&line).context("the entries cannot be written")
    })?;
    out.flush().context("the entries cannot be written")?;
    if let Some(path) = &arguments.out {
        println!("{}: {written} entries", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn find(arguments: &AuditFind) -> anyhow::Result<ExitCode> {
    let document = document::from_input(&arguments.document)?;
    let selected = Selected::of(&arguments.selection)?;
    let digesters = Digester::held(&*site::disk(), &arguments.selection.data)?;
    if digesters.is_empty() {
        bail!("no digest key is held: nothing in the logs can be found by a document any more");
    }
    let digests: Vec<_> = digesters.iter().map(|of| (of.key_id(), of.document(&document))).collect();
    selected.record(Act::AuditFind, Some(&digests))?;
    // Whoever reads it may have seen enough.
    let mut out = std::io::stdout().lock();
    let mut found = 0_u64;
    let erased = selected.each(&mut |log_id, stored| {
        let entry = &stored.entry;
        let Some((_, digest)) = digests.iter().find(|(key, _)| entry.key_id == Some(*key)) else {
            return Ok(());
        };
        for asked in entry.asked() {
            let places =
                [("document", asked.digests), ("reading", asked.readings), ("candidate", asked.listed)];
            let Some((place, _)) = places.iter().find(|(_, digests)| digests.contains(digest)) else {
                continue;
            };
            // Those who looked for it are no answer to who asked about it, but whoever audits wants them too.
            found += 1;
            show_found(&mut out, arguments.json, (log_id, entry), (place, &asked))?;
        }
        Ok(())
    })?;
    if !arguments.json {
        writeln!(out, "found {found} times, by {} digest keys", digests.len())?;
        if erased > 0 {
            writeln!(
                out,
                "{erased} entries of that time were erased: nobody can tell whether it is in them"
            )?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Of an entry of many lines only the one that was looked for.
fn show_found(
    out: &mut impl Write,
    json: bool,
    (log_id, entry): (&str, &Entry<'static>),
    (place, asked): (&str, &Asked<'_>),
) -> anyhow::Result<()> {
    if json {
        let mut shown = entry.clone();
        shown.lines.retain(|line| Some(line.line) == asked.line);
        let found = serde_json::json!({ "log_id": log_id, "as": place, "entry": shown });
        return Ok(writeln!(out, "{found}")?);
    }
    let said = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or("-").to_owned();
    writeln!(
        out,
        "{log_id}/{}{}  {:.0}  {}  as {place}  {}  by {} at {} for {}",
        entry.sequence,
        asked.line.map_or(String::new(), |line| format!("  line {line}")),
        entry.time,
        entry.act,
        asked.verdict.unwrap_or("-"),
        entry.principal,
        said(&entry.terminal),
        said(&entry.purpose),
    )?;
    Ok(())
}

pub(super) fn report(arguments: &AuditReport) -> anyhow::Result<ExitCode> {
    let selected = Selected::of(&arguments.selection)?;
    selected.record(Act::AuditReport, None)?;
    let mut report = Report::default();
    let erased = selected.each(&mut |_, stored| {
        report.add(&stored.entry);
        Ok(())
    })?;
    let mut out = std::io::stdout().lock();
    let least = arguments.suppress_below;
    if arguments.json {
        let number = |count: u64| if count < least { format!("<{least}").into() } else { count.into() };
        let mut object = serde_json::Map::new();
        object.insert("entries".to_owned(), number(report.entries));
        object.insert("erased".to_owned(), erased.into());
        for (name, table) in report.tables() {
            let cells = table.iter().map(|(of, count)| (of.clone(), number(*count)));
            object.insert(name.to_owned(), serde_json::Value::Object(cells.collect()));
        }
        writeln!(out, "{}", serde_json::Value::Object(object))?;
        return Ok(ExitCode::SUCCESS);
    }
    let number = |count: u64| if count < least { format!("<{least}") } else { count.to_string() };
    writeln!(out, "{} entries", number(report.entries))?;
    if erased > 0 {
        writeln!(out, "{erased} entries of that time were erased, and are in no count")?;
    }
    if let Some((from, to)) = report.times {
        writeln!(out, "from {from:.0} to {to:.0}")?;
    }
    for (name, table) in report.tables().into_iter().filter(|(_, table)| !table.is_empty()) {
        writeln!(out, "by {name}")?;
        for (of, count) in table {
            writeln!(out, "  {:>10}  {of}", number(*count))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A file that is written at its end.
struct Appending(Box<dyn StorageFile>);

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}

/// Records that logs are read, in the log of this command.
pub(super) fn record(
    data: &Path,
    act: Act,
    purpose: Option<&str>,
    what: Option<&str>,
    digests: Option<&[(audit::KeyId, [u8; 32])]>,
) -> anyhow::Result<()> {
    // What the alerts are at is on record also where nobody asks anything for long.
    let alert_revision = Store::newest(&*site::disk(), data).ok().filter(|revision| *revision > 0);
    let draft = Draft {
        alert_revision,
        purpose: purpose.map(Into::into),
        client_reference: what.map(Into::into),
        ..Draft::new(site::clock().now().time, act, site::principal()?, Digest([0; 32]))
    };
    let keyed = digests.unwrap_or_default().iter();
    let keyed: Vec<_> = keyed
        .map(|(key, digest)| Draft { key_id: Some(*key), digests: vec![*digest], ..draft.clone() })
        .collect();
    submit(data, if keyed.is_empty() { vec![draft] } else { keyed })
}

/// Records what was done to a digest key.
pub(super) fn record_key(data: &Path, act: Act, key: audit::KeyId) -> anyhow::Result<()> {
    let draft = Draft::new(site::clock().now().time, act, site::principal()?, Digest([0; 32]));
    submit(data, vec![Draft { key_id: Some(key), ..draft }])
}

fn submit(data: &Path, drafts: Vec<Draft>) -> anyhow::Result<()> {
    let now = site::clock().now().time;
    let (log, _) = AuditLog::open(site::disk(), data, Role::Cli, audit::Config::default(), now)?;
    let _ = log.submit_many(drafts.into_iter().map(|draft| (draft, ())).collect())?.wait()?;
    log.close()?;
    Ok(())
}

/// Logs, and the times between which their entries are wanted.
struct Selected<'s> {
    selection: &'s Selection,
    folders: Vec<PathBuf>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl<'s> Selected<'s> {
    fn of(selection: &'s Selection) -> anyhow::Result<Self> {
        site::must_exist(&selection.data)?;
        let mut folders = audit::log_folders(&*site::disk(), &selection.data)?;
        let name = |folder: &PathBuf| folder.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        if let Some(unknown) =
            selection.log.iter().find(|id| folders.iter().all(|at| name(at).as_ref() != Some(id)))
        {
            bail!("{} has no log {unknown}", selection.data.display());
        }
        if !selection.log.is_empty() {
            folders.retain(|folder| name(folder).is_some_and(|name| selection.log.contains(&name)));
        }
        let time = |given: &Option<String>| {
            let wrong =
                |text| Usage::because(format_args!("{text} is no time: write it as 2026-03-01T06:00:00Z"));
            given.as_ref().map(|text| text.parse().map_err(|_| wrong(text))).transpose()
        };
        Ok(Self { selection, folders, from: time(&selection.from)?, to: time(&selection.to)? })
    }

    fn record(&self, act: Act, digests: Option<&[(audit::KeyId, [u8; 32])]>) -> anyhow::Result<()> {
        let Selection { data, purpose, .. } = self.selection;
        record(data, act, purpose.as_deref(), None, digests)
    }

    /// Shows every entry that is still there, and tells how many were erased.
    fn each(&self, visit: &mut dyn FnMut(&str, &Stored) -> anyhow::Result<()>) -> anyhow::Result<u64> {
        let mut erased = 0;
        self.each_recorded(&mut |log_id, recorded| match recorded {
            Recorded::Whole(stored) => visit(log_id, stored),
            Recorded::Erased(_) => {
                erased += 1;
                Ok(())
            }
        })?;
        Ok(erased)
    }

    /// Shows every entry. Those of a log are shown up to where it is not as it was written, which is an error.
    fn each_recorded(
        &self,
        visit: &mut dyn FnMut(&str, &Recorded) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        for folder in &self.folders {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let mut failed = Ok(());
            audit::read_log(&*site::disk(), folder, &mut |recorded| {
                if failed.is_ok() && self.wants(&recorded) {
                    failed = visit(name, &recorded);
                }
            })?;
            failed?;
        }
        Ok(())
    }

    /// Of what was erased the day is known, and so whether any of it may be wanted.
    fn wants(&self, recorded: &Recorded) -> bool {
        let (begins, ends) = match recorded {
            Recorded::Whole(stored) => (stored.entry.time, stored.entry.time),
            Recorded::Erased(erased) => audit::bounds_of(erased.day),
        };
        self.from.is_none_or(|from| from <= ends) && self.to.is_none_or(|to| begins < to)
    }
}
