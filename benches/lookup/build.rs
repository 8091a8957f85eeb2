//! From a register on disk to a generation in force, in a process of its own.

use std::process::Command;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::lists::notices;
use crate::table::{Row, Table};

/// Imports an unsorted, uncompressed CSV without references with the program itself, and reads how much memory that takes.
pub(crate) fn run(records: u64, table: &Table) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let register = folder.path().join("register.csv");
    write_register(&register, records);
    let as_of = Timestamp::now().to_string();
    let data = folder.path().join("site");
    let mut import = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    import.args(["import", "--feed", "bench", "--format", "csv", "--as-of", &as_of, "--data"]);
    import.arg(&data).arg(&register).stdout(std::process::Stdio::null());
    let started = Instant::now();
    let mut process = import.spawn().expect("the program starts");
    let mut peak_kib = 0;
    let status = loop {
        if let Some(status) = process.try_wait().expect("it is our process") {
            break status;
        }
        peak_kib = peak_kib.max(anonymous_kib(process.id()).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(20));
    };
    let took = started.elapsed().as_secs_f64();
    assert!(status.success(), "the import went through");
    let at_scale = records == 140_000_000;
    let limit = |limit: f64| at_scale.then_some(limit);
    let row = |name, value, unit, limit| table.row(&Row { name, value, unit, baseline: None, limit });
    row("CSV to a generation in force", took, "s", limit(60.0));
    row("  peak anonymous memory", peak_kib as f64 / 1024.0, "MiB", limit(1024.0));
}

fn write_register(path: &std::path::Path, records: u64) {
    use std::io::Write as _;
    let file = std::fs::File::create(path).expect("there is room");
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    writeln!(out, "document_number,issuing_state,kind,status,reported_on,review_on").expect("there is room");
    for notice in notices(1, records) {
        let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let (number, state) = (notice.document.number.as_str(), notice.document.issuing_state);
        let (kind, status) = (notice.kind.word(), notice.status.word());
        let (reported, review) = (day(notice.reported_on), day(notice.review_on));
        writeln!(out, "{number},{state},{kind},{status},{reported},{review}").expect("there is room");
    }
    // The disk is to be busy with the import alone.
    out.into_inner().expect("there is room").sync_all().expect("there is room");
}

/// Memory of a process that no file holds, as the kernel counts it.
fn anonymous_kib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
