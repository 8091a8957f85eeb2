//! `/v1/alerts…`, for officers who issue alerts. Every act, and every reading, is an entry before it is done.

use std::sync::{Arc, PoisonError};

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, IF_MATCH, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alert_desk::{desk, fulfil};
use super::body::json_body;
use super::idempotency::idempotency_key;
use super::problem::Problem;
use super::service::Service;
use super::wire::RevisionBody;
use crate::alerting::{AlertRequest, AlertingError, Change, Deed, Fulfilled, Issue, RequestFault};
use crate::audit::Act;
use crate::domain::alert::{AlertId, Category, Life, LifeFault, Revision};
use crate::domain::{DocumentId, DocumentNumber, IssuingState};
use crate::ground::causes;
use crate::overlay::{Alerts, OverlayError, Store};

const PAGE_MAX: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// Which alerts: `in_force` now, as it is without it, `all`, or those that are in one state of an alert's life.
    state: Option<String>,
    /// Of one category only.
    category: Option<String>,
    /// After the alert whose newest revision has this counter.
    #[serde(default)]
    after: u64,
    count: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Issuing {
    /// Write it down only.
    #[serde(default)]
    draft: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    issuing_state: String,
    number: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renewal {
    to: Timestamp,
}

#[derive(Serialize)]
struct Listed<'a> {
    alerts: Vec<RevisionBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

#[derive(Serialize)]
struct Whole<'a> {
    alert: RevisionBody<'a>,
    history: Vec<RevisionBody<'a>>,
}

pub(super) async fn issue(
    request: HttpRequest,
    query: Result<web::Query<Issuing>, actix_web::Error>,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let rule = "the query has draft, which is true or false";
    let draft = query.map_err(|_| Problem::invalid_query().with_detail(rule))?.draft;
    let key = idempotency_key(&request)?.map(str::to_owned);
    let wanted = asked_for(&request, payload, &service).await?.into_wanted(service.now())?;
    let deed = Deed::Issue(Box::new(Issue { wanted, key: key.map(Into::into), draft }));
    let (status, revision) = match fulfil(&service, deed).await? {
        Fulfilled::New(revision) => (StatusCode::CREATED, revision),
        Fulfilled::Before(revision) => (StatusCode::OK, revision),
    };
    Ok(answer(&service, status, &revision))
}

/// Which alerts a list has, and by which of their revisions.
#[derive(Clone, Copy)]
enum Wanted {
    InForce,
    All,
    In(Life),
}

impl Wanted {
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "in_force" => Some(Self::InForce),
            "all" => Some(Self::All),
            life => Life::from_word(life).map(Self::In),
        }
    }
}

/// `POST /v1/alerts/{id}/{act}`.
pub(super) async fn act(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let (id, act) = path.into_inner();
    let id = AlertId::parse(&id).ok_or_else(Problem::not_found)?;
    let expected = expected(&request)?;
    let how = match &*act {
        "submit" => Change::Submit,
        "approve" => Change::Approve,
        "withdraw" => Change::Withdraw,
        "renew" => {
            let body = json_body(&request, payload, service.body_bytes_max).await?;
            let rule = "to: a time such as 2026-03-01T06:00:00Z, and nothing else";
            let wrong = |_| Problem::invalid_json().with_detail(rule);
            let Renewal { to } = serde_json::from_slice(&body).map_err(wrong)?;
            Change::Renew(to)
        }
        "amend" => {
            let asked_for = asked_for(&request, payload, &service).await?;
            Change::Amend(Box::new(asked_for.into_statement(service.now())?))
        }
        _ => return Err(Problem::not_found()),
    };
    let changed = fulfil(&service, Deed::Change { alert: id, expected, how }).await?;
    let revision = changed.revision();
    Ok(answer(&service, StatusCode::OK, &revision))
}

/// Alerts in the order of their newest revisions, without numbers.
pub(super) async fn list(
    query: Result<web::Query<Page>, actix_web::Error>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let rule = "the query has state, which is in_force, all or a state of an alert, category, and after and count, which are numbers";
    let wrong = || Problem::invalid_query().with_detail(rule);
    let Page { state, category, after, count } = query.map_err(|_| wrong())?.into_inner();
    let state = Wanted::from_word(state.as_deref().unwrap_or("in_force")).ok_or_else(wrong)?;
    let category = category.map(|word| Category::from_word(&word).ok_or_else(wrong)).transpose()?;
    let count = count.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    record(&service, format!("list after {after}")).await?;
    let now = service.now();
    let mut found = reading(&service, move |alerts, _| {
        let place = |revision: &&Arc<Revision>| revision.origin.counter;
        let of = |newest| match state {
            Wanted::InForce => alerts.in_force(newest, now),
            Wanted::All => Some(newest),
            Wanted::In(life) => Some(newest).filter(|newest| newest.life == life),
        };
        let is_wanted = |revision: &&Arc<Revision>| {
            place(revision) > after && category.is_none_or(|wanted| revision.statement.category == wanted)
        };
        let mut found: Vec<_> = alerts.iter().filter_map(of).filter(is_wanted).collect();
        // There may be a million, of which a page is wanted, and whether there are more.
        if found.len() > count + 1 {
            found.select_nth_unstable_by_key(count, place);
            found.truncate(count + 1);
        }
        found.sort_unstable_by_key(place);
        Ok(found.into_iter().cloned().collect::<Vec<_>>())
    })
    .await?;
    let next = (found.len() > count).then(|| found.get(count.saturating_sub(1))).flatten();
    let next = next.map(|last| last.origin.counter);
    found.truncate(count);
    let alerts = found.iter().map(|revision| RevisionBody::without_number(revision, now)).collect();
    Ok(HttpResponse::Ok().json(Listed { alerts, next }))
}

/// The alerts that concern a document: its number stands in no URL.
pub(super) async fn search(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let body = json_body(&request, payload, service.body_bytes_max).await?;
    let rule = "a search has issuing_state, the code of a state, and number";
    let Search { issuing_state, number } =
        serde_json::from_slice(&body).map_err(|_| Problem::invalid_json().with_detail(rule))?;
    let state = IssuingState::recognise(&issuing_state);
    let (Some(state), Ok(number)) = (state, DocumentNumber::parse(&number)) else {
        return Err(Problem::invalid_field().with_detail(rule));
    };
    let document = DocumentId { issuing_state: state.state, number };
    record(&service, "search".to_owned()).await?;
    let now = service.now();
    let found = reading(&service, move |alerts, _| Ok(alerts.concerning(&document))).await?;
    let alerts = found.iter().map(|revision| RevisionBody::of(revision, now)).collect();
    Ok(HttpResponse::Ok().json(Listed { alerts, next: None }))
}

/// An alert with all of its revisions.
pub(super) async fn show(
    path: web::Path<String>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let id = AlertId::parse(&path).ok_or_else(Problem::not_found)?;
    record(&service, id.to_string()).await?;
    let now = service.now();
    let both = move |alerts: &Alerts| Some((alerts.first(&id)?.clone(), alerts.get(&id)?.clone()));
    let found = reading(&service, move |alerts, _| Ok(both(alerts))).await?;
    let Some((first, newest)) = found else { return Err(Problem::not_found()) };
    let history = match newest.number {
        1 => vec![newest],
        2 => vec![first, newest],
        _ => history(&service, first).await?,
    };
    let Some(newest) = history.last() else { return Err(Problem::not_found()) };
    let whole = Whole {
        alert: RevisionBody::of(newest, now),
        history: history.iter().map(|revision| RevisionBody::of(revision, now)).collect(),
    };
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(newest))).json(whole))
}

/// An alert's revisions from its first one on: those between are in the store alone. Acts have their turn meanwhile.
async fn history(service: &Service, first: Arc<Revision>) -> Result<Vec<Arc<Revision>>, Problem> {
    let (at, floor) = (desk(service)?, service.screening.log().alert_floor()?);
    let read = web::block(move || {
        let mut history = Vec::new();
        if let Some(store) = Store::open_not_below(&at.storage, &at.data_dir, floor)? {
            store.each_after(first.origin.counter - 1, &mut |revision| {
                history.extend(Some(revision).filter(|one| one.alert == first.alert).map(Arc::new));
            })?;
        }
        Ok(history)
    });
    let read = read.await.map_err(|_| Problem::internal())?;
    read.map_err(|error| unread(service, error))
}

/// What a reader found damaged is read whole at the next look.
fn unread(service: &Service, error: OverlayError) -> Problem {
    service.screening.overlay().doubt(&error);
    Problem::from(AlertingError::from(error))
}

fn answer(service: &Service, status: StatusCode, revision: &Revision) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.insert_header((ETAG, etag(revision)));
    if status == StatusCode::CREATED {
        response.insert_header((LOCATION, format!("/v1/alerts/{}", revision.alert)));
    }
    response.json(RevisionBody::of(revision, service.now()))
}

fn etag(revision: &Revision) -> String {
    format!("\"{}\"", revision.number)
}

/// Which revision the caller has seen (RFC 9110, section 13.1.1).
fn expected(request: &HttpRequest) -> Result<Option<u32>, Problem> {
    let Some(tag) = request.headers().get(IF_MATCH) else { return Ok(None) };
    let number = tag.to_str().ok().and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    // It is opaque: what else would be read as this number is not what was sent.
    let number = number.filter(|number: &u32| *tag == *format!("\"{number}\""));
    let rule = "If-Match has the ETag of the alert, such as \"3\"";
    number.map(Some).ok_or_else(|| Problem::invalid_field().with_detail(rule))
}

async fn asked_for(
    request: &HttpRequest,
    payload: web::Payload,
    service: &Service,
) -> Result<AlertRequest, Problem> {
    let body = json_body(request, payload, service.body_bytes_max).await?;
    Ok(AlertRequest::parse(&body)?)
}

pub(super) async fn record(service: &Service, what: String) -> Result<(), Problem> {
    let _ = desk(service)?;
    let recorded = service.screening.record_act(Act::AlertRead, &service.principal, what.into())?.await?;
    let () = *recorded.get();
    Ok(())
}

pub(super) async fn reading<T: Send + 'static>(
    service: &Service,
    read: impl FnOnce(&Alerts, Option<&Store>) -> Result<T, OverlayError> + Send + 'static,
) -> Result<T, Problem> {
    let (at, floor) = (desk(service)?, service.screening.log().alert_floor()?);
    let last = service.screening.overlay().last();
    let read = web::block(move || {
        let mut known = at.known.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().for_each(|last| known.hear_of(last));
        let store = Store::open_not_below(&at.storage, &at.data_dir, floor.max(known.floor()))?;
        if let Some(store) = &store {
            known.follow(store)?;
        }
        read(&known, store.as_ref())
    });
    let read = read.await.map_err(|_| Problem::internal())?;
    read.map_err(|error| unread(service, error))
}

impl From<RequestFault> for Problem {
    fn from(fault: RequestFault) -> Self {
        Self::invalid_field().with_detail(fault.to_string())
    }
}

impl From<AlertingError> for Problem {
    fn from(error: AlertingError) -> Self {
        let told = error.to_string();
        match error {
            AlertingError::Statement(_) => Self::alert_refused().with_detail(told),
            AlertingError::Unknown(_) => Self::not_found(),
            AlertingError::Life(LifeFault::Changed { .. }) => Self::alert_changed().with_detail(told),
            AlertingError::Life(LifeFault::Unseen { .. }) => Self::alert_unseen().with_detail(told),
            AlertingError::Life(_) => Self::alert_state().with_detail(told),
            AlertingError::KeyReused => Self::key_reused(),
            AlertingError::Audit(error) => Self::from(error),
            AlertingError::Store(_) | AlertingError::Act(_) | AlertingError::Unfinished => {
                tracing::error!(error = %causes(&error), "an alert was not issued, changed or read");
                Self::alerts_unavailable()
            }
        }
    }
}
