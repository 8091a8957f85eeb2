//! Errors on the wire: RFC 9457 problem details, one table from failure to words.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use super::wire::ImportBody;
use crate::audit::AuditError;
use crate::screening::RequestFault;

/// The code of a problem, beside the response that tells it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused(pub(super) &'static str);

/// An error as the caller sees it. `code` is the contract; titles and details are English and may change.
#[derive(Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<Box<serde_json::Value>>,
}

#[derive(Debug, Serialize)]
struct FieldBody {
    field: &'static str,
    rule: &'static str,
}

macro_rules! problems {
    ($($(#[doc = $doc:literal])+ $name:ident = $status:literal $code:literal $title:literal;)+) => {
        impl Problem {
            /// Every code with its status.
            pub const CODES: &[(&str, u16)] = &[$(($code, $status),)+];

            $($(#[doc = $doc])+ #[must_use] pub fn $name() -> Self { Self::new($status, $code, $title) })+
        }
    };
}

problems! {
    /// The body is not JSON or not of the expected shape.
    invalid_json = 400 "invalid_json" "The body is not the JSON that is expected";
    /// The body has a field that v1 does not have.
    unknown_field = 400 "unknown_field" "The body has a field that v1 does not have";
    /// Fields break their rules.
    invalid_field = 400 "invalid_field" "A field breaks its rule";
    /// The query is not as it should be.
    invalid_query = 400 "invalid_query" "The query is not one that this path takes";
    /// No checkpoint covers the entry.
    entry_not_covered = 409 "entry_not_covered" "No checkpoint covers this yet: ask again in a minute";
    /// A log is damaged, or cannot be read.
    log_unreadable = 500 "log_unreadable" "The log cannot be read: its operator finds the cause in the service's log";
    /// An alert that breaks rules.
    alert_refused = 422 "alert_refused" "The alert breaks a rule";
    /// The key of one wish was used for another.
    key_reused = 422 "idempotency_key_reused" "The idempotency key was used for another alert";
    /// There is something wrong with rows of an import of all or none.
    import_refused = 422 "import_refused" "There is something wrong with some rows, so that none was issued";
    /// Somebody else was faster.
    import_overtaken = 409 "import_overtaken" "Alerts were issued with the same idempotency keys meanwhile: import again";
    /// The rows of an import come too slowly.
    import_too_slow = 408 "import_too_slow" "The rows came so slowly that the import was given up, for others wait: send them from a file, at 16 KiB a second or more";
    /// An import is in work.
    imports_busy = 503 "imports_busy" "Another import is in work: try again later";
    /// The alert is not one with which that is done.
    alert_state = 409 "alert_state" "That is not done with this alert as it is";
    /// Whoever follows changes has seen what is not here.
    changes_lost = 410 "changes_lost" "The revision that was seen last is not one of the alerts here: begin anew";
    /// Whoever approves does not say of what.
    alert_unseen = 428 "alert_unseen" "The alert was changed since it was written down: say which revision you approve of";
    /// The alert was changed meanwhile.
    alert_changed = 412 "alert_changed" "The alert was changed meanwhile: read it again";
    /// The alerts cannot be read or changed.
    alerts_unavailable = 503 "alerts_unavailable" "The alerts cannot be read or changed: the operator finds the cause in the service's log";
    /// An outcome that breaks rules.
    outcome_refused = 422 "outcome_refused" "The outcome breaks a rule";
    /// The case got another outcome meanwhile.
    case_changed = 412 "case_changed" "Somebody said meanwhile what became of the case: read it again";
    /// The cases cannot be read, or not yet.
    cases_unavailable = 503 "cases_unavailable" "The cases are not read yet, or cannot be: ask again; the operator finds the cause in the service's log";
    /// The path is not for callers of this class.
    not_for_caller = 403 "not_for_caller" "This is not for callers of this service";
    /// No such path.
    not_found = 404 "not_found" "There is nothing at this path";
    /// The path takes another method.
    method_not_allowed = 405 "method_not_allowed" "This path takes another method";
    /// The body is too large.
    body_too_large = 413 "body_too_large" "The body is larger than this service takes";
    /// The content type is none that the path takes.
    unsupported_media_type = 415 "unsupported_media_type" "The content type is not one that this path takes";
    /// The body ended or broke while it was read.
    body_unreadable = 400 "body_unreadable" "The body could not be read to its end";
    /// Too many manifests are in work.
    manifests_busy = 503 "manifests_busy" "As many manifests as this service takes are in work: try again later";
    /// Too many streams are open.
    streams_busy = 503 "streams_busy" "As many streams of events as this service keeps are open: try again later";
    /// Too many answers wait for the audit log.
    overloaded = 503 "overloaded" "More questions came in than can be recorded: try again later";
    /// The audit log takes no entries: no answer leaves unrecorded.
    audit_unavailable = 503 "audit_unavailable" "The answer could not be recorded, so there is none: tell the operator of this service";
    /// A defect of this program.
    internal = 500 "internal" "The service failed; its operator finds the cause in the log";
}

impl Problem {
    fn new(status: u16, code: &'static str, title: &'static str) -> Self {
        Self { kind: "about:blank", title, status, code, detail: None, errors: Vec::new(), import: None }
    }

    /// Says more. Never content of the request.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says what became of an import.
    #[must_use]
    pub(super) fn with_import(mut self, import: &ImportBody<'_>) -> Self {
        self.import = serde_json::to_value(import).ok().map(Box::new);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl From<RequestFault> for Problem {
    fn from(fault: RequestFault) -> Self {
        match fault {
            RequestFault::Json(detail) => Self::invalid_json().with_detail(detail),
            RequestFault::UnknownField(detail) => Self::unknown_field().with_detail(detail),
            RequestFault::Fields(faults) => {
                let mut problem = Self::invalid_field();
                problem.errors = faults
                    .into_iter()
                    .map(|fault| FieldBody { field: fault.field, rule: fault.rule })
                    .collect();
                problem
            }
        }
    }
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Overloaded { .. } => Self::overloaded(),
            _ => Self::audit_unavailable(),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.title)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).expect("the table holds valid status codes")
    }

    fn error_response(&self) -> HttpResponse {
        let mut response =
            HttpResponse::build(self.status_code()).content_type("application/problem+json").json(self);
        response.extensions_mut().insert(Refused(self.code));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_means_one_thing_and_has_an_error_status() {
        let mut codes: Vec<_> = Problem::CODES.iter().map(|(code, _)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Problem::CODES.len());
        for (code, status) in Problem::CODES {
            assert!((400..600).contains(status), "{code}");
        }
    }

    #[test]
    fn what_failed_inside_is_told_in_constant_words() {
        let problem = Problem::from(AuditError::WriterGone);
        assert_eq!((problem.code(), problem.status_code().as_u16()), ("audit_unavailable", 503));
        assert!(problem.detail.is_none() && problem.errors.is_empty());
    }
}
