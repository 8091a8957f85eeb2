//! `portcullis generate`.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use indicatif::ProgressBar;
use portcullis::ground::storage::Storage;
use portcullis::register::generate::{Form, Generator, Sower, Sown};
use portcullis::register::{Bundle, Format, Output, RegisterError};

use super::arguments::{Generate, Publisher};
use super::usage::Usage;
use super::{progress, site};

pub(super) fn run(arguments: &Generate) -> anyhow::Result<ExitCode> {
    let storage = site::disk();
    let bar = progress::count(arguments.records, "writing");
    let sown = write(arguments, &*storage, &bar)?;
    bar.finish_and_clear();
    println!("{}: {} records, seed {}", arguments.out.display(), sown.rows, arguments.seed);
    if !sown.faults.is_empty() {
        println!("of which {} must be refused", sown.faults.values().sum::<u64>());
        sown.faults.iter().for_each(|(reason, count)| println!("  {count}: {}", reason.word()));
    }
    Ok(ExitCode::SUCCESS)
}

fn write(arguments: &Generate, storage: &dyn Storage, bar: &ProgressBar) -> anyhow::Result<Sown> {
    let path = &arguments.out;
    let (form, mut out) = match arguments.like {
        Some(Publisher::CzMvcr) => return classes(arguments, storage, bar),
        Some(publisher) => {
            let (form, end) = match publisher {
                Publisher::RuMvd => (Form::RuMvd, "csv"),
                _ => (Form::UaMvs, "json"),
            };
            check_name(path, end)?;
            (form, Output::create_text(storage, path)?)
        }
        None => {
            let mut out = Output::create(storage, path)?;
            let form = if out.format() == Some(Format::Ndjson) { Form::Ndjson } else { Form::Csv };
            if arguments.dirty == 0.0 {
                let records = Generator::new(arguments.seed, arguments.records);
                let rows = out.write_notices(bar.wrap_iter(records))?;
                out.finish()?;
                return Ok(Sown { rows, ..Sown::default() });
            }
            (form, out)
        }
    };
    let sown = sow(form, arguments.records, arguments, &mut out, bar)?;
    out.finish()?;
    Ok(sown)
}

/// An archive with a member for each class, as the ministry names them.
fn classes(arguments: &Generate, storage: &dyn Storage, bar: &ProgressBar) -> anyhow::Result<Sown> {
    check_name(&arguments.out, "zip")?;
    let mut bundle = Bundle::create(storage, &arguments.out)?;
    let (series, passports) = (arguments.records / 5, arguments.records / 5);
    let members = [
        ("OP.csv", false, arguments.records - series - passports),
        ("OPs.csv", true, series),
        ("CD.csv", false, passports),
    ];
    let mut all = Sown::default();
    for (name, series, rows) in members.into_iter().filter(|(.., rows)| *rows > 0) {
        bundle.member(name)?;
        let sown = sow(Form::CzMvcr { series }, rows, arguments, &mut bundle, bar)?;
        all.rows += sown.rows;
        sown.faults.into_iter().for_each(|(reason, count)| *all.faults.entry(reason).or_default() += count);
    }
    bundle.finish()?;
    Ok(all)
}

fn sow(
    form: Form,
    rows: u64,
    arguments: &Generate,
    out: &mut dyn io::Write,
    bar: &ProgressBar,
) -> anyhow::Result<Sown> {
    let sower = Sower::new(form, arguments.seed, arguments.dirty);
    let path = arguments.out.clone();
    Ok(sower
        .write(rows, out, &mut |done| bar.set_position(done))
        .map_err(|source| RegisterError::Write { path, source })?)
}

fn check_name(path: &Path, end: &str) -> Result<(), Usage> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text =
        [".gz", ".zst", ".bz2"].iter().find_map(|packed| name.strip_suffix(packed)).filter(|_| end != "zip");
    if text.unwrap_or(&name).ends_with(&format!(".{end}")) {
        return Ok(());
    }
    let more = if end == "zip" { "" } else { ", alone or with .gz, .zst or .bz2" };
    Err(Usage::because(format_args!(
        "{}: this publisher's registers are written as .{end}{more}",
        path.display()
    )))
}
