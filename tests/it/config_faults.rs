//! What a faulty file of settings is answered with.

use std::path::Path;

use portcullis::config::Settings;
use proptest::prelude::*;

/// The faults of a file that is sound but for `text`.
fn faults(text: &str) -> Vec<String> {
    let faults = Settings::parse_for(text, Path::new("/data")).expect_err(text);
    faults.to_string().lines().map(str::to_owned).collect()
}

fn fault(text: &str) -> String {
    let mut faults = faults(text);
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    assert_eq!(
        fault("[audit]\ndurabilty = 'synced'"),
        "audit.durabilty: unknown key; [audit] has durability, queue-entries-max, checkpoint-every, checkpoints-to, \
         checkpoints-credentials-file, \
         checkpoints-authorities-file, keep-answers-days, keep-hits-days, keep-acts-days"
    );
    assert_eq!(
        fault("[feeds.national]\nwarn_after = '1h'"),
        "feeds.national.warn_after: unknown key; [feeds.national] has warn-after, stale-after, issuer-not-reported"
    );
}

#[test]
fn an_unknown_section_is_refused_by_name() {
    let expected = "[alerts], [audit], [cases], [data], [feed-defaults], [log], [manifests], [screening], [service], [feeds.NAME], [sources.NAME], [webhooks.NAME]";
    assert_eq!(fault("[servce]\nworkers = 2"), format!("servce: unknown section; there are {expected}"));
    assert!(fault("workers = 2").starts_with("workers: unknown section"));
    assert!(fault("\"a\\nb\" = 2").starts_with("\"a\\nb\": unknown section"));
}

#[test]
fn a_wrong_type_is_told_with_what_was_expected_an_example_and_what_was_given() {
    assert_eq!(
        fault("[service]\nworkers = 'two'"),
        "service.workers: expected a whole number from 1 to 256, such as workers = 2; given the string \"two\""
    );
    assert_eq!(
        fault("[screening]\nkind-differs = true"),
        "screening.kind-differs: expected one of \"hit\", \"inconclusive\", such as kind-differs = \"hit\"; \
         given the boolean true"
    );
    assert_eq!(
        fault("[service]\nkeep-alive = 75"),
        "service.keep-alive: expected a length of time from 1s to 1h, a number and one of d, h, m, s, ms, \
         such as keep-alive = \"75s\"; given the integer 75"
    );
}

#[test]
fn what_is_no_section_is_told_once() {
    assert_eq!(
        fault("service = 8080"),
        "service: expected a section, written [service]; given the integer 8080"
    );
    assert_eq!(fault("feeds = []"), "feeds: expected a section, written [feeds]; given an array");
    assert_eq!(
        fault("[feeds]\nnational = '36h'"),
        "feeds.national: expected a section, written [feeds.national]; given the string \"36h\""
    );
    assert_eq!(fault("[[log]]"), "log: expected a section, written [log]; given an array");
}

#[test]
fn a_number_out_of_bounds_is_refused_at_both_ends() {
    let keys = [
        ("service", "workers", 1, 256),
        ("service", "body-bytes-max", 1024, 1 << 20),
        ("service", "connections-max", 1, 65_536),
        ("service", "streams-max", 1, 1024),
        ("manifests", "line-bytes-max", 256, 1 << 20),
        ("manifests", "chunk-lines", 1, 65_536),
        ("manifests", "backlog-bytes-max", 1 << 20, 1 << 30),
        ("manifests", "concurrent-max", 1, 64),
        ("audit", "queue-entries-max", 1, 1 << 20),
    ];
    for (section, key, least, most) in keys {
        let text = |number: i64| match key {
            "chunk-lines" => format!("[manifests]\n{key} = {number}\n[audit]\nqueue-entries-max = 65536"),
            "queue-entries-max" => format!("[audit]\n{key} = {number}\n[manifests]\nchunk-lines = 1"),
            _ => format!("[{section}]\n{key} = {number}"),
        };
        for sound in [least, most] {
            assert!(Settings::parse_for(&text(sound), Path::new("/data")).is_ok(), "{}", text(sound));
        }
        for wrong in [least - 1, most + 1, -least, i64::MIN, i64::MAX] {
            assert!(fault(&text(wrong)).ends_with(&format!("given the integer {wrong}")), "{}", text(wrong));
        }
    }
}

#[test]
fn a_length_of_time_out_of_bounds_is_refused_at_both_ends() {
    let keys = [
        ("service", "keep-alive", ["1s", "1h"], ["999ms", "3601s"]),
        ("service", "request-head-timeout", ["100ms", "60s"], ["99ms", "61s"]),
        ("service", "import-stall-timeout", ["100ms", "10m"], ["99ms", "11m"]),
        ("service", "drain-timeout", ["100ms", "10m"], ["0s", "11m"]),
        ("feed-defaults", "warn-after", ["1s", "72h"], ["0h", "367d"]),
        ("feed-defaults", "stale-after", ["24h", "366d"], ["0s", "8785h"]),
    ];
    for (section, key, sound, wrong) in keys {
        let text = |span: &str| format!("[{section}]\n{key} = '{span}'");
        for span in sound {
            assert!(Settings::parse_for(&text(span), Path::new("/data")).is_ok(), "{}", text(span));
        }
        for span in wrong {
            assert!(fault(&text(span)).ends_with(&format!("given the string \"{span}\"")), "{}", text(span));
        }
    }
}

#[test]
fn an_address_that_others_reach_is_refused() {
    for open in ["0.0.0.0:8080", "192.0.2.1:80", "[::]:8080", "[2001:db8::1]:80"] {
        assert_eq!(
            fault(&format!("[service]\nbind = '{open}'")),
            "service.bind: until callers are authenticated the service listens on loopback only: put a proxy that \
             authenticates in front, on this machine"
        );
    }
    for loopback in ["127.0.0.1:0", "127.9.9.9:80", "[::1]:8080"] {
        let read = Settings::parse_for(&format!("[service]\nbind = '{loopback}'"), Path::new("/data"));
        assert_eq!(read.unwrap().service.bind.to_string(), loopback);
    }
    assert!(fault("[service]\nbind = 'localhost:8080'").contains("such as bind = \"127.0.0.1:8080\""));
}

#[test]
fn a_chunk_that_never_fits_in_the_audit_queue_is_refused() {
    assert_eq!(
        fault("[audit]\nqueue-entries-max = 255"),
        "manifests.chunk-lines: a chunk is recorded whole, so 256 lines need audit.queue-entries-max = 256 or more; \
         it is 255"
    );
    assert!(fault("[audit]\nqueue-entries-max = 0").starts_with("audit.queue-entries-max: expected"));
    assert!(Settings::parse_for("[audit]\nqueue-entries-max = 256", Path::new("/data")).is_ok());
}

#[test]
fn a_feed_that_would_be_stale_before_it_is_ageing_is_refused() {
    assert_eq!(
        fault(
            "[feed-defaults]\nwarn-after = '5d'\nstale-after = '96h'\n[feeds.a]\nissuer-not-reported = 'warn'"
        ),
        "feed-defaults: a feed must be ageing before it is stale: warn-after (5d) is longer than stale-after (4d)"
    );
    assert_eq!(
        fault("[feeds.a]\nstale-after = '12h'"),
        "feeds.a: a feed must be ageing before it is stale: warn-after (24h, the default) is longer than \
         stale-after (12h)"
    );
    let equal = "[feeds.a]\nwarn-after = '12h'\nstale-after = '12h'";
    assert!(Settings::parse_for(equal, Path::new("/data")).is_ok());
}

#[test]
fn a_refused_age_is_not_compared() {
    let wrong_default = "[feed-defaults]\nwarn-after = '1 h'\n[feeds.a]\nstale-after = '12h'";
    assert!(fault(wrong_default).starts_with("feed-defaults.warn-after: expected"));
    let both_own = format!("{wrong_default}\nwarn-after = '13h'");
    assert_eq!(faults(&both_own).len(), 2);
}

#[test]
fn a_name_that_is_no_feeds_name_is_refused() {
    for name in ["Interpol", "a b", "-a", "\"\\u000a\"", "\"a.b\"", "\"\""] {
        let quoted = if name.starts_with('"') { name.to_owned() } else { format!("'{name}'") };
        let fault = fault(&format!("[feeds.{quoted}]\nwarn-after = '1h'"));
        assert!(fault.starts_with("feeds."), "{fault}");
        assert!(
            fault.ends_with(
                "a feed's name has 1 to 32 characters of a-z, 0-9 and -, and does not begin with -"
            )
        );
    }
}

#[test]
fn the_data_folder_is_missed_unless_it_is_given_in_another_way() {
    let missing = Settings::parse("").unwrap_err();
    assert_eq!(missing.to_string(), "data.dir: missing; such as dir = \"/var/lib/portcullis\"");
    assert!(Settings::parse("[data]\ndir = '/srv'").is_ok());
    assert_eq!(
        Settings::parse_for("[data]\ndir = '/srv'", Path::new("/data")).unwrap().data_dir,
        Path::new("/data")
    );
    assert!(fault("[data]\ndir = ''").starts_with("data.dir: expected the path of a folder"));
    assert_eq!(Settings::parse("[data]\ndir = 1").unwrap_err().iter().count(), 1);
}

#[test]
fn several_faults_are_told_at_once_each_on_its_own_line() {
    let text = "
        stray = 1
        [service]
        bind = '0.0.0.0:80'
        workers = 0
        worker = 3
        [audit]
        durability = 'sometimes'
        [feeds.'No Name']
        [feeds.a]
        warn-after = '9d'
        stale = '9d'
        [log]
        level = 'trace'
    ";
    let faults = faults(text);
    for start in [
        "stray: unknown section",
        "service.bind: until callers",
        "service.workers: expected",
        "service.worker: unknown key",
        "audit.durability: expected",
        "feeds.\"No Name\": a feed's name",
        "feeds.a: a feed must be ageing",
        "feeds.a.stale: unknown key",
        "log.level: expected",
    ] {
        assert_eq!(faults.iter().filter(|line| line.starts_with(start)).count(), 1, "{start}: {faults:#?}");
    }
    assert_eq!(faults.len(), 9, "{faults:#?}");
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    assert!(fault("[service]\nworkers = = 2").starts_with("line 2, column 11: this is no TOML: "));
    assert!(fault("[service]\nworkers = 2\nworkers = 3").starts_with("line 3, column 1: this is no TOML: "));
    assert!(fault("'ä' = = 1").starts_with("line 1, column 7: this is no TOML: "));
    assert!(fault("\u{0}").starts_with("line 1, "));
}

#[test]
fn a_hostile_file_is_refused_and_breaks_nothing() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[{}a]", "a.".repeat(100_000)),
        format!("a = {}", "{a = ".repeat(100_000)),
        format!("[service]\nworkers = '{}'", "x".repeat(100_000)),
    ] {
        let fault = fault(&text);
        assert!(fault.chars().count() < 400, "{}", fault.len());
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader_and_every_fault_has_one_line(text in arbitrary_settings()) {
        if let Err(faults) = Settings::parse(&text) {
            prop_assert!(faults.iter().count() > 0);
            prop_assert_eq!(faults.to_string().lines().count(), faults.iter().count());
            prop_assert!(!faults.to_string().contains('\r'));
        }
    }
}

/// Text of every kind, and text that gets past TOML to the sections.
fn arbitrary_settings() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        prop::sample::select(vec![
            "service",
            "feeds",
            "feed-defaults",
            "data",
            "audit",
            "log",
            "dir",
            "bind",
            "workers",
            "warn-after",
            "stale-after",
            "level",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let name = name.prop_map(|name| toml::Value::String(name).to_string()).boxed();
    let value = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| toml::Value::String(text).to_string()),
        prop::sample::select(vec![
            "[]",
            "{}",
            "true",
            "nan",
            "1979-05-27",
            "\"1h\"",
            "\"127.0.0.1:1\"",
            "[[1]]"
        ])
        .prop_map(str::to_owned),
    ];
    let line = prop_oneof![
        (name.clone(), value.clone()).prop_map(|(key, value)| format!("{key} = {value}")),
        name.clone().prop_map(|name| format!("[{name}]")),
        (name.clone(), name).prop_map(|(outer, inner)| format!("[{outer}.{inner}]")),
    ];
    prop_oneof![any::<String>(), prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))]
}
