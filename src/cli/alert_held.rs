//! All logs of a site, held while its alerts are mended.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use jiff::Timestamp;
use portcullis::audit::{self, AuditError, AuditLog, Draft, Role};
use portcullis::ground::storage::Storage;

/// No process goes on with the alerts of before meanwhile: each that decides or acts holds a log.
pub(super) struct HeldLogs {
    logs: Vec<AuditLog>,
    /// The revision that the alerts had at least; `None` if no log knows of any.
    pub(super) floor: Option<u64>,
}

impl HeldLogs {
    pub(super) fn of(storage: &Arc<dyn Storage>, data: &Path, now: Timestamp) -> anyhow::Result<Self> {
        let (mut logs, mut floor) = (Vec::new(), audit::alert_floor_put_aside(&**storage, data)?);
        for folder in audit::log_folders(&**storage, data)? {
            let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // Nothing is recorded in those that were put aside.
            if name.contains('.') {
                continue;
            }
            match AuditLog::open_named(storage.clone(), data, name, audit::Config::default(), now) {
                Ok((log, opened)) => {
                    floor = floor.max(opened.alert_floor);
                    logs.push(log);
                }
                Err(AuditError::NoLog { .. }) => {}
                Err(AuditError::InUse { path }) => {
                    let held = AuditError::InUse { path };
                    return Err(held)
                        .context("no process may go on with the alerts of before: stop the service first");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { logs, floor })
    }

    /// Records in one of them what is about to be done.
    pub(super) fn record(
        &mut self,
        storage: &Arc<dyn Storage>,
        data: &Path,
        draft: Draft,
    ) -> anyhow::Result<()> {
        if self.logs.is_empty() {
            let (config, now) = (audit::Config::default(), draft.time);
            self.logs.push(AuditLog::open(storage.clone(), data, Role::Cli, config, now)?.0);
        }
        let _ = self.logs[0].submit(draft, ())?.wait()?;
        Ok(())
    }

    pub(super) fn close(self) -> anyhow::Result<()> {
        Ok(self.logs.into_iter().try_for_each(AuditLog::close)?)
    }
}
