//! What stops a service.

use std::sync::Arc;

use actix_web::dev::ServerHandle;

use crate::http::Streams;

/// What stops a service, from wherever it is.
#[derive(Clone)]
pub struct Handle {
    pub(super) server: ServerHandle,
    pub(super) streams: Arc<Streams>,
}

impl Handle {
    /// Tells it to stop. `graceful` lets requests in flight end first; streams, which have no end of their own, are ended.
    pub fn stop(&self, graceful: bool) -> impl Future<Output = ()> + use<> {
        self.streams.end();
        self.server.stop(graceful)
    }
}
