//! Which path leads where.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, Resource, ResponseError, web};
use prometheus::IntCounter;

use super::guard;
use super::problem::{Problem, Refused};
use super::service::Service;
use super::{alert_export, alert_import, alerts, audit, cases, changes, checks, hits, manifests, status};

/// Adds all routes of v1 to an application.
pub fn routes(service: &Arc<Service>) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let data = web::Data::from(service.clone());
    let only = {
        let service = service.clone();
        move |path, method| only(&service, path, method)
    };
    let both = {
        let only = only.clone();
        move |path| only(path, "GET, POST")
    };
    let unmatched = Rc::new(Route::new(service, "unmatched"));
    move |config| {
        config
            .app_data(data)
            .service(only("/v1", "GET").get(status::version))
            .service(only("/v1/coverage", "GET").get(status::coverage))
            .service(only("/v1/operator/sync", "POST").post(status::want_sync))
            .service(both("/v1/alerts").get(alerts::list).post(alerts::issue))
            .service(only("/v1/alerts/import", "POST").post(alert_import::import))
            .service(only("/v1/alerts/searches", "POST").post(alerts::search))
            .service(only("/v1/alerts/export", "GET").get(alert_export::export))
            .service(only("/v1/alerts/changes", "GET").get(changes::changes))
            .service(only("/v1/alerts/{id}", "GET").get(alerts::show))
            .service(only("/v1/alerts/{id}/{act}", "POST").post(alerts::act))
            .service(only("/v1/cases", "GET").get(cases::list))
            .service(only("/v1/cases/{id}", "GET").get(cases::show))
            .service(only("/v1/cases/{id}/outcome", "POST").post(cases::outcome))
            .service(only("/v1/audit/checkpoint", "GET").get(audit::checkpoint))
            .service(only("/v1/audit/proof", "GET").get(audit::proof))
            .service(only("/v1/audit/entries", "GET").get(audit::entries))
            .service(only("/v1/hits", "GET").get(hits::stream))
            .service(only("/livez", "GET").get(status::livez))
            .service(only("/readyz", "GET").get(status::readyz))
            .service(only("/metrics", "GET").get(status::metrics))
            .service(only("/v1/checks", "POST").post(checks::check))
            .service(only("/v1/manifests", "POST").post(manifests::manifest))
            .default_service(
                web::to(async || Err::<&str, _>(Problem::not_found()))
                    .wrap(from_fn(move |request, next| admit(unmatched.clone(), request, next))),
            );
    }
}

/// A path that takes one method and refuses the others by RFC 9110, section 15.5.6.
fn only(
    service: &Arc<Service>,
    path: &'static str,
    method: &'static str,
) -> Resource<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>
    + use<>,
> {
    let route = Rc::new(Route::new(service, path));
    web::resource(path)
        .wrap(from_fn(move |request, next| admit(route.clone(), request, next)))
        .default_service(web::to(move || async move {
            let mut refusal = Problem::method_not_allowed().error_response();
            refusal.headers_mut().insert(ALLOW, HeaderValue::from_static(method));
            refusal
        }))
}

/// What is counted of a route.
struct Route {
    service: Arc<Service>,
    name: &'static str,
    may_have_query: bool,
    answered: IntCounter,
}

impl Route {
    fn new(service: &Arc<Service>, name: &'static str) -> Self {
        let answered = service.metrics.requests(name, StatusCode::OK);
        let may_have_query = guard::may_have_query(name);
        Self { service: service.clone(), name, may_have_query, answered }
    }
}

/// Lets a request to its handler, and counts it by the route that it matched, never by its path.
async fn admit(
    route: Rc<Route>,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = match guard::refusal(&request, route.may_have_query) {
        Some(problem) => request.into_response(problem.error_response()),
        None => next.call(request).await?,
    };
    match response.status() {
        StatusCode::OK => route.answered.inc(),
        status => route.service.metrics.requests(route.name, status).inc(),
    }
    if let Some(Refused(code)) = response.response().extensions().get() {
        route.service.refusals.note(code);
    }
    Ok(response)
}
