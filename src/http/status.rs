//! What the service says of itself.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use crate::domain::alert::CallerClass;
use crate::domain::{Freshness, ReasonCode};

use super::problem::Problem;
use super::service::Service;
use super::wire::{API_REVISION, SiteCoverageBody};

pub(super) async fn version() -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "api": "v1",
        "api_revision": API_REVISION,
        "version": env!("CARGO_PKG_VERSION"),
        "features": ["checks", "manifests", "coverage", "sync", "audit", "alerts", "cases", "hits"],
    }))
}

pub(super) async fn coverage(service: web::Data<Service>) -> HttpResponse {
    let coverage = service.screening.coverage(service.caller_class);
    let in_force = service.screening.site().in_force();
    HttpResponse::Ok().json(SiteCoverageBody::of(&coverage, &service.board, in_force.generation.as_deref()))
}

/// Has every source looked at now; what comes of it shows in coverage.
pub(super) async fn want_sync(service: web::Data<Service>) -> HttpResponse {
    service.board.want();
    HttpResponse::Accepted().json(json!({ "wanted": true }))
}

pub(super) async fn livez() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    degraded: bool,
    why: Vec<String>,
}

/// 200 only with a sound generation in force, a writable log, and webhooks that lose no hit; what is only degraded is ready and says so.
pub(super) async fn readyz(service: web::Data<Service>) -> HttpResponse {
    let coverage = service.screening.coverage(service.caller_class);
    let mut degraded = Vec::new();
    let mut unready: Vec<_> = coverage.site.iter().map(|code| site_text(*code).to_owned()).collect();
    if !service.screening.log_is_writable() {
        unready.push("the audit log cannot be written: make room or mend the disk; the service's log says whether it has to be restarted".to_owned());
    }
    if coverage.generation.is_some() && !coverage.feeds.iter().any(|feed| feed.expected) {
        unready.push("no feed is expected, so nothing can be vouched for: import a list".to_owned());
    }
    for feed in coverage.feeds.iter().filter(|feed| feed.expected) {
        match feed.freshness {
            Freshness::Missing => unready.push(format!("feed {} is missing", feed.feed)),
            _ if feed.notices == 0 => unready.push(format!("feed {} is empty", feed.feed)),
            Freshness::Stale | Freshness::Ageing => {
                degraded.push(format!("feed {} is {}", feed.feed, feed.freshness.word()));
            }
            Freshness::Fresh => {}
        }
    }
    for (feed, standing) in service.board.feeds() {
        if let Some((code, _)) = standing.error {
            degraded.push(format!(
                "feed {feed} has not been brought up to date {} times ({code}): GET /v1/coverage says why",
                standing.failures
            ));
        }
    }
    for (sink, standing) in service.sinks.not_begun() {
        let known = service.caller_class == CallerClass::Officer || standing.class != CallerClass::Officer;
        let name = if known { format!("webhook {sink}") } else { "a webhook".to_owned() };
        unready.push(format!(
            "{name} cannot write down where it begins, so that hits were lost if this service ended now: the service's log says why"
        ));
    }
    for (sink, standing) in service.sinks.known_to(service.caller_class) {
        if let Some(trouble) = standing.trouble {
            degraded.push(format!("webhook {sink} is not told of hits: {trouble}"));
        }
    }
    let ready = unready.is_empty();
    let degraded_too = !degraded.is_empty();
    unready.extend(degraded);
    let body = Readiness { ready, degraded: degraded_too, why: unready };
    if ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

fn site_text(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::NoGeneration => "no generation is in force: import a list",
        ReasonCode::GenerationUnreadable => "the newest generation cannot be trusted: the log says why",
        ReasonCode::IndexDamaged => "a file of the generation in force is damaged: import the list again",
        ReasonCode::AlertsUnreadable => {
            "the alerts of this site cannot be read: the log says why, and what to do"
        }
        ReasonCode::Clock => "the system clock is behind the latest time this site has seen: set it right",
        other => other.word(),
    }
}

pub(super) async fn metrics(service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    service.tell_outcomes();
    let class = service.caller_class;
    let text = service
        .metrics
        .render(class, &service.screening, &service.board, service.sinks.known_to(class))
        .map_err(|_| Problem::internal())?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}
