//! What a sound file of settings means, how it is shown and what its digest covers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;
use portcullis::alerting::{AlertPolicy, CasePolicy};
use portcullis::audit;
use portcullis::config::{
    IndexMemory, LogFormat, LogLevel, LogSettings, Settings, SourceSettings, WebhookSettings,
};
use portcullis::domain::alert::CallerClass;
use portcullis::domain::{Durability, FeedName};
use portcullis::screening::{FeedPolicy, IssuerNotReported, KindDiffers, Policy};
use portcullis::syncing::Activation;
use proptest::prelude::*;

const SHIPPED: &str = include_str!("../../config/portcullis.toml");

fn defaults() -> Settings {
    Settings::defaults_for("/var/lib/portcullis")
}

fn with(text: &str) -> Settings {
    Settings::parse_for(text, "/data".as_ref()).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_shipped_file_says_the_defaults() {
    assert_eq!(Settings::parse(SHIPPED).unwrap(), defaults());
    assert_eq!(Settings::parse("[data]\ndir = '/var/lib/portcullis'").unwrap(), defaults());
}

#[test]
fn every_key_of_a_file_reaches_its_setting() {
    let read = Settings::parse(
        "
        [data]
        dir = 'data'
        index-memory = 'locked'
        [service]
        bind = '[::1]:9'
        site = 'north'
        workers = 3
        caller-class = 'carrier'
        body-bytes-max = 4096
        connections-max = 5
        streams-max = 4
        keep-alive = '6s'
        request-head-timeout = '700ms'
        import-stall-timeout = '9s'
        drain-timeout = '8m'
        [manifests]
        line-bytes-max = 900
        chunk-lines = 10
        backlog-bytes-max = 1100000
        concurrent-max = 12
        [audit]
        durability = 'written'
        queue-entries-max = 13
        checkpoint-every = '14s'
        checkpoints-to = ['/mnt/a', 'https://b.example/c']
        checkpoints-credentials-file = 'in.txt'
        checkpoints-authorities-file = 'ca.pem'
        keep-answers-days = 30
        keep-hits-days = 'always'
        keep-acts-days = 3650
        [alerts]
        days-max = 77
        four-eyes = 'on'
        unapproved-hours = 12
        [cases]
        four-eyes = 'on'
        cleared-days-max = 78
        [screening]
        kind-differs = 'inconclusive'
        [feed-defaults]
        warn-after = '14h'
        stale-after = '15d'
        issuer-not-reported = 'inconclusive'
        [feeds.national]
        warn-after = '16m'
        [sources.utopia]
        root-file = 'root.json'
        mirrors = ['https://a.example/b', 'stick']
        every = '17s'
        activation = 'at 18:19'
        sequence-min = 20
        shrink-max = 0.25
        fold-mib-per-second = 21
        bytes-per-second-max = 22
        bytes-per-second-min = 23
        authorities-file = 'ca.pem'
        certificate-file = 'own.pem'
        key-file = 'key.pem'
        proxy = 'http://proxy.example'
        s3-endpoint = 'https://objects.example'
        s3-region = 'here'
        [webhooks.desk]
        url = 'https://desk.example/hits?of=north'
        secret-file = 'desk.secret'
        class = 'carrier'
        timeout = '24s'
        authorities-file = 'ca.pem'
        [log]
        level = 'debug'
        format = 'json'
        ",
    )
    .unwrap();
    let feed_defaults = FeedPolicy {
        warn_after: SignedDuration::from_hours(14),
        stale_after: SignedDuration::from_hours(15 * 24),
        issuer_not_reported: IssuerNotReported::Inconclusive,
    };
    let national = FeedPolicy { warn_after: SignedDuration::from_mins(16), ..feed_defaults.clone() };
    let utopia = SourceSettings {
        root_file: Some("root.json".into()),
        mirrors: vec!["https://a.example/b".to_owned(), "stick".to_owned()],
        every: Duration::from_secs(17),
        activation: Activation::At(18 * 60 + 19),
        sequence_min: 20,
        shrink_max: 0.25,
        fold_mib_per_second: 21,
        bytes_per_second_max: 22,
        bytes_per_second_min: 23,
        authorities_file: Some("ca.pem".into()),
        certificate_file: Some("own.pem".into()),
        key_file: Some("key.pem".into()),
        proxy: Some("http://proxy.example".into()),
        s3_endpoint: Some("https://objects.example".into()),
        s3_region: Some("here".into()),
    };
    let desk = WebhookSettings {
        url: "https://desk.example/hits?of=north".to_owned(),
        secret_file: Some("desk.secret".into()),
        class: CallerClass::Carrier,
        timeout: Duration::from_secs(24),
        authorities_file: Some("ca.pem".into()),
    };
    let expected = Settings {
        data_dir: "data".into(),
        index_memory: IndexMemory::Locked,
        service: portcullis::http::Limits {
            bind: "[::1]:9".parse().unwrap(),
            caller_class: CallerClass::Carrier,
            workers: 3,
            body_bytes_max: 4096,
            connections_max: 5,
            site: Some("north".into()),
            streams_max: 4,
            keep_alive: Duration::from_secs(6),
            request_head_timeout: Duration::from_millis(700),
            import_stall_timeout: Duration::from_secs(9),
            drain_timeout: Duration::from_secs(480),
        },
        manifests: portcullis::bulk::Limits {
            line_bytes_max: 900,
            chunk_lines: 10,
            backlog_bytes_max: 1_100_000,
            concurrent_max: 12,
        },
        audit: audit::Config {
            durability: Durability::Written,
            queue_entries_max: 13,
            checkpoint_every: Duration::from_secs(14),
            checkpoints_to: vec!["/mnt/a".into(), "https://b.example/c".into()],
            checkpoints_credentials: Some("in.txt".into()),
            checkpoints_authorities: Some("ca.pem".into()),
            ..audit::Config::default()
        },
        retention: audit::Retention { answers_days: Some(30), hits_days: None, acts_days: Some(3650) },
        alerts: AlertPolicy { days_max: 77, four_eyes: true, unapproved_hours: 12 },
        cases: CasePolicy { four_eyes: true, cleared_days_max: 78 },
        policy: Policy {
            kind_differs: KindDiffers::Inconclusive,
            deviations: Settings::defaults_for("x").policy.deviations,
            feed_defaults,
            feeds: [(FeedName::parse("national").unwrap(), national)].into(),
            expected: [FeedName::parse("utopia").unwrap()].into(),
        },
        deviations_file: None,
        sources: [(FeedName::parse("utopia").unwrap(), utopia)].into(),
        webhooks: [(FeedName::parse("desk").unwrap(), desk)].into(),
        log: LogSettings { level: LogLevel::Debug, format: LogFormat::Json },
    };
    assert_eq!(read, expected);
    assert_eq!(Settings::parse(&expected.canonical()).unwrap(), expected);
}

#[test]
fn a_feed_inherits_what_its_section_leaves_out_wherever_the_defaults_stand() {
    let read = with("[feeds.a]\nwarn-after = '1h'\n[feeds.b]\n[feed-defaults]\nstale-after = '4d'");
    let rules = |name: &str| read.policy.of(&FeedName::parse(name).unwrap()).clone();
    assert_eq!(rules("a").warn_after, SignedDuration::from_hours(1));
    assert_eq!(rules("a").stale_after, SignedDuration::from_hours(96));
    assert_eq!(rules("b"), read.policy.feed_defaults);
    assert_eq!(rules("c"), read.policy.feed_defaults);
}

#[test]
fn the_digest_is_frozen() {
    // Audit entries and answers name it: another value for the same rules would make them look changed.
    assert_eq!(
        defaults().digest().to_string(),
        "99fe7ef841691f1f6e20604b23b083c9c0d13366a4076c7b840ebdf9d6665c43"
    );
}

#[test]
fn the_digest_covers_what_verdicts_depend_on() {
    let digest = |text: &str| with(text).digest();
    let digests = [
        digest(""),
        digest("[screening]\nkind-differs = 'inconclusive'"),
        digest("[feed-defaults]\nwarn-after = '23h'"),
        digest("[feed-defaults]\nstale-after = '73h'"),
        digest("[feed-defaults]\nissuer-not-reported = 'inconclusive'"),
        digest("[feeds.a]\nstale-after = '73h'"),
        digest("[feeds.b]\nstale-after = '73h'"),
        digest("[feeds.a]\nwarn-after = '23h'"),
        digest("[feeds.a]\nissuer-not-reported = 'inconclusive'"),
    ];
    let mut distinct = digests.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), digests.len());
}

#[test]
fn the_digest_covers_nothing_else() {
    let digest = |text: &str| with(text).digest();
    for same in [
        "[service]\nworkers = 7\n[manifests]\nchunk-lines = 9\n[audit]\ndurability = 'written'\n[log]\nlevel = 'debug'",
        "[feed-defaults]\nwarn-after = '1440m' # a day",
        "[feeds.a]",
        "[feeds.a]\nstale-after = '3d'",
    ] {
        assert_eq!(digest(same), digest(""), "{same}");
    }
    assert_eq!(
        digest("[feeds.b]\nwarn-after = '2h'\n[feeds.a]\nwarn-after = '1h'"),
        digest("feeds = { a = { warn-after = '60m' }, b = { warn-after = '120m' } }"),
    );
}

proptest! {
    #[test]
    fn settings_as_shown_read_back_as_the_same_settings(settings in settings()) {
        let read = Settings::parse(&settings.canonical()).map_err(|faults| TestCaseError::fail(faults.to_string()))?;
        prop_assert_eq!(&read, &settings);
        prop_assert_eq!(read.digest(), settings.digest());
    }
}

fn settings() -> impl Strategy<Value = Settings> {
    let data_dir = "[^\\pC]{1,40}";
    let service = (
        prop_oneof![
            any::<u16>().prop_map(|port| ([127, 0, 0, 1], port).into()),
            any::<u16>().prop_map(|port| (std::net::Ipv6Addr::LOCALHOST, port).into()),
        ],
        (1..=256_usize, 1024..=1_048_576_usize, 1..=65_536_usize, 1..=1024_usize),
        (1_000..=3_600_000_u64, 100..=60_000_u64, 100..=600_000_u64, 100..=600_000_u64),
    )
        .prop_map(|(bind, (workers, body_bytes_max, connections_max, streams_max), millis)| {
            portcullis::http::Limits {
                bind,
                caller_class: CallerClass::Officer,
                workers,
                body_bytes_max,
                connections_max,
                site: None,
                streams_max,
                keep_alive: Duration::from_millis(millis.0),
                request_head_timeout: Duration::from_millis(millis.1),
                drain_timeout: Duration::from_millis(millis.2),
                import_stall_timeout: Duration::from_millis(millis.3),
            }
        });
    let manifests = (256..=1_048_576_usize, 1..=65_536_usize, 1_048_576..=1_073_741_824_usize, 1..=64_usize)
        .prop_map(|(line_bytes_max, chunk_lines, backlog_bytes_max, concurrent_max)| {
            portcullis::bulk::Limits { line_bytes_max, chunk_lines, backlog_bytes_max, concurrent_max }
        });
    let folders = prop::collection::vec("[ -9;-~]{1,20}".prop_map(Into::into), 0..3);
    let audit = (any::<bool>(), 1..=1_048_576_usize, 1_000_u64..=60_000, folders);
    let audit = audit.prop_map(|(synced, queue_entries_max, every_ms, checkpoints_to)| audit::Config {
        durability: if synced { Durability::Synced } else { Durability::Written },
        queue_entries_max,
        checkpoint_every: Duration::from_millis(every_ms),
        checkpoints_to,
        ..audit::Config::default()
    });
    let days = || prop::option::of(1_u32..=36_500);
    let retention = (days(), days(), days()).prop_map(|(answers_days, hits_days, acts_days)| {
        audit::Retention { answers_days, hits_days, acts_days }
    });
    let feeds = prop::collection::btree_map(
        "[a-z0-9][a-z0-9-]{0,31}".prop_map(|name| FeedName::parse(&name).expect("the pattern is the rule")),
        feed_policy(),
        0..4,
    );
    let policy = (any::<bool>(), feed_policy(), feeds).prop_map(|(hit, feed_defaults, feeds)| Policy {
        kind_differs: if hit { KindDiffers::Hit } else { KindDiffers::Inconclusive },
        deviations: Settings::defaults_for("x").policy.deviations,
        feed_defaults,
        feeds,
        expected: BTreeSet::new(),
    });
    let log = (
        prop::sample::select(vec![LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug]),
        prop::sample::select(vec![LogFormat::Text, LogFormat::Json]),
    )
        .prop_map(|(level, format)| LogSettings { level, format });
    (data_dir, service, manifests, (audit, retention), policy, log).prop_map(
        |(data_dir, service, manifests, (mut audit, retention), policy, log)| {
            audit.queue_entries_max = audit.queue_entries_max.max(manifests.chunk_lines);
            Settings {
                data_dir: data_dir.into(),
                index_memory: if service.workers % 2 == 0 {
                    IndexMemory::Cached
                } else {
                    IndexMemory::Locked
                },
                service,
                manifests,
                audit,
                retention,
                alerts: AlertPolicy::default(),
                cases: CasePolicy::default(),
                policy,
                deviations_file: None,
                sources: BTreeMap::new(),
                webhooks: BTreeMap::new(),
                log,
            }
        },
    )
}

fn feed_policy() -> impl Strategy<Value = FeedPolicy> {
    let age_ms =
        || prop_oneof![1_000..=366 * 86_400_000_i64, (1..=366_i64).prop_map(|days| days * 86_400_000)];
    (age_ms(), age_ms(), any::<bool>()).prop_map(|(one, other, warn)| FeedPolicy {
        warn_after: SignedDuration::from_millis(one.min(other)),
        stale_after: SignedDuration::from_millis(one.max(other)),
        issuer_not_reported: if warn { IssuerNotReported::Warn } else { IssuerNotReported::Inconclusive },
    })
}
