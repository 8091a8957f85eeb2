//! A repository on a web server.

use std::fmt;
use std::io::{self, Read};

use ureq::http::Response;
use ureq::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, HeaderName, RANGE};
use ureq::typestate::WithoutBody;
use ureq::{Agent, RequestBuilder, Timeout};

use super::connect::{HttpsError, HttpsSettings, agent};
use super::range::ContentRange;
use super::{Limits, Mirror, MirrorError, Opened, path};
use crate::ground::web::Address;

/// A web server that has a repository.
pub struct Https {
    agent: Agent,
    limits: Limits,
    /// The URL up to the repository's folder, with the slash after it: without credentials, without the query.
    name: String,
    files: Files,
}

/// Where the files are.
enum Files {
    /// In the folder.
    Below(Address),
    /// Signed, each for itself.
    #[cfg(feature = "object-store")]
    Signed(Box<dyn Sign>),
}

/// Makes the address of each file, for object stores that want every request to be signed.
#[cfg(feature = "object-store")]
pub(in crate::feed) trait Sign: Send + Sync {
    /// The address from which a file can be had for a while.
    fn url(&self, path: &str) -> Result<String, MirrorError>;
}

impl Https {
    /// A mirror as it is set. Connects to nothing yet.
    ///
    /// # Errors
    /// [`HttpsError`] for settings that cannot work.
    pub fn new(settings: &HttpsSettings<'_>, limits: &Limits) -> Result<Self, HttpsError> {
        let address = Address::parse(settings.url, settings.plain_http)?;
        let agent = agent(settings, address.tls, limits)?;
        Ok(Self { agent, limits: *limits, name: address.name.clone(), files: Files::Below(address) })
    }

    /// A mirror whose addresses somebody signs. What is set is how it is reached; the URL is that of the service.
    #[cfg(feature = "object-store")]
    pub(in crate::feed) fn signed(
        settings: &HttpsSettings<'_>,
        name: String,
        signer: Box<dyn Sign>,
        limits: &Limits,
    ) -> Result<Self, HttpsError> {
        Ok(Self { name, files: Files::Signed(signer), ..Self::new(settings, limits)? })
    }

    fn request(&self, path: &str) -> Result<RequestBuilder<WithoutBody>, MirrorError> {
        match &self.files {
            Files::Below(address) => {
                let request = self.agent.get(address.url(path));
                Ok(match &address.authorization {
                    Some(authorization) => request.header(AUTHORIZATION, authorization),
                    None => request,
                })
            }
            #[cfg(feature = "object-store")]
            Files::Signed(signer) => Ok(self.agent.get(signer.url(path)?)),
        }
    }

    fn opened(&self, from: u64, response: Response<ureq::Body>) -> Opened {
        Opened {
            from,
            bytes: Box::new(Body { reader: response.into_body().into_reader(), limits: self.limits }),
        }
    }
}

impl Mirror for Https {
    fn open(&self, path: &str, from: u64, length: Option<u64>) -> Result<Opened, MirrorError> {
        path::check(path)?;
        let mut request = self.request(path)?;
        if from > 0 {
            request = request.header(RANGE, format!("bytes={from}-"));
        }
        let response = request.call().map_err(|error| of_line(error, &self.limits))?;
        match response.status().as_u16() {
            200 => {
                agree(told(response.headers(), CONTENT_LENGTH).and_then(|told| told.parse().ok()), length)?;
                Ok(self.opened(0, response))
            }
            206 if from > 0 => {
                let range = told(response.headers(), CONTENT_RANGE).and_then(ContentRange::parse);
                agree(range.and_then(|range| range.length), length)?;
                // It may send less than all the rest.
                if range.and_then(|range| range.first) != Some(from) {
                    return Err(MirrorError::Range { from });
                }
                Ok(self.opened(from, response))
            }
            416 if from > 0 => {
                let range = told(response.headers(), CONTENT_RANGE).and_then(ContentRange::parse);
                agree(range.and_then(|range| range.length), length)?;
                Err(MirrorError::Range { from })
            }
            404 | 410 => Err(MirrorError::NotFound),
            // A store whose files may be read and not listed says so of those that are not there. Only the search for newer
            // roots asks for files that need not be there.
            403 if path::is_root(path) => Err(MirrorError::NotFound),
            status => Err(MirrorError::Refused { status }),
        }
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Https").field(&self.name).finish()
    }
}

struct Body {
    reader: ureq::BodyReader<'static>,
    limits: Limits,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| io::Error::other(of_line(error.into(), &self.limits)))
    }
}

fn told(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn agree(told: Option<u64>, length: Option<u64>) -> Result<(), MirrorError> {
    match (told, length) {
        (Some(told), Some(length)) if told != length => Err(MirrorError::WrongLength { told, length }),
        _ => Ok(()),
    }
}

/// What a failure of the line is. Nothing of the URL gets into it.
fn of_line(error: ureq::Error, limits: &Limits) -> MirrorError {
    match error {
        ureq::Error::Other(inner) => match inner.downcast() {
            Ok(watched) => *watched,
            Err(other) => MirrorError::Line { source: io::Error::other(other) },
        },
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            MirrorError::Unreachable { within: limits.connect_timeout }
        }
        ureq::Error::Timeout(_) => MirrorError::Stalled { after: limits.stall_timeout },
        ureq::Error::Io(source) if source.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
            MirrorError::Tls { source }
        }
        ureq::Error::Rustls(inner) => MirrorError::Tls { source: io::Error::other(inner) },
        ureq::Error::BadUri(_) => MirrorError::Line { source: io::Error::other("not a URL") },
        other => MirrorError::Line { source: other.into_io() },
    }
}
