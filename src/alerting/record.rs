//! Acts on alerts in the audit log.

use std::thread::sleep;
use std::time::Duration;

use super::desk::Desk;
use super::error::AlertingError;
use crate::audit::{Act, AuditError, Digester, Draft};
use crate::domain::Digest;
use crate::domain::alert::{Revision, Subject};
use crate::ground::causes;
use crate::overlay::Change;

/// How long there may be no room in the log's queue.
const TRIES: u32 = 500;
const PAUSE: Duration = Duration::from_millis(20);

/// Records what is going to be done; gives it back once the last entry is durable.
pub(super) fn record(desk: &Desk<'_>, planned: &[(Act, Change)]) -> Result<(), AlertingError> {
    if planned.is_empty() {
        return Ok(());
    }
    let digester = Digester::open(&*desk.storage, &desk.data_dir)?;
    for some in planned.chunks(desk.log.entries_at_once()) {
        let drafts = || some.iter().map(|(act, change)| (draft(desk, &digester, *act, change), ()));
        let mut tries = 0;
        let pending = loop {
            match desk.log.submit_many(drafts().collect()) {
                // An act waits where a question is refused: somebody has thought about it.
                Err(AuditError::Overloaded { .. }) if tries < TRIES => {
                    tries += 1;
                    sleep(PAUSE);
                }
                pending => break pending?,
            }
        };
        let _ = pending.wait()?;
    }
    Ok(())
}

/// Names the newest revision once it is kept, which the entries before it do not: without this nobody would miss the last act of all. The
/// act waits for no more; it was done.
pub(super) fn record_kept(desk: &Desk<'_>, newest: &Revision) {
    let draft = Draft {
        alert_revision: Some(newest.origin.counter),
        ..Draft::new(newest.at, Act::AlertKept, newest.by.clone(), Digest([0; 32]))
    };
    if let Err(error) = desk.log.submit(draft, ()) {
        tracing::warn!(error = %causes(&error), "alerts are kept, and the log does not name the newest revision yet");
    }
}

fn draft(desk: &Desk<'_>, digester: &Digester, act: Act, change: &Change) -> Draft {
    let digests = match &change.statement.subject {
        Subject::Document(document) => vec![digester.document(document)],
        Subject::Interval(_) => Vec::new(),
    };
    Draft {
        client_reference: Some(format!("{}/{}", change.alert, change.number).into()),
        key_id: Some(digester.key_id()).filter(|_| !digests.is_empty()),
        digests,
        // What is recorded here is kept only after it.
        alert_revision: Some(desk.known.counter()),
        // Alerts depend on no settings.
        ..Draft::new(change.at, act, change.by.clone(), Digest([0; 32]))
    }
}
