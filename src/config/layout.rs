//! What a file of settings may say: every section and key once, its shape and its bounds.

use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::SignedDuration;

use super::settings::{IndexMemory, LogFormat, LogLevel, Settings};
use super::shapes::{
    DAY_MS, Days, Elsewheres, Folder, HOUR_MS, Loopback, MINUTE_MS, Number, OptionalFile, SECOND_MS, Shape,
    SiteName, Span, Words,
};
use super::sources::walk_source;
use super::webhooks::walk_webhook;
use crate::domain::alert::CallerClass;
use crate::domain::{Durability, FeedName};
use crate::screening::{FeedPolicy, IssuerNotReported, KindDiffers, Policy};

const WORKERS: RangeInclusive<usize> = 1..=256;
const BODY_BYTES_MAX: RangeInclusive<usize> = 1 << 10..=1 << 20;
const CONNECTIONS_MAX: RangeInclusive<usize> = 1..=65_536;
const STREAMS_MAX: RangeInclusive<usize> = 1..=1024;
const KEEP_ALIVE: Span<Duration> = Span::new(SECOND_MS..=HOUR_MS);
const REQUEST_HEAD_TIMEOUT: Span<Duration> = Span::new(100..=MINUTE_MS);
const IMPORT_STALL_TIMEOUT: Span<Duration> = Span::new(100..=10 * MINUTE_MS);
const DRAIN_TIMEOUT: Span<Duration> = Span::new(100..=10 * MINUTE_MS);
const LINE_BYTES_MAX: RangeInclusive<usize> = 256..=1 << 20;
const CHUNK_LINES: RangeInclusive<usize> = 1..=65_536;
const BACKLOG_BYTES_MAX: RangeInclusive<usize> = 1 << 20..=1 << 30;
const CONCURRENT_MAX: RangeInclusive<usize> = 1..=64;
const QUEUE_ENTRIES_MAX: RangeInclusive<usize> = 1..=1 << 20;
const CHECKPOINT_EVERY: Span<Duration> = Span::new(SECOND_MS..=MINUTE_MS);
/// A list older than a year is an old list, whatever its publisher's habits.
const AGE: Span<SignedDuration> = Span::new(SECOND_MS..=366 * DAY_MS);

const INDEX_MEMORY: Words<IndexMemory> =
    Words(&[("cached", IndexMemory::Cached), ("locked", IndexMemory::Locked)]);
const DURABILITY: Words<Durability> =
    Words(&[("synced", Durability::Synced), ("written", Durability::Written)]);
const KIND_DIFFERS: Words<KindDiffers> =
    Words(&[("hit", KindDiffers::Hit), ("inconclusive", KindDiffers::Inconclusive)]);
const ISSUER_NOT_REPORTED: Words<IssuerNotReported> =
    Words(&[("warn", IssuerNotReported::Warn), ("inconclusive", IssuerNotReported::Inconclusive)]);
const ON_OFF: Words<bool> = Words(&[("on", true), ("off", false)]);
pub(super) const CALLER_CLASS: Words<CallerClass> =
    Words(&[("officer", CallerClass::Officer), ("carrier", CallerClass::Carrier)]);
const CLEARED_DAYS: RangeInclusive<usize> = 1..=3660;
const ALERT_DAYS: RangeInclusive<usize> = 1..=3660;
const UNAPPROVED_HOURS: RangeInclusive<usize> = 0..=72;
const LEVEL: Words<LogLevel> = Words(&[
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
]);
const FORMAT: Words<LogFormat> = Words(&[("text", LogFormat::Text), ("json", LogFormat::Json)]);

/// Who goes through the keys: the reader of a file, or a writer.
pub(super) trait Walk {
    /// One key of a section. Whoever reads leaves `value` as it is if the file says nothing or nothing sound.
    fn key<S: Shape>(&mut self, section: &str, key: &'static str, shape: &S, value: &mut S::Of);

    /// The feeds that have a section of their own; `known` are those of the settings walked.
    fn feeds(&mut self, section: &str, known: Vec<FeedName>) -> Vec<FeedName>;
}

/// Goes through every key.
pub(super) fn walk(walk: &mut impl Walk, settings: &mut Settings) {
    let Settings {
        data_dir,
        index_memory,
        service,
        manifests,
        audit,
        retention,
        alerts,
        cases,
        policy,
        deviations_file,
        sources,
        webhooks,
        log,
    } = settings;
    walk.key("data", "dir", &Folder, data_dir);
    walk.key("data", "index-memory", &INDEX_MEMORY, index_memory);
    walk.key("service", "bind", &Loopback, &mut service.bind);
    walk.key("service", "site", &SiteName, &mut service.site);
    walk.key("service", "workers", &Number(WORKERS), &mut service.workers);
    walk.key("service", "caller-class", &CALLER_CLASS, &mut service.caller_class);
    walk.key("service", "body-bytes-max", &Number(BODY_BYTES_MAX), &mut service.body_bytes_max);
    walk.key("service", "connections-max", &Number(CONNECTIONS_MAX), &mut service.connections_max);
    walk.key("service", "streams-max", &Number(STREAMS_MAX), &mut service.streams_max);
    walk.key("service", "keep-alive", &KEEP_ALIVE, &mut service.keep_alive);
    walk.key("service", "request-head-timeout", &REQUEST_HEAD_TIMEOUT, &mut service.request_head_timeout);
    walk.key("service", "import-stall-timeout", &IMPORT_STALL_TIMEOUT, &mut service.import_stall_timeout);
    walk.key("service", "drain-timeout", &DRAIN_TIMEOUT, &mut service.drain_timeout);
    walk.key("manifests", "line-bytes-max", &Number(LINE_BYTES_MAX), &mut manifests.line_bytes_max);
    walk.key("manifests", "chunk-lines", &Number(CHUNK_LINES), &mut manifests.chunk_lines);
    walk.key("manifests", "backlog-bytes-max", &Number(BACKLOG_BYTES_MAX), &mut manifests.backlog_bytes_max);
    walk.key("manifests", "concurrent-max", &Number(CONCURRENT_MAX), &mut manifests.concurrent_max);
    walk.key("audit", "durability", &DURABILITY, &mut audit.durability);
    walk.key("audit", "queue-entries-max", &Number(QUEUE_ENTRIES_MAX), &mut audit.queue_entries_max);
    walk.key("audit", "checkpoint-every", &CHECKPOINT_EVERY, &mut audit.checkpoint_every);
    walk.key("audit", "checkpoints-to", &Elsewheres, &mut audit.checkpoints_to);
    walk.key("audit", "checkpoints-credentials-file", &OptionalFile, &mut audit.checkpoints_credentials);
    walk.key("audit", "checkpoints-authorities-file", &OptionalFile, &mut audit.checkpoints_authorities);
    walk.key("audit", "keep-answers-days", &Days, &mut retention.answers_days);
    walk.key("audit", "keep-hits-days", &Days, &mut retention.hits_days);
    walk.key("audit", "keep-acts-days", &Days, &mut retention.acts_days);
    walk.key("alerts", "days-max", &Number(ALERT_DAYS), &mut alerts.days_max);
    walk.key("alerts", "four-eyes", &ON_OFF, &mut alerts.four_eyes);
    walk.key("alerts", "unapproved-hours", &Number(UNAPPROVED_HOURS), &mut alerts.unapproved_hours);
    walk.key("cases", "four-eyes", &ON_OFF, &mut cases.four_eyes);
    walk.key("cases", "cleared-days-max", &Number(CLEARED_DAYS), &mut cases.cleared_days_max);
    walk_policy(walk, policy);
    walk.key("screening", "deviations-file", &OptionalFile, deviations_file);
    for feed in walk.feeds("sources", sources.keys().cloned().collect()) {
        let section = format!("sources.{feed}");
        walk_source(walk, &section, sources.entry(feed).or_default());
    }
    for sink in walk.feeds("webhooks", webhooks.keys().cloned().collect()) {
        let section = format!("webhooks.{sink}");
        walk_webhook(walk, &section, webhooks.entry(sink).or_default());
    }
    walk.key("log", "level", &LEVEL, &mut log.level);
    walk.key("log", "format", &FORMAT, &mut log.format);
}

/// Goes through the keys that verdicts depend on.
pub(super) fn walk_policy(walk: &mut impl Walk, policy: &mut Policy) {
    walk.key("screening", "kind-differs", &KIND_DIFFERS, &mut policy.kind_differs);
    walk_feed(walk, "feed-defaults", &mut policy.feed_defaults);
    for feed in walk.feeds("feeds", policy.feeds.keys().cloned().collect()) {
        let section = format!("feeds.{feed}");
        walk_feed(walk, &section, policy.feeds.entry(feed).or_insert_with(|| policy.feed_defaults.clone()));
    }
}

fn walk_feed(walk: &mut impl Walk, section: &str, policy: &mut FeedPolicy) {
    walk.key(section, "warn-after", &AGE, &mut policy.warn_after);
    walk.key(section, "stale-after", &AGE, &mut policy.stale_after);
    walk.key(section, "issuer-not-reported", &ISSUER_NOT_REPORTED, &mut policy.issuer_not_reported);
}
