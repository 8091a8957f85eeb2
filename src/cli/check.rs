//! `portcullis check`.

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use portcullis::domain::mrz::{Change, Mending};
use portcullis::domain::{Answer, Cleared, Finding, Kind, Listing, Verdict};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::http::wire::AnswerBody;
use portcullis::screening::{CheckRequest, DocumentRequest};

use super::arguments::Check;
use super::site;
use super::usage::Usage;

const INPUT_BYTES_MAX: u64 = 4096;

pub(super) fn run(arguments: &Check) -> anyhow::Result<ExitCode> {
    let request = match (&arguments.mrz, &arguments.number) {
        (Some(path), _) => CheckRequest { mrz: Some(input(path)?), ..CheckRequest::default() },
        (None, Some(number)) => {
            let number = if number == "-" { input(Path::new("-"))? } else { number.clone() };
            let document = DocumentRequest {
                number: number.trim().to_owned(),
                issuing_state: arguments.issuer.clone().unwrap_or_default(),
                kind: arguments.kind.clone(),
            };
            CheckRequest { document: Some(document), ..CheckRequest::default() }
        }
        (None, None) => bail!("give --mrz or --number"),
    };
    let request = CheckRequest { purpose: arguments.purpose.clone(), ..request };
    let question = match request.into_question(&site::principal()?) {
        Ok(question) => question,
        Err(fault) => return Err(Usage::because(fault).into()),
    };
    let (screening, _) = site::open(&arguments.data, arguments.config.as_deref())?;
    let audited = screening.check(&question)?.wait()?;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        serde_json::to_writer(&mut out, &AnswerBody::from(&audited))?;
        writeln!(out)?;
    } else {
        explain(&mut out, audited.get())?;
    }
    screening.close()?;
    Ok(ExitCode::from(match audited.get().verdict {
        Verdict::NoHit(_) => 0,
        Verdict::Hit(_) => 10,
        Verdict::Inconclusive(_) => 11,
    }))
}

/// Reads a file or standard input (`-`), bounded.
fn input(path: &Path) -> anyhow::Result<String> {
    // A zone or a number in the place of a file's name would stand in the error that it cannot be read.
    let name = path.as_os_str().as_encoded_bytes();
    if name.contains(&b'<') || (name.iter().all(u8::is_ascii_alphanumeric) && Disk.open_read(path).is_err()) {
        let rule =
            "--mrz takes the name of a file that is there, or - for standard input, and not the zone itself";
        return Err(Usage::because(rule).into());
    }
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        bytes
    } else {
        Disk.read(path, INPUT_BYTES_MAX).with_context(|| format!("cannot read {}", path.display()))?
    };
    if bytes.len() as u64 > INPUT_BYTES_MAX {
        return Err(Usage::because(format_args!(
            "the input is longer than {INPUT_BYTES_MAX} bytes: give one document"
        ))
        .into());
    }
    // What is not text is asked all the same, and answered as unreadable.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The answer for a person.
fn explain(out: &mut impl Write, answer: &Answer) -> std::io::Result<()> {
    let understood = &answer.understood;
    let number = understood.number.as_ref().map_or("(unreadable)", |number| number.as_str());
    let issuer = understood.issuing_state.map_or("(unknown)", |state| state.code());
    let kind = understood.kind.map_or("document", Kind::word);
    writeln!(out, "{}  {kind} {number} of {issuer}", answer.verdict.word().to_uppercase())?;
    if let Verdict::Hit(findings) = &answer.verdict {
        for finding in findings {
            listed(out, finding)?;
            if let Some(Cleared { until, case }) = finding.cleared {
                writeln!(out, "    its bearer is cleared of this until {until:.0}, by case {case}")?;
            }
        }
        if let Some(case) = answer.case {
            writeln!(out, "  case {case}")?;
        }
    }
    for reason in &answer.reasons {
        let feed = reason.feed.as_ref().map(|feed| format!(" ({feed})")).unwrap_or_default();
        writeln!(out, "  reason: {}{feed}, remedy: {}", reason.code.word(), reason.code.remedy().word())?;
    }
    if let Some(fault) = &answer.understood.mrz_fault {
        writeln!(out, "  zone: {fault}")?;
    }
    for mending in &answer.understood.mendings {
        writeln!(out, "  {} may read: {}", mending.field.word(), changes(mending))?;
    }
    for candidate in &answer.candidates {
        let document = candidate.listing.document();
        let (number, issuer) = (document.number.as_str(), document.issuing_state);
        let (as_what, by) = match &candidate.listing {
            Listing::Notice { feed, notice } => (notice.status.word(), feed.as_str()),
            Listing::Alert { revision, .. } => {
                (revision.statement.category.word(), revision.statement.originator.as_str())
            }
        };
        let differs = candidate.differs.word();
        writeln!(
            out,
            "  candidate: {number} of {issuer} is listed as {as_what} by {by} (differs: {differs})"
        )?;
    }
    for advisory in &answer.advisories {
        let field = advisory.field.map(|field| format!(" ({})", field.word())).unwrap_or_default();
        writeln!(out, "  note: {}{field}", advisory.code.word())?;
    }
    match answer.coverage.generation {
        None => writeln!(out, "  consulted: nothing")?,
        Some(generation) => {
            writeln!(out, "  consulted: generation {} ({})", generation.number, generation.digest)?;
        }
    }
    for feed in &answer.coverage.feeds {
        let as_of = feed.as_of.map(|time| format!(" as of {time:.0}")).unwrap_or_default();
        writeln!(out, "    {}: {}{as_of}, {} notices", feed.feed, feed.freshness.word(), feed.notices)?;
    }
    Ok(())
}

fn listed(out: &mut impl Write, finding: &Finding) -> std::io::Result<()> {
    let matched = finding.matched.word();
    match &finding.listing {
        Listing::Notice { feed, notice } => {
            let reported = notice.reported_on.map(|day| format!(", reported on {day}")).unwrap_or_default();
            let (status, kind) = (notice.status.word(), notice.kind.word());
            writeln!(out, "  listed by {feed}: {status} {kind}{reported} (match: {matched})")
        }
        Listing::Alert { revision, unapproved, .. } => {
            let statement = &revision.statement;
            let (category, action) = (statement.category.word(), statement.action.word());
            let unapproved = if *unapproved { ", not approved yet" } else { "" };
            writeln!(out, "  alert: {category}, {action}{unapproved} (match: {matched})")?;
            for line in statement.instruction.iter().flat_map(|said| said.text.lines()) {
                writeln!(out, "    {line}")?;
            }
            writeln!(out, "    {}, {}; alert {}", statement.originator, statement.contact, revision.alert)
        }
    }
}

fn changes(mending: &Mending) -> String {
    let change = |change: &Change| {
        let place = format!("line {}, column {}", change.line, change.column);
        match change.characters {
            Some((printed, read)) => format!("{place}: {} as {}", char::from(printed), char::from(read)),
            None => place,
        }
    };
    mending.changes.iter().map(change).collect::<Vec<_>>().join("; ")
}
