//! `GET /v1/audit/…`, for auditors: what the log has, and what proves it. Reading entries is an entry, before they are shown.

use std::io::Write as _;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::problem::Problem;
use super::service::Service;
use super::wire::write_recorded;
use crate::audit::{Act, AuditError, LogReader};
use crate::domain::alert::CallerClass;

const ENTRIES_MAX: u64 = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfLog {
    /// The log's id; without it, the log that this service writes.
    log: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfEntry {
    log: Option<String>,
    entry: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfEntries {
    log: Option<String>,
    #[serde(default)]
    from: u64,
    count: Option<u64>,
}

/// The newest checkpoint, as it was signed.
pub(super) async fn checkpoint(
    service: web::Data<Service>,
    query: Result<web::Query<OfLog>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    for_auditors(&service)?;
    let log = log_of(&service, read(query)?.log);
    let note = reading(&service, move |logs| logs.checkpoint(&log)).await?;
    Ok(text(note.ok_or_else(Problem::entry_not_covered)?))
}

/// The proof of an entry (C2SP `tlog-proof`).
pub(super) async fn proof(
    service: web::Data<Service>,
    query: Result<web::Query<OfEntry>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    for_auditors(&service)?;
    let OfEntry { log, entry } = read(query)?;
    let log = known(&service, log_of(&service, log)).await?;
    record(&service, Act::AuditProve, format!("{log}/{entry}")).await?;
    Ok(text(reading(&service, move |logs| logs.prove(&log, entry)).await?))
}

/// Entries that follow one another, one JSON object a line.
pub(super) async fn entries(
    service: web::Data<Service>,
    query: Result<web::Query<OfEntries>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    for_auditors(&service)?;
    let OfEntries { log, from, count } = read(query)?;
    let log = known(&service, log_of(&service, log)).await?;
    let count = count.unwrap_or(ENTRIES_MAX).min(ENTRIES_MAX);
    record(&service, Act::AuditExport, format!("{log}/{from}+{count}")).await?;
    let lines = reading(&service, move |logs| {
        let mut lines = Vec::new();
        for recorded in logs.entries(&log, from, count)? {
            write_recorded(&mut lines, &log, &recorded);
            lines.write_all(b"\n").expect("memory takes everything");
        }
        Ok(lines)
    });
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").body(lines.await?))
}

fn read<T>(query: Result<web::Query<T>, actix_web::Error>) -> Result<T, Problem> {
    let rule = "the query has log, a log's id, and entry, or from and count, which are numbers";
    query.map(web::Query::into_inner).map_err(|_| Problem::invalid_query().with_detail(rule))
}

/// What was withheld from carriers stands in entries.
fn for_auditors(service: &Service) -> Result<(), Problem> {
    if service.caller_class == CallerClass::Officer { Ok(()) } else { Err(Problem::not_for_caller()) }
}

fn log_of(service: &Service, log: Option<String>) -> String {
    log.unwrap_or_else(|| service.screening.log().log_id().to_string())
}

/// A log that is there: what else somebody may write in its place does not get into an entry.
async fn known(service: &Service, log: String) -> Result<String, Problem> {
    let found = reading(service, move |logs| Ok(logs.has(&log).then_some(log))).await?;
    found.ok_or_else(no_log)
}

fn no_log() -> Problem {
    Problem::not_found().with_detail("there is no such log at this site")
}

async fn record(service: &Service, act: Act, reference: String) -> Result<(), Problem> {
    let recorded = service.screening.record_act(act, &service.principal, reference.into())?.await?;
    let () = *recorded.get();
    Ok(())
}

async fn reading<T: Send + 'static>(
    service: &Service,
    read: impl FnOnce(&LogReader) -> Result<T, AuditError> + Send + 'static,
) -> Result<T, Problem> {
    let logs: Arc<LogReader> = service.logs.clone().ok_or_else(Problem::not_found)?;
    let read = web::block(move || read(&logs)).await.map_err(|_| Problem::internal())?;
    read.map_err(|error| match error {
        AuditError::NoLog { .. } => no_log(),
        AuditError::NotSigned { .. } => Problem::entry_not_covered(),
        error => {
            tracing::error!(error = %crate::ground::causes(&error), "a log cannot be read");
            Problem::log_unreadable()
        }
    })
}

fn text(body: String) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(body)
}
