//! How fast registers are read: from a file to rows in the caller's hands, before any index is built; and one of them from
//! the file to a generation in force, by the program itself.
//!
//! `cargo bench --bench registers -- [--rows N] [--rounds N]`
//!
//! The baseline of `ru-mvd` is `bzip2 -dc FILE | wc -l`, which does nothing but undo the compression and count lines;
//! rounds alternate. The last column is the greatest anonymous memory of this process while a format was read.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

use std::fmt::Display;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use portcullis::ground::storage::Disk;
use portcullis::register::generate::{Form, Sower};
use portcullis::register::{Adapter, Bundle, Format, Output, RegisterError, Source, read};

const DIRTY: f64 = 0.02;

fn main() {
    let (rows, rounds) = (argument("--rows", 5_000_000), argument("--rounds", 5) as usize);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{rows} rows of each format, {DIRTY} of them faulty; {rounds} rounds; {cores} cores");
    println!("{:<24} {:>10} {:>14} {:>12} {:>10}", "format", "median s", "rows/s", "ratio", "memory MiB");
    for (name, form, adapter) in [
        ("list.csv", Form::Csv, Adapter::from(Format::Csv)),
        ("list.ndjson", Form::Ndjson, Adapter::from(Format::Ndjson)),
        ("list.ru.csv", Form::RuMvd, shipped("ru-mvd")),
        ("list.ru.csv.bz2", Form::RuMvd, shipped("ru-mvd")),
        ("list.json", Form::UaMvs, shipped("ua-mvs")),
        ("list.zip", Form::CzMvcr { series: true }, shipped("cz-mvcr")),
    ] {
        let path = folder.path().join(name);
        generate(&path, form, rows);
        let (mut ours, mut theirs, mut memory) = (Vec::new(), Vec::new(), 0);
        for _ in 0..rounds {
            let (took, peak) = with_memory(|| assert_eq!(count(&path, &adapter), rows));
            ours.push(took);
            memory = memory.max(peak);
            if name.ends_with(".bz2") {
                theirs.push(baseline(&path, rows));
            }
        }
        let base = median(&mut theirs);
        tell(name, rows, median(&mut ours), base, &memory.to_string());
        if name.ends_with(".bz2") {
            let mut whole: Vec<_> = (0..rounds).map(|_| import(&path)).collect();
            tell("  the same, to in force", rows, median(&mut whole), base, "-");
        }
        std::fs::remove_file(&path).expect("the file can be removed");
    }
    println!(
        "ratio: our time to that of `bzip2 -dc FILE | wc -l`; the bar is 1.25, and 3 million rows/s for list.csv"
    );
}

fn tell(name: &str, rows: u64, took: Option<Duration>, base: Option<Duration>, memory: &str) {
    let ratio = base.map_or("-".to_owned(), |base| format!("{:.2}", seconds(took) / seconds(Some(base))));
    let rate = rows as f64 / seconds(took);
    println!("{name:<24} {:>10.2} {rate:>14.0} {ratio:>12} {memory:>10}", seconds(took));
}

/// From the file to a generation in force, in a new folder.
fn import(path: &Path) -> Duration {
    let site = tempfile::tempdir().expect("a temporary folder");
    let mut program = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    program.args(["import", "--feed", "bench", "--format", "ru-mvd", "--data"]).arg(site.path()).arg(path);
    let started = Instant::now();
    assert!(program.stdout(Stdio::null()).status().expect("the program runs").success());
    started.elapsed()
}

fn shipped(word: &str) -> Adapter {
    Adapter::shipped(word).expect("the format is shipped")
}

fn generate(path: &Path, form: Form, rows: u64) {
    let sower = Sower::new(form, 1, DIRTY);
    if form == (Form::CzMvcr { series: true }) {
        let mut bundle = Bundle::create(&Disk, path).expect("the archive is begun");
        bundle.member("OPs.csv").expect("a member is begun");
        sower.write(rows, &mut bundle, &mut |_| {}).expect("the rows are written");
        bundle.finish().expect("the archive is whole");
    } else {
        let mut out = Output::create_text(&Disk, path).expect("the file is begun");
        sower.write(rows, &mut out, &mut |_| {}).expect("the rows are written");
        out.finish().expect("the file is whole");
    }
}

fn count(path: &Path, adapter: &Adapter) -> u64 {
    let source = Source::open(&Disk, path).expect("the file is there");
    let mut listed = 0;
    let rows = read::<RegisterError>(source, adapter, &mut |_, _, row| {
        listed += u64::from(row.is_ok());
        Ok(())
    });
    assert!(listed > 0);
    rows.expect("the register is whole")
}

fn baseline(path: &Path, rows: u64) -> Duration {
    let started = Instant::now();
    let mut bzip2 =
        Command::new("bzip2").arg("-dc").arg(path).stdout(Stdio::piped()).spawn().expect("bzip2 runs");
    let pipe = bzip2.stdout.take().expect("it has an output");
    let counted = Command::new("wc").arg("-l").stdin(pipe).output().expect("wc runs");
    assert!(bzip2.wait().expect("bzip2 ends").success());
    let took = started.elapsed();
    let lines: u64 = String::from_utf8_lossy(&counted.stdout).trim().parse().expect("a number of lines");
    assert_eq!(lines, rows + 1);
    took
}

/// Runs something and gives the time it took and the greatest anonymous memory meanwhile, in MiB.
fn with_memory(run: impl FnOnce()) -> (Duration, u64) {
    let (done, peak) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let watch = {
        let (done, peak) = (Arc::clone(&done), Arc::clone(&peak));
        std::thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                peak.fetch_max(anonymous_mib(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(10));
            }
        })
    };
    let started = Instant::now();
    run();
    let took = started.elapsed();
    done.store(true, Ordering::Relaxed);
    watch.join().expect("the watch ends");
    (took, peak.load(Ordering::Relaxed))
}

fn anonymous_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

fn median(times: &mut [Duration]) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

fn seconds(time: Option<Duration>) -> f64 {
    time.map_or(f64::NAN, |time| time.as_secs_f64())
}

fn argument(name: &str, default: u64) -> u64 {
    let arguments: Vec<_> = std::env::args().collect();
    let value = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    let wrong = |text: &dyn Display| -> u64 { panic!("{name} {text} is no number") };
    value.map_or(default, |text| text.parse().unwrap_or_else(|_| wrong(text)))
}
