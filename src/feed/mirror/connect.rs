//! What it takes to reach a mirror over HTTPS.

use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectProxyConnector, Connector as _, RustlsConnector, TcpConnector};
use ureq::{Agent, Proxy, ProxyProtocol};

use super::Limits;
use super::watch::Watch;
use crate::ground::web::{AddressFault, Identity, TlsFault, tls_config};

/// Where a mirror is and how it is reached. Has secrets in it, and therefore no `Debug`.
pub struct HttpsSettings<'s> {
    /// The URL of the repository's folder. It may have credentials, for HTTP's basic authentication, and a query, as
    /// object stores want it; neither shows in a name or an error.
    pub url: &'s str,
    /// The certificate authorities that vouch for the mirror, and for a proxy that is reached over TLS, as PEM; see
    /// [`system_roots`](crate::ground::web::system_roots). Needed for `https://`.
    pub roots_pem: Option<&'s [u8]>,
    /// How this site shows the mirror who it is.
    pub identity: Option<Identity<'s>>,
    /// The URL of a proxy that knows `CONNECT`, `http://` or `https://`, with credentials if need be. The environment's
    /// is not used.
    pub proxy: Option<&'s str>,
    /// Whether `http://` may be used to another machine than this one. Signatures hold without TLS; but whoever listens
    /// learns who screens by which lists.
    pub plain_http: bool,
}

/// Why settings do not make a mirror. Shows nothing of what was set: there may be secrets in it.
#[derive(Debug, thiserror::Error)]
pub enum HttpsError {
    /// Not a URL of a web server.
    #[error("the mirror's address is not a URL like https://feeds.example/travel-documents/")]
    Url,
    /// Without TLS to another machine.
    #[error(
        "the mirror's address begins with http://: use https://, for only a mirror on this machine is asked without encryption"
    )]
    Plain,
    /// No URL of a proxy that is supported.
    #[error("the proxy's address is not a URL like http://proxy.example:3128; SOCKS is not supported")]
    Proxy,
    /// No certificate authorities, or none that can be read.
    #[error("the certificate authorities for the mirror are missing, or are no certificates in PEM")]
    Roots,
    /// No client certificate, no key, or one that does not belong to the other.
    #[error("the client certificate or its key is not readable as PEM, or they do not belong together")]
    Identity,
}

/// An agent that connects as the settings say, follows nothing, and takes everything as it comes.
pub(in crate::feed) fn agent(
    settings: &HttpsSettings<'_>,
    tls: bool,
    limits: &Limits,
) -> Result<Agent, HttpsError> {
    if tls && settings.roots_pem.is_none() {
        return Err(HttpsError::Roots);
    }
    let config = Agent::config_builder()
        .tls_config(tls_config(settings.roots_pem, settings.identity)?)
        // Also without one: the default is the environment's.
        .proxy(settings.proxy.map(proxy).transpose()?)
        // A captive portal must not look like data.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        // WebDAV's, where files are put.
        .allow_non_standard_methods(true)
        .accept_encoding("identity")
        .user_agent("portcullis")
        .timeout_resolve(Some(limits.connect_timeout))
        .timeout_connect(Some(limits.connect_timeout))
        .timeout_send_request(Some(limits.stall_timeout))
        .timeout_recv_response(Some(limits.stall_timeout))
        // A body may take hours. It has no deadline of its own, by which `Watch` knows it.
        .timeout_per_read(Some(limits.stall_timeout))
        .timeout_per_write(Some(limits.stall_timeout))
        .build();
    let connector =
        ().chain(ConnectProxyConnector::default())
            .chain(TcpConnector::default())
            .chain(Watch(*limits))
            .chain(RustlsConnector::default());
    Ok(Agent::with_parts(config, connector, DefaultResolver::default()))
}

fn proxy(url: &str) -> Result<Proxy, HttpsError> {
    let proxy = Proxy::new(url).map_err(|_| HttpsError::Proxy)?;
    match proxy.protocol() {
        ProxyProtocol::Http | ProxyProtocol::Https => Ok(proxy),
        // The connection would go past it.
        _ => Err(HttpsError::Proxy),
    }
}

impl From<TlsFault> for HttpsError {
    fn from(fault: TlsFault) -> Self {
        match fault {
            TlsFault::Roots => Self::Roots,
            TlsFault::Identity => Self::Identity,
        }
    }
}

impl From<AddressFault> for HttpsError {
    fn from(fault: AddressFault) -> Self {
        match fault {
            AddressFault::Url => Self::Url,
            AddressFault::Plain => Self::Plain,
        }
    }
}
