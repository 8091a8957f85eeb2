//! Registers are read into a builder, and every row is accounted for.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use crate::ground::storage::Storage;
use crate::index::Builder;
use crate::register::{self, Adapter, RejectFile, Source, Tally};

use super::error::{PublishingError, RANGES_MAX};
use super::import::{Progress, Stage};
use super::self_test::Sample;

/// How registers are read.
pub(super) struct Reading<'r> {
    pub(super) storage: &'r dyn Storage,
    pub(super) adapter: Adapter,
    /// Where rejected rows are listed.
    pub(super) rejects: PathBuf,
}

/// What was read.
pub(super) struct Read {
    pub(super) tally: Tally,
    pub(super) sample: Sample,
}

/// Rows between two reports of progress.
const ROWS_PER_REPORT: u64 = 1 << 14;

/// Reads every row into the builder and lists the rejected ones. Duplicates show only once the index is built.
pub(super) fn read(
    reading: &Reading<'_>,
    sources: Vec<Source>,
    builder: &mut Builder,
    progress: &mut dyn Progress,
) -> Result<Read, PublishingError> {
    let mut rejects = RejectFile::create(reading.storage, &reading.rejects)?;
    let (mut tally, mut sample) = (Tally::default(), Sample::new());
    let total = sources.iter().map(Source::length).sum::<Option<u64>>();
    let mut done = 0;
    for source in sources {
        let (length, consumed) = (source.length(), source.progress());
        register::read(source, &reading.adapter, &mut |text, _, row| -> Result<(), PublishingError> {
            match row {
                Ok(row) => {
                    sample.offer(&row.notice);
                    row.alias_notice().iter().for_each(|alias| sample.offer(alias));
                    row.notices().chain(row.alias_notice()).try_for_each(|notice| builder.push(&notice))?;
                    tally.accept(&row);
                    if tally.expanded > RANGES_MAX {
                        return Err(PublishingError::RangesTooMany);
                    }
                }
                Err(reject) => {
                    rejects.write(text, &reject)?;
                    tally.reject(reject.reason);
                }
            }
            if tally.read.is_multiple_of(ROWS_PER_REPORT) {
                if progress.stopped() {
                    return Err(PublishingError::Interrupted);
                }
                progress.at(Stage::Reading, done + consumed.load(Ordering::Relaxed), total);
            }
            Ok(())
        })?;
        done += length.unwrap_or_default();
    }
    rejects.finish()?;
    Ok(Read { tally, sample })
}
