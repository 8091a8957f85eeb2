//! What a publisher has decided for a feed: `feed.toml` in the feed's folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::faults::{Fault, Faults};
use super::shapes::{DAY_MS, MINUTE_MS, Millis as _, Shape as _, Span, span_text};
use super::stores::StoreSettings;
use crate::domain::{DocumentId, DocumentNumber, FeedName, IssuingState};
use crate::feed::{Lifetimes, PublicKey, RoleName, Terms};
use crate::index::DELTA_DOCUMENTS_MAX;
use crate::publishing::feed::FeedSettings;

/// The settings of a publisher, and where the keys are that sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherSettings {
    /// What was decided.
    pub feed: FeedSettings,
    /// Where the private keys of each role are.
    pub keys: BTreeMap<RoleName, Vec<KeySource>>,
    /// The stores that hand the feed out.
    pub stores: Vec<StoreSettings>,
}

/// Where a private key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file, relative to the feed's folder.
    File(PathBuf),
    /// In a variable of the environment, as PEM.
    Environment(String),
    /// With a program that signs.
    Hook {
        /// The public key that its signatures are checked with.
        public: PublicKey,
        /// The program, then its arguments.
        command: Vec<String>,
    },
}

const FORMAT_VERSION: u32 = 1;
const LIFETIME: Span<Duration> = Span::new(MINUTE_MS..=3660 * DAY_MS);
const CANARIES_MAX: usize = 64;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    format_version: u32,
    name: String,
    keys: BTreeMap<String, Vec<String>>,
    lifetimes: LifetimesTable,
    deltas: DeltasTable,
    canaries: CanariesTable,
    #[serde(default)]
    terms: TermsTable,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stores: Vec<StoreSettings>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct TermsTable {
    #[serde(skip_serializing_if = "String::is_empty")]
    legal_basis: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    purposes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audiences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    onward_to_carriers: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hits_to_be_reported: Option<bool>,
    #[serde(skip_serializing_if = "String::is_empty")]
    contact: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    review_on: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LifetimesTable {
    root: String,
    publication: String,
    heartbeat: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DeltasTable {
    documents_max: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CanariesTable {
    hit: Vec<String>,
    miss: Vec<String>,
}

impl PublisherSettings {
    /// Reads `feed.toml`.
    ///
    /// # Errors
    /// Every fault of the text; nothing of a faulty file is used.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        let file: File = toml::from_str(text).map_err(|error| {
            Faults::of(Fault { at: "feed.toml".to_owned(), what: error.message().to_owned() })
        })?;
        let mut faults = Vec::new();
        let settings = file.read(&mut faults);
        Faults::check(faults)?;
        Ok(settings.expect("what has no fault can be read"))
    }

    /// What `feed.toml` says of a new feed, with its keys in files.
    #[must_use]
    pub fn first(feed: FeedName, keys: BTreeMap<RoleName, Vec<PathBuf>>) -> Self {
        let specimen = |number| DocumentId {
            issuing_state: IssuingState::recognise("UTO").expect("the state of specimens is listed").state,
            number: DocumentNumber::parse(number).expect("it is a number"),
        };
        let days = |days: i64| SignedDuration::from_hours(24 * days);
        let lifetimes = Lifetimes { root: days(365), publication: days(30), heartbeat: days(3) };
        let files = |paths: Vec<PathBuf>| paths.into_iter().map(KeySource::File).collect();
        Self {
            feed: FeedSettings {
                feed,
                lifetimes,
                delta_documents_max: 250_000,
                changes_max: FeedSettings::CHANGES_MAX,
                canaries: (vec![specimen("CANARY001")], vec![specimen("CANARY002")]),
                terms: Terms::default(),
            },
            keys: keys.into_iter().map(|(role, paths)| (role, files(paths))).collect(),
            stores: Vec::new(),
        }
    }

    /// The text that reads as these settings.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let FeedSettings { feed, lifetimes, delta_documents_max, changes_max: _, canaries, terms } =
            &self.feed;
        let span = |of: SignedDuration| span_text(of.ms());
        let documents = |of: &[DocumentId]| {
            of.iter().map(|of| format!("{} {}", of.issuing_state.code(), of.number.as_str())).collect()
        };
        let keys = self.keys.iter();
        let keys = keys.map(|(role, of)| (role.word().to_owned(), of.iter().map(KeySource::text).collect()));
        let file = File {
            format_version: FORMAT_VERSION,
            name: feed.to_string(),
            keys: keys.collect(),
            lifetimes: LifetimesTable {
                root: span(lifetimes.root),
                publication: span(lifetimes.publication),
                heartbeat: span(lifetimes.heartbeat),
            },
            deltas: DeltasTable { documents_max: *delta_documents_max },
            canaries: CanariesTable { hit: documents(&canaries.0), miss: documents(&canaries.1) },
            terms: TermsTable::of(terms.clone()),
            stores: self.stores.clone(),
        };
        let body = toml::to_string(&file).expect("texts and numbers can be written");
        format!("{HEAD}{body}")
    }
}

/// Whoever opens the file in an editor reads this first.
const HEAD: &str = "\
# What is decided for this feed. Every publication is made by it.
# keys        where each private key is: a file relative to this folder, \"env:NAME\" for PEM in a variable of the
#             environment, or \"hook:PUBLIC-KEY program argument …\" for a program that reads what is to be signed from
#             standard input and writes the signature to standard output. Keep the root's keys offline: they are needed
#             for `feed rotate-key` only.
# lifetimes   how long readers accept what is signed. Where feeds travel by hand, at least two deliveries.
# deltas      a delta that changes more documents is folded into the next base.
# canaries    specimens, nobody's: documents that every list has, and documents that none has.
# terms       legal-basis, purposes, audiences, onward-to-carriers, hits-to-be-reported, contact, review-on.
# stores      [[stores]] hand the feed out, each with its url, s3://bucket/folder or https://…; see `feed push --help`.

";

impl File {
    fn read(self, faults: &mut Vec<Fault>) -> Option<PublisherSettings> {
        let mut refuse = |at: &str, what: String| faults.push(Fault { at: at.to_owned(), what });
        if self.format_version != FORMAT_VERSION {
            refuse(
                "format-version",
                format!("is {}; this program reads {FORMAT_VERSION}", self.format_version),
            );
        }
        let feed = FeedName::parse(&self.name).map_err(|fault| refuse("name", fault.to_string())).ok();
        let mut span = |at: &str, text: String| {
            let read = LIFETIME.read(&toml::Value::String(text)).ok();
            if read.is_none() {
                refuse(at, format!("expected {}", LIFETIME.expected()));
            }
            read.map(|read| SignedDuration::from_ms(read.ms()))
        };
        let root = span("lifetimes.root", self.lifetimes.root);
        let publication = span("lifetimes.publication", self.lifetimes.publication);
        let heartbeat = span("lifetimes.heartbeat", self.lifetimes.heartbeat);
        if !(1..=DELTA_DOCUMENTS_MAX).contains(&self.deltas.documents_max) {
            refuse(
                "deltas.documents-max",
                format!("expected a whole number from 1 to {DELTA_DOCUMENTS_MAX}"),
            );
        }
        let mut documents = |at: &str, texts: &[String]| {
            let read: Option<Vec<_>> = texts.iter().map(|text| document(text)).collect();
            let read = read.filter(|read| (1..=CANARIES_MAX).contains(&read.len()));
            if read.is_none() {
                let example =
                    "expected documents such as \"UTO CANARY001\": the code of a state and a number; 1 to 64";
                refuse(at, example.to_owned());
            }
            read
        };
        let hit = documents("canaries.hit", &self.canaries.hit);
        let miss = documents("canaries.miss", &self.canaries.miss);
        let mut keys = BTreeMap::new();
        for role in RoleName::ALL {
            let texts = self.keys.get(role.word()).map(Vec::as_slice).unwrap_or_default();
            let read: Option<Vec<_>> = texts.iter().map(|text| KeySource::parse(text)).collect();
            match read {
                Some(read) => drop(keys.insert(role, read)),
                None => refuse(
                    &format!("keys.{}", role.word()),
                    "expected paths, \"env:NAME\", or \"hook:PUBLIC-KEY program argument …\"".to_owned(),
                ),
            }
        }
        if let Some(unknown) =
            self.keys.keys().find(|key| RoleName::ALL.iter().all(|role| role.word() != **key))
        {
            refuse(
                "keys",
                format!("there is no role {unknown:?}; there are root, targets, snapshot, timestamp"),
            );
        }
        let terms = self.terms.read();
        if let Some(fault) = terms.fault() {
            refuse("terms", fault.to_owned());
        }
        for (at, store) in self.stores.iter().enumerate() {
            if let Some(fault) = store.fault() {
                refuse(&format!("stores.{}", at + 1), fault.to_owned());
            }
        }
        let lifetimes = Lifetimes { root: root?, publication: publication?, heartbeat: heartbeat? };
        let feed = FeedSettings {
            feed: feed?,
            lifetimes,
            delta_documents_max: self.deltas.documents_max,
            changes_max: FeedSettings::CHANGES_MAX,
            canaries: (hit?, miss?),
            terms,
        };
        Some(PublisherSettings { feed, keys, stores: self.stores })
    }
}

impl TermsTable {
    fn of(terms: Terms) -> Self {
        let Terms {
            legal_basis,
            purposes,
            audiences,
            onward_to_carriers,
            hits_to_be_reported,
            contact,
            review_on,
        } = terms;
        Self { legal_basis, purposes, audiences, onward_to_carriers, hits_to_be_reported, contact, review_on }
    }

    fn read(self) -> Terms {
        let Self {
            legal_basis,
            purposes,
            audiences,
            onward_to_carriers,
            hits_to_be_reported,
            contact,
            review_on,
        } = self;
        Terms {
            legal_basis,
            purposes,
            audiences,
            onward_to_carriers,
            hits_to_be_reported,
            contact,
            review_on,
        }
    }
}

fn document(text: &str) -> Option<DocumentId> {
    let (state, number) = text.split_once(' ')?;
    let issuing_state = IssuingState::recognise(state)?.state;
    Some(DocumentId { issuing_state, number: DocumentNumber::parse(number).ok()? })
}

impl KeySource {
    /// Reads one as `feed.toml` names it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("env:") {
            return (!name.is_empty()).then(|| Self::Environment(name.to_owned()));
        }
        if let Some(hook) = text.strip_prefix("hook:") {
            let (public, command) = hook.split_once(' ')?;
            let command: Vec<_> = command.split_whitespace().map(str::to_owned).collect();
            let public = PublicKey::parse(public).ok()?;
            return (!command.is_empty()).then_some(Self::Hook { public, command });
        }
        (!text.is_empty()).then(|| Self::File(Path::new(text).to_owned()))
    }

    fn text(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Environment(name) => format!("env:{name}"),
            Self::Hook { public, command } => format!("hook:{public} {}", command.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first() -> PublisherSettings {
        let keys = RoleName::ALL.map(|role| (role, vec![PathBuf::from(format!("keys/{}.pem", role.word()))]));
        PublisherSettings::first(FeedName::parse("national").unwrap(), keys.into())
    }

    #[test]
    fn what_is_written_reads_as_the_same() {
        let mut settings = first();
        assert_eq!(PublisherSettings::parse(&settings.to_toml()).unwrap(), settings);
        let public = PublicKey::parse(&"a1".repeat(32)).unwrap();
        let keys = settings.keys.get_mut(&RoleName::Targets).unwrap();
        keys.push(KeySource::Environment("FEED_KEY".to_owned()));
        keys.push(KeySource::Hook { public, command: vec!["hsm".to_owned(), "sign".to_owned()] });
        settings.feed.terms.purposes = vec!["border checks".to_owned()];
        settings.feed.terms.onward_to_carriers = Some(true);
        settings.stores = vec![
            StoreSettings { url: "s3://feeds/national".to_owned(), ..StoreSettings::default() },
            StoreSettings {
                url: "https://feeds.example/national".to_owned(),
                credentials: Some("env:STORE".to_owned()),
                ..StoreSettings::default()
            },
        ];
        assert_eq!(PublisherSettings::parse(&settings.to_toml()).unwrap(), settings);
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let text = first().to_toml();
        let text = text
            .replace("format-version = 1", "format-version = 2")
            .replace("\"national\"", "\"No\"")
            .replace("365d", "1s")
            .replace("250000", "0")
            .replace("UTO CANARY001", "CANARY001")
            .replace("keys/root.pem", "")
            .replace("targets =", "target =")
            + "[[stores]]\nurl = \"\"\n";
        let faults = PublisherSettings::parse(&text).unwrap_err();
        let at: Vec<_> = faults.iter().map(|fault| fault.at.as_str()).collect();
        assert_eq!(
            at,
            [
                "format-version",
                "name",
                "lifetimes.root",
                "deltas.documents-max",
                "canaries.hit",
                "keys.root",
                "keys",
                "stores.1",
            ]
        );
        assert!(PublisherSettings::parse(&first().to_toml().replace("[deltas]", "[delta]")).is_err());
        let split = first().to_toml() + "contact = \"a\\nb\"\n";
        assert!(PublisherSettings::parse(&split).unwrap_err().to_string().contains("terms"));
    }
}
