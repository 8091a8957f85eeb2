//! `portcullis audit erase`.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use portcullis::audit::{self, Act, AuditError, AuditLog, ClockBy, Draft, Erasable, Erasure};
use portcullis::config::Settings;
use portcullis::ground::causes;

use super::audit_arguments::AuditErase;
use super::site;

pub(super) fn run(arguments: &AuditErase) -> anyhow::Result<ExitCode> {
    let settings = site::settings(&arguments.config)?;
    site::must_exist(&settings.data_dir)?;
    let now = site::clock().now().time;
    println!("as of {now:.0}, by this machine's clock");
    let (mut failed, mut out) = (false, std::io::stdout());
    for folder in audit::log_folders(&*site::disk(), &settings.data_dir)? {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.contains('.') {
            println!("{name}: put aside; remove the folder once nobody needs it any more");
            continue;
        }
        let (done, files) = if arguments.dry_run {
            ("would be erased", planned(&folder, &settings, now))
        } else {
            ("erased", erased(name, &settings, now))
        };
        match files {
            Ok(files) if files.is_empty() => println!("{name}: nothing is over"),
            // Whoever reads it may have seen enough: the next time goes on.
            Ok(files) => files.iter().try_for_each(|file| {
                let (class, day) = (file.class.word(), file.day);
                writeln!(out, "{name}: {} entries of {class} of {day} {done}", file.entries)
            })?,
            Err(AuditError::InUse { .. }) => {
                println!("{name}: being written; the service that writes it erases what is over in it");
            }
            Err(error) => {
                eprintln!("{name}: {}", causes(&error));
                failed = true;
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn planned(folder: &Path, settings: &Settings, now: Timestamp) -> Result<Vec<Erasable>, AuditError> {
    Ok(Erasure::plan(&*site::disk(), folder, &settings.retention, now)?.files().to_vec())
}

fn erased(name: &str, settings: &Settings, now: Timestamp) -> Result<Vec<Erasable>, AuditError> {
    let open = || AuditLog::open_named(site::disk(), &settings.data_dir, name, settings.audit.clone(), now);
    // What is of days before is sealed when the log is opened, and that is waited for at its end.
    open()?.0.close()?;
    let (log, _) = open()?;
    let principal = site::principal().unwrap_or_else(|_| "unknown".into());
    let draft = Draft::new(now, Act::Erased, principal, settings.digest());
    let erased = log.erase(&settings.retention, (now, ClockBy::Word), &draft, &|| true)?;
    log.close()?;
    Ok(erased)
}
