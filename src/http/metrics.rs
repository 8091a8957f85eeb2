//! What is counted. Labels are enumerations, configured names, names of originators or route patterns, never content.

use std::time::Duration;

use actix_web::http::StatusCode;
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};

use super::sink_metrics::SinkMetrics;
use crate::alerting::Cases;
use crate::alerting::hits::KnownSinks;
use crate::bulk::Outcome;
use crate::domain::alert::CallerClass;
use crate::domain::{Answer, Verdict};
use crate::screening::Screening;
use crate::syncing::Board;

const OUTCOME_SERIES_MAX: usize = 1000;
/// What recording takes, to the nanosecond: before and after an answer it would tell what was withheld.
const FOR_OFFICERS: [&str; 2] = ["portcullis_audit_syncs", "portcullis_audit_sync_seconds"];

/// The service's metrics.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    hits: IntCounter,
    no_hits: IntCounter,
    inconclusive: IntCounter,
    reasons: IntCounterVec,
    check_seconds: Histogram,
    generation: IntGauge,
    feed_age: GaugeVec,
    log_writable: Gauge,
    log_syncs: IntGauge,
    log_sync_seconds: Gauge,
    sync_failures: IntGaugeVec,
    sync_bytes: IntGaugeVec,
    case_outcomes: IntGaugeVec,
    sinks: SinkMetrics,
}

impl Metrics {
    /// Registers the metrics.
    ///
    /// # Errors
    /// If `registry` already holds one of these names.
    pub fn new(registry: Registry) -> Result<Self, prometheus::Error> {
        let counters = |name, help, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let microseconds = prometheus::exponential_buckets(1e-6, 2.0, 24)?;
        let check_seconds = HistogramOpts::new(
            "portcullis_check_duration_seconds",
            "Time from a question understood to its answer ready; where alerts may be withheld, to the even moment at which it leaves.",
        );
        let answers = counters("portcullis_answers_total", "Answers by verdict.", &["verdict"])?;
        let metrics = Self {
            requests: counters(
                "portcullis_http_requests_total",
                "Requests by route and status.",
                &["route", "status"],
            )?,
            hits: answers.with_label_values(&["hit"]),
            no_hits: answers.with_label_values(&["no_hit"]),
            inconclusive: answers.with_label_values(&["inconclusive"]),
            reasons: counters("portcullis_reasons_total", "Reasons given in answers, by code.", &["code"])?,
            check_seconds: Histogram::with_opts(check_seconds.buckets(microseconds))?,
            generation: IntGauge::new(
                "portcullis_generation_number",
                "The generation in force; 0 if there is none.",
            )?,
            feed_age: GaugeVec::new(
                Opts::new("portcullis_feed_age_seconds", "Age of each feed in force."),
                &["feed"],
            )?,
            sync_failures: IntGaugeVec::new(
                Opts::new(
                    "portcullis_sync_failures",
                    "Attempts to bring a feed up to date that failed since the last that did not, by why the last failed.",
                ),
                &["feed", "code"],
            )?,
            sync_bytes: IntGaugeVec::new(
                Opts::new("portcullis_sync_bytes", "Bytes of files that came over the line since the start."),
                &["feed"],
            )?,
            case_outcomes: IntGaugeVec::new(
                Opts::new(
                    "portcullis_case_outcomes",
                    "Cases by what became of them, and by whose findings they had: a feed's, or an originator's of alerts.",
                ),
                &["source_type", "source", "category", "outcome"],
            )?,
            log_syncs: IntGauge::new(
                "portcullis_audit_syncs",
                "How often entries and leaves of the audit log were synced since the start.",
            )?,
            log_sync_seconds: Gauge::new(
                "portcullis_audit_sync_seconds",
                "How long these syncs took in all.",
            )?,
            log_writable: Gauge::new("portcullis_audit_log_writable", "1 while answers can be recorded.")?,
            sinks: SinkMetrics::register(&registry)?,
            registry,
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(answers))?;
        registry.register(Box::new(metrics.reasons.clone()))?;
        registry.register(Box::new(metrics.check_seconds.clone()))?;
        registry.register(Box::new(metrics.generation.clone()))?;
        registry.register(Box::new(metrics.feed_age.clone()))?;
        registry.register(Box::new(metrics.log_writable.clone()))?;
        registry.register(Box::new(metrics.log_syncs.clone()))?;
        registry.register(Box::new(metrics.log_sync_seconds.clone()))?;
        registry.register(Box::new(metrics.sync_failures.clone()))?;
        registry.register(Box::new(metrics.sync_bytes.clone()))?;
        registry.register(Box::new(metrics.case_outcomes.clone()))?;
        Ok(metrics)
    }

    /// The counter of a route's requests that were answered with a status.
    pub(super) fn requests(&self, route: &str, status: StatusCode) -> IntCounter {
        self.requests.with_label_values(&[route, status.as_str()])
    }

    pub(super) fn tell_check(&self, took: Duration) {
        self.check_seconds.observe(took.as_secs_f64());
    }

    pub(super) fn count_outcome(&self, outcome: &Outcome) {
        if let Ok(audited) = &outcome.answer {
            self.count_answer(audited.get());
        }
    }

    pub(super) fn count_answer(&self, answer: &Answer) {
        match answer.verdict {
            Verdict::Hit(_) => self.hits.inc(),
            Verdict::NoHit(_) => self.no_hits.inc(),
            Verdict::Inconclusive(_) => self.inconclusive.inc(),
        }
        for reason in &answer.reasons {
            self.reasons.with_label_values(&[reason.code.word()]).inc();
        }
    }

    /// Takes how many cases have which outcome. Originators are named by whoever issues alerts: of very many the first are told.
    pub(super) fn tell_outcomes(&self, cases: &Cases) {
        for ((source, outcome), count) in cases.outcomes().iter().take(OUTCOME_SERIES_MAX) {
            let labels = [source.kind.word(), &source.name, &source.category, outcome.word()];
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            self.case_outcomes.with_label_values(&labels).set(count);
        }
    }

    /// The text of all metrics that callers of a class are told, with gauges read at this moment.
    pub(super) fn render(
        &self,
        class: CallerClass,
        screening: &Screening,
        board: &Board,
        sinks: KnownSinks,
    ) -> Result<Vec<u8>, prometheus::Error> {
        let coverage = screening.coverage(CallerClass::Officer);
        let number = coverage.generation.map_or(0, |generation| generation.number);
        self.generation.set(i64::try_from(number).unwrap_or(i64::MAX));
        self.feed_age.reset();
        for feed in &coverage.feeds {
            if let Some(age) = feed.age {
                self.feed_age.with_label_values(&[feed.feed.as_str()]).set(age.as_secs_f64());
            }
        }
        self.sync_failures.reset();
        for (feed, standing) in board.feeds() {
            let code = standing.error.as_ref().map_or("none", |(code, _)| code);
            let failures = i64::try_from(standing.failures).unwrap_or(i64::MAX);
            self.sync_failures.with_label_values(&[feed.as_str(), code]).set(failures);
            let bytes = i64::try_from(standing.line_bytes).unwrap_or(i64::MAX);
            self.sync_bytes.with_label_values(&[feed.as_str()]).set(bytes);
        }
        self.log_writable.set(if screening.log_is_writable() { 1.0 } else { 0.0 });
        let (syncs, took) = screening.log().syncs();
        self.log_syncs.set(i64::try_from(syncs).unwrap_or(i64::MAX));
        self.log_sync_seconds.set(took.as_secs_f64());
        self.sinks.read(sinks, screening.now());
        let mut text = Vec::new();
        let mut families = self.registry.gather();
        families.retain(|family| class == CallerClass::Officer || !FOR_OFFICERS.contains(&family.name()));
        TextEncoder::new().encode(&families, &mut text)?;
        Ok(text)
    }
}
