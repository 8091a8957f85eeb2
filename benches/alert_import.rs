//! What a large import of alerts costs the checks beside it: `cargo bench --bench alert_import -- [--alerts N] [--rate N] [--seconds N]
//! [--per-row] [--json]`.
//!
//! `portcullis serve` is asked at a steady rate, first quietly, then while `portcullis alert import` brings in the alerts and until the
//! service has the last of them in force. What counts is the 99th percentile of the one against that of the other.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

#[path = "driver/mod.rs"]
mod driver;
#[path = "lookup/table.rs"]
mod table;

use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use driver::{Connection, Driven, PROGRAM, Server, drive, median, number, run};
use table::{Row, Table};

const CONNECTIONS: usize = 16;

fn main() {
    let (alerts, rate) = (number("--alerts", 1_000_000), number("--rate", 500) as f64);
    let seconds = Duration::from_secs(number("--seconds", 2));
    let table = Table::new(std::env::args().any(|argument| argument == "--json"));
    let per_row = std::env::args().any(|argument| argument == "--per-row");
    let how = if per_row { "row by row" } else { "all or nothing" };
    table.note(&format!("{alerts} alerts, {how}; {rate} checks a second, slices of {} s", seconds.as_secs()));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (site, file) = (folder.path().join("site"), folder.path().join("alerts.ndjson"));
    let path = |path: &Path| path.display().to_string();
    let register = folder.path().join("register.csv");
    run(&["generate", "--records", "100000", "--seed", "1", "--out", &path(&register)].map(str::to_owned));
    let import = ["import", "--data", &path(&site), "--feed", "local", "--format", "csv", &path(&register)];
    run(&import.map(str::to_owned));
    write(&file, alerts).expect("the alerts can be written");
    let config = folder.path().join("portcullis.toml");
    let settings = format!("[data]\ndir = {:?}\n[service]\nbind = \"127.0.0.1:0\"\n", path(&site));
    std::fs::write(&config, settings).expect("the settings can be written");
    let server = Server::start(Command::new(PROGRAM).args(["serve", "--config"]).arg(&config));
    let slice = || {
        let driven = drive(server.address, CONNECTIONS, seconds, Some(rate));
        assert!(driven.count() > 0, "somebody asked");
        driven
    };
    slice();
    let quiet: Vec<_> = (0..10).map(|_| slice()).collect();
    let imported = AtomicBool::new(false);
    let begun = Instant::now();
    let (beside, took) = std::thread::scope(|scope| {
        let importing = scope.spawn(|| {
            let mode = if per_row { "--per-row" } else { "--all-or-nothing" };
            let mut command = Command::new(PROGRAM);
            command.args(["alert", "import", "--data", &path(&site), mode]).arg(&file);
            let done = command.stdout(Stdio::null()).status().expect("the program is there");
            assert!(done.success(), "the import failed");
            imported.store(true, Ordering::Relaxed);
            begun.elapsed()
        });
        let mut times = Vec::new();
        while !imported.load(Ordering::Relaxed) || in_force(&server) < alerts {
            times.push(slice());
            assert!(begun.elapsed() < Duration::from_secs(1800), "the alerts are never in force");
        }
        (times, importing.join().expect("the import ends"))
    });
    let in_force_after = begun.elapsed();
    let row = |name, value, unit, baseline, limit| table.row(&Row { name, value, unit, baseline, limit });
    let whole = |slices: Vec<Driven>| {
        let mut times: Vec<_> = slices.into_iter().flat_map(|driven| driven.times).collect();
        times.sort_by(f64::total_cmp);
        Driven { times }.p99_ms()
    };
    let mut slices: Vec<_> = beside.iter().map(Driven::p99_ms).collect();
    let quiet_p99 = whole(quiet);
    let against = Some(("quiet", quiet_p99));
    row("p99, quiet", quiet_p99, "ms", None, None);
    row("p99, from the import's begin until all are in force", whole(beside), "ms", against, Some(3.0));
    row("  median of its slices", median(&mut slices), "ms", against, None);
    row("  worst of its slices", slices[slices.len() - 1], "ms", against, None);
    row("the import took", took.as_secs_f64(), "s", None, None);
    row("  until all were in force", in_force_after.as_secs_f64(), "s", None, None);
}

/// The revision of the alerts that the service consults.
fn in_force(server: &Server) -> u64 {
    let text = Connection::open(server.address).get("/v1/coverage").unwrap_or_default();
    let coverage: serde_json::Value = serde_json::from_str(&text).expect("coverage is JSON");
    coverage["alerts"]["revision"].as_u64().unwrap_or_default()
}

fn write(path: &Path, alerts: u64) -> std::io::Result<()> {
    let to = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 30);
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    for at in 0..alerts {
        let line = serde_json::json!({
            "document": { "issuing_state": "UTO", "number": format!("X{at:08}") },
            "category": "stolen", "action": "seize",
            "originator": { "name": "Police of Utopia", "contact": "+999" },
            "grade": { "scheme": "admiralty", "code": "B2" },
            "handling": { "classes": ["officer"] },
            "valid": { "to": to.to_string() },
        });
        writeln!(out, "{line}")?;
    }
    // Otherwise the system writes it to the disk while checks are timed.
    out.into_inner()?.sync_all()
}
