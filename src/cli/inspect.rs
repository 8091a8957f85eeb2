//! `portcullis inspect`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use portcullis::audit;
use portcullis::domain::{IssuingState, SegmentRef};
use portcullis::ground::causes;
use portcullis::index::{self, FeedInspection, Inspection, SegmentInspection};
use portcullis::screening::Site;

use super::inspect_arguments::{InspectConfig, InspectData, InspectIndex};
use super::site;

const STATES_SHOWN: usize = 10;

pub(super) fn index(arguments: &InspectIndex) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    site::must_exist(&arguments.data)?;
    let site = Site::open(site::disk(), arguments.data.clone(), site::clock());
    let in_force = site.in_force();
    let Some(snapshot) = &in_force.snapshot else {
        if let Some(fault) = &in_force.fault {
            bail!("the generation cannot be trusted: {}", causes(&**fault));
        }
        writeln!(out, "no generation: nothing was imported here yet")?;
        return Ok(ExitCode::SUCCESS);
    };
    let inspection = Inspection::of(snapshot).context("a file was damaged while it was read")?;
    let Inspection { generation, published_at, highest_time, expected, feeds } = &inspection;
    writeln!(out, "generation    {} ({})", generation.number, generation.digest)?;
    writeln!(out, "published     {published_at:.0}, highest time seen {highest_time:.0}")?;
    writeln!(out, "expected      {}", words(expected.iter()))?;
    let storage = site::disk();
    let kept: Vec<_> = index::kept(&*storage, &arguments.data)?.into_iter().skip(1).collect();
    let kept = kept.iter().map(|(generation, _)| generation.number);
    writeln!(out, "kept          {} (portcullis rollback)", words(kept))?;
    feeds.iter().try_for_each(|inspected| feed(&mut out, inspected))?;
    if arguments.verify {
        out.flush()?;
        snapshot.verify()?;
        if snapshot.poisoned() {
            bail!("a file was damaged while it was read");
        }
        writeln!(
            out,
            "\nverified      every list: order, every lookup's place, every notice, all sums and digests"
        )?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn feed(out: &mut impl Write, feed: &FeedInspection) -> io::Result<()> {
    let bulletin = &feed.bulletin;
    let notices: u64 = feed.by_kind.values().sum();
    writeln!(out, "\nfeed          {}", bulletin.feed)?;
    writeln!(
        out,
        "  sequence    {}, as of {:.0}, authority {}",
        bulletin.sequence,
        bulletin.as_of,
        bulletin.authority.word()
    )?;
    writeln!(out, "  notices     {notices} on {} documents", feed.documents)?;
    for (named, found) in bulletin.segments.iter().zip(&feed.segments) {
        segment(out, named, found)?;
    }
    writeln!(out, "  state       {}", feed.state_digest)?;
    writeln!(
        out,
        "  kinds       {}",
        counts(feed.by_kind.iter().map(|(kind, count)| (kind.word(), *count)))
    )?;
    writeln!(
        out,
        "  statuses    {}",
        counts(feed.by_status.iter().map(|(status, count)| (status.word(), *count)))
    )?;
    let mut states: Vec<(&IssuingState, &u64)> = feed.by_state.iter().collect();
    states.sort_by(|one, other| other.1.cmp(one.1));
    let more = states.len().saturating_sub(STATES_SHOWN);
    let shown = states.into_iter().take(STATES_SHOWN).map(|(state, count)| (state, *count));
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    writeln!(out, "  issuers     {}{more}", counts(shown))
}

fn segment(out: &mut impl Write, named: &SegmentRef, found: &SegmentInspection) -> io::Result<()> {
    let SegmentInspection { format_version, bytes, documents, longs, slots, .. } = *found;
    let [overflowed, in_tail] = found.overflowed;
    let [sets, set_bytes] = found.dictionary;
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    writeln!(out, "  segment     {} {}", named.role.word(), named.digest)?;
    let each = share(bytes, documents);
    writeln!(out, "    file      {bytes} bytes ({each:.1} a document), format {format_version}")?;
    let (load, spilt) =
        (100.0 * share(documents - longs, slots), 100.0 * share(overflowed, documents - longs));
    writeln!(
        out,
        "    table     {slots} slots, {load:.1} % taken; {overflowed} overflowed ({spilt:.1} %), {in_tail} twice"
    )?;
    writeln!(out, "    long      {longs} documents without a key")?;
    writeln!(out, "    sets      {sets} in {set_bytes} bytes; details {} bytes", found.details)
}

pub(super) fn audit(arguments: &InspectData) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    site::must_exist(&arguments.data)?;
    let logs = audit::inspect(&*site::disk(), &arguments.data)?;
    if logs.is_empty() {
        writeln!(out, "no audit log: nothing was asked here yet")?;
    }
    let mut damaged = 0;
    for log in &logs {
        writeln!(out, "log           {}", log.folder)?;
        writeln!(out, "  entries     {}", log.entries)?;
        if let (Some(first), Some(last)) = (log.first_time, log.last_time) {
            writeln!(out, "  times       {first:.0} to {last:.0}")?;
        }
        writeln!(out, "  acts        {}", counts(sorted(&log.acts)))?;
        writeln!(out, "  verdicts    {}", counts(sorted(&log.verdicts)))?;
        if log.torn_bytes > 0 {
            writeln!(
                out,
                "  unfinished  {} bytes at the end: being written now, or left by a crash",
                log.torn_bytes
            )?;
        }
        if let Some(damage) = &log.damage {
            writeln!(out, "  DAMAGED     {}", causes(damage))?;
            damaged += 1;
        }
    }
    out.flush()?;
    Ok(if damaged == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) fn config(arguments: &InspectConfig) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    let settings = site::settings(&arguments.config)?;
    write!(out, "{}", settings.canonical())?;
    writeln!(out, "\n# settings_digest = {}", settings.digest())?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn sorted(counts: &BTreeMap<String, u64>) -> impl Iterator<Item = (&str, u64)> {
    counts.iter().map(|(word, count)| (word.as_str(), *count))
}

fn counts(counts: impl Iterator<Item = (impl Display, u64)>) -> String {
    words(counts.map(|(word, count)| format!("{word} {count}")))
}

fn words(words: impl Iterator<Item = impl Display>) -> String {
    let words: Vec<_> = words.map(|word| word.to_string()).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}
