//! The real program: feeds are brought up to date beside a service that answers.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::command::{HEADER, Place, Run, command, portcullis};
use crate::support::serving::Serving;
use crate::sync_lines::{Line, Web};

/// Centres and one site in one folder.
struct Feeds {
    place: Place,
}

impl Feeds {
    fn new(names: &[&str]) -> Self {
        let feeds = Self { place: Place::new() };
        for name in names {
            feeds.centre(name, &["init", name]).exits(0);
        }
        feeds
    }

    fn centre(&self, name: &str, arguments: &[&str]) -> Run {
        portcullis(&[&["feed"], arguments, &["--dir", &self.place.argument(name)]].concat())
    }

    fn publish(&self, name: &str, letter: char, numbers: std::ops::Range<u32>, more: &[&str]) {
        let rows: String = numbers.map(|at| format!("{letter}{at:06},UTO,passport,lost\n")).collect();
        let register = self.place.write(&format!("{name}.csv"), format!("{HEADER}{rows}"));
        self.centre(name, &[&["add", "--format", "csv"], more, &[&register]].concat()).exits(0);
        self.centre(name, &["publish"]).exits(0);
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.place.path(name).join("repository")
    }

    /// A section of a source that is asked every second.
    fn source(&self, name: &str, mirror: &str) -> String {
        let root = self.repository(name).join("metadata/1.root.json");
        format!("[sources.{name}]\nroot-file = {root:?}\nmirrors = [{mirror:?}]\nevery = \"1s\"\n")
    }

    fn local(&self, name: &str) -> String {
        self.source(name, self.repository(name).to_str().unwrap())
    }

    /// Settings for `portcullis sync`.
    fn settings(&self, sources: &str) -> String {
        self.place.write("site.toml", format!("[data]\ndir = {:?}\n{sources}", self.place.site()))
    }

    fn is_sound(&self) {
        portcullis(&["inspect", "index", "--data", &self.place.site(), "--verify"]).exits(0);
    }
}

fn ask(serving: &Serving, number: &str) -> Value {
    let body = json!({"document": {"number": number, "issuing_state": "UTO"}}).to_string();
    let reply = serving.post("/v1/checks", "application/json", &body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn verdict(serving: &Serving, number: &str) -> String {
    ask(serving, number)["verdict"].as_str().unwrap().to_owned()
}

/// Waits until something is so; slow machines have their time.
#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_feed_on_a_line_that_drips_keeps_no_other_waiting_and_the_service_ends_in_order() {
    let feeds = Feeds::new(&["thin", "wide"]);
    feeds.publish("thin", 'T', 0..4000, &[]);
    feeds.publish("wide", 'W', 0..10, &[]);
    let web = Web::of(feeds.repository("thin"));
    web.is(Line::Drip);
    let sources = feeds.source("thin", &web.url()) + &feeds.local("wide");
    let serving = Serving::start_with(&feeds.place, &sources);
    wait_until("the list of the other feed", || verdict(&serving, "W000009") == "hit");
    feeds.publish("wide", 'W', 10..20, &[]);
    wait_until("the next list of the other feed", || verdict(&serving, "W000019") == "hit");
    assert_eq!(verdict(&serving, "T000001"), "inconclusive", "the first has not come");
    let begun = Instant::now();
    let log = serving.log();
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(!log.contains("is not brought up to date"), "an end is no error: {log}");
}

#[test]
fn feeds_that_come_at_the_same_time_are_all_in_force_soon() {
    let names = ["one", "three", "two"];
    let feeds = Feeds::new(&names);
    let mut sources = String::new();
    for name in names {
        feeds.publish(name, name.to_uppercase().chars().next().unwrap(), 0..3000, &[]);
        // Seldom: what is lost to another feed must not wait for its next turn.
        sources += &feeds.local(name).replace("\"1s\"", "\"1h\"");
    }
    let serving = Serving::start_with(&feeds.place, &sources);
    wait_until("all feeds", || verdict(&serving, "X000001") == "no_hit");
    feeds.publish("one", 'N', 0..1, &[]);
    feeds.publish("two", 'M', 0..1, &[]);
    assert_eq!(serving.post("/v1/operator/sync", "application/json", "").status / 100, 2);
    wait_until("what is wanted of all feeds", || {
        verdict(&serving, "N000000") == "hit" && verdict(&serving, "M000000") == "hit"
    });
    let log = serving.log();
    assert!(!log.contains("is not brought up to date"), "another feed at work is no error: {log}");
    feeds.is_sound();
}

#[test]
fn a_service_answers_while_its_line_is_bad_says_so_and_recovers() {
    let feeds = Feeds::new(&["national"]);
    feeds.publish("national", 'B', 0..2000, &[]);
    let web = Web::of(feeds.repository("national"));
    let ages = "[feed-defaults]\nwarn-after = \"3s\"\nstale-after = \"6s\"\n";
    let serving =
        Serving::start_with(&feeds.place, &format!("{ages}{}", feeds.source("national", &web.url())));
    let freshness = || ask(&serving, "X1")["coverage"]["feeds"][0]["freshness"].as_str().map(str::to_owned);
    wait_until("the first list", || verdict(&serving, "B000001") == "hit");
    let mut seen = Vec::new();
    feeds.publish("national", 'C', 0..2000, &[]);
    for line in [Line::Gone, Line::Cut(100)] {
        web.is(line);
        if line == Line::Cut(100) {
            feeds.publish("national", 'D', 0..2000, &[]);
        }
        wait_until("degraded", || {
            assert_eq!(verdict(&serving, "B000001"), "hit", "what is in force answers");
            seen.extend(freshness());
            let ready = serving.get("/readyz");
            assert_eq!(ready.status, 200, "{}", ready.text());
            ready.json()["degraded"] == true && ready.text().contains("not been brought up to date")
        });
    }
    web.is(Line::Gone);
    wait_until("stale", || {
        assert_eq!(verdict(&serving, "B000001"), "hit", "what is in force answers");
        seen.extend(freshness());
        seen.last().is_some_and(|word| word == "stale")
    });
    assert_eq!(verdict(&serving, "X1"), "inconclusive", "nothing rests on a stale list");
    assert!(seen.iter().any(|word| word == "ageing"), "{seen:?}");
    feeds.centre("national", &["heartbeat"]).exits(0);
    web.is(Line::Good);
    wait_until("recovered", || {
        verdict(&serving, "D000001") == "hit"
            && !serving.get("/readyz").text().contains("not been brought up to date")
    });
    assert!(serving.log().contains("what is in force stays"));
    feeds.is_sound();
}

#[test]
fn one_broken_source_does_not_keep_the_other_from_coming_and_is_named() {
    let feeds = Feeds::new(&["broken", "sound"]);
    feeds.publish("sound", 'S', 0..10, &[]);
    let nowhere = feeds.source("broken", &feeds.place.argument("nowhere"));
    let config = feeds.settings(&(nowhere + &feeds.local("sound")));
    let run = portcullis(&["sync", "--config", &config]).exits(1);
    assert!(run.err.contains("feed broken") && !run.err.contains("feed sound"), "{}", run.err);
    assert!(run.out.contains("feed sound") && run.out.contains("is in force"), "{}", run.out);
    feeds.place.check("S000009").exits(10);
    feeds.is_sound();
}

#[test]
fn a_sync_that_is_killed_beside_a_service_leaves_one_list_or_the_other_in_force() {
    let feeds = Feeds::new(&["national"]);
    feeds.publish("national", 'A', 0..4000, &[]);
    let config = feeds.settings(&feeds.local("national"));
    let sync = ["sync", "--config", &config, "--accept-shrink"];
    let whole = Instant::now();
    portcullis(&sync).exits(0);
    let whole = whole.elapsed();
    let serving = Serving::start(&feeds.place, "text");
    wait_until("the first list", || verdict(&serving, "A000001") == "hit");
    let listed = |letter: char| {
        let answer = ask(&serving, &format!("{letter}003999"));
        let number = answer["coverage"]["generation"]["number"].as_u64();
        (number.expect("a generation is in force"), answer["verdict"] == "hit")
    };
    for (round, letter) in (2..).zip(['B', 'C']) {
        // The other list has none of the documents of the one before.
        feeds.publish("national", letter, 0..4000, &["--whole"]);
        for step in 0..8_u32 {
            let mut child = command(&sync).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(whole * step / 7);
            child.kill().unwrap();
            child.wait().unwrap();
            let (generation, hit) = listed(letter);
            assert!(generation == round || generation + 1 == round, "generation {generation}");
            assert_eq!(hit, generation == round, "generation {generation} answers with what it has");
        }
        portcullis(&sync).exits(0);
        wait_until("the list after the kills", || listed(letter) == (round, true));
    }
    assert_eq!((listed('A').1, listed('B').1), (false, false));
    feeds.is_sound();
    let left = fs::read_dir(feeds.place.path("site/index/segments")).unwrap().count();
    assert!(left <= 4, "{left} segments");
}

#[test]
fn two_syncs_at_once_beside_a_service_both_succeed_or_say_that_another_is_at_work() {
    let feeds = Feeds::new(&["national"]);
    feeds.publish("national", 'A', 0..2000, &[]);
    let sources = feeds.local("national");
    let config = feeds.settings(&sources);
    let serving = Serving::start_with(&feeds.place, &sources);
    wait_until("the first list", || verdict(&serving, "A000001") == "hit");
    for letter in ['B', 'C', 'D'] {
        feeds.publish("national", letter, 0..2000, &[]);
        let syncs = [(); 2].map(|()| command(&["sync", "--config", &config]).spawn().unwrap());
        for sync in syncs {
            let run = Run::from(sync.wait_with_output().unwrap());
            let at_work = run.code == 1 && run.err.contains("another");
            assert!(run.code == 0 || at_work, "{run:#?}");
        }
        wait_until("the list", || verdict(&serving, &format!("{letter}001999")) == "hit");
        feeds.is_sound();
    }
}
