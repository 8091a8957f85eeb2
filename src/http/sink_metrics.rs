//! Metrics of those who are told of hits.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use prometheus::{GaugeVec, IntCounterVec, IntGaugeVec, Opts, Registry};

use crate::alerting::hits::{KnownSinks, Outcome};

/// What is measured of webhooks, read at the moment of asking.
#[derive(Debug)]
pub(super) struct SinkMetrics {
    deliveries: IntCounterVec,
    lag: GaugeVec,
    behind: IntGaugeVec,
    erased: IntGaugeVec,
    failing: IntGaugeVec,
    /// What is counted elsewhere is made up for by one at a time.
    reading: Mutex<()>,
}

impl SinkMetrics {
    pub(super) fn register(registry: &Registry) -> Result<Self, prometheus::Error> {
        let whole = |name, help, labels: &[&str]| IntGaugeVec::new(Opts::new(name, help), labels);
        let metrics = Self {
            deliveries: IntCounterVec::new(
                Opts::new(
                    "portcullis_webhook_deliveries_total",
                    "Deliveries of hits since the start, by what became of them.",
                ),
                &["sink", "outcome"],
            )?,
            lag: GaugeVec::new(
                Opts::new(
                    "portcullis_webhook_lag_seconds",
                    "Age of the hit that waits to be delivered; 0 if none does.",
                ),
                &["sink"],
            )?,
            behind: whole(
                "portcullis_webhook_entries_behind",
                "Entries of the audit log that were not looked at yet.",
                &["sink"],
            )?,
            erased: whole(
                "portcullis_webhook_hits_erased",
                "Hits that were erased from the log before they could be delivered, since the start.",
                &["sink"],
            )?,
            failing: whole("portcullis_webhook_failing", "1 while hits are not delivered.", &["sink"])?,
            reading: Mutex::default(),
        };
        registry.register(Box::new(metrics.deliveries.clone()))?;
        registry.register(Box::new(metrics.lag.clone()))?;
        registry.register(Box::new(metrics.behind.clone()))?;
        registry.register(Box::new(metrics.erased.clone()))?;
        registry.register(Box::new(metrics.failing.clone()))?;
        Ok(metrics)
    }

    pub(super) fn read(&self, sinks: KnownSinks, now: Timestamp) {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, sink) in sinks {
            for outcome in Outcome::ALL {
                let count = sink.deliveries.get(outcome).copied().unwrap_or_default();
                let counter = self.deliveries.with_label_values(&[&*name, outcome.word()]);
                counter.inc_by(count.saturating_sub(counter.get()));
            }
            let lag =
                sink.waiting_since.map_or(0.0, |since| now.duration_since(since).as_secs_f64().max(0.0));
            self.lag.with_label_values(&[&*name]).set(lag);
            self.behind.with_label_values(&[&*name]).set(whole(sink.behind));
            self.erased.with_label_values(&[&*name]).set(whole(sink.erased));
            self.failing.with_label_values(&[&*name]).set(i64::from(sink.trouble.is_some()));
        }
    }
}
