//! Which path leads where.

use std::sync::Arc;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{body::MessageBody, web};
use tokio::sync::Semaphore;

use crate::bulk;
use crate::screening::Screening;

use super::metrics::Metrics;
use super::problem::Problem;
use super::{checks, manifests, status};

/// What every handler can reach.
pub struct Service {
    pub(super) screening: Arc<Screening>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) body_bytes_max: usize,
    pub(super) manifests: bulk::Limits,
    pub(super) manifest_slots: Arc<Semaphore>,
    pub(super) principal: Arc<str>,
}

impl Service {
    /// A service that answers by `screening`.
    #[must_use]
    pub fn new(
        screening: Arc<Screening>,
        metrics: Arc<Metrics>,
        body_bytes_max: usize,
        manifests: bulk::Limits,
    ) -> Self {
        let manifest_slots = Arc::new(Semaphore::new(manifests.concurrent_max));
        // Callers are not authenticated yet, and only this machine reaches the service.
        let principal = "loopback".into();
        Self { screening, metrics, body_bytes_max, manifests, manifest_slots, principal }
    }
}

/// Adds all routes of v1 to an application.
pub fn routes(service: &Arc<Service>) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let service = web::Data::from(service.clone());
    move |config| {
        let refuse = || web::to(async || Err::<&str, _>(Problem::method_not_allowed()));
        let get = |path| web::resource(path).default_service(refuse());
        config
            .app_data(service)
            .service(get("/v1").get(status::version))
            .service(get("/v1/coverage").get(status::coverage))
            .service(get("/livez").get(status::livez))
            .service(get("/readyz").get(status::readyz))
            .service(get("/metrics").get(status::metrics))
            .service(get("/v1/checks").post(checks::check))
            .service(get("/v1/manifests").post(manifests::manifest))
            .default_service(web::to(async || Err::<&str, _>(Problem::not_found())));
    }
}

/// Counts requests by the route they matched, never by their path.
pub async fn count_requests(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let service = request.app_data::<web::Data<Service>>().cloned();
    let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
    let response = next.call(request).await?;
    if let Some(service) = service {
        service.metrics.count_request(&route, response.status().as_u16());
    }
    Ok(response)
}
