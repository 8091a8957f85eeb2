//! HTTP v1: words, routes, problems. No decision is made here.
//!
//! `POST /v1/checks` and `POST /v1/manifests` ask; `GET /v1`, `/v1/coverage`, `/livez`, `/readyz` and `/metrics` tell;
//! `GET /v1/audit/…` proves; `/v1/alerts…` issues alerts, and tells of their changes; `/v1/cases…` says what became of hits, and
//! `GET /v1/hits` tells of them.
//! Every error is problem+json (RFC 9457) with a stable `code`.

mod alert_desk;
mod alert_export;
mod alert_import;
mod alerts;
mod audit;
mod body;
mod cases;
mod changes;
mod checks;
mod even;
mod events;
mod guard;
mod hits;
mod idempotency;
mod limits;
mod manifests;
mod media_type;
mod metrics;
mod problem;
mod refusals;
mod routes;
mod service;
mod sink_metrics;
mod status;
pub mod wire;

pub use alert_desk::AlertDesk;
pub use cases::CaseDesk;
pub use events::Streams;
pub use limits::Limits;
pub use metrics::Metrics;
pub use problem::Problem;
pub use refusals::Refusals;
pub use routes::routes;
pub use service::Service;
