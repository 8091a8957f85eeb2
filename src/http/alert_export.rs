//! `GET /v1/alerts/export`: the alerts in force as a signed file, with their numbers.

use std::convert::Infallible;
use std::io::{self, BufWriter, Write};

use actix_web::web::Bytes;
use actix_web::{HttpResponse, rt, web};
use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;

use super::alert_desk::desk;
use super::alerts::{reading, record};
use super::problem::Problem;
use super::service::Service;
use crate::alerting::Export;
use crate::domain::alert::{NodeId, Origin};
use crate::ground::causes;

/// Pieces that may wait for the reader.
const PIECES_MAX: usize = 4;
const PIECE_BYTES: usize = 64 << 10;

pub(super) async fn export(service: web::Data<Service>) -> Result<HttpResponse, Problem> {
    let _ = desk(&service)?;
    // What is gone, or older than it was, is not handed on as if it were all.
    if service.screening.overlay().in_force().fault.is_some() {
        return Err(Problem::alerts_unavailable());
    }
    record(&service, "export".to_owned()).await?;
    let now = service.now();
    let made = reading(&service, move |alerts, store| {
        let none = Origin { node: NodeId([0; 8]), counter: 0 };
        Ok(Export::of(alerts, store.map_or(none, |store| store.head()), now))
    });
    let made = made.await?;
    let (pieces, mut taken) = mpsc::channel(PIECES_MAX);
    let service = service.into_inner();
    rt::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(PIECE_BYTES, Pieces(pieces));
        if let Err(error) = made.write(&mut out, service.screening.log())
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            // Without its signature it is taken for none.
            tracing::error!(error = %causes(&error), "an export of alerts was not finished");
        }
    });
    let body = stream::poll_fn(move |context| taken.poll_recv(context)).map(Ok::<_, Infallible>);
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(body))
}

struct Pieces(mpsc::Sender<Bytes>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Bytes::copy_from_slice(bytes));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
