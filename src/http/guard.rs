//! What is refused before a handler sees it.

use actix_web::dev::ServiceRequest;

use super::problem::Problem;

/// Of two values nobody can tell which one is meant.
const TOLD_ONCE: [&str; 2] = ["idempotency-key", "if-match"];

/// Whose handlers read a query, and refuse what they do not know in it.
const QUERIED: [&str; 8] = [
    "/v1/alerts",
    "/v1/alerts/changes",
    "/v1/alerts/import",
    "/v1/audit/checkpoint",
    "/v1/audit/entries",
    "/v1/audit/proof",
    "/v1/cases",
    "/v1/hits",
];

/// Whether a path may have a query: who watches over a service may say what he likes, but who asks something is not left in the
/// belief that it was understood.
pub(super) fn may_have_query(path: &str) -> bool {
    !path.starts_with("/v1") || QUERIED.contains(&path)
}

/// Why no handler gets the request.
pub(super) fn refusal(request: &ServiceRequest, may_have_query: bool) -> Option<Problem> {
    if !may_have_query && !request.query_string().is_empty() {
        return Some(Problem::invalid_query().with_detail("this path takes no query"));
    }
    let twice = TOLD_ONCE.iter().find(|name| request.headers().get_all(**name).count() > 1)?;
    Some(Problem::invalid_field().with_detail(format!("{twice}: a header that is told once")))
}
