//! One question, from the asking to the record.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::audit::{self, Act, AuditError, AuditLog, Digester, Draft, Opened, Pending, Role};
use crate::domain::alert::CallerClass;
use crate::domain::case::CaseId;
use crate::domain::{Answer, Audited, Coverage, Digest, ReasonCode};
use crate::ground::clock::{Clock, Now};
use crate::ground::storage::Storage;

use super::answering::{Answering, Moment};
use super::chunk;
use super::cleared::ClearedTable;
use super::overlay::{AlertsInForce, Overlay};
use super::policy::Policy;
use super::question::Question;
use super::site::{InForce, Site};

/// Everything that answering needs: the lists in force, the rules, the clock and the log.
#[derive(Debug)]
pub struct Screening {
    site: Arc<Site>,
    overlay: Arc<Overlay>,
    answering: Answering,
    clock: Arc<Clock>,
    log: AuditLog,
    manifests: AtomicU64,
}

/// What [`Screening::open`] is given.
#[derive(Debug)]
pub struct Opening {
    /// Where files are.
    pub storage: Arc<dyn Storage>,
    /// The site's data directory.
    pub data_dir: PathBuf,
    /// The rules of verdicts.
    pub policy: Policy,
    /// SHA-256 of the settings that verdicts depend on.
    pub settings_digest: Digest,
    /// The log's settings.
    pub audit: audit::Config,
    /// Whose log is written.
    pub role: Role,
    /// The clock, whose floor is raised to what generation and log have seen.
    pub clock: Arc<Clock>,
}

/// Why nothing can be answered at all. A site without a usable list is no error: its answers say so.
#[derive(Debug, thiserror::Error)]
#[error("the audit log cannot be opened, so nothing can be answered")]
pub struct ScreeningError(#[from] AuditError);

impl Screening {
    /// Opens log and lists.
    ///
    /// # Errors
    /// [`ScreeningError`] if there is no log to record answers in.
    pub fn open(opening: Opening) -> Result<(Self, Opened), ScreeningError> {
        let Opening { storage, data_dir, policy, settings_digest, audit, role, clock } = opening;
        let (log, opened) = AuditLog::open(storage.clone(), &data_dir, role, audit, clock.now().time)?;
        let digester = Digester::open(&*storage, &data_dir)?;
        if let Some(highest) = log.highest_time() {
            clock.observe(highest);
        }
        let overlay = Arc::new(Overlay::open(storage.clone(), data_dir.clone(), log.alert_floors()));
        if role == Role::Cli {
            overlay.wait_for_store();
        }
        let site = Arc::new(Site::open(storage, data_dir, clock.clone()));
        let (retries, cleared) = Default::default();
        let answering = Answering { policy, settings_digest, digester, retries, cleared };
        Ok((Self { site, overlay, answering, clock, log, manifests: AtomicU64::new(0) }, opened))
    }

    /// Decides and hands the answer to the log: one unit, which a caller that goes away does not cancel.
    ///
    /// # Errors
    /// [`AuditError`] if the log takes nothing: then there is no answer.
    pub fn check(&self, question: &Question) -> Result<Pending<Answer>, AuditError> {
        let (in_force, alerts) = (self.site.in_force(), self.overlay.in_force());
        let (answer, draft) = self.answer((&in_force, &alerts), question, self.clock.now());
        self.recording(&draft, None);
        self.log.submit(draft, answer)
    }

    /// A name for a manifest, by which the log tells its lines from those of others.
    #[must_use]
    pub fn name_manifest(&self) -> Arc<str> {
        let count = self.manifests.fetch_add(1, Ordering::Relaxed);
        format!("{:x}-{count}", self.clock.now().time.as_microsecond()).into()
    }

    /// Answers lines of a manifest on one snapshot and at one time, and waits until all are recorded. Answers come in the order of the
    /// questions.
    ///
    /// # Errors
    /// [`AuditError`] if they are not recorded: then there is no answer to any of them.
    pub fn check_lines(
        &self,
        manifest: &Arc<str>,
        questions: &[(u64, &Question)],
    ) -> Result<Vec<Audited<Answer>>, AuditError> {
        let (in_force, alerts, now) = (self.site.in_force(), self.overlay.in_force(), self.clock.now());
        let answered = questions.iter().map(|(line, question)| {
            let (answer, draft) = self.answer((&in_force, &alerts), question, now);
            self.recording(&draft, Some(*line));
            (*line, draft, answer)
        });
        let entries = chunk::entries(manifest, answered);
        let recorded = self.log.submit_many(entries)?.wait()?.into_each();
        let mut answers: Vec<_> = recorded.into_iter().flat_map(Audited::into_shared).collect();
        answers.sort_unstable_by_key(|answer| answer.get().0);
        Ok(answers.into_iter().map(|answer| answer.map(|(_, answer)| answer)).collect())
    }

    /// A case was opened by a check that this process did not answer, or not since it started.
    pub fn note_case(&self, case: CaseId, check: Arc<str>) {
        self.answering.retries.read(case, check);
    }

    /// Has findings say from now on of which of them bearers are cleared.
    pub fn put_cleared_in_force(&self, cleared: ClearedTable) {
        self.answering.cleared.put_in_force(cleared);
    }

    /// The same, made of what `make` gives once anything is found: for whoever answers a few questions only.
    pub fn clear_when_wanted(&self, make: impl Fn() -> ClearedTable + Send + Sync + 'static) {
        self.answering.cleared.make_when_wanted(make);
    }

    /// What is consulted now for a class of callers, and for no document in particular.
    #[must_use]
    pub fn coverage(&self, class: CallerClass) -> Coverage {
        let (in_force, alerts, now) = (self.site.in_force(), self.overlay.in_force(), self.clock.now());
        let consulted = (&*in_force, &*alerts);
        self.answering.describe(consulted, (None, class), self.moment(now, &|| self.doubts(consulted, now)))
    }

    /// Records how many requests got no answer, and why not.
    ///
    /// # Errors
    /// [`AuditError`] if the log takes nothing.
    pub fn record_refusals(
        &self,
        principal: &Arc<str>,
        counts: BTreeMap<&'static str, u64>,
    ) -> Result<Pending<()>, AuditError> {
        let draft = Draft::new(
            self.clock.now().time,
            Act::Refused,
            principal.clone(),
            self.answering.settings_digest,
        );
        self.log.submit(Draft { counts, ..draft }, ())
    }

    /// Records an act that changes no list, such as reading the log, which is recorded before anything of it is shown.
    ///
    /// # Errors
    /// [`AuditError`] if the log takes nothing: then nothing is done.
    pub fn record_act(
        &self,
        act: Act,
        principal: &Arc<str>,
        what: Arc<str>,
    ) -> Result<Pending<()>, AuditError> {
        let draft = Draft::new(self.clock.now().time, act, principal.clone(), self.answering.settings_digest);
        let revision = self.overlay.in_force().table.counter();
        let alert_revision = Some(revision).filter(|revision| *revision > 0);
        self.log.submit(Draft { client_reference: Some(what), alert_revision, ..draft }, ())
    }

    /// The time by which is answered.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now().time
    }

    /// The lists in force.
    #[must_use]
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// The alerts in force.
    #[must_use]
    pub fn overlay(&self) -> &Arc<Overlay> {
        &self.overlay
    }

    /// The log in which answers, and what is put in force beside them, are recorded.
    #[must_use]
    pub fn log(&self) -> &AuditLog {
        &self.log
    }

    /// True while answers can be recorded.
    #[must_use]
    pub fn log_is_writable(&self) -> bool {
        self.log.writable()
    }

    /// Records what is still waiting, makes it durable and closes the log.
    ///
    /// # Errors
    /// [`AuditError`] if the last entries could not be made durable.
    pub fn close(self) -> Result<(), AuditError> {
        self.log.close()
    }

    fn answer(
        &self,
        consulted: (&InForce, &AlertsInForce),
        question: &Question,
        now: Now,
    ) -> (Answer, Draft) {
        self.answering.answer(consulted, question, self.moment(now, &|| self.doubts(consulted, now)))
    }

    fn doubts(&self, (in_force, alerts): (&InForce, &AlertsInForce), now: Now) -> Vec<ReasonCode> {
        let mut doubts = site_doubts(in_force, self.site.look_overdue(), now);
        if alerts.fault.is_some() || self.overlay.look_overdue() {
            doubts.push(ReasonCode::AlertsUnreadable);
        }
        doubts
    }

    /// Whoever asks again by the same reference asks the same.
    fn recording(&self, draft: &Draft, line: Option<u64>) {
        if let Some(case) = draft.case.as_deref() {
            self.answering.retries.recording(case, self.log.log_id(), line);
        }
    }

    fn moment<'m>(&self, now: Now, doubts: &'m dyn Fn() -> Vec<ReasonCode>) -> Moment<'m> {
        Moment { now, alerts_age: self.overlay.age(), doubts }
    }
}

/// What stands in the way of any `no_hit` at this site. Read after the lists were asked, for damage shows itself then.
fn site_doubts(in_force: &InForce, look_overdue: bool, now: Now) -> Vec<ReasonCode> {
    let mut doubts = Vec::new();
    match (&in_force.snapshot, &in_force.fault) {
        // The one before may still be open and can say what it lists, but not what the newer one would.
        (_, Some(_)) => doubts.push(ReasonCode::GenerationUnreadable),
        (None, None) => doubts.push(ReasonCode::NoGeneration),
        (Some(_), None) if look_overdue => doubts.push(ReasonCode::GenerationUnreadable),
        (Some(_), None) => {}
    }
    if in_force.is_damaged() {
        doubts.push(ReasonCode::IndexDamaged);
    }
    if !now.trusted {
        doubts.push(ReasonCode::Clock);
    }
    doubts
}
