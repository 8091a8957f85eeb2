//! What logs know of the store of alerts: that there is one, and how far it was at least. A store that is gone, or is an older copy of itself,
//! looks sound; the log, which is elsewhere, has entries that were made with more.
//!
//! The newest entry with which an operator accepts a loss takes back what those before it say. What the files before a journal's file
//! say stands in its header, so that it outlives their sealing.

use std::io::{self, BufReader, Read};
use std::path::Path;

use memchr::memmem;

use super::format::{
    CHECKSUM_BYTES, FRAME_HEAD_BYTES, File, FrameHead, HEADER_BYTES, Header, checksum_agrees,
};
use super::history::TRIES;
use super::journal::JournalFile;
use super::log_id::LogId;
use super::{Act, AuditError};
use crate::ground::storage::Storage;

const MEMBER: &[u8] = b"\"alert_revision\":";
const LOSS: &[u8] = b"\"act\":\"alert_loss_accepted\"";
/// Wherever the act of an entry stands, it stands before this.
const ACT_BEFORE: usize = 160;
/// How the folder's name of a log ends that was put aside, and whose alerts were given up before a store counted on above them.
const FORGOTTEN: &str = "alerts-lost";
const READ_BUFFER_BYTES: usize = 256 * 1024;

/// The revision that the store of alerts had at least; `None` if nothing is known of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AlertFloor(pub(super) Option<u64>);

impl AlertFloor {
    /// Goes on after what came before a file of the journal.
    pub(super) fn begin(&mut self, header: &Header) {
        *self = (*self).max(header.before.map(|before| before.alert_floor).unwrap_or_default());
    }

    /// Goes on with the body of an entry. A log has a hundred million of them, so that none is parsed: no text within a body can hold the
    /// member's name between quotes that are not escaped.
    pub(super) fn take(&mut self, body: &[u8]) {
        if let Some(at) = memmem::find(body, MEMBER) {
            let digits = body[at + MEMBER.len()..].iter().take_while(|byte| byte.is_ascii_digit());
            let number = |sum: u64, digit: &u8| sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
            let revision = digits.into_iter().try_fold(0, number);
            let is_loss = memmem::find(&body[..body.len().min(ACT_BEFORE)], LOSS).is_some();
            self.after(is_loss, revision);
        }
    }

    /// Goes on with an entry that is being recorded.
    pub(super) fn record(&mut self, act: Act, revision: Option<u64>) {
        self.after(act == Act::AlertLossAccepted, revision);
    }

    fn after(&mut self, is_loss: bool, revision: Option<u64>) {
        let before = if is_loss { None } else { self.0 };
        self.0 = before.max(revision);
    }
}

/// The revision that a site's store of alerts had at least, as its logs say: for whoever opens none of them.
///
/// # Errors
/// Those of the file system, and of a log that cannot be read.
pub fn alert_floor(storage: &dyn Storage, data_dir: &Path) -> Result<Option<u64>, AuditError> {
    // None of them is left out: no log has this name.
    of_others(storage, &data_dir.join("audit").join("none")).map(|floor| floor.0)
}

/// What the other logs of a site know, also those that are being written, and those that were put aside since.
pub(super) fn of_others(storage: &dyn Storage, own: &Path) -> Result<AlertFloor, AuditError> {
    let audit = own.parent().unwrap_or(Path::new("."));
    let mut floor = AlertFloor::default();
    for folder in storage.list(audit).map_err(AuditError::storage("list", audit))? {
        let id = folder.file_name().and_then(|name| LogId::parse(name.to_str()?));
        if let Some(id) = id.filter(|_| folder != own) {
            floor = floor.max(of_log(storage, &folder, &id)?);
        }
    }
    Ok(floor.max(put_aside(storage, audit)?))
}

/// The revision that the store had at least, as those logs say that were put aside at this site.
///
/// # Errors
/// Those of the file system.
pub fn alert_floor_put_aside(storage: &dyn Storage, data_dir: &Path) -> Result<Option<u64>, AuditError> {
    Ok(put_aside(storage, &data_dir.join("audit"))?.0)
}

/// What logs know that were put aside, as damaged, out of a backup, or so that no other machine goes on with them.
fn put_aside(storage: &dyn Storage, audit: &Path) -> Result<AlertFloor, AuditError> {
    let mut floor = AlertFloor::default();
    for folder in storage.list(audit).map_err(AuditError::storage("list", audit))? {
        let Some((name, why)) = folder.file_name().and_then(|name| name.to_str()?.split_once('.')) else {
            continue;
        };
        let Some(id) = LogId::parse(name) else { continue };
        if why.split('.').any(|why| why == FORGOTTEN) {
            continue;
        }
        // It may be there because it cannot be read.
        floor = floor.max(of_log(storage, &folder, &id).unwrap_or_default());
    }
    Ok(floor)
}

/// What the newest file of a log's journal says. Nothing else is checked: whoever writes it has verified it.
fn of_log(storage: &dyn Storage, folder: &Path, id: &LogId) -> Result<AlertFloor, AuditError> {
    for tried in 1.. {
        let Some(newest) = JournalFile::list(storage, folder)?.pop() else { break };
        let path = newest.bodies(folder);
        match storage.open_read(&path).and_then(|file| of_file(file, id)) {
            // It was closed and sealed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound && tried < TRIES => {}
            floor => return floor.map_err(AuditError::storage("read", &path)),
        }
    }
    Ok(AlertFloor::default())
}

fn of_file(file: std::fs::File, id: &LogId) -> io::Result<AlertFloor> {
    let mut reader = BufReader::with_capacity(READ_BUFFER_BYTES, file);
    let mut floor = AlertFloor::default();
    let mut header = [0; HEADER_BYTES];
    reader.read_exact(&mut header)?;
    match Header::decode(File::Bodies, &header) {
        Ok(header) if header.log_id == *id => floor.begin(&header),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    }
    let (mut head, mut frame) = ([0; FRAME_HEAD_BYTES], Vec::new());
    // At the end there may be what a crash has torn, or what is being written at this moment.
    while reader.read_exact(&mut head).is_ok()
        && let Some(read) = FrameHead::decode(&head)
    {
        frame.clear();
        frame.extend_from_slice(&head);
        frame.resize(read.frame_bytes(), 0);
        if reader.read_exact(&mut frame[FRAME_HEAD_BYTES..]).is_err() || !checksum_agrees(&frame) {
            break;
        }
        floor.take(&frame[FRAME_HEAD_BYTES..frame.len() - CHECKSUM_BYTES]);
    }
    Ok(floor)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::audit::{Draft, Entry};
    use crate::domain::Digest;

    fn body(act: Act, revision: Option<u64>, reference: &str) -> Vec<u8> {
        let draft = Draft {
            alert_revision: revision,
            client_reference: Some(reference.into()),
            ..Draft::new(Timestamp::UNIX_EPOCH, act, Arc::from("one"), Digest([0; 32]))
        };
        Entry::of(&draft, u64::MAX).encode()
    }

    #[test]
    fn the_highest_revision_counts_until_a_loss_is_accepted() {
        let mut floor = AlertFloor::default();
        let mut after = |act, revision| {
            floor.take(&body(act, revision, "a"));
            floor.0
        };
        assert_eq!(after(Act::Check, None), None);
        assert_eq!(after(Act::AlertIssued, Some(0)), Some(0), "there is a store");
        assert_eq!(after(Act::Check, Some(7)), Some(7));
        assert_eq!(after(Act::Check, Some(3)), Some(7));
        assert_eq!(after(Act::Check, None), Some(7));
        assert_eq!(after(Act::AlertLossAccepted, Some(2)), Some(2));
        assert_eq!(after(Act::Check, Some(4)), Some(4));
    }

    proptest! {
        #[test]
        fn what_is_read_of_a_body_is_what_was_recorded(
            entries in prop::collection::vec((any::<bool>(), prop::option::of(any::<u64>()), "\\PC{0,20}"), 0..20)
        ) {
            let (mut read, mut recorded) = (AlertFloor::default(), AlertFloor::default());
            for (is_loss, revision, text) in entries {
                let act = if is_loss && revision.is_some() { Act::AlertLossAccepted } else { Act::Check };
                let reference = format!("{text}\",\"alert_revision\":99,\"act\":\"alert_loss_accepted\"{text}");
                read.take(&body(act, revision, &reference));
                recorded.record(act, revision);
                prop_assert_eq!(read, recorded);
            }
        }
    }
}
