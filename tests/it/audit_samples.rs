//! What the tests of the audit log share: samples and readers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis::audit::{Act, AuditError, AuditLog, Config, Draft, Entry, Opened, Pending, Role, read_log};
use portcullis::domain::{Digest, FeedName, GenerationId, Receipt};
use portcullis::ground::storage::{Disk, Storage};

/// A draft that differs from every other by its number; `long` bytes longer than the shortest.
pub(crate) fn draft(number: u64, long: usize) -> Draft {
    Draft {
        client_reference: Some(format!("r-{number}{}", "x".repeat(long)).into()),
        digests: vec![[number as u8; 32]],
        verdict: Some(if number.is_multiple_of(3) { "hit" } else { "no_hit" }),
        generation: Some(GenerationId { number, digest: Digest([5; 32]) }),
        feeds: vec![(FeedName::parse("sltd").expect("a name"), number)],
        ..Draft::new(
            jiff::Timestamp::from_microsecond(1_772_366_400_000_000 + number as i64).expect("a time"),
            Act::Check,
            "gate-3".into(),
            Digest([7; 32]),
        )
    }
}

/// Opens a log of the command line.
pub(crate) fn open(
    storage: &(impl Storage + Clone + 'static),
    data: &Path,
) -> Result<(AuditLog, Opened), AuditError> {
    open_as(storage, data, Config::default())
}

/// Opens a log of the command line with a configuration.
pub(crate) fn open_as(
    storage: &(impl Storage + Clone + 'static),
    data: &Path,
    config: Config,
) -> Result<(AuditLog, Opened), AuditError> {
    AuditLog::open(Arc::new(storage.clone()), data, Role::Cli, config, draft(0, 0).time)
}

/// Records one draft and waits.
pub(crate) fn record(log: &AuditLog, draft: &Draft) -> Result<Receipt, AuditError> {
    log.submit(draft.clone(), ()).and_then(Pending::wait).map(|audited| audited.receipt().clone())
}

/// A log with so many entries, each recorded by itself, closed; gives its folder.
pub(crate) fn log_of(data: &Path, entries: u64) -> PathBuf {
    let (log, opened) = open(&Disk, data).expect("a log can be made");
    for number in 0..entries {
        record(&log, &draft(number, 0)).expect("the entry is recorded");
    }
    log.close().expect("the log can be closed");
    data.join("audit").join(&*opened.log_id)
}

/// Every entry of a log.
pub(crate) fn entries(folder: &Path) -> Result<Vec<Entry<'static>>, AuditError> {
    let mut entries = Vec::new();
    read_log(&Disk, folder, &mut |recorded| entries.extend(recorded.whole().map(|stored| stored.entry)))?;
    Ok(entries)
}

/// A file's content.
pub(crate) fn content(path: &Path) -> Vec<u8> {
    Disk.read(path, 1 << 30).expect("the file can be read")
}

/// Replaces a file's content.
pub(crate) fn replace(path: &Path, bytes: &[u8]) {
    // Some file systems flush a file that is cut and written again, and a thousand flushes take long.
    if path.exists() {
        Disk.remove(path).expect("the file can be removed");
    }
    std::fs::write(path, bytes).expect("the file can be written");
}

/// Where each frame of a sound `bodies` begins, and where the last ends. Reads the format on its own.
pub(crate) fn frame_offsets(bodies: &[u8]) -> Vec<usize> {
    let mut offsets = vec![64];
    while let Some(length) = bodies.get(offsets[offsets.len() - 1]..).and_then(|rest| rest.first_chunk::<4>())
    {
        let body_bytes = (u32::from_le_bytes(*length) & !(1 << 31)) as usize;
        offsets.push(offsets[offsets.len() - 1] + 4 + 8 + 16 + body_bytes + 8);
    }
    offsets
}

/// Waits for something that comes soon.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
