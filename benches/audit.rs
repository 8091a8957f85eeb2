//! What the audit log costs: `cargo bench --bench audit -- [--entries N] [--rounds N] [--journal-kib N] [--json]`.
//!
//! Entries as checks make them are recorded, sealed, verified, proved and opened. Verifying is held against the SHA-256 of as many
//! bytes as the entries had before they were sealed, with one thread as well, in alternating rounds. A log of 100 million entries has
//! some 1200 sealed files: so has one of 2 million with `--journal-kib 1400`.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

#[path = "lookup/table.rs"]
mod table;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use portcullis::audit::{Act, AuditLog, Config, Draft, Entry, Expected, Role, prove, verify};
use portcullis::domain::{Digest, Durability, FeedName, GenerationId};
use portcullis::ground::storage::Disk;
use sha2::{Digest as _, Sha256};
use table::{Row, Table};

const PROOFS: u64 = 2000;
const BATCH: u64 = 4096;

fn main() {
    let (entries, rounds) = (number("--entries", 1_000_000), number("--rounds", 5));
    let table = Table::new(std::env::args().any(|argument| argument == "--json"));
    let row = |name, value, unit, baseline, limit| table.row(&Row { name, value, unit, baseline, limit });
    table.note(&format!("{entries} entries, median of {rounds} alternating rounds"));
    let data = tempfile::tempdir().expect("a temporary folder");
    let before = anonymous_kib();
    let started = Instant::now();
    let (log, opened) = open(data.path());
    for first in (0..entries).step_by(BATCH as usize) {
        let drafts = (first..entries.min(first + BATCH)).map(|number| (draft(number), ()));
        let recorded = log.submit_many(drafts.collect()).and_then(portcullis::audit::Pending::wait);
        let _ = recorded.expect("it is recorded");
    }
    let grown = anonymous_kib().saturating_sub(before) as f64 / 1024.0;
    log.close().expect("the log ends well");
    row("recorded, an entry", started.elapsed().as_secs_f64() * 1e6 / entries as f64, "us", None, None);
    row("memory that recording added", grown, "MiB", None, Some(16.0));
    let folder = data.path().join("audit").join(&*opened.log_id);
    let millions = entries as f64 / 1e6;
    row("disk, a million entries", size(&folder) / 1e6 / millions, "MB", None, Some(350.0));

    let entry_bytes =
        serde_json::to_vec(&Entry::of(&draft(entries / 2), entries / 2)).expect("it is text").len() as u64;
    let (mut ours, mut hashed) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let started = Instant::now();
        let examined = verify(&Disk, &folder, Expected::default(), &mut |_| {}).expect("it is a log");
        assert!(examined.faults.is_empty() && examined.entries == entries);
        ours.push(started.elapsed().as_secs_f64());
        let started = Instant::now();
        hash(entry_bytes * entries);
        hashed.push(started.elapsed().as_secs_f64());
    }
    let (ours, hashed) = (median(&mut ours), median(&mut hashed));
    row("verified", ours, "s", Some(("SHA-256 of the entries", hashed)), None);
    table.note(&format!("  {:.0} entries a second (at least 500000)", entries as f64 / ours));

    let mut proofs = Vec::new();
    for at in 0..PROOFS {
        let entry = (at * 7_919_317 + 13) % entries;
        let started = Instant::now();
        prove(&Disk, &folder, entry).expect("it can be proved");
        proofs.push(started.elapsed().as_secs_f64() * 1e3);
    }
    row("a proof", median(&mut proofs), "ms", None, Some(1.0));
    let started = Instant::now();
    drop(open(data.path()));
    row("opened, an entry", started.elapsed().as_secs_f64() * 1e6 / entries as f64, "us", None, None);
}

fn open(data: &Path) -> (AuditLog, portcullis::audit::Opened) {
    let journal_bytes_max = number("--journal-kib", 64 << 10) << 10;
    let config = Config { durability: Durability::Written, journal_bytes_max, ..Config::default() };
    AuditLog::open(Arc::new(Disk), data, Role::Serve, config, Timestamp::UNIX_EPOCH).expect("a log")
}

/// What a check at a gate leaves: one digest, one feed, one verdict.
fn draft(number: u64) -> Draft {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    let time = Timestamp::from_microsecond(1_772_366_400_000_000 + number as i64).expect("a time");
    Draft {
        digests: vec![digest],
        verdict: Some("no_hit"),
        client_reference: Some(format!("gate-7:{number}").into()),
        terminal: Some("T2-17".into()),
        purpose: Some("border".into()),
        generation: Some(GenerationId { number: 41, digest: Digest([5; 32]) }),
        feeds: vec![(FeedName::parse("national").expect("a name"), 1234)],
        ..Draft::new(time, Act::Check, "gate-3".into(), Digest([7; 32]))
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn size(path: &Path) -> f64 {
    if path.is_file() {
        return path.metadata().expect("it can be measured").len() as f64;
    }
    std::fs::read_dir(path).expect("the folder is there").flatten().map(|file| size(&file.path())).sum()
}

fn hash(bytes: u64) {
    let piece = vec![7; 1 << 20];
    let mut hasher = Sha256::new();
    (0..bytes >> 20).for_each(|_| hasher.update(&piece));
    std::hint::black_box(hasher.finalize());
}

/// The memory of this process that no file holds, as the kernel counts it now.
fn anonymous_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or_default()
}

fn number(name: &str, default: u64) -> u64 {
    let arguments: Vec<_> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name);
    let text = at.and_then(|at| arguments.get(at + 1));
    text.map_or(default, |text| text.replace('_', "").parse().expect("a number"))
}
