//! `GET /v1/alerts/changes`: each revision of an alert as it is made, for whoever keeps a copy of the alerts, or watches them.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, rt, web};
use serde::Deserialize;

use super::alert_desk::{AlertDesk, desk};
use super::alerts::{reading, record};
use super::events::{Event, Events, last_event_id};
use super::problem::Problem;
use super::service::Service;
use super::wire::ChangeBody;
use crate::alerting::AlertingError;
use crate::ground::causes;
use crate::overlay::{Changed, Changes, LastSeen, OverlayError, Store};

const PAGE: usize = 256;
/// The store is followed by one for all: this only looks at what he knows.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    /// The revision that was seen last; what `Last-Event-ID` says goes before it.
    after: Option<String>,
}

pub(super) async fn changes(
    request: HttpRequest,
    query: Result<web::Query<From>, actix_web::Error>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let at = desk(&service)?;
    let rule =
        "the query has after, and Last-Event-ID: each is the id of an event, or the counter of a revision";
    let wrong = || Problem::invalid_query().with_detail(rule);
    let From { after } = query.map_err(|_| wrong())?.into_inner();
    let after = last_event_id(&request).or(after.as_deref()).map_or(Ok(LastSeen::default()), str::parse);
    let after: LastSeen = after.map_err(|_| wrong())?;
    let place = service.streams.open()?;
    record(&service, format!("changes after {after}")).await?;
    must_be_there(&service, after).await?;
    let (events, response) = place.begin();
    rt::spawn(tell(service.into_inner(), at, after.counter, events));
    Ok(response)
}

/// Whoever goes on after a revision that is not the one here would miss others, and never know.
async fn must_be_there(service: &web::Data<Service>, after: LastSeen) -> Result<(), Problem> {
    let overlay = service.screening.overlay();
    if overlay.in_force().fault.is_some() {
        return Err(Problem::alerts_unavailable());
    }
    if after.counter == 0 {
        return Ok(());
    }
    // Nearly everybody who comes back was away for seconds; the store may be held for longer.
    let screening = service.screening.clone();
    let recent = web::block(move || screening.overlay().recent_after(after.counter - 1, 1)).await;
    let recent = recent.map_err(|_| Problem::internal())?.unwrap_or_default();
    if recent.first().is_some_and(|(_, newest)| after.is(newest.origin)) {
        return Ok(());
    }
    let there = reading(service, move |_, store| Ok(after.must_be_in(store)));
    there.await?.map_err(|fault| Problem::changes_lost().with_detail(fault.to_string()))
}

/// Tells of revisions until nobody listens, or they cannot be read.
async fn tell(service: Arc<Service>, at: Arc<AlertDesk>, mut after: u64, events: Events) {
    let mut behind = None;
    loop {
        let in_force = service.screening.overlay().in_force();
        if in_force.fault.is_some() {
            // Whoever comes back is told why there is nothing.
            return;
        }
        if in_force.table.counter() <= after {
            tokio::select! {
                () = events.closed() => return,
                () = rt::time::sleep(LOOK_EVERY) => continue,
            }
        }
        let (reading, desk, before) = (service.clone(), at.clone(), behind.take());
        let read = web::block(move || next(&reading, &desk, before, after)).await;
        let page = match read {
            Ok(Ok((page, way))) => {
                behind = way;
                page
            }
            Ok(Err(error)) => {
                service.screening.overlay().doubt(&error);
                tracing::warn!(error = %causes(&AlertingError::from(error)), "a stream of changes of alerts ends");
                return;
            }
            Err(_) => return,
        };
        if page.is_empty() {
            // Whoever is told that there is more and finds nothing looks again as if there were not.
            rt::time::sleep(LOOK_EVERY).await;
        }
        for (kind, revision) in page {
            let origin = revision.origin;
            let body = ChangeBody::of(kind, &revision, service.now());
            let data = serde_json::to_string(&body).expect("plain fields, written to memory");
            if !events.send(&Event { id: LastSeen::from(origin).to_string(), name: "change", data }).await {
                return;
            }
            after = origin.counter;
        }
    }
}

/// The next changes, and what was found out for those after them.
fn next(
    service: &Service,
    at: &AlertDesk,
    behind: Option<Changes>,
    after: u64,
) -> Result<(Vec<Changed>, Option<Changes>), OverlayError> {
    if let Some(page) = service.screening.overlay().recent_after(after, PAGE) {
        return Ok((page, None));
    }
    let (log, last) = (service.screening.log(), service.screening.overlay().last());
    let floor = log.alert_floor().map_err(|error| OverlayError::Unknown(Box::new(error)))?;
    let floor = floor.max(last.map(|last| last.origin.counter));
    let store = Store::open_not_below(&at.storage, &at.data_dir, floor)?;
    let store = store.ok_or_else(|| OverlayError::Gone { path: at.data_dir.join("alerts") })?;
    let behind = match behind {
        Some(behind) => behind,
        None => Changes::after(&store, after)?,
    };
    let page = behind.page(&store, after, PAGE)?;
    let is_done = page.is_empty();
    Ok((page, Some(behind).filter(|_| !is_done)))
}
