//! `GET /v1/hits`, for officers: hits as they are recorded. That somebody begins to listen is an entry, before he hears anything.

use actix_web::{HttpRequest, HttpResponse, rt, web};
use serde::Deserialize;

use super::events::{Event, Events, last_event_id};
use super::problem::Problem;
use super::service::Service;
use crate::alerting::hits::Subscribed;
use crate::audit::{Act, AuditError, Position};
use crate::domain::alert::CallerClass;
use crate::ground::causes;

const START: &str = "start";
const RULE: &str =
    "Last-Event-ID is the id of an event of this stream; the query has from, which is start or such an id";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    /// `start`, or where to go on; the header goes before it.
    from: Option<String>,
}

pub(super) async fn stream(
    request: HttpRequest,
    query: Result<web::Query<From>, actix_web::Error>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    if service.caller_class != CallerClass::Officer {
        return Err(Problem::not_for_caller());
    }
    let wrong = || Problem::invalid_query().with_detail(RULE);
    let From { from } = query.map_err(|_| wrong())?.into_inner();
    let from = match last_event_id(&request).or(from.as_deref()) {
        None => None,
        Some(START) => Some(Position::default()),
        Some(text) => Some(Position::parse(text).ok_or_else(wrong)?),
    };
    let place = service.streams.open()?;
    let hub = service.hub.clone().ok_or_else(Problem::not_found)?;
    let subscribed = web::block(move || hub.subscribe(from)).await.map_err(|_| Problem::internal())?;
    let subscribed = subscribed.map_err(|error| match error {
        AuditError::ReadFurther { .. } => {
            Problem::invalid_query().with_detail("this site has not got so far")
        }
        error => {
            tracing::error!(error = %causes(&error), "a log cannot be read");
            Problem::log_unreadable()
        }
    })?;
    let reference = format!("hits after {}", subscribed.from).into();
    let recorded = service.screening.record_act(Act::AuditExport, &service.principal, reference)?.await?;
    let () = *recorded.get();
    let (events, response) = place.begin();
    rt::spawn(tell(subscribed, events));
    Ok(response)
}

/// Begins with where it begins, so that whoever hears nothing else can go on from there.
async fn tell(mut subscribed: Subscribed, events: Events) {
    let begins = Event { id: subscribed.from.to_string(), name: "position", data: "{}".to_owned() };
    if !events.send(&begins).await {
        return;
    }
    loop {
        let told = tokio::select! {
            told = subscribed.hits.recv() => told,
            () = events.closed() => return,
        };
        let Some(told) = told else { return };
        let event = Event { id: told.after.to_string(), name: "hit", data: told.event.json() };
        if !events.send(&event).await {
            return;
        }
    }
}
