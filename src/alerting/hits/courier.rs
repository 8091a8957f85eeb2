//! Delivers the hits of a site to one sink: in order, one at a time, again and again until it has them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::{
    Cursor, CursorError, HitReader, HitSite, Message, Outcome, Secret, Sinks, Target, Told, Trouble, backoff,
};
use crate::audit::{AuditError, Position};
use crate::domain::alert::CallerClass;
use crate::ground::causes;
use crate::ground::clock::Clock;
use crate::ground::storage::{Lock, LockError};

/// Hits that are delivered before how far that got is written down: so many may be delivered again after a crash.
const BATCH: usize = 64;
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often it is written down how far was read where no hit was found.
const LOOKS_BETWEEN_CURSORS: u32 = 120;
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What delivers the hits of a site to one sink.
pub struct Courier {
    /// The sink's name.
    pub name: Arc<str>,
    /// The site.
    pub site: HitSite,
    /// What the receiver is.
    pub class: CallerClass,
    /// The receiver.
    pub target: Box<dyn Target>,
    /// What is shared with it.
    pub secret: Secret,
    /// The time.
    pub clock: Arc<Clock>,
    /// Where it is told how it stands.
    pub sinks: Arc<Sinks>,
}

/// Waits for so long, and says whether to go on.
type Wait<'w> = &'w mut dyn FnMut(Duration) -> bool;

impl Courier {
    /// Delivers until it is told to stop, which `wait` says. It goes on where it was; if it has never begun it begins at `from`, which is the
    /// end of what was recorded before answers were given: no hit of theirs is lost, however long it takes until its cursor can be written,
    /// if this process lives until then. Afterwards none is lost whatever ends: then it has [`begun`](super::Sink::begun).
    pub fn run(self, from: &Position, wait: &mut dyn FnMut(Duration) -> bool) {
        self.sinks.expect(&self.name, self.class);
        let cursor = Cursor::of(self.site.storage.clone(), &self.site.data_dir, &self.name);
        let mut begun = self.begin(&cursor, from);
        let (_lock, reader) = loop {
            match begun {
                Ok(begun) => break begun,
                Err(why) => self.trouble(Trouble::Reading(why)),
            }
            // Also where nobody can tell now how far it got, or another process delivers.
            let has_cursor = !matches!(cursor.read(), Ok(None) | Err(CursorError::Storage { .. }));
            self.sinks.note(&self.name, |sink| sink.begun = has_cursor);
            if !wait(TRY_AGAIN_AFTER) {
                return;
            }
            begun = self.begin(&cursor, from);
        };
        self.sinks.note(&self.name, |sink| sink.begun = true);
        let written = reader.position().clone();
        Round { courier: self, reader, cursor, written, erased: 0 }.run(wait);
    }

    /// Alone among the processes of the site, and from where it was.
    fn begin(&self, cursor: &Cursor, from: &Position) -> Result<(Lock, HitReader), String> {
        let lock =
            Cursor::lock(&*self.site.storage, &self.site.data_dir, &self.name).map_err(
                |error| match error {
                    LockError::Held => "another process delivers them".to_owned(),
                    LockError::Io(error) => format!("its folder cannot be used: {error}"),
                },
            )?;
        let position = match cursor.read().map_err(|error| causes(&error))? {
            Some(position) => position,
            None => {
                // Also if nothing is delivered before the process ends.
                cursor.write(from).map_err(|error| causes(&error))?;
                self.tell_first_start(from);
                from.clone()
            }
        };
        let mut reader = HitReader::new(&self.site, self.class, position);
        for log in reader.follower().gone().map_err(|error| causes(&error))? {
            tracing::warn!(sink = %self.name, %log, "a log is not there any more: what it had that was not told yet is told no more");
        }
        Ok((lock, reader))
    }

    /// Nobody knows whether a cursor that is not there ever was.
    fn tell_first_start(&self, from: &Position) {
        let sink = &self.name;
        if *from == Position::default() {
            tracing::info!(%sink, "hits are told from now on");
            return;
        }
        tracing::warn!(%sink, %from, "no cursor says how far hits were told: they are told from this start on, and those recorded before it are not. If this \
             webhook was told hits before, its cursor was lost, or left behind by a restore: `portcullis hits --from POSITION --webhook NAME` says where to go on");
    }

    /// Notes what keeps it, and tells it once.
    fn trouble(&self, trouble: Trouble) {
        let before = self.sinks.note(&self.name, |sink| sink.trouble.replace(trouble.clone()));
        if before.as_ref() != Some(&trouble) {
            tracing::error!(sink = %self.name, why = %trouble, "hits are not told");
        }
    }

    /// Notes that what kept it does so no more, if it was such a thing.
    fn well_if(&self, was: impl Fn(&Trouble) -> bool) {
        if self.sinks.note(&self.name, |sink| sink.trouble.take_if(|trouble| was(trouble))).is_some() {
            tracing::info!(sink = %self.name, "hits are told again");
        }
    }
}

/// A courier at work.
struct Round {
    courier: Courier,
    reader: HitReader,
    cursor: Cursor,
    /// What the cursor says.
    written: Position,
    erased: u64,
}

impl Round {
    fn run(mut self, wait: Wait<'_>) {
        for look in 1_u32.. {
            let batch = self.reader.read(BATCH);
            let mut delivered = None;
            for told in batch.events {
                if !self.deliver(&told, delivered.as_ref(), wait) {
                    return;
                }
                delivered = Some(told.after);
            }
            let is_due = delivered.is_some() || look.is_multiple_of(LOOKS_BETWEEN_CURSORS);
            if is_due && self.reader.position() != &self.written {
                self.write(&self.reader.position().clone());
            }
            self.note(batch.fault);
            if !wait(if batch.more { Duration::ZERO } else { LOOK_EVERY }) {
                return;
            }
        }
    }

    /// Delivers one, however long that takes; false if it is told to stop before. `delivered` is where to go on without it.
    fn deliver(&mut self, told: &Told, delivered: Option<&Position>, wait: Wait<'_>) -> bool {
        let Courier { name, sinks, .. } = &self.courier;
        sinks.note(name, |sink| sink.waiting_since = Some(told.event.time));
        for failures in 1.. {
            let posted = self.post(told);
            let (outcome, how) = judged(&posted);
            let Courier { name, sinks, .. } = &self.courier;
            sinks.note(name, |sink| *sink.deliveries.entry(outcome).or_default() += 1);
            if outcome == Outcome::Delivered {
                sinks.note(name, |sink| sink.waiting_since = None);
                self.courier.well_if(|trouble| matches!(trouble, Trouble::Delivery(..)));
                return true;
            }
            self.courier.trouble(Trouble::Delivery(outcome, how));
            // It may be long, and what was delivered before need not be again.
            if let Some(delivered) = delivered.filter(|delivered| **delivered != self.written) {
                self.write(&delivered.clone());
            }
            let asked_for = posted.ok().and_then(|reply| reply.retry_after);
            let seed = format!("{} {}", self.courier.name, told.event.id);
            if !wait(backoff::wait(failures, asked_for, &seed)) {
                return false;
            }
        }
        false
    }

    fn post(&self, told: &Told) -> io::Result<super::Reply> {
        // The specification has full stops between the parts of what is signed.
        let id = told.event.id.replace('.', "_");
        let time_s = self.courier.clock.now().time.as_second();
        let body = told.event.json();
        let signature = self.courier.secret.sign(&id, time_s, &body);
        self.courier.target.post(&Message { id, time_s, signature, body })
    }

    fn write(&mut self, position: &Position) {
        match self.cursor.write(position) {
            Ok(()) => self.written = position.clone(),
            Err(error) => {
                let sink = &self.courier.name;
                tracing::warn!(%sink, error = %causes(&error), "how far hits were told is not written down: they would be told again");
            }
        }
    }

    /// Notes what a look has shown.
    fn note(&mut self, fault: Option<AuditError>) {
        let behind = self.reader.follower().behind().unwrap_or_default();
        let erased = self.reader.follower().erased();
        let Courier { name, sinks, .. } = &self.courier;
        sinks.note(name, |sink| (sink.behind, sink.erased) = (behind, erased));
        if erased > std::mem::replace(&mut self.erased, erased) {
            tracing::error!(sink = %name, erased, "hits were erased from the log, for their time was over, before they could be told");
        }
        match fault {
            Some(fault) => self.courier.trouble(Trouble::Reading(causes(&fault))),
            None => self.courier.well_if(|_| true),
        }
    }
}

fn judged(posted: &io::Result<super::Reply>) -> (Outcome, String) {
    match posted {
        Ok(reply) => {
            let outcome = match reply.status {
                200..300 => Outcome::Delivered,
                // Those that come and go by themselves.
                408 | 425 | 429 => Outcome::Failed,
                300..500 => Outcome::Refused,
                _ => Outcome::Failed,
            };
            (outcome, format!("status {}", reply.status))
        }
        Err(error) => (Outcome::Unreachable, error.kind().to_string()),
    }
}
