//! Why the service does not start, or did not end well.

use std::net::SocketAddr;

use super::{SourceError, WebhookError};
use crate::audit::AuditError;
use crate::screening::ScreeningError;

/// Why the service does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The address is taken.
    #[error(
        "the address {0} is in use: stop what listens there (`ss -ltnp` names it), or choose another port"
    )]
    AddressInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: check that it belongs to this machine and that the port is allowed")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The address is not a loopback address.
    #[error(
        "the service listens on loopback addresses only until callers are authenticated, and {0} is none: put a proxy that authenticates in front of it on this machine"
    )]
    NotLoopback(SocketAddr),
    /// Nothing can be answered.
    #[error(transparent)]
    Screening(#[from] ScreeningError),
    /// The data directory cannot be used.
    #[error("cannot create the data directory {}: create it and make it writable for this user", path.display())]
    DataDir {
        /// The directory.
        path: std::path::PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A source of a feed cannot be used.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A receiver of hits cannot be used.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// The server failed while it ran.
    #[error("the server failed")]
    Server(#[source] std::io::Error),
    /// The last entries could not be made durable.
    #[error("the audit log could not be closed: answers of the last second may have no durable entry")]
    Close(#[source] AuditError),
    /// Nobody can say which logs there are.
    #[error("the logs of the site cannot be listed, so that nobody knows from where on hits are to be told")]
    Logs(#[source] AuditError),
    /// The log does not take what it would have to take of every answer.
    #[error("the start could not be recorded in the audit log, and so nothing else could")]
    Start(#[source] AuditError),
    /// Metrics could not be registered.
    #[error("metrics could not be registered")]
    Metrics(#[from] prometheus::Error),
}

impl AppError {
    /// Why an address could not be had.
    #[must_use]
    pub fn bind(address: SocketAddr, source: std::io::Error) -> Self {
        match source.kind() {
            std::io::ErrorKind::AddrInUse => Self::AddressInUse(address),
            _ => Self::Bind { address, source },
        }
    }
}
