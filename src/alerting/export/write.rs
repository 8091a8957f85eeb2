//! Writes an export.

use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::line::{ATTESTED, AlertLine, FORMAT, Head, VERSION};
use crate::audit::{AuditError, AuditLog};
use crate::domain::Digest;
use crate::domain::alert::{Origin, Revision};
use crate::overlay::Alerts;

/// The alerts in force at a time, as far as somebody has approved of them: what is in force at its own site only stays there.
pub struct Export {
    head: Head,
    alerts: Vec<Arc<Revision>>,
}

impl Export {
    /// Of what the alerts of a store are.
    #[must_use]
    pub fn of(alerts: &Alerts, store: Origin, as_of: Timestamp) -> Self {
        let alerts = alerts.approved_at(as_of);
        let head = Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            node: store.node.to_string(),
            revision: store.counter,
            as_of,
            count: alerts.len() as u64,
        };
        Self { head, alerts }
    }

    /// How many alerts it has.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.head.count
    }

    /// Writes it, signed with the key of a log. Without the end that is written last it is none.
    ///
    /// # Errors
    /// Those of `out`, and of signing.
    pub fn write(&self, out: &mut dyn Write, log: &AuditLog) -> io::Result<()> {
        self.write_signed(out, &|what, text| log.attest(what, text))
    }

    pub(super) fn write_signed(
        &self,
        out: &mut dyn Write,
        attest: &dyn Fn(&str, &str) -> Result<String, AuditError>,
    ) -> io::Result<()> {
        let mut sum = Sha256::new();
        let mut put = |line: Vec<u8>| {
            sum.update(&line);
            out.write_all(&line)
        };
        put(line(&self.head)?)?;
        for revision in &self.alerts {
            put(line(&AlertLine::from(&**revision))?)?;
        }
        let sha256 = Digest(sum.finalize().into()).to_string();
        let note = attest(ATTESTED, &self.head.attested(&sha256)).map_err(io::Error::other)?;
        write!(out, "\n{note}")?;
        out.flush()
    }
}

fn line(of: &impl serde::Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(of)?;
    line.push(b'\n');
    Ok(line)
}
