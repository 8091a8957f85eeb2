//! Who a web server is, and who this site is to it.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

/// The client's side of mutual TLS.
#[derive(Clone, Copy)]
pub struct Identity<'s> {
    /// The certificate, and those between it and its authority, as PEM.
    pub certificates_pem: &'s [u8],
    /// Its key, as PEM.
    pub key_pem: &'s [u8],
}

/// Why there can be no TLS. Shows nothing of what was given: there may be secrets in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// No certificate authorities, or none that can be read.
    #[error("the certificate authorities are no certificates in PEM")]
    Roots,
    /// No client certificate, no key, or one that does not belong to the other.
    #[error("the client certificate or its key is not readable as PEM, or they do not belong together")]
    Identity,
}

/// What it takes to know a web server by `roots_pem`, and to be known by it. Without roots nothing can be reached over TLS.
///
/// # Errors
/// [`TlsFault`] for what is not readable.
pub fn tls_config(roots_pem: Option<&[u8]>, identity: Option<Identity<'_>>) -> Result<TlsConfig, TlsFault> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let roots = roots_pem.map_or(Ok(Vec::new()), roots)?;
    let identity = identity.map(|identity| client(identity, &provider)).transpose()?;
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .client_cert(identity)
        .unversioned_rustls_crypto_provider(provider)
        .build())
}

/// The authorities in a bundle. The machine's has some that no TLS library takes: only one with none is refused.
fn roots(pem: &[u8]) -> Result<Vec<Certificate<'static>>, TlsFault> {
    let mut roots = certificates(pem).ok_or(TlsFault::Roots)?;
    roots.retain(|root| RootCertStore::empty().add(CertificateDer::from(root.der())).is_ok());
    if roots.is_empty() { Err(TlsFault::Roots) } else { Ok(roots) }
}

/// Checks that certificate and key belong together, which `ureq` takes for granted when it connects.
fn client(identity: Identity<'_>, provider: &CryptoProvider) -> Result<ClientCert, TlsFault> {
    let chain = certificates(identity.certificates_pem).ok_or(TlsFault::Identity)?;
    let ders: Vec<_> = chain.iter().map(|link| CertificateDer::from(link.der()).into_owned()).collect();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem).map_err(|_| TlsFault::Identity)?;
    if ders.is_empty() || CertifiedKey::from_der(ders, key, provider).is_err() {
        return Err(TlsFault::Identity);
    }
    let key = PrivateKey::from_pem(identity.key_pem).map_err(|_| TlsFault::Identity)?;
    Ok(ClientCert::new_with_certs(&chain, key))
}

fn certificates(pem: &[u8]) -> Option<Vec<Certificate<'static>>> {
    let items = parse_pem(pem).collect::<Result<Vec<_>, _>>().ok()?;
    let certificate =
        |item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None };
    Some(items.into_iter().filter_map(certificate).collect())
}
