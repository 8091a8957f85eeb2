//! Feeds streams: one thread reads the logs for all of them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::{Batch, HitReader, HitSite, Told};
use crate::audit::{AuditError, Position};
use crate::domain::alert::CallerClass;
use crate::ground::causes;

/// Hits that may be on their way to whoever takes them.
const WAITING_MAX: usize = 256;
/// Beyond it they are not kept for him, but read again.
const PENDING_MAX: usize = 1024;
/// How many entries are looked at, in pieces, before others have their turn.
const READS_MAX: usize = 16;

/// Hands out the hits of a site to streams, each from where it wants to begin.
#[derive(Debug)]
pub struct Hub {
    site: HitSite,
    streams: Mutex<Vec<Stream>>,
    /// Reads what comes, for all who have read what was. Used by the thread that turns the hub.
    live: Mutex<Live>,
}

/// A stream that has begun.
#[derive(Debug)]
pub struct Subscribed {
    /// Where it has begun.
    pub from: Position,
    /// Its hits.
    pub hits: mpsc::Receiver<Told>,
}

#[derive(Debug, Default)]
struct Live {
    reader: Option<HitReader>,
    fault: Option<String>,
}

#[derive(Debug)]
struct Stream {
    out: mpsc::Sender<Told>,
    pending: VecDeque<Told>,
    /// Where to go on after what is on its way.
    after: Position,
    at: At,
}

#[derive(Debug)]
enum At {
    /// It reads by itself what was recorded before.
    Past(Box<HitReader>),
    /// It is given what comes, as far as it has not read that itself.
    Live(Position),
}

impl Hub {
    /// Of a site.
    #[must_use]
    pub fn new(site: HitSite) -> Self {
        Self { site, streams: Mutex::default(), live: Mutex::default() }
    }

    /// Begins a stream for officers, after a position, or with what comes from now on.
    ///
    /// # Errors
    /// [`AuditError::ReadFurther`] for a position that this site has not reached. Those of the file system.
    pub fn subscribe(&self, from: Option<Position>) -> Result<Subscribed, AuditError> {
        let mut reader = match from {
            Some(from) => HitReader::new(&self.site, CallerClass::Officer, from),
            None => HitReader::at_end(&self.site, CallerClass::Officer)?,
        };
        reader.follower().check()?;
        let from = reader.position().clone();
        let (out, hits) = mpsc::channel(WAITING_MAX);
        let (pending, after) = (VecDeque::new(), from.clone());
        let stream = Stream { out, pending, after, at: At::Past(Box::new(reader)) };
        self.streams().push(stream);
        Ok(Subscribed { from, hits })
    }

    /// Hands out what was recorded since it was last turned.
    pub fn turn(&self) {
        let mut streams = std::mem::take(&mut *self.streams());
        let live = &mut *self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = Vec::new();
        for _ in 0..READS_MAX {
            // First what comes, so that whoever has read to the end after it has missed nothing.
            let mut more = live.hand_out(&mut streams, &mut faults);
            for stream in &mut streams {
                more |= stream.catch_up(live, &mut faults);
            }
            streams.retain(|stream| !stream.out.is_closed());
            streams.iter_mut().for_each(|stream| stream.settle(&self.site, live));
            if !more {
                break;
            }
        }
        if streams.iter().all(|stream| matches!(stream.at, At::Past(_))) {
            live.reader = None;
        }
        live.tell(faults.first().map(causes_of));
        self.streams().append(&mut streams);
    }

    fn streams(&self) -> MutexGuard<'_, Vec<Stream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn causes_of(error: &AuditError) -> String {
    causes(error)
}

impl Live {
    fn hand_out(&mut self, streams: &mut [Stream], faults: &mut Vec<AuditError>) -> bool {
        let Some(reader) = &mut self.reader else { return false };
        let Batch { events, more, fault } = reader.read(WAITING_MAX);
        faults.extend(fault);
        for told in events {
            for stream in &mut *streams {
                if let At::Live(read) = &stream.at
                    && told.entry >= read.next(&told.log)
                {
                    stream.pending.push_back(told.clone());
                }
            }
        }
        more
    }

    /// Tells what keeps hits from being told, once.
    fn tell(&mut self, fault: Option<String>) {
        if let Some(fault) = fault.as_ref().filter(|fault| self.fault.as_ref() != Some(*fault)) {
            tracing::error!(error = %fault, "a log cannot be read on: its hits are not told to streams");
        }
        self.fault = fault;
    }
}

impl Stream {
    /// Reads what was recorded before, as far as that is taken, and says whether there is more.
    fn catch_up(&mut self, live: &mut Live, faults: &mut Vec<AuditError>) -> bool {
        self.hand_on();
        let At::Past(reader) = &mut self.at else { return false };
        if !self.pending.is_empty() {
            return false;
        }
        let Batch { events, more, fault } = reader.read(WAITING_MAX);
        let is_sound = fault.is_none();
        faults.extend(fault);
        self.pending.extend(events);
        if !more && is_sound {
            let read = reader.position().clone();
            if let At::Past(reader) = std::mem::replace(&mut self.at, At::Live(read)) {
                live.reader.get_or_insert(*reader);
            }
        }
        self.hand_on();
        more && self.pending.is_empty()
    }

    fn hand_on(&mut self) {
        while let Some(told) = self.pending.pop_front() {
            let after = told.after.clone();
            match self.out.try_send(told) {
                Ok(()) => self.after = after,
                Err(TrySendError::Full(told) | TrySendError::Closed(told)) => {
                    self.pending.push_front(told);
                    return;
                }
            }
        }
    }

    /// Whoever takes less than comes is given the rest from the logs, once he has taken what is on its way.
    fn settle(&mut self, site: &HitSite, live: &Live) {
        self.hand_on();
        if self.pending.len() > PENDING_MAX {
            self.pending.clear();
            let reader = HitReader::new(site, CallerClass::Officer, self.after.clone());
            self.at = At::Past(Box::new(reader));
        } else if let (true, At::Live(read), Some(reader)) = (self.pending.is_empty(), &self.at, &live.reader)
        {
            // What nobody wants need not be read again.
            self.after = read.later(reader.position());
        }
    }
}
