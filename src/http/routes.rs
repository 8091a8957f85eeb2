//! Which path leads where.

use std::sync::Arc;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{body::MessageBody, web};

use super::problem::Problem;
use super::service::Service;
use super::{checks, manifests, status};

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
