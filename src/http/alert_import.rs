//! `POST /v1/alerts/import`: rows stream in, and are accounted for once they are all there.

use std::io::{self, BufRead, Read};
use std::sync::{Arc, PoisonError};

use actix_web::web::{Buf as _, Bytes};
use actix_web::{HttpRequest, HttpResponse, rt, web};
use futures_util::StreamExt;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::alert_desk::{AlertDesk, desk, must_be_sound};
use super::idempotency::idempotency_key;
use super::limits::Patience;
use super::media_type::expect_media_type;
use super::problem::Problem;
use super::service::Service;
use super::wire::ImportBody;
use crate::alerting::Desk;
use crate::alerting::import::{
    AtDesk, CHUNK_ROWS, Format, Import, ImportError, Imported, Mode, Observer, Outcome, Reject, Stage,
};
use crate::ground::clock::monotonic;

/// Pieces of the body that may wait for the store: then the client waits.
const PIECES_MAX: usize = 16;
/// All of what is issued together is in memory at once.
const TOGETHER_BYTES_MAX: u64 = 64 << 20;
/// Rejects that are told one by one.
const REJECTS_TOLD: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Importing {
    #[serde(default)]
    mode: ModeWord,
    /// Say what would be issued, and issue nothing.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModeWord {
    #[default]
    AllOrNothing,
    PerRow,
}

pub(super) async fn import(
    request: HttpRequest,
    query: Result<web::Query<Importing>, actix_web::Error>,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let rule = "the query has mode, which is all_or_nothing or per_row, and dry_run, which is true or false";
    let Importing { mode, dry_run } =
        query.map_err(|_| Problem::invalid_query().with_detail(rule))?.into_inner();
    let format =
        [Format::Ndjson, Format::Csv][expect_media_type(&request, &["application/x-ndjson", "text/csv"])?];
    let key = idempotency_key(&request)?.map(Into::into);
    let desk = desk(&service)?;
    must_be_sound(&service)?;
    let slot = service.import_slot.clone().try_acquire_owned().map_err(|_| Problem::imports_busy())?;
    let import = Import {
        by: service.principal.clone(),
        key,
        format: Some(format),
        mode: match mode {
            ModeWord::AllOrNothing => Mode::AllOrNothing,
            ModeWord::PerRow => Mode::PerRow,
        },
        dry_run,
        bytes_max: TOGETHER_BYTES_MAX,
        chunk_rows: CHUNK_ROWS,
    };
    let (sender, pieces) = mpsc::channel(PIECES_MAX);
    rt::spawn(fill(payload, sender, Patience::new(service.import_stall_timeout)));
    let done = web::block(move || {
        let _slot = slot;
        let (mut at, mut rejects) = (Step { desk, service }, Rejects::default());
        let imported =
            import.run(Received { pieces, piece: Bytes::new(), ended: false }, &mut at, &mut rejects);
        (imported, rejects)
    });
    let (Imported { tally, outcome }, Rejects { told, left_out }) =
        done.await.map_err(|_| Problem::internal())?;
    let body = ImportBody::of(&tally, outcome.as_ref().ok().copied(), &told, left_out);
    match outcome {
        Ok(Outcome::Issued | Outcome::DryRun) => Ok(HttpResponse::Ok().json(body)),
        Ok(Outcome::Refused) => Err(Problem::import_refused().with_import(&body)),
        Err(error) => Err(Problem::from(error).with_import(&body)),
    }
}

/// What has come of the body.
enum Piece {
    Rows(Bytes),
    End,
    TooSlow,
}

/// Receives the rows as fast as they are taken. An end is told; what ends otherwise was cut off.
async fn fill(mut payload: web::Payload, pieces: mpsc::Sender<Piece>, mut patience: Patience) {
    loop {
        // While the store is waited for it is not the client who is slow.
        let begun = monotonic();
        let piece = match rt::time::timeout(patience.left(), payload.next()).await {
            Ok(Some(Ok(bytes))) => Piece::Rows(bytes),
            Ok(Some(Err(_))) => return,
            Ok(None) => Piece::End,
            Err(_) => Piece::TooSlow,
        };
        let goes_on = match &piece {
            Piece::Rows(bytes) => {
                patience.waited(begun.elapsed(), bytes.len());
                true
            }
            Piece::End | Piece::TooSlow => false,
        };
        if pieces.send(piece).await.is_err() || !goes_on {
            return;
        }
    }
}

/// The body, as it comes in.
struct Received {
    pieces: mpsc::Receiver<Piece>,
    piece: Bytes,
    ended: bool,
}

impl BufRead for Received {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Piece::Rows(piece)) => self.piece = piece,
                Some(Piece::End) => self.ended = true,
                Some(Piece::TooSlow) => return Err(io::ErrorKind::TimedOut.into()),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, count: usize) {
        self.piece.advance(count);
    }
}

impl Read for Received {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

/// The desk, for a step at a time: other acts have their turn in between.
struct Step {
    desk: Arc<AlertDesk>,
    service: web::Data<Service>,
}

impl AtDesk for Step {
    fn at_desk<T>(&mut self, act: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let screening = &self.service.screening;
        let (done, kept) = {
            let mut known = self.desk.known.lock().unwrap_or_else(PoisonError::into_inner);
            (self.desk.with(screening, &mut known, act), known.counter())
        };
        screening.overlay().take_up(kept);
        done
    }
}

#[derive(Default)]
struct Rejects {
    told: Vec<Reject>,
    left_out: u64,
}

impl Observer for Rejects {
    fn rejected(&mut self, reject: &Reject) -> Result<(), ImportError> {
        if self.told.len() < REJECTS_TOLD {
            self.told.push(reject.clone());
        } else {
            self.left_out += 1;
        }
        Ok(())
    }

    fn at(&mut self, _: Stage, _: u64, _: Option<u64>) {}
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let told = error.to_string();
        match error {
            ImportError::Read(error) if error.kind() == io::ErrorKind::TimedOut => Self::import_too_slow(),
            ImportError::Read(_) => Self::body_unreadable(),
            ImportError::Header => Self::invalid_field().with_detail(told),
            ImportError::TooLarge { .. } => Self::body_too_large().with_detail(told),
            ImportError::Overtaken => Self::import_overtaken(),
            // Nothing is written here.
            ImportError::Rejects(_) => Self::internal(),
            ImportError::Desk(error) => Self::from(error),
        }
    }
}
