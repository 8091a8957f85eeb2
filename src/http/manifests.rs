//! `POST /v1/manifests`: lines stream in, answers stream out.
//!
//! Reading never waits for writing. A client that sends everything before it reads would otherwise stop this service
//! and itself: its answers wait until it reads, so its lines wait in a backlog, bounded by `backlog_bytes_max`. Over
//! that the manifest ends with an error line and without a summary, so that no line counts as checked unseen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, rt, web};
use futures_util::{StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::bulk::{self, Format, Lines, Manifest, Summary, answer_lines};

use super::even::evenly;
use super::media_type::expect_media_type;
use super::problem::Problem;
use super::service::Service;
use super::wire::{write_abort, write_outcome, write_summary};

/// Slices of answers that may wait for the client.
const ANSWERS_MAX: usize = 4;
/// An answer goes out in slices of this length, so that a slow reader is seen to read.
const SLICE_BYTES_MAX: usize = 16 << 10;

pub(super) async fn manifest(
    request: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let format =
        [Format::Ndjson, Format::Csv][expect_media_type(&request, &["application/x-ndjson", "text/csv"])?];
    let slot = service.manifest_slots.clone().try_acquire_owned().map_err(|_| Problem::manifests_busy())?;
    let (answers, mut answered) = mpsc::channel::<Bytes>(ANSWERS_MAX);
    let connection = Arc::new(Connection::default());
    let (sender, pieces) = mpsc::unbounded_channel();
    rt::spawn(fill(payload, sender, connection.clone(), service.manifests.backlog_bytes_max));
    let manifest = Manifest::new(Some(format), service.principal.clone());
    let answers = Answers { answers, connection: connection.clone() };
    rt::spawn(answer(service.into_inner(), manifest, Pieces { pieces, connection }, answers, slot));
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

/// What a waiting piece takes besides its bytes.
const PIECE_OVERHEAD_BYTES: usize = 128;
/// A shorter piece is copied, so that it does not keep a whole read buffer in memory.
const PIECE_BYTES_MIN: usize = 4096;
/// How long nothing may move in either direction before the place is given to somebody else.
const IDLE_MAX: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What the two directions know of one another.
#[derive(Default)]
struct Connection {
    waiting_bytes: AtomicUsize,
    /// Pieces received and answers taken so far.
    moved: AtomicU64,
}

impl Connection {
    fn moves(&self) {
        self.moved.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for `step` as long as something moves in either direction; `None` once nothing did for too long.
    async fn unless_idle<T>(&self, step: impl Future<Output = T>) -> Option<T> {
        let mut step = std::pin::pin!(step);
        let mut quiet = (self.moved.load(Ordering::Relaxed), Duration::ZERO);
        loop {
            if let Ok(done) = rt::time::timeout(LOOK_EVERY, step.as_mut()).await {
                self.moves();
                return Some(done);
            }
            let moved = self.moved.load(Ordering::Relaxed);
            quiet = if moved == quiet.0 { (moved, quiet.1 + LOOK_EVERY) } else { (moved, Duration::ZERO) };
            if quiet.1 >= IDLE_MAX {
                return None;
            }
        }
    }
}

/// Receives the manifest, whether or not its answers are taken.
async fn fill(
    mut payload: web::Payload,
    pieces: mpsc::UnboundedSender<Piece>,
    connection: Arc<Connection>,
    backlog_bytes_max: usize,
) {
    loop {
        let received = tokio::select! {
            received = payload.next() => received,
            () = pieces.closed() => return,
        };
        let Some(received) = received else { break };
        connection.moves();
        let piece = match received {
            Err(_) => Piece::Broken("body_unreadable"),
            Ok(bytes) => {
                let taken = bytes.len() + PIECE_OVERHEAD_BYTES;
                let waiting = connection.waiting_bytes.fetch_add(taken, Ordering::Relaxed) + taken;
                let short = bytes.len() < PIECE_BYTES_MIN;
                match waiting > backlog_bytes_max {
                    true => Piece::Broken("backlog_too_large"),
                    false if short => Piece::Bytes(Bytes::copy_from_slice(&bytes)),
                    false => Piece::Bytes(bytes),
                }
            }
        };
        let broken = matches!(piece, Piece::Broken(_));
        if pieces.send(piece).is_err() || broken {
            return;
        }
    }
    let _ = pieces.send(Piece::End);
}

struct Pieces {
    pieces: mpsc::UnboundedReceiver<Piece>,
    connection: Arc<Connection>,
}

impl Pieces {
    async fn next(&mut self) -> Piece {
        let received = self.connection.unless_idle(self.pieces.recv()).await;
        let piece = received.unwrap_or(Some(Piece::Broken("idle_too_long")));
        if let Some(Piece::Bytes(bytes)) = &piece {
            let taken = bytes.len() + PIECE_OVERHEAD_BYTES;
            self.connection.waiting_bytes.fetch_sub(taken, Ordering::Relaxed);
        }
        piece.unwrap_or(Piece::Broken("body_unreadable"))
    }
}

struct Answers {
    answers: mpsc::Sender<Bytes>,
    connection: Arc<Connection>,
}

impl Answers {
    /// Hands an answer to the connection; false if nobody takes answers any more.
    async fn send(&self, text: Vec<u8>) -> bool {
        let mut text = Bytes::from(text);
        while !text.is_empty() {
            let slice = text.split_to(text.len().min(SLICE_BYTES_MAX));
            match self.connection.unless_idle(self.answers.send(slice)).await {
                Some(Ok(())) => {}
                Some(Err(_)) => return false,
                None => {
                    tracing::warn!("gave up a manifest whose client neither sends nor reads");
                    return false;
                }
            }
        }
        true
    }
}

async fn answer(
    service: Arc<Service>,
    mut manifest: Manifest,
    mut pieces: Pieces,
    answers: Answers,
    _slot: OwnedSemaphorePermit,
) {
    let bulk::Limits { line_bytes_max, chunk_lines, .. } = service.manifests;
    let mut lines = Lines::new(line_bytes_max);
    let name = service.screening.name_manifest();
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
            Piece::Broken(code) => return fail(&service, &answers, code).await,
        };
        loop {
            let chunk: Vec<_> = lines.by_ref().take(chunk_lines).collect();
            if chunk.is_empty() {
                break;
            }
            let mut chunk: Vec<_> = chunk.into_iter().filter_map(|line| manifest.read(line)).collect();
            let questions = chunk.iter_mut().filter_map(|line| line.question.as_mut().ok());
            questions.for_each(|question| question.asker.class = service.caller_class);
            let questions = chunk.len();
            let answered = answer_chunk(&service, &name, chunk, &mut summary);
            let (answered, _) = evenly(service.caller_class, questions, answered).await;
            let text = match answered {
                Ok(text) => text,
                Err(code) => return fail(&service, &answers, code).await,
            };
            if !answers.send(text).await {
                return;
            }
        }
        if end {
            let mut text = Vec::new();
            write_summary(&mut text, &summary).expect("memory takes every line");
            answers.send(text).await;
            return;
        }
    }
}

/// The answers as they are written, or the code of why there are none.
async fn answer_chunk(
    service: &Arc<Service>,
    name: &Arc<str>,
    chunk: Vec<bulk::Line>,
    summary: &mut Summary,
) -> Result<Vec<u8>, &'static str> {
    let (worker, name) = (service.clone(), name.clone());
    let decided = rt::task::spawn_blocking(move || answer_lines(&worker.screening, &name, chunk)).await;
    let outcomes = match decided {
        Ok(outcomes) => outcomes.map_err(|error| Problem::from(error).code())?,
        Err(_) => {
            tracing::error!("a defect kept a chunk of a manifest from being answered");
            return Err("internal");
        }
    };
    let mut text = Vec::new();
    for outcome in &outcomes {
        summary.add(outcome);
        service.metrics.count_outcome(outcome);
        let unanswered = outcome.answer.as_ref().err();
        unanswered.into_iter().for_each(|fault| service.refusals.note(fault.code()));
        write_outcome(&mut text, outcome).expect("memory takes every line");
    }
    Ok(text)
}

async fn fail(service: &Service, answers: &Answers, code: &'static str) {
    service.refusals.note(code);
    let mut text = Vec::new();
    write_abort(&mut text, code).expect("memory takes every line");
    answers.send(text).await;
}
