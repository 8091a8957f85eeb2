//! Everything an operator may set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::deviations;
use super::faults::Faults;
use super::layout::walk;
use super::reader::Reader;
use super::shapes::{Millis as _, span_text};
use super::sources::SourceSettings;
use super::webhooks::WebhookSettings;
use super::writer;
use crate::alerting::{AlertPolicy, CasePolicy};
use crate::domain::{Digest, FeedName};
use crate::screening::{FeedPolicy, Policy};
use crate::{audit, bulk, http};

/// Everything an operator may set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The folder that holds the index and the audit logs.
    pub data_dir: PathBuf,
    /// Whether the service locks the lists in memory.
    pub index_memory: IndexMemory,
    /// Where the service listens and what it bounds.
    pub service: http::Limits,
    /// Bounds on manifests.
    pub manifests: bulk::Limits,
    /// How the audit log is written.
    pub audit: audit::Config,
    /// For how long entries of the audit log are kept.
    pub retention: audit::Retention,
    /// The rules for issuing alerts.
    pub alerts: AlertPolicy,
    /// The rules for outcomes of cases.
    pub cases: CasePolicy,
    /// The rules of verdicts.
    pub policy: Policy,
    /// The file of issuers' wrong check digits that takes the place of the list in `policy`. Whoever reads the settings
    /// reads it too.
    pub deviations_file: Option<PathBuf>,
    /// Where signed feeds come from. A `no_hit` needs each of them, which `policy` says.
    pub sources: BTreeMap<FeedName, SourceSettings>,
    /// Who is told of hits.
    pub webhooks: BTreeMap<FeedName, WebhookSettings>,
    /// What the program says of itself, and how.
    pub log: LogSettings,
}

/// What the program says of itself, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogSettings {
    /// The least weighty events that are told.
    pub level: LogLevel,
    /// The form of a line.
    pub format: LogFormat,
}

/// How weighty an event of the program's log is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something will fail if nobody acts.
    Warn,
    /// Something that happens rarely and matters: a start, a new generation.
    #[default]
    Info,
    /// What a developer wants to know.
    Debug,
}

/// How the lists are held in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndexMemory {
    /// As the operating system sees fit.
    #[default]
    Cached,
    /// Locked, so that nothing else takes their place.
    Locked,
}

/// The form of a line of the program's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// The defaults, for a data folder.
    #[must_use]
    pub fn defaults_for(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            index_memory: IndexMemory::default(),
            service: http::Limits::default(),
            manifests: bulk::Limits::default(),
            audit: audit::Config::default(),
            retention: audit::Retention::default(),
            alerts: AlertPolicy::default(),
            cases: CasePolicy::default(),
            policy: Policy { deviations: deviations::shipped(), ..Policy::default() },
            deviations_file: None,
            sources: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            log: LogSettings::default(),
        }
    }

    /// Reads a file's text. Everything but `data.dir` may be left out.
    ///
    /// # Errors
    /// Every fault of the text at once; nothing of a faulty file is used.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        Self::read(text, None)
    }

    /// Reads a file's text for a data folder given in another way, which goes before the file's.
    ///
    /// # Errors
    /// As [`Settings::parse`].
    pub fn parse_for(text: &str, data_dir: &Path) -> Result<Self, Faults> {
        Self::read(text, Some(data_dir))
    }

    /// The settings in force as an annotated file, which reads back as the same settings.
    #[must_use]
    pub fn canonical(&self) -> String {
        writer::annotated(self)
    }

    /// SHA-256 over those settings that verdicts depend on, whatever the order and form of the file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        writer::policy_digest(&self.policy)
    }

    fn read(text: &str, data_dir: Option<&Path>) -> Result<Self, Faults> {
        let mut settings = Self::defaults_for(EXAMPLE_DATA_DIR);
        let faults = match Reader::new(text) {
            Err(no_toml) => vec![no_toml],
            Ok(mut reader) => {
                walk(&mut reader, &mut settings);
                if data_dir.is_none() && !reader.given("data.dir") {
                    reader.refuse("data.dir", format!("missing; such as dir = {EXAMPLE_DATA_DIR:?}"));
                }
                refuse_chunk_beyond_queue(&mut reader, &settings);
                refuse_crossed_ages(&mut reader, &settings.policy);
                refuse_half_sources(&mut reader, &settings);
                refuse_half_webhooks(&mut reader, &settings);
                reader.finish()
            }
        };
        Faults::check(faults)?;
        settings.policy.expected = settings.sources.keys().cloned().collect();
        if let Some(data_dir) = data_dir {
            settings.data_dir = data_dir.to_owned();
        }
        Ok(settings)
    }
}

const EXAMPLE_DATA_DIR: &str = "/var/lib/portcullis";

/// A chunk is recorded whole: one that never fits in the queue would always be refused.
fn refuse_chunk_beyond_queue(reader: &mut Reader, settings: &Settings) {
    let (lines, entries) = (settings.manifests.chunk_lines, settings.audit.queue_entries_max);
    let refused = reader.refused("manifests.chunk-lines") || reader.refused("audit.queue-entries-max");
    if lines > entries && !refused {
        let what = format!(
            "a chunk is recorded whole, so {lines} lines need audit.queue-entries-max = {lines} or more"
        );
        reader.refuse("manifests.chunk-lines", format!("{what}; it is {entries}"));
    }
}

/// A source without a root or a mirror is none.
fn refuse_half_sources(reader: &mut Reader, settings: &Settings) {
    for (feed, source) in &settings.sources {
        let missing = [("root-file", source.root_file.is_none()), ("mirrors", source.mirrors.is_empty())];
        for (key, _) in missing.into_iter().filter(|(_, missing)| *missing) {
            let path = format!("sources.{feed}.{key}");
            if !reader.refused(&path) {
                reader.refuse(path, "missing: a source has a root-file and mirrors");
            }
        }
        if source.certificate_file.is_some() != source.key_file.is_some() {
            reader.refuse(format!("sources.{feed}"), "certificate-file and key-file go together");
        }
    }
}

/// A receiver without an address, or one that cannot know who tells it, is none.
fn refuse_half_webhooks(reader: &mut Reader, settings: &Settings) {
    for (sink, webhook) in &settings.webhooks {
        let missing = [("url", webhook.url.is_empty()), ("secret-file", webhook.secret_file.is_none())];
        for (key, _) in missing.into_iter().filter(|(_, missing)| *missing) {
            let path = format!("webhooks.{sink}.{key}");
            if !reader.refused(&path) {
                reader.refuse(path, "missing: a receiver of hits has a url and a secret-file");
            }
        }
    }
}

/// A feed must be ageing before it is stale. Ages of which one was refused are not compared, and a fault of the
/// defaults is not told again for each feed that inherits them.
fn refuse_crossed_ages(reader: &mut Reader, policy: &Policy) {
    let defaults = &policy.feed_defaults;
    refuse_crossed(reader, "feed-defaults", defaults);
    let ages = |rules: &FeedPolicy| (rules.warn_after, rules.stale_after);
    for (feed, rules) in policy.feeds.iter().filter(|(_, rules)| ages(rules) != ages(defaults)) {
        refuse_crossed(reader, &format!("feeds.{feed}"), rules);
    }
}

fn refuse_crossed(reader: &mut Reader, section: &str, rules: &FeedPolicy) {
    let own = ["warn-after", "stale-after"].map(|key| format!("{section}.{key}"));
    let inherited = ["warn-after", "stale-after"].map(|key| format!("feed-defaults.{key}"));
    let refused = own.iter().zip(&inherited).any(|(own, inherited)| {
        let source = if reader.given(own) { own } else { inherited };
        reader.refused(source)
    });
    if rules.warn_after > rules.stale_after && !refused {
        let origin = |own: &String| if reader.given(own) { "" } else { ", the default" };
        let what = format!(
            "a feed must be ageing before it is stale: warn-after ({}{}) is longer than stale-after ({}{})",
            span_text(rules.warn_after.ms()),
            origin(&own[0]),
            span_text(rules.stale_after.ms()),
            origin(&own[1]),
        );
        reader.refuse(section, what);
    }
}
