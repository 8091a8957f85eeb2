//! What a caller holds while its entry is being written.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::AuditError;
use super::reply::Receiving;
use crate::domain::Audited;

/// An answer whose entry is on its way. Dropping it cancels nothing: the entry is written all the same.
///
/// A future that needs no runtime, or [`wait`](Self::wait) for it.
#[derive(Debug)]
#[must_use = "the answer may be given only once its entry is durable"]
pub struct Pending<T> {
    what: Option<T>,
    receipt: Receiving,
}

impl<T> Pending<T> {
    pub(super) fn new(what: T, receipt: Receiving) -> Self {
        Self { what: Some(what), receipt }
    }

    /// Blocks until the entry is durable.
    ///
    /// # Errors
    /// [`AuditError`] if it was not recorded; what was to be answered is gone with it.
    pub fn wait(self) -> Result<Audited<T>, AuditError> {
        let receipt = self.receipt.wait()?;
        Ok(Audited::by_gate(self.what.expect("nobody polled this"), receipt))
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<Audited<T>, AuditError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.receipt.poll(context).map(|receipt| {
            let what = this.what.take().expect("a future is not polled after it is ready");
            Ok(Audited::by_gate(what, receipt?))
        })
    }
}

// What waits inside is never pinned.
impl<T> Unpin for Pending<T> {}
