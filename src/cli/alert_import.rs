//! `portcullis alert import`.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use indicatif::ProgressBar;
use portcullis::alerting::import::{
    CHUNK_ROWS, Format, Import, ImportError, Imported, Mode, Observer, Outcome, Reject, Stage, Tally,
};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::ground::{causes, step_back};
use portcullis::register::PartFile;

use super::alert::with_desk;
use super::alert_arguments::{AlertFormat, AlertImport};
use super::{progress, site};

pub(super) fn run(arguments: &AlertImport) -> anyhow::Result<ExitCode> {
    // A service beside it goes first.
    step_back();
    let input = open(&arguments.file)?;
    let storage = site::disk();
    storage
        .create_dir_all(&arguments.site.data)
        .with_context(|| format!("cannot create the data directory {}", arguments.site.data.display()))?;
    let rejects = match &arguments.rejects {
        Some(path) => path.clone(),
        None => {
            let folder = arguments.site.data.join("imports");
            storage.create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
            folder.join("alerts.rejects.csv")
        }
    };
    let mut bars = Bars::writing(&*storage, &rejects)?;
    let import = Import {
        by: site::principal()?,
        key: arguments.idempotency_key.as_deref().map(Into::into),
        format: arguments.format.map(|format| match format {
            AlertFormat::Csv => Format::Csv,
            AlertFormat::Ndjson => Format::Ndjson,
        }),
        mode: if arguments.per_row { Mode::PerRow } else { Mode::AllOrNothing },
        dry_run: arguments.dry_run,
        bytes_max: u64::MAX,
        chunk_rows: CHUNK_ROWS,
    };
    let started = Instant::now();
    // What became of the rows is told first: what fails after that does not take it away.
    let Imported { tally, outcome } = with_desk(&arguments.site, |desk, _| {
        let imported = import.run(input, desk, &mut bars);
        bars.bar.finish_and_clear();
        tell(&imported.tally, started.elapsed());
        Ok(imported)
    })?;
    bars.finish().with_context(|| format!("cannot write {}", rejects.display()))?;
    if tally.rejected_total() > 0 {
        println!("lines and rules of those rejected are in {}", rejects.display());
    }
    match outcome {
        Ok(Outcome::Issued) => Ok(ExitCode::SUCCESS),
        Ok(Outcome::DryRun) => {
            println!("dry run: nothing was issued");
            Ok(ExitCode::SUCCESS)
        }
        Ok(Outcome::Refused) => {
            let count = tally.rejected_total();
            Err(anyhow!("{count} rows are refused: mend them, or import --per-row")
                .context("nothing was issued"))
        }
        Err(error) if tally.issued > 0 => Err(anyhow::Error::new(error).context(format!(
            "{} alerts are issued and the others are not: with idempotency keys the same import completes it",
            tally.issued
        ))),
        Err(error) => Err(anyhow::Error::new(error).context("nothing was issued")),
    }
}

fn tell(tally: &Tally, took: Duration) {
    println!(
        "read {} = issued {} + issued before {} + rejected {} + held back {}",
        tally.read,
        tally.issued,
        tally.before,
        tally.rejected_total(),
        tally.held_back()
    );
    for (reason, count) in &tally.rejected {
        println!("  rejected {count}: {}", reason.word());
    }
    let rows_per_s = u128::from(tally.read) * 1000 / took.as_millis().max(1);
    println!("took {:.1} s, {rows_per_s} rows/s", took.as_secs_f64());
}

fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = Disk.open_read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let bar = progress::bytes(file.metadata().ok().map(|metadata| metadata.len()), "reading");
    Ok(Box::new(BufReader::with_capacity(PIECE_BYTES, bar.wrap_read(file))))
}

const PIECE_BYTES: usize = 64 << 10;

/// Shows how far the import is, and lists what is refused.
struct Bars<'s> {
    path: PathBuf,
    rejects: csv::Writer<PartFile<'s>>,
    stage: Option<Stage>,
    bar: ProgressBar,
}

impl<'s> Bars<'s> {
    fn writing(storage: &'s dyn Storage, path: &Path) -> anyhow::Result<Self> {
        let mut rejects = csv::Writer::from_writer(PartFile::create(storage, path)?);
        rejects.write_record(["line", "reason", "rule"])?;
        Ok(Self { path: path.to_owned(), rejects, stage: None, bar: ProgressBar::hidden() })
    }

    /// The list has its name once it is whole.
    fn finish(self) -> anyhow::Result<()> {
        self.bar.finish_and_clear();
        let file = self.rejects.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(file.commit()?)
    }
}

impl Observer for Bars<'_> {
    fn rejected(&mut self, reject: &Reject) -> Result<(), ImportError> {
        let row = [&*reject.line.to_string(), reject.reason.word(), &reject.rule];
        self.rejects.write_record(row).map_err(|error| {
            let error = io::Error::other(format!("{}: {}", self.path.display(), causes(&error)));
            ImportError::Rejects(error)
        })
    }

    fn at(&mut self, stage: Stage, done: u64, total: Option<u64>) {
        if self.stage != Some(stage) {
            self.bar.finish_and_clear();
            self.stage = Some(stage);
            let total = total.unwrap_or_default();
            self.bar = match stage {
                // The file shows by itself how far it is.
                Stage::Reading => ProgressBar::hidden(),
                Stage::Recording => progress::count(total, "recording"),
                Stage::Keeping => progress::count(total, "keeping"),
            };
        }
        self.bar.set_position(done);
    }
}
