//! Registers as the command line names them.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use portcullis::ground::storage::Storage;
use portcullis::publishing::Inputs;
use portcullis::register::{Adapter, Format};

use super::arguments::RegisterFormat;
use super::usage::Usage;

/// What reads them.
pub(super) fn adapter(
    format: RegisterFormat,
    mapping: Option<&Path>,
    storage: &dyn Storage,
) -> anyhow::Result<Adapter> {
    let shipped = |word: &str| Adapter::shipped(word).context("the format is not in this program");
    if mapping.is_some() && format != RegisterFormat::Mapped {
        return Err(Usage::because("--mapping goes with --format mapped").into());
    }
    match (format, mapping) {
        (RegisterFormat::Csv, _) => Ok(Format::Csv.into()),
        (RegisterFormat::Ndjson, _) => Ok(Format::Ndjson.into()),
        (RegisterFormat::Mapped, Some(path)) => {
            let cannot = || format!("cannot read the mapping {}", path.display());
            let bytes = storage.read(path, MAPPING_BYTES_MAX).with_context(cannot)?;
            let text = String::from_utf8(bytes).with_context(cannot)?;
            let wrong = |error| Usage::because(format_args!("{}: {error}", path.display()));
            Ok(Adapter::mapped(&text).map_err(wrong)?)
        }
        (format, _) => shipped(&word(format)),
    }
}

/// A mapping is a page or two.
const MAPPING_BYTES_MAX: u64 = 1 << 20;

pub(super) fn word(format: RegisterFormat) -> String {
    format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Files, or standard input alone.
pub(super) fn inputs(files: &[PathBuf]) -> anyhow::Result<Inputs> {
    if !files.iter().any(|path| path == Path::new("-")) {
        return Ok(Inputs::Files(files.to_vec()));
    }
    if files.len() > 1 {
        let rule =
            "standard input (-) can't be combined with files: import them as files, or through the pipe";
        return Err(Usage::because(rule).into());
    }
    Ok(Inputs::Stream(Box::new(io::stdin())))
}
