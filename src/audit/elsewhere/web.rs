//! A web server that takes files (`PUT`, RFC 9110) and gives them back, WebDAV's among them (RFC 4918).

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ureq::Agent;
use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE};
use ureq::http::{Method, Request, Response};

use super::place::{EXPORTED, Elsewhere};
use crate::audit::checkpoints::NOTE_BYTES_MAX;
use crate::audit::error::ElsewhereFault;
use crate::audit::log_id::LogId;
use crate::ground::web::{Address, basic, tls_config};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Who starts waits for each place that is away.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Web {
    agent: Agent,
    address: Address,
}

impl Web {
    /// The address has no credentials in it: it stands in the settings, which are shown.
    pub(super) fn new(
        url: &str,
        roots_pem: Option<&[u8]>,
        credentials: Option<&[u8]>,
    ) -> Result<Self, ElsewhereFault> {
        let mut address = Address::parse(url, false)?;
        if address.authorization.is_some() {
            return Err(ElsewhereFault::Credentials);
        }
        address.authorization = credentials.map(basic).transpose()?;
        if address.tls && roots_pem.is_none() {
            return Err(ElsewhereFault::NoRoots { name: address.name });
        }
        let config = Agent::config_builder()
            .tls_config(tls_config(roots_pem, None)?)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .accept_encoding("identity")
            .user_agent("portcullis")
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(TIMEOUT));
        Ok(Self { agent: config.build().new_agent(), address })
    }

    fn ask(&self, method: Method, path: &str, body: Option<&str>) -> io::Result<Response<ureq::Body>> {
        let mut request = Request::builder().method(method).uri(self.address.url(path));
        if let Some(authorization) = &self.address.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let answered = match body {
            None => self.agent.run(request.body(()).map_err(io::Error::other)?),
            Some(body) => {
                let request = request.header(CONTENT_TYPE, "text/plain; charset=utf-8");
                self.agent.run(request.body(body).map_err(io::Error::other)?)
            }
        };
        answered.map_err(ureq::Error::into_io)
    }

    fn below(log: &LogId) -> String {
        format!("{}/{EXPORTED}", log.as_str())
    }
}

fn refused(status: u16) -> io::Error {
    io::Error::other(format!("the server answers with status {status}"))
}

impl Elsewhere for Web {
    fn path(&self, log: &LogId) -> PathBuf {
        PathBuf::from(format!("{}{}", self.address.name, Self::below(log)))
    }

    fn newest(&self, log: &LogId) -> io::Result<Option<Vec<u8>>> {
        let answer = self.ask(Method::GET, &Self::below(log), None)?;
        match answer.status().as_u16() {
            200 => {
                let body = answer.into_body().into_with_config().limit(NOTE_BYTES_MAX).read_to_vec();
                body.map(Some).map_err(ureq::Error::into_io)
            }
            404 | 410 => Ok(None),
            status => Err(refused(status)),
        }
    }

    fn put(&self, log: &LogId, note: &str) -> io::Result<()> {
        let put =
            || Ok::<_, io::Error>(self.ask(Method::PUT, &Self::below(log), Some(note))?.status().as_u16());
        let mut status = put()?;
        // A server of WebDAV wants the folder to be there: RFC 4918, section 9.7.1.
        if matches!(status, 404 | 409) {
            let make = Method::from_bytes(b"MKCOL").map_err(io::Error::other)?;
            let _ = self.ask(make, &format!("{}/", log.as_str()), None)?;
            status = put()?;
        }
        if (200..300).contains(&status) { Ok(()) } else { Err(refused(status)) }
    }
}
