//! `portcullis manifest`.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use portcullis::bulk::{Limits, Lines, Manifest, Summary, answer_lines};
use portcullis::ground::storage::{Disk, Storage, StorageFile};
use portcullis::http::wire::{write_abort, write_outcome, write_summary};
use portcullis::screening::Screening;

use super::usage::Usage;
use super::{arguments, progress, site};

const PIECE_BYTES: usize = 64 << 10;
const PURPOSE_BYTES_MAX: usize = 64;

pub(super) fn run(arguments: &arguments::Manifest) -> anyhow::Result<ExitCode> {
    let purpose = arguments.purpose.as_deref().map(purpose).transpose()?;
    let (screening, settings) = site::open(&arguments.data, arguments.config.as_deref())?;
    let screened = Screened { screening: &screening, limits: &settings.manifests, purpose: purpose.as_ref() };
    let input = Input::open(&arguments.file)?;
    let summary = match &arguments.out {
        None => answer(screened, input, &mut BufWriter::new(io::stdout().lock()))?,
        Some(path) => to_file(screened, input, path)?,
    };
    screening.close()?;
    let Summary { lines, hit, no_hit, inconclusive, failed } = summary;
    eprintln!(
        "{lines} lines: {hit} hit, {no_hit} no hit, {inconclusive} inconclusive, {failed} not answered"
    );
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What answers, and within which bounds.
#[derive(Clone, Copy)]
struct Screened<'a> {
    screening: &'a Screening,
    limits: &'a Limits,
    /// Of lines that name none.
    purpose: Option<&'a Arc<str>>,
}

/// It is recorded in clear, beside every document: without digits it is no number of one.
fn purpose(word: &str) -> anyhow::Result<Arc<str>> {
    let is_plain = |byte: u8| byte.is_ascii_alphabetic() || b"._:-".contains(&byte);
    if (1..=PURPOSE_BYTES_MAX).contains(&word.len()) && word.bytes().all(is_plain) {
        return Ok(word.into());
    }
    Err(Usage::because("--purpose is 1 to 64 characters of A-Z a-z . _ : -").into())
}

struct Input {
    reader: Box<dyn Read>,
    length: Option<u64>,
}

impl Input {
    fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self { reader: Box::new(io::stdin().lock()), length: None });
        }
        let file = Disk.open_read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let length = file.metadata().ok().map(|metadata| metadata.len());
        Ok(Self { reader: Box::new(file), length })
    }
}

/// The file appears under its name only once every line is answered.
fn to_file(screened: Screened<'_>, input: Input, path: &Path) -> anyhow::Result<Summary> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let write = || -> anyhow::Result<Summary> {
        if let Err(error) = Disk.remove(partial)
            && error.kind() != io::ErrorKind::NotFound
        {
            bail!(error);
        }
        let mut out = BufWriter::new(Appending(Disk.create(partial)?));
        let summary = answer(screened, input, &mut out)?;
        let mut file = out.into_inner().map_err(|error| error.into_error())?.0;
        file.sync()?;
        Disk.rename(partial, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Disk.sync_dir(folder.unwrap_or(Path::new(".")))?;
        Ok(summary)
    };
    write().with_context(|| {
        format!("the answers are not complete; what there is stands in {}", partial.display())
    })
}

struct Appending(Box<dyn StorageFile>);

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn answer(screened: Screened<'_>, mut input: Input, out: &mut impl Write) -> anyhow::Result<Summary> {
    let Screened { screening, limits, purpose } = screened;
    let bar = progress::bytes(input.length, "screening");
    let mut lines = Lines::new(limits.line_bytes_max);
    let mut manifest = Manifest::new(None, site::principal()?);
    let name = screening.name_manifest();
    let mut summary = Summary::default();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = input.reader.read(&mut piece)?;
        match read {
            0 => lines.finish(),
            _ => lines.push(&piece[..read]),
        }
        loop {
            let chunk: Vec<_> = lines.by_ref().take(limits.chunk_lines).collect();
            if chunk.is_empty() {
                break;
            }
            let mut chunk: Vec<_> = chunk.into_iter().filter_map(|line| manifest.read(line)).collect();
            for question in chunk.iter_mut().filter_map(|line| line.question.as_mut().ok()) {
                question.asker.purpose = question.asker.purpose.take().or_else(|| purpose.cloned());
            }
            let outcomes = match answer_lines(screening, &name, chunk) {
                Ok(outcomes) => outcomes,
                Err(error) => {
                    write_abort(out, "audit_unavailable")?;
                    out.flush()?;
                    return Err(error).context("the answers could not be recorded, so there are no more");
                }
            };
            for outcome in &outcomes {
                summary.add(outcome);
                write_outcome(out, outcome)?;
            }
            // Whoever sends line by line through a pipe waits for the answers.
            out.flush()?;
        }
        bar.inc(read as u64);
        if read == 0 {
            bar.finish_and_clear();
            write_summary(out, &summary)?;
            out.flush()?;
            return Ok(summary);
        }
    }
}
