//! Connections that are watched for their pace, below TLS.
//!
//! A reader above TLS gets nothing before a whole record of up to 16 KiB is there: a mirror that sends a byte of it now
//! and then would hold it for days without ever stalling. So what comes is counted where it comes from the socket.

use std::fmt;

use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

use super::Limits;
use super::pace::Pace;
use crate::ground::clock::monotonic;

/// Puts each new connection under watch.
#[derive(Debug)]
pub(super) struct Watch(pub(super) Limits);

impl<In: Transport> Connector<In> for Watch {
    type Out = Watched<In>;

    fn connect(&self, _: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        Ok(chained.map(|inner| Watched { inner, pace: Pace::new(&self.0) }))
    }
}

pub(super) struct Watched<In> {
    inner: In,
    pace: Pace,
}

impl<In: Transport> Transport for Watched<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let before = self.inner.buffers().input().len();
        let begun = monotonic();
        let progress = self.inner.await_input(timeout)?;
        let waited = monotonic().saturating_duration_since(begun);
        if timeout.after.is_not_happening() {
            let came = self.inner.buffers().input().len().saturating_sub(before);
            self.pace.note(came as u64, waited).map_err(|slow| ureq::Error::Other(Box::new(slow)))?;
        } else {
            // Connecting and the head of an answer end by themselves, and are short of bytes by nature.
            self.pace.forget();
        }
        Ok(progress)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl<In: fmt::Debug> fmt::Debug for Watched<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.inner).finish()
    }
}
