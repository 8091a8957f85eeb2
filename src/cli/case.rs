//! `portcullis case`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use portcullis::alerting::{CaseError, CaseRules, CaseState, Casebook, OutcomeRequest, SeenVersion};
use portcullis::audit::{Act, Draft, Retention};
use portcullis::domain::Digest;
use portcullis::domain::case::{CaseId, OutcomeKind, Source};
use portcullis::http::wire::{CaseBody, WholeCaseBody};
use serde_json::json;

use super::case_arguments::{Case, CaseList, CaseOutcome, CaseShow, CaseStatistics};
use super::site;
use super::usage::Usage;

pub(super) fn run(command: &Case) -> anyhow::Result<ExitCode> {
    match command {
        Case::List(arguments) => list(arguments),
        Case::Show(arguments) => show(arguments),
        Case::Outcome(arguments) => outcome(arguments),
        Case::Statistics(arguments) => statistics(arguments),
    }
}

fn list(arguments: &CaseList) -> anyhow::Result<ExitCode> {
    let book = recorded(&arguments.data, "list")?;
    let mut out = std::io::stdout().lock();
    for case in book.cases().after(None) {
        if !arguments.all && matches!(case.state(), CaseState::Decided(_)) {
            continue;
        }
        if arguments.json {
            serde_json::to_writer(&mut out, &CaseBody::from(case))?;
            writeln!(out)?;
            continue;
        }
        let said = match case.state() {
            CaseState::Open => "open".to_owned(),
            CaseState::Proposed(ruling) => format!("proposed: {}", ruling.outcome.kind.word()),
            CaseState::Decided(ruling) => ruling.outcome.kind.word().to_owned(),
        };
        let opened = case.opened_at().map(|at| format!("{at:.0}")).unwrap_or_default();
        let categories = case.categories.iter().map(|category| &**category).collect::<Vec<_>>().join(",");
        let terminal = case.seen.last().and_then(|seen| seen.terminal.as_deref()).unwrap_or("-");
        writeln!(
            out,
            "{}  {opened}  {said}  {categories}  terminal {terminal}  checks {}",
            case.id, case.seen_total
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(arguments: &CaseShow) -> anyhow::Result<ExitCode> {
    let id = id(&arguments.case)?;
    let book = recorded(&arguments.data, &id.to_string())?;
    let case = book.case(id)?;
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &WholeCaseBody::of(case, &book.content(case)?))?;
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}

fn outcome(arguments: &CaseOutcome) -> anyhow::Result<ExitCode> {
    let id = id(&arguments.case)?;
    let request = OutcomeRequest {
        outcome: arguments.outcome.clone(),
        until: time("until", arguments.until.as_deref())?,
        contact: arguments.contact.clone(),
        asked_at: time("asked-at", arguments.asked_at.as_deref())?,
        answered_at: time("answered-at", arguments.answered_at.as_deref())?,
        grade_after: arguments.grade_after.as_deref().map(grade).transpose()?,
    };
    let outcome = request.into_outcome().map_err(Usage::because)?;
    site::must_exist(&arguments.data)?;
    let rules = site::rules(&arguments.data, arguments.config.as_deref())?;
    let retention = Retention { hits_days: rules.hits_days, ..Retention::default() };
    let rules = CaseRules { policy: rules.cases, retention };
    let (log, clock, by) = site::open_log(&arguments.data)?;
    let mut book = Casebook::read(site::disk(), arguments.data.clone())?;
    let seen = arguments.outcomes.map(|outcomes| SeenVersion { outcomes, findings: None });
    let decided = book.decide(id, outcome, (&by, seen), (&log, &clock, rules));
    let case = decided.map_err(|error| match error {
        refused @ CaseError::Outcome(_) => Usage::because(refused).into(),
        error => anyhow::Error::from(error),
    })?;
    match case.state() {
        CaseState::Decided(ruling) => println!("case {id}: {}", ruling.outcome.kind.word()),
        CaseState::Proposed(ruling) => println!(
            "case {id}: {} is proposed; it holds once somebody else says the same",
            ruling.outcome.kind.word()
        ),
        CaseState::Open => {}
    }
    log.close()?;
    Ok(ExitCode::SUCCESS)
}

fn statistics(arguments: &CaseStatistics) -> anyhow::Result<ExitCode> {
    let book = recorded(&arguments.data, "statistics")?;
    let mut by_source = BTreeMap::<&Source, BTreeMap<OutcomeKind, u64>>::new();
    for ((source, outcome), count) in book.cases().outcomes().iter().filter(|(_, count)| **count > 0) {
        by_source.entry(source).or_default().insert(*outcome, *count);
    }
    let mut out = std::io::stdout().lock();
    for (source, outcomes) in by_source {
        let total: u64 = outcomes.values().sum();
        let false_hits = outcomes.get(&OutcomeKind::FalseHit).copied().unwrap_or_default();
        let rate = false_hits as f64 / total as f64;
        let Source { kind, name, category } = source;
        if arguments.json {
            let outcomes: BTreeMap<_, _> =
                outcomes.iter().map(|(kind, count)| (kind.word(), count)).collect();
            let line = json!({
                "type": kind.word(), "name": name, "category": category,
                "outcomes": outcomes, "cases": total, "false_hit_rate": rate,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        let outcomes: Vec<_> =
            outcomes.iter().map(|(kind, count)| format!("{} {count}", kind.word())).collect();
        let rate = 100.0 * rate;
        writeln!(out, "{} {name}  {category}  {}  false hits {rate:.1} %", kind.word(), outcomes.join("  "))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The cases of a site, once it is recorded that they are read.
fn recorded(data: &Path, what: &str) -> anyhow::Result<Casebook> {
    site::must_exist(data)?;
    let (log, clock, by) = site::open_log(data)?;
    let draft = Draft::new(clock.now().time, Act::CaseRead, by, Digest([0; 32]));
    let _ = log.submit(Draft { client_reference: Some(what.into()), ..draft }, ())?.wait()?;
    log.close()?;
    Ok(Casebook::read(site::disk(), data.to_owned())?)
}

fn id(text: &str) -> anyhow::Result<CaseId> {
    Ok(CaseId::parse(text).ok_or_else(|| Usage::because("a case's name has 32 hexadecimal digits"))?)
}

fn time(flag: &str, text: Option<&str>) -> anyhow::Result<Option<Timestamp>> {
    let Some(text) = text else { return Ok(None) };
    let rule =
        || Usage::because(format_args!("--{flag} {text} is no time: write it as 2027-01-31T00:00:00Z"));
    Ok(Some(text.parse().map_err(|_| rule())?))
}

fn grade(text: &str) -> anyhow::Result<portcullis::alerting::GradeRequest> {
    let (scheme, code) = text
        .split_once(':')
        .ok_or_else(|| Usage::because("--grade-after has a scheme and its code, such as admiralty:B2"))?;
    Ok(portcullis::alerting::GradeRequest { scheme: scheme.to_owned(), code: code.to_owned() })
}
