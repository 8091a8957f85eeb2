//! The thread that writes: everything queued is one group, one append and one sync.

mod milestones;

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::body::Entry;
use super::export::Exporter;
use super::format::{BODY_BYTES_MAX, LEAF_BYTES, SALT_BYTES, append_frame};
use super::group::{Job, Place, Recorded, refuse_what_waits};
use super::log::Shared;
use super::open::Files;
use super::output::stop;
use super::reply::Waking;
use super::reserve::Reserve;
use super::sealed::Sealer;
use super::{AuditError, Config, Draft};
use crate::domain::{Digest, Durability, Receipt};
use crate::ground::causes;
use crate::ground::clock::monotonic;
use crate::ground::storage::Storage;

/// How long leaves, and under `written` bodies, may stay unsynced.
const SYNC_EVERY: Duration = Duration::from_secs(1);
/// Under `written`, how many leaves may wait for their bodies' sync.
const HELD_LEAVES_MAX: usize = 65_536;
/// How long somebody who was woken may not have looked before those who rely on him are woken too.
const WAKE_REST_AFTER: Duration = Duration::from_millis(50);
/// What is kept of the buffer between groups.
const BUFFER_BYTES_KEPT: usize = 1 << 20;
/// What is written, and cut off again, to see whether a full disk has room: more than nearly every group takes.
const PROBE_BYTES: usize = 1 << 20;
/// How long to wait before a disk that was full is looked at again.
const PROBE_EVERY: Duration = Duration::from_secs(2);

pub(super) struct Writer {
    // First, so that they have ended when the lock goes, which is with the files.
    sealer: Sealer,
    exporter: Exporter,
    storage: Arc<dyn Storage>,
    files: Files,
    config: Config,
    shared: Arc<Shared>,
    reserve: Reserve,
    /// Of the entries of the group that is being written, as far as they have none yet.
    salts: Vec<[u8; SALT_BYTES]>,
    /// The body that is being encoded.
    body: Vec<u8>,
    /// The frames of the group that is being written.
    frames: Vec<u8>,
    /// Leaves that are not in the file yet, because their bodies are not known to be synced.
    held: Vec<u8>,
    /// Where their entries stand in `bodies`.
    held_places: Vec<u64>,
    bodies_unsynced: bool,
    leaves_unsynced: bool,
    /// Who was woken for the newest group.
    woken: Waking,
    /// When to sync what is unsynced, or to try again what failed.
    due: Option<Instant>,
    /// When to sign what is in no checkpoint yet.
    checkpoint_due: Option<Instant>,
    /// Until when no new file of the journal is begun, because that failed.
    file_not_before: Option<Instant>,
}

impl Writer {
    pub(super) fn new(
        (storage, files, config): (Arc<dyn Storage>, Files, Config),
        shared: Arc<Shared>,
        (exporter, sealer): (Exporter, Sealer),
    ) -> Self {
        // What a process that was killed has left unsigned.
        let checkpoint_due = (files.tree.unsigned() > 0).then(monotonic);
        let (frames, held, held_places) = (Vec::new(), Vec::new(), Vec::new());
        let reserve = Reserve::take(storage.clone(), &files.folder);
        let due = reserve.missing().map(|_| monotonic() + SYNC_EVERY);
        let writer = Self {
            sealer,
            exporter,
            storage,
            files,
            config,
            shared,
            salts: Vec::new(),
            woken: Waking::default(),
            body: Vec::new(),
            frames,
            held,
            held_places,
            bodies_unsynced: false,
            leaves_unsynced: false,
            due,
            checkpoint_due,
            file_not_before: None,
            reserve,
        };
        writer.tell(None);
        writer
    }

    /// Writes until the queue is closed and empty. `now` is when it begins.
    pub(super) fn run(mut self, queue: &mpsc::Receiver<Job>, now: Timestamp) -> Result<(), AuditError> {
        self.begin_file_if_due(now);
        loop {
            if self.woken.may_sleep() {
                self.due.get_or_insert_with(|| monotonic() + WAKE_REST_AFTER);
            }
            let first = match self.next_due() {
                None => queue.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
                Some(due) => queue.recv_timeout(due.saturating_duration_since(monotonic())),
            };
            match first {
                Ok(first) => {
                    let group_time = self.commit(self.drain(first, queue));
                    group_time.into_iter().for_each(|time| self.begin_file_if_due(time));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.finish(),
            }
            if self.due.is_some_and(|due| due <= monotonic()) {
                self.catch_up();
            }
            if self.checkpoint_due.is_some_and(|due| due <= monotonic()) {
                self.sign();
            }
        }
    }

    fn next_due(&self) -> Option<Instant> {
        self.due.into_iter().chain(self.checkpoint_due).min()
    }

    fn drain(&self, first: Job, queue: &mpsc::Receiver<Job>) -> Vec<Job> {
        // Whoever has more to hand in, and waits for this core, hands it in first: it costs one write and one sync less each.
        std::thread::yield_now();
        let mut entries = first.drafts.len();
        let mut group = vec![first];
        while entries < self.config.queue_entries_max
            && let Ok(job) = queue.try_recv()
        {
            entries += job.drafts.len();
            group.push(job);
        }
        self.shared.waiting.fetch_sub(entries, Ordering::Relaxed);
        group
    }

    /// Records a group, and gives the highest time of it. Where there is no room, what must not wait is recorded all the same, in the
    /// room that the reserve gives.
    fn commit(&mut self, mut group: Vec<Job>) -> Option<Timestamp> {
        let now_us = group.iter().filter_map(|job| job.now).map(Timestamp::as_microsecond).max();
        if let Some(error) = self.reserve.missing() {
            refuse_what_waits(&mut group, error);
        }
        let mut recorded = self.record(&group);
        if let Err(error) = &recorded
            && error.is_no_room()
            && self.reserve.release(error)
        {
            refuse_what_waits(&mut group, error);
            recorded = self.record(&group);
        }
        let Recorded { places, highest_us } = match recorded {
            Ok(recorded) => recorded,
            Err(error) => Recorded { places: vec![Err(error); group.len()], highest_us: i64::MIN },
        };
        let mut waking = Waking::default();
        for (job, place) in group.into_iter().zip(places) {
            let receipt = place.map(|(entry_id, leaves)| Receipt {
                log_id: self.files.log_id.text().clone(),
                entry_id,
                leaves,
                durability: self.config.durability,
            });
            if let Ok(receipt) = &receipt {
                for (entry, draft) in (receipt.entry_id..).zip(&job.drafts) {
                    // One that is recorded twice is where it was first.
                    draft.cases().for_each(|case| _ = case.recorded.set(entry));
                }
            }
            // Whoever asked may have gone away; the entry stands all the same.
            job.reply.put(receipt, &mut waking);
        }
        waking.wake();
        // Those of the group before have long looked; whoever has not keeps nobody asleep.
        std::mem::replace(&mut self.woken, waking).wake_rest();
        now_us.into_iter().chain([highest_us]).max().and_then(|time| Timestamp::from_microsecond(time).ok())
    }

    /// Writes jobs, all of them but those that cannot be entries; after an error none.
    fn record(&mut self, group: &[Job]) -> Result<Recorded, AuditError> {
        let (start, entries) = (self.files.bodies.bytes, self.files.entries);
        self.frames.clear();
        let mut recorded = Recorded { places: Vec::with_capacity(group.len()), highest_us: i64::MIN };
        let wanted = group.iter().map(|job| job.drafts.len()).sum();
        let mut outcome = self.ready().and_then(|()| self.draw_salts(wanted));
        let held = self.held.len();
        if outcome.is_ok() {
            for Job { drafts, .. } in group {
                let place = self.encode(drafts);
                if place.is_ok() {
                    let times = drafts.iter().map(|draft| draft.time.as_microsecond());
                    recorded.highest_us = times.fold(recorded.highest_us, i64::max);
                }
                recorded.places.push(place);
            }
            if !self.frames.is_empty() {
                outcome = self.write(start, group.iter().any(|job| job.synced));
                self.tell(outcome.as_ref().err());
            }
        }
        self.frames.clear();
        self.frames.shrink_to(BUFFER_BYTES_KEPT);
        if let Err(error) = outcome {
            self.files.entries = entries;
            self.truncate_held(held);
            self.due.get_or_insert_with(|| monotonic() + SYNC_EVERY);
            return Err(error);
        }
        if recorded.highest_us > i64::MIN {
            let newest_us = self.files.newest_since.map_or(recorded.highest_us, Timestamp::as_microsecond);
            self.files.newest_since = Timestamp::from_microsecond(newest_us).ok();
            self.shared.highest_us.fetch_max(recorded.highest_us, Ordering::Relaxed);
            self.shared.note_alerts(group.iter().zip(&recorded.places));
        }
        Ok(recorded)
    }

    /// Fails if nothing may be written any more, or not before leaves that wait are written.
    fn ready(&mut self) -> Result<(), AuditError> {
        if let Some(error) = self.shared.stopped.get() {
            return Err(error.clone());
        }
        if self.held.len() >= HELD_LEAVES_MAX * LEAF_BYTES { self.settle() } else { Ok(()) }
    }

    /// As many as a group takes, at once: each time that the system is asked costs more than what it gives.
    fn draw_salts(&mut self, count: usize) -> Result<(), AuditError> {
        self.salts.clear();
        self.salts.resize(count, [0; SALT_BYTES]);
        getrandom::fill(self.salts.as_flattened_mut()).map_err(AuditError::Random)
    }

    /// Appends frames and leaves of a job to the buffers and gives its first entry's sequence, and the leaves.
    fn encode(&mut self, drafts: &[Draft]) -> Result<Place, AuditError> {
        let mut leaves = Vec::with_capacity(drafts.len());
        let (frames, held, first) = (self.frames.len(), self.held.len(), self.files.entries);
        let encoded = drafts.iter().try_for_each(|draft| {
            let sequence = self.files.entries;
            self.body.clear();
            Entry::of(draft, sequence).encode_into(&mut self.body);
            let body = &self.body;
            if body.len() > BODY_BYTES_MAX {
                return Err(AuditError::EntryTooLong { bytes: body.len(), bytes_max: BODY_BYTES_MAX });
            }
            let salt = self.salts.pop().expect("one was drawn for each");
            let settled = self.frames.is_empty() && !self.bodies_unsynced;
            self.held_places.push(self.files.bodies.bytes + self.frames.len() as u64);
            let leaf = append_frame(&mut self.frames, settled, sequence, salt, body);
            self.held.extend_from_slice(&leaf);
            leaves.push(Digest(leaf));
            self.files.entries += 1;
            Ok(())
        });
        if let Err(error) = encoded {
            self.frames.truncate(frames);
            self.truncate_held(held);
            self.files.entries = first;
            return Err(error);
        }
        Ok((first, leaves.into()))
    }

    fn truncate_held(&mut self, bytes: usize) {
        self.held.truncate(bytes);
        self.held_places.truncate(bytes / LEAF_BYTES);
    }

    /// Writes the buffered frames; after an error `bodies` ends at `start` again, or the log is stopped. Once they are synced they stand,
    /// also if their leaves cannot be written yet: whoever follows the log may have seen some of them.
    fn write(&mut self, start: u64, synced: bool) -> Result<(), AuditError> {
        if let Err(error) = self.files.bodies.file.append(&self.frames) {
            self.files.bodies.cut_back(start, &self.shared)?;
            self.bodies_unsynced = false;
            return Err(self.files.bodies.not_written(error));
        }
        self.files.bodies.bytes += self.frames.len() as u64;
        self.bodies_unsynced = true;
        self.due.get_or_insert_with(|| monotonic() + SYNC_EVERY);
        if self.config.durability == Durability::Written && !synced {
            return Ok(());
        }
        let settled = self.settle();
        if self.shared.stopped.get().is_none() { Ok(()) } else { settled }
    }

    /// Syncs the bodies, then writes their leaves. This order is what a leaf stands for. Leaves that cannot be written wait for the next
    /// time.
    fn settle(&mut self) -> Result<(), AuditError> {
        if self.bodies_unsynced {
            self.files.bodies.sync(&self.shared)?;
            self.bodies_unsynced = false;
        }
        if self.held.is_empty() {
            return Ok(());
        }
        let leaves = &mut self.files.leaves;
        let appended = leaves.file.append(&self.held);
        let mut whole = self.held.len();
        if appended.is_ok() {
            leaves.bytes += whole as u64;
        } else {
            let unsure = |error| stop(&self.shared, "measuring", &leaves.path, error);
            let there = leaves.file.len().map_err(unsure)?.saturating_sub(leaves.bytes);
            // Those that are there to their ends are not taken back.
            whole = usize::try_from(there).map_or(whole, |there| whole.min(there)) / LEAF_BYTES * LEAF_BYTES;
            leaves.cut_back(leaves.bytes + whole as u64, &self.shared)?;
        }
        let (added, _) = self.held[..whole].as_chunks::<LEAF_BYTES>();
        let added = added.iter().zip(self.held_places.drain(..whole / LEAF_BYTES));
        added.for_each(|(leaf, place)| self.files.tree.push(*leaf, place));
        self.held.drain(..whole);
        self.leaves_unsynced = true;
        appended.map_err(|error| self.files.leaves.not_written(error))?;
        self.checkpoint_due.get_or_insert_with(|| monotonic() + self.config.checkpoint_every);
        if let Err(error) = self.files.tree.flush() {
            // They are computed from leaves, which are there; the next time writes them too.
            tracing::warn!(error = %causes(&error), "hashes of the audit log's tree wait");
        }
        Ok(())
    }

    /// Remembers whether writing fails, and tells it when that changes: whoever asks is told nothing of the cause.
    fn tell(&self, failure: Option<&AuditError>) {
        let failure = failure.or(self.reserve.missing());
        let before = self.shared.failing.swap(failure.is_some(), Ordering::Relaxed);
        match failure {
            Some(error) if !before => {
                tracing::error!(error = %causes(error), "nothing is answered, for the audit log cannot be written");
            }
            None if before => tracing::info!("the audit log can be written again"),
            _ => {}
        }
    }

    /// Syncs what is left unsynced, and sees whether a disk that was full has room again.
    fn catch_up(&mut self) {
        self.due = None;
        std::mem::take(&mut self.woken).wake_rest();
        if self.shared.stopped.get().is_some() {
            return;
        }
        let failing = self.shared.failing.load(Ordering::Relaxed);
        let probed = if failing { self.probe() } else { Ok(()) };
        let caught_up = probed.and(self.settle_all());
        self.tell(caught_up.as_ref().err());
        if caught_up.is_err() && self.shared.stopped.get().is_none() {
            self.due = Some(monotonic() + PROBE_EVERY);
        }
    }

    fn settle_all(&mut self) -> Result<(), AuditError> {
        self.settle()?;
        if self.leaves_unsynced {
            self.files.leaves.sync(&self.shared)?;
            self.leaves_unsynced = false;
        }
        Ok(())
    }

    /// Takes the reserve again, and writes something besides after the last frame and cuts it off again: room that the reserve alone would
    /// fill is none. Left there by a crash, it is a torn tail.
    fn probe(&mut self) -> Result<(), AuditError> {
        self.reserve.take_again()?;
        let bodies = &mut self.files.bodies;
        let probed = bodies.file.append(&vec![0; PROBE_BYTES]);
        let end = bodies.bytes;
        bodies.cut_back(end, &self.shared)?;
        self.bodies_unsynced = false;
        let probed = probed.map_err(|error| self.files.bodies.not_written(error));
        if let Err(error) = &probed
            && error.is_no_room()
        {
            self.reserve.release(error);
        }
        probed
    }

    fn finish(mut self) -> Result<(), AuditError> {
        self.ready()?;
        self.settle_all()?;
        self.sign();
        Ok(())
    }
}
