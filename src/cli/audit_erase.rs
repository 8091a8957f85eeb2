//! `portcullis audit erase`.

use std::process::ExitCode;

use portcullis::audit::{self, Act, AuditError, AuditLog, Draft, Erasure};
use portcullis::ground::causes;

use super::audit_arguments::AuditErase;
use super::site;

pub(super) fn run(arguments: &AuditErase) -> anyhow::Result<ExitCode> {
    let settings = site::settings(&arguments.config)?;
    site::must_exist(&settings.data_dir)?;
    let (storage, now) = (site::disk(), site::clock().now().time);
    let draft = Draft::new(now, Act::Erased, site::principal()?, settings.digest());
    let mut failed = false;
    for folder in audit::log_folders(&*storage, &settings.data_dir)? {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.contains('.') {
            println!("{name} was put aside: remove the folder once nobody needs it any more");
            continue;
        }
        let plan = || Erasure::plan(&*storage, &folder, &settings.retention, now);
        if arguments.dry_run {
            tell(name, "would be erased", &plan()?);
            continue;
        }
        // What is in the journal from days before is sealed at this moment, and found by the plan.
        let config = settings.audit.clone();
        match AuditLog::open_named(storage.clone(), &settings.data_dir, name, config.clone(), now) {
            Err(error @ AuditError::InUse { .. }) => {
                println!(
                    "{name} is being written: the service that does erases what is to be erased in it ({error})"
                );
                continue;
            }
            Err(error) => {
                eprintln!("{name}: {}", causes(&error));
                failed = true;
                continue;
            }
            Ok((log, _)) => log.close()?,
        }
        let erasure = plan()?;
        if !erasure.is_empty() {
            let (log, _) = AuditLog::open_named(storage.clone(), &settings.data_dir, name, config, now)?;
            erasure.clone().carry_out(&*storage, &log, &draft)?;
            log.close()?;
        }
        tell(name, "erased", &erasure);
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn tell(log: &str, done: &str, erasure: &Erasure) {
    if erasure.files().is_empty() {
        println!("{log}: nothing is over");
    }
    for file in erasure.files() {
        println!("{log}: {} entries of {} of {} {done}", file.entries, file.class.word(), file.day);
    }
}
