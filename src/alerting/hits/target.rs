//! Where hits are delivered to.

use std::io;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Request;
use ureq::http::header::{CONTENT_TYPE, RETRY_AFTER};

use crate::ground::web::{Address, AddressFault, TlsFault, tls_config};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What is read of an answer, which nobody looks at, so that its connection can be used again.
const ANSWER_BYTES_MAX: u64 = 16 << 10;

/// A receiver of hits.
pub trait Target: Send {
    /// Hands one over, and gives what the receiver says.
    ///
    /// # Errors
    /// If nobody answers in time.
    fn post(&self, message: &Message) -> io::Result<Reply>;
}

/// A hit on its way, with what the Standard Webhooks specification asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `webhook-id`: the same each time that it is tried.
    pub id: String,
    /// `webhook-timestamp`: when it is tried, in seconds since 1970.
    pub time_s: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// The event as JSON.
    pub body: String,
}

/// What a receiver says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status of HTTP.
    pub status: u16,
    /// For how long it wants to be left alone.
    pub retry_after: Option<Duration>,
}

/// Why nothing can be delivered there. Shows nothing of the address: there may be secrets in it.
#[derive(Debug, thiserror::Error)]
pub enum TargetFault {
    /// No address.
    #[error(transparent)]
    Address(#[from] AddressFault),
    /// It has credentials in it.
    #[error("the address has credentials in it: receivers know this site by its signature")]
    Credentials,
    /// What vouches for it is not readable.
    #[error(transparent)]
    Tls(#[from] TlsFault),
}

/// A web server.
#[derive(Debug)]
pub struct WebTarget {
    agent: Agent,
    url: String,
}

impl WebTarget {
    /// A web server for which the authorities in `roots_pem` vouch; over `http://` one of this machine.
    ///
    /// # Errors
    /// [`TargetFault`].
    pub fn new(url: &str, roots_pem: Option<&[u8]>, timeout: Duration) -> Result<Self, TargetFault> {
        if Address::parse(url, false)?.authorization.is_some() {
            return Err(TargetFault::Credentials);
        }
        let config = Agent::config_builder()
            .tls_config(tls_config(roots_pem, None)?)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .accept_encoding("identity")
            .user_agent("portcullis")
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .timeout_global(Some(timeout));
        Ok(Self { agent: config.build().new_agent(), url: url.to_owned() })
    }
}

impl Target for WebTarget {
    fn post(&self, message: &Message) -> io::Result<Reply> {
        let request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", message.time_s)
            .header("webhook-signature", &message.signature)
            .body(message.body.as_str())
            .map_err(io::Error::other)?;
        let answer = self.agent.run(request).map_err(ureq::Error::into_io)?;
        let status = answer.status().as_u16();
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = after.and_then(|after| retry_after(after.trim(), message.time_s));
        // It has answered, whatever becomes of the rest.
        let _ = answer.into_body().into_with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        Ok(Reply { status, retry_after })
    }
}

/// For how long whoever was asked at a time wants to be left alone: seconds, or a date (RFC 9110, section 10.2.3), of which any of the
/// three forms is taken (section 5.6.7).
fn retry_after(text: &str, asked_s: i64) -> Option<Duration> {
    let until = || {
        let until = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(until.as_secs().saturating_sub(asked_s.try_into().ok()?))
    };
    text.parse().ok().or_else(until).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_say_when_to_try_again_in_seconds_or_as_a_date() {
        // 1994-11-06 08:49:37.
        let now_s = 784_111_777 - 90;
        let wait_s = |text| retry_after(text, now_s).map(|wait| wait.as_secs());
        assert_eq!(wait_s("120"), Some(120));
        for date in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(wait_s(date), Some(90), "{date}");
        }
        assert_eq!(wait_s("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "that is over");
        for neither in ["", "soon", "-1", "Sun, 06 Nov 1994", "1.5"] {
            assert_eq!(wait_s(neither), None, "{neither}");
        }
    }
}
