//! `POST /v1/manifests`: lines stream in, answers stream out.
//!
//! Reading never waits for writing. A client that sends everything before it reads would otherwise stop this service
//! and itself: its answers wait until it reads, so its lines wait in a backlog, bounded by `backlog_bytes_max`. Over
//! that the manifest ends with an error line and without a summary, so that no line counts as checked unseen.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, rt, web};
use futures_util::{StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::bulk::{self, Format, Lines, Manifest, Summary, answer_lines};

use super::media_type::expect_media_type;
use super::problem::Problem;
use super::service::Service;
use super::wire::{write_abort, write_outcome, write_summary};

/// Answers that may wait for the client, in chunks.
const ANSWERS_MAX: usize = 4;

pub(super) async fn manifest(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let format =
        [Format::Ndjson, Format::Csv][expect_media_type(&request, &["application/x-ndjson", "text/csv"])?];
    let slot = service.manifest_slots.clone().try_acquire_owned().map_err(|_| Problem::manifests_busy())?;
    let (answers, mut answered) = mpsc::channel::<Bytes>(ANSWERS_MAX);
    let (backlog, pieces) = Backlog::new(service.manifests.backlog_bytes_max);
    rt::spawn(backlog.fill(payload));
    let manifest = Manifest::new(Some(format), service.principal.clone());
    rt::spawn(answer(service.into_inner(), manifest, pieces, answers, slot));
    let body =
        stream::poll_fn(move |context| answered.poll_recv(context)).map(Ok::<_, std::convert::Infallible>);
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").streaming(body))
}

/// A piece of the manifest, or why no more come.
enum Piece {
    Bytes(Bytes),
    End,
    Broken(&'static str),
}

struct Backlog {
    pieces: mpsc::UnboundedSender<Piece>,
    waiting_bytes: Arc<AtomicUsize>,
    bytes_max: usize,
}

struct Pieces {
    pieces: mpsc::UnboundedReceiver<Piece>,
    waiting_bytes: Arc<AtomicUsize>,
}

impl Backlog {
    fn new(bytes_max: usize) -> (Self, Pieces) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let backlog = Self { pieces: sender, waiting_bytes: waiting_bytes.clone(), bytes_max };
        (backlog, Pieces { pieces: receiver, waiting_bytes })
    }

    async fn fill(self, mut payload: web::Payload) {
        while let Some(piece) = payload.next().await {
            let piece = match piece {
                Ok(bytes) => {
                    let waiting = self.waiting_bytes.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
                    if waiting > self.bytes_max {
                        Piece::Broken("backlog_too_large")
                    } else {
                        Piece::Bytes(bytes)
                    }
                }
                Err(_) => Piece::Broken("body_unreadable"),
            };
            let broken = matches!(piece, Piece::Broken(_));
            if self.pieces.send(piece).is_err() || broken {
                return;
            }
        }
        let _ = self.pieces.send(Piece::End);
    }
}

impl Pieces {
    async fn next(&mut self) -> Piece {
        let piece = self.pieces.recv().await.unwrap_or(Piece::Broken("body_unreadable"));
        if let Piece::Bytes(bytes) = &piece {
            self.waiting_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
        }
        piece
    }
}

async fn answer(
    service: Arc<Service>,
    mut manifest: Manifest,
    mut pieces: Pieces,
    answers: mpsc::Sender<Bytes>,
    _slot: OwnedSemaphorePermit,
) {
    let bulk::Limits { line_bytes_max, chunk_lines, .. } = service.manifests;
    let mut lines = Lines::new(line_bytes_max);
    let mut summary = Summary::default();
    loop {
        let end = match pieces.next().await {
            Piece::Bytes(bytes) => {
                lines.push(&bytes);
                false
            }
            Piece::End => {
                lines.finish();
                true
            }
            Piece::Broken(code) => return fail(&answers, code).await,
        };
        loop {
            let chunk: Vec<_> = lines.by_ref().take(chunk_lines).collect();
            if chunk.is_empty() {
                break;
            }
            let chunk: Vec<_> = chunk.into_iter().filter_map(|line| manifest.read(line)).collect();
            let worker = service.clone();
            let decided = rt::task::spawn_blocking(move || answer_lines(&worker.screening, chunk)).await;
            let Ok(Ok(outcomes)) = decided else { return fail(&answers, "audit_unavailable").await };
            let mut text = Vec::new();
            for outcome in &outcomes {
                summary.add(outcome);
                service.metrics.count_outcome(outcome);
                write_outcome(&mut text, outcome).expect("memory takes every line");
            }
            if answers.send(text.into()).await.is_err() {
                return;
            }
        }
        if end {
            let mut text = Vec::new();
            write_summary(&mut text, &summary).expect("memory takes every line");
            let _ = answers.send(text.into()).await;
            return;
        }
    }
}

async fn fail(answers: &mpsc::Sender<Bytes>, code: &'static str) {
    let mut text = Vec::new();
    write_abort(&mut text, code).expect("memory takes every line");
    let _ = answers.send(text.into()).await;
}
