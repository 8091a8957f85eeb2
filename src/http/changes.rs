//! `GET /v1/alerts/changes`: each revision of an alert as it is made, for whoever keeps a copy of the alerts, or watches them.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, rt, web};
use serde::Deserialize;

use super::alert_desk::{AlertDesk, desk};
use super::alerts::record;
use super::events::{Event, Events, last_event_id};
use super::problem::Problem;
use super::service::Service;
use super::wire::ChangeBody;
use crate::alerting::AlertingError;
use crate::ground::causes;
use crate::overlay::{Changed, Changes, OverlayError, Store};

const PAGE: usize = 256;
/// The store is followed by one for all: this only looks at what he knows.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    /// The revision that was seen last; what `Last-Event-ID` says goes before it.
    #[serde(default)]
    after: u64,
}

pub(super) async fn changes(
    request: HttpRequest,
    query: Result<web::Query<From>, actix_web::Error>,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let at = desk(&service)?;
    let rule = "the query has after, and Last-Event-ID is the id of an event: the number of a revision";
    let wrong = || Problem::invalid_query().with_detail(rule);
    let From { after } = query.map_err(|_| wrong())?.into_inner();
    let after = last_event_id(&request).map_or(Ok(after), str::parse).map_err(|_| wrong())?;
    let newest = newest(&service).await?;
    if after > newest {
        let rule = format!(
            "the newest revision of the alerts here is {newest}: the id is of another site, or alerts were lost"
        );
        return Err(Problem::invalid_query().with_detail(rule));
    }
    let place = service.streams.open()?;
    record(&service, format!("changes after {after}")).await?;
    let (events, response) = place.begin();
    rt::spawn(tell(service.into_inner(), at, after, events));
    Ok(response)
}

/// The newest revision, also if somebody has made it just now.
async fn newest(service: &web::Data<Service>) -> Result<u64, Problem> {
    let screening = service.screening.clone();
    let refreshed = web::block(move || screening.overlay().refresh(true)).await;
    let _ = refreshed.map_err(|_| Problem::internal())?;
    let in_force = service.screening.overlay().in_force();
    // Whoever follows was told of what is known, which a large table has only after a while.
    let newest = || service.screening.overlay().newest();
    if in_force.fault.is_some() { Err(Problem::alerts_unavailable()) } else { Ok(newest()) }
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
                tracing::warn!(error = %causes(&AlertingError::from(error)), "a stream of changes of alerts ends");
                return;
            }
            Err(_) => return,
        };
        for (kind, revision) in page {
            let counter = revision.origin.counter;
            let body = ChangeBody::of(kind, &revision, service.now());
            let data = serde_json::to_string(&body).expect("plain fields, written to memory");
            if !events.send(&Event { id: counter.to_string(), name: "change", data }).await {
                return;
            }
            after = counter;
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
    let page = behind.page(&store, after, PAGE as u64)?;
    let is_done = page.is_empty();
    Ok((page, Some(behind).filter(|_| !is_done)))
}
