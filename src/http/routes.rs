//! Which path leads where.

use std::sync::Arc;

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Resource, ResponseError, body::MessageBody, web};

use super::problem::{Problem, Refused};
use super::service::Service;
use super::{audit, checks, manifests, status};

/// Adds all routes of v1 to an application.
pub fn routes(service: &Arc<Service>) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let service = web::Data::from(service.clone());
    move |config| {
        config
            .app_data(service)
            .service(only("/v1", "GET").get(status::version))
            .service(only("/v1/coverage", "GET").get(status::coverage))
            .service(only("/v1/operator/sync", "POST").post(status::want_sync))
            .service(only("/v1/audit/checkpoint", "GET").get(audit::checkpoint))
            .service(only("/v1/audit/proof", "GET").get(audit::proof))
            .service(only("/v1/audit/entries", "GET").get(audit::entries))
            .service(only("/livez", "GET").get(status::livez))
            .service(only("/readyz", "GET").get(status::readyz))
            .service(only("/metrics", "GET").get(status::metrics))
            .service(only("/v1/checks", "POST").post(checks::check))
            .service(only("/v1/manifests", "POST").post(manifests::manifest))
            .default_service(web::to(async || Err::<&str, _>(Problem::not_found())));
    }
}

/// A path that takes one method and refuses the others by RFC 9110, section 15.5.6.
fn only(path: &str, method: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || async move {
        let mut refusal = Problem::method_not_allowed().error_response();
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static(method));
        refusal
    }))
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
        if let Some(Refused(code)) = response.response().extensions().get() {
            service.refusals.note(code);
        }
    }
    Ok(response)
}
