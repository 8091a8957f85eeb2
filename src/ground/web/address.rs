//! The address of a folder on a web server.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use ureq::http::header::HeaderValue;
use ureq::http::uri::{Authority, Scheme, Uri};

/// The address of a folder on a web server, with what must not be shown kept apart.
#[derive(Clone)]
pub struct Address {
    /// The URL up to the folder, with the slash after it: without credentials, without the query.
    pub name: String,
    /// The query with its question mark, as object stores want it; or nothing.
    pub query: String,
    /// The credentials, for HTTP's basic authentication (RFC 7617).
    pub authorization: Option<HeaderValue>,
    /// Whether TLS is used.
    pub tls: bool,
}

/// Why a text is no address. Shows nothing of it: there may be secrets in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// Not a URL of a web server.
    #[error("the address is not a URL like https://host.example/folder/")]
    Url,
    /// Without TLS to another machine.
    #[error(
        "the address begins with http://: use https://, for only this machine is asked without encryption"
    )]
    Plain,
}

impl Address {
    /// Reads a URL; `http://` is one of this machine, unless `plain_http` allows others.
    ///
    /// # Errors
    /// [`AddressFault`].
    pub fn parse(url: &str, plain_http: bool) -> Result<Self, AddressFault> {
        let url: Uri = url.parse().map_err(|_| AddressFault::Url)?;
        let (Some(scheme), Some(authority)) = (url.scheme(), url.authority()) else {
            return Err(AddressFault::Url);
        };
        let tls = *scheme == Scheme::HTTPS;
        if authority.host().is_empty() || !(tls || *scheme == Scheme::HTTP) {
            return Err(AddressFault::Url);
        }
        if !tls && !plain_http && !is_loopback(authority.host()) {
            return Err(AddressFault::Plain);
        }
        let (credentials, place) = parts(authority);
        Ok(Self {
            name: format!("{scheme}://{place}{}/", url.path().trim_end_matches('/')),
            query: url.query().map_or_else(String::new, |query| format!("?{query}")),
            authorization: credentials.map(decoded).transpose()?,
            tls,
        })
    }

    /// The URL of a file in the folder.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}{}", self.name, self.query)
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Address").field(&self.name).finish()
    }
}

/// Whether a host is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// The credentials, and host and port.
fn parts(authority: &Authority) -> (Option<&str>, &str) {
    let text = authority.as_str();
    text.rsplit_once('@').map_or((None, text), |(credentials, place)| (Some(credentials), place))
}

/// Credentials as a URL has them: percent-encoded.
fn decoded(credentials: &str) -> Result<HeaderValue, AddressFault> {
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    let plain = |text| percent_decode_str(text).collect::<Vec<u8>>();
    basic(&[&plain(user)[..], b":", &plain(password)].concat())
}

/// RFC 7617, of user, colon and password.
///
/// # Errors
/// [`AddressFault::Url`] for what no header can hold.
pub fn basic(credentials: &[u8]) -> Result<HeaderValue, AddressFault> {
    let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    let mut value = HeaderValue::try_from(value).map_err(|_| AddressFault::Url)?;
    value.set_sensitive(true);
    Ok(value)
}
