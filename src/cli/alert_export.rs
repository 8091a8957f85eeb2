//! `portcullis alert export` and `verify-export`.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use portcullis::alerting::{Export, verify_export};
use portcullis::audit::{self, Act, AuditLog, Draft, Role};
use portcullis::domain::Digest;
use portcullis::domain::alert::{NodeId, Origin};
use portcullis::ground::clock::Clock;
use portcullis::ground::storage::StorageFile;
use portcullis::overlay::{Alerts, Store};

use super::alert_arguments::{AlertExport, AlertVerifyExport};
use super::{audit as audit_commands, site};

const BUFFER_BYTES: usize = 1 << 16;

pub(super) fn export(arguments: &AlertExport) -> anyhow::Result<ExitCode> {
    let data = &arguments.data;
    site::must_exist(data)?;
    let (storage, clock): (_, Arc<Clock>) = (site::disk(), site::clock());
    let now = clock.now().time;
    let (log, opened) = AuditLog::open(storage.clone(), data, Role::Cli, audit::Config::default(), now)?;
    let mut alerts = Alerts::default();
    let mut head = Origin { node: NodeId([0; 8]), counter: 0 };
    if let Some(store) = Store::open_not_below(&storage, data, log.alert_floor()?)? {
        alerts.follow(&store)?;
        head = store.head();
    }
    let draft = Draft::new(now, Act::AlertRead, site::principal()?, Digest([0; 32]));
    let _ = log.submit(Draft { client_reference: Some("export".into()), ..draft }, ())?.wait()?;
    let made = Export::of(&alerts, head, now);
    match &arguments.output {
        None => made.write(&mut BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock()), &log)?,
        Some(path) => {
            to_file(&made, path, &log).with_context(|| format!("{} was not finished", path.display()))?;
            println!("{}: {} alerts, signed with {}", path.display(), made.count(), opened.key);
        }
    }
    log.close()?;
    Ok(ExitCode::SUCCESS)
}

fn to_file(made: &Export, path: &Path, log: &AuditLog) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, Appending(site::disk().create(path)?));
    made.write(&mut out, log)?;
    out.into_inner().map_err(|error| error.into_error())?.0.sync()
}

pub(super) fn verify(arguments: &AlertVerifyExport) -> anyhow::Result<ExitCode> {
    let key = audit_commands::key(&*site::disk(), &arguments.key)?;
    let input: Box<dyn Read> = if arguments.export == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        let cannot = || format!("cannot read {}", arguments.export.display());
        Box::new(site::disk().open_read(&arguments.export).with_context(cannot)?)
    };
    let exported = verify_export(BufReader::with_capacity(BUFFER_BYTES, input), &key)?;
    println!(
        "sound: {} alerts of node {} at revision {}, as of {:.0}, signed by {}",
        exported.count,
        exported.node,
        exported.revision,
        exported.as_of,
        key.name()
    );
    Ok(ExitCode::SUCCESS)
}

struct Appending(Box<dyn StorageFile>);

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
