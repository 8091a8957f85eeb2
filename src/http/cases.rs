//! `/v1/cases…`, for officers who find out what became of hits. Every reading of one, and every outcome, is an entry before it is done.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::http::header::{ETAG, IF_MATCH};
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body::json_body;
use super::problem::Problem;
use super::service::Service;
use super::wire::{CaseBody, WholeCaseBody};
use crate::alerting::{Case, CaseError, CaseRules, CaseState, Casebook, OutcomeRequest, SeenVersion};
use crate::audit::Act;
use crate::domain::alert::CallerClass;
use crate::domain::case::CaseId;
use crate::ground::causes;
use crate::ground::clock::Clock;

const PAGE_MAX: usize = 1000;

/// Where a service reads cases and says what became of them.
pub struct CaseDesk {
    /// The cases, which somebody else lets read on.
    pub book: Arc<Mutex<Casebook>>,
    /// The time.
    pub clock: Arc<Clock>,
    /// The rules.
    pub rules: CaseRules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// Which cases: those of which nobody has said for good what became of them, or all; `open` without it.
    state: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    count: Option<usize>,
}

#[derive(Serialize)]
struct Listed<'a> {
    cases: Vec<CaseBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Cases from the oldest, without numbers.
pub(super) async fn list(
    query: Result<web::Query<Page>, actix_web::Error>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let rule = "the query has state, which is open or all, after, which is the next of a page, and count";
    let wrong = || Problem::invalid_query().with_detail(rule);
    let Page { state, after, count } = query.map_err(|_| wrong())?.into_inner();
    let all = match state.as_deref() {
        None | Some("open") => false,
        Some("all") => true,
        Some(_) => return Err(wrong()),
    };
    let after = after.map(|text| cursor(&text).ok_or_else(wrong)).transpose()?;
    let count = count.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    record(&service, "list".to_owned()).await?;
    let at = desk(&service)?;
    let listed = web::block(move || {
        let book = current(&at)?;
        Ok::<_, Problem>(page(&book, all, after, count))
    });
    listed.await.map_err(|_| Problem::internal())?.map(Answer::into)
}

fn page(book: &Casebook, all: bool, after: Option<(Timestamp, CaseId)>, count: usize) -> Answer {
    let wanted = |case: &&Case| all || !matches!(case.state(), CaseState::Decided(_));
    let mut found: Vec<_> = book.cases().after(after).filter(wanted).take(count + 1).collect();
    let more = found.len() > count;
    found.truncate(count);
    let next = found
        .last()
        .filter(|_| more)
        .and_then(|case| Some(format!("{}-{}", case.opened_at()?.as_microsecond(), case.id)));
    let listed = Listed { cases: found.into_iter().map(CaseBody::from).collect(), next };
    Answer { etag: None, body: serde_json::to_value(listed).unwrap_or_default() }
}

/// A case with what it holds, all checks and all outcomes.
pub(super) async fn show(
    path: web::Path<String>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let id = CaseId::parse(&path).ok_or_else(Problem::not_found)?;
    record(&service, id.to_string()).await?;
    let at = desk(&service)?;
    let shown = web::block(move || {
        let book = current(&at)?;
        let case = book.case(id)?;
        let content = book.content(case)?;
        Ok::<_, Problem>(answer(case, &WholeCaseBody::of(case, &content)))
    });
    shown.await.map_err(|_| Problem::internal())?.map(Answer::into)
}

/// Says what became of a case.
pub(super) async fn outcome(
    request: HttpRequest,
    path: web::Path<String>,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let id = CaseId::parse(&path).ok_or_else(Problem::not_found)?;
    let expected = expected(&request)?;
    let at = desk(&service)?;
    let body = json_body(&request, payload, service.body_bytes_max).await?;
    let outcome = OutcomeRequest::parse(&body)?.into_outcome()?;
    let done = web::block(move || {
        let mut book = whole(&at)?;
        let (log, by) = (service.screening.log(), (&service.principal, expected));
        let case = book.decide(id, outcome, by, (log, &at.clock, at.rules))?;
        let said = answer(case, &CaseBody::from(case));
        // Whoever watches over cases tells of keys that cannot be read.
        service.screening.put_cleared_in_force(book.cleared(service.now()).unwrap_or_default());
        Ok::<_, Problem>(said)
    });
    done.await.map_err(|_| Problem::internal())?.map(Answer::into)
}

/// A body that has left the book.
struct Answer {
    etag: Option<String>,
    body: serde_json::Value,
}

fn answer(case: &Case, body: &impl Serialize) -> Answer {
    // It has no map with other than text keys.
    let body = serde_json::to_value(body).unwrap_or_default();
    let (outcomes, findings) = case.version();
    Answer { etag: Some(format!("\"{outcomes}.{findings}\"")), body }
}

impl From<Answer> for HttpResponse {
    fn from(answer: Answer) -> Self {
        let mut response = HttpResponse::Ok();
        answer.etag.map(|etag| response.insert_header((ETAG, etag)));
        response.json(answer.body)
    }
}

/// The book, once everything is in it that was recorded when the service started.
fn whole(at: &CaseDesk) -> Result<MutexGuard<'_, Casebook>, Problem> {
    let book = at.book.lock().unwrap_or_else(PoisonError::into_inner);
    if book.is_whole() { Ok(book) } else { Err(Problem::cases_unavailable()) }
}

/// The same, with what was recorded by now: a case that an answer names is in it.
fn current(at: &CaseDesk) -> Result<MutexGuard<'_, Casebook>, Problem> {
    let mut book = whole(at)?;
    book.read_all();
    Ok(book)
}

fn cursor(text: &str) -> Option<(Timestamp, CaseId)> {
    let (micros, id) = text.split_once('-')?;
    Some((Timestamp::from_microsecond(micros.parse().ok()?).ok()?, CaseId::parse(id)?))
}

/// Which state of the case the caller has seen (RFC 9110, section 13.1.1).
fn expected(request: &HttpRequest) -> Result<Option<SeenVersion>, Problem> {
    let Some(tag) = request.headers().get(IF_MATCH) else { return Ok(None) };
    let seen = || {
        let (outcomes, findings) =
            tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"')?.split_once('.')?;
        Some(SeenVersion { outcomes: outcomes.parse().ok()?, findings: Some(findings.parse().ok()?) })
    };
    let rule = "If-Match has the ETag of the case, such as \"0.1\"";
    seen().map(Some).ok_or_else(|| Problem::invalid_field().with_detail(rule))
}

async fn record(service: &Service, what: String) -> Result<(), Problem> {
    let _ = desk(service)?;
    let recorded = service.screening.record_act(Act::CaseRead, &service.principal, what.into())?.await?;
    let () = *recorded.get();
    Ok(())
}

/// Cases are for officers.
fn desk(service: &Service) -> Result<Arc<CaseDesk>, Problem> {
    if service.caller_class != CallerClass::Officer {
        return Err(Problem::not_for_caller());
    }
    service.cases.clone().ok_or_else(Problem::not_found)
}

impl From<CaseError> for Problem {
    fn from(error: CaseError) -> Self {
        let told = error.to_string();
        match error {
            CaseError::Unknown(_) => Self::not_found(),
            CaseError::Request(_) => Self::invalid_field().with_detail(told),
            CaseError::Outcome(_) => Self::outcome_refused().with_detail(told),
            CaseError::Changed { .. } => Self::case_changed().with_detail(told),
            CaseError::Audit(_) | CaseError::Act(_) => {
                tracing::error!(error = %causes(&error), "a case was not read, or given no outcome");
                Self::cases_unavailable()
            }
        }
    }
}
