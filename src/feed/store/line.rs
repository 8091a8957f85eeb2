//! The line to a store: the same client as to mirrors, so that a program has one TLS and one set of authorities.

use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody,
    HttpService,
};
use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, HeaderValue};
use ureq::http::{Method, Request};

/// What a store says is short: metadata that is read back, or why it refuses.
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// Carries the requests of `object_store`. Each blocks the thread until it is answered.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) agent: Agent,
    /// For a web server; what goes to S3 is signed.
    pub(super) authorization: Option<HeaderValue>,
}

impl HttpConnector for Line {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Line {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (mut parts, body) = request.into_parts();
        if let Some(authorization) = &self.authorization {
            parts.headers.insert(AUTHORIZATION, authorization.clone());
        }
        // A body of one piece, which is all that there are here, is not copied.
        let body = HttpResponseBody::new(body).bytes().await?;
        let has_body = matches!(parts.method, Method::PUT | Method::POST);
        let answered = if has_body {
            self.agent.run(Request::from_parts(parts, &body[..]))
        } else {
            self.agent.run(Request::from_parts(parts, ()))
        };
        let (parts, body) = answered.map_err(failed)?.into_parts();
        let bytes = body.into_with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(failed)?;
        Ok(HttpResponse::from_parts(parts, Bytes::from(bytes).into()))
    }
}

fn failed(error: ureq::Error) -> HttpError {
    let kind = match &error {
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed => HttpErrorKind::Connect,
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::Io(source) if source.kind() == io::ErrorKind::ConnectionRefused => {
            HttpErrorKind::Connect
        }
        ureq::Error::Io(_) => HttpErrorKind::Interrupted,
        _ => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, error)
}
