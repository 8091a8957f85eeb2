//! A feed that is handed out by object stores: what a publisher pushes, and what a site finds there.

use std::fs;
use std::process::Command;

use crate::support::command::{HEADER, Place, Run, command, files, portcullis};
use crate::support::stores::{ACCESS_KEY, BadLine, PASSWORD, SECRET_KEY, Store, USER};

/// A centre with a list and a site, which have nothing in common but a store.
struct Feed {
    place: Place,
    mirror: String,
}

impl Feed {
    /// `store` is the publisher's table, `mirror` what a site asks.
    fn new(store: &str, mirror: &str) -> Self {
        let feed = Self { place: Place::new(), mirror: mirror.to_owned() };
        feed.centre(&["init", "national"]).exits(0);
        let root = feed.path("centre/repository/metadata/1.root.json");
        fs::copy(root, feed.path("root.json")).unwrap();
        feed.stores(store);
        feed.follow(&feed.mirror);
        feed
    }

    fn path(&self, name: &str) -> String {
        self.place.argument(name)
    }

    fn stores(&self, tables: &str) {
        let path = self.path("centre/feed.toml");
        let text = fs::read_to_string(&path).unwrap();
        let without = text.split("\n[[stores]]").next().unwrap().to_owned();
        fs::write(path, format!("{without}\n{tables}")).unwrap();
    }

    fn follow(&self, mirror: &str) {
        let text = format!(
            "[data]\ndir = {:?}\n[sources.national]\nroot-file = {:?}\n{mirror}\n",
            self.place.site(),
            self.path("root.json"),
        );
        fs::write(self.path("site.toml"), text).unwrap();
    }

    fn centre(&self, arguments: &[&str]) -> Run {
        run(command(&[&["feed"], arguments, &["--dir", &self.path("centre")]].concat()))
    }

    fn gather(&self, rows: &str) {
        let register = self.place.write("register.csv", format!("{HEADER}{rows}"));
        self.centre(&["add", "--format", "csv", &register]).exits(0);
    }

    fn sync(&self) -> Run {
        run(command(&["sync", "--config", &self.path("site.toml")]))
    }

    fn follows(&self, said: &str) {
        let run = self.sync().exits(0);
        assert!(run.out.contains(said), "{run:#?}");
    }
}

/// With the keys of both stores in the environment, as somebody who runs it has them.
fn run(mut command: Command) -> Run {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY);
    command.env("FEED_STORE", format!("{USER}:{PASSWORD}"));
    command.output().unwrap().into()
}

fn rows(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|at| format!("B{at:07},UTO,passport,lost\n")).collect()
}

fn table(url: &str) -> String {
    format!("[[stores]]\nurl = \"s3://feeds/national\"\nendpoint = \"{url}\"\n")
}

fn bucket(store: &Store) -> (String, String) {
    let table = table(&store.url());
    let mirror = format!("mirrors = [\"s3://feeds/national\"]\ns3-endpoint = \"{}\"", store.url());
    (table, mirror)
}

#[test]
fn a_site_follows_a_feed_through_a_bucket() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::s3(&folder.path().join("s3"));
    let (table, mirror) = bucket(&store);
    let feed = Feed::new(&table, &mirror);
    feed.gather(&rows(0..500));
    let published = feed.centre(&["publish"]).exits(0).out;
    assert!(published.contains("s3://feeds/national: 5 files"), "{published}");
    feed.follows("generation 1 is in force");
    feed.place.check("B0000000").exits(10);
    feed.gather(&rows(500..510));
    feed.centre(&["publish"]).exits(0);
    feed.follows("generation 2 is in force");
    feed.place.check("B0000505").exits(10);
    assert!(feed.centre(&["heartbeat"]).exits(0).out.contains("s3://feeds/national: 1 files"));
    feed.centre(&["rotate-key", "timestamp"]).exits(0);
    feed.centre(&["rotate-key", "root"]).exits(0);
    assert!(store.file("national/metadata/3.root.json").exists());
    feed.gather(&rows(510..520));
    feed.centre(&["publish"]).exits(0);
    feed.sync().exits(0);
    feed.place.check("B0000515").exits(10);
    let again = feed.centre(&["push"]).exits(0).out;
    assert!(again.contains("s3://feeds/national: is as the folder is"), "{again}");
}

#[test]
fn a_large_base_goes_up_in_parts_and_what_is_there_is_not_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::s3(&folder.path().join("s3"));
    let (table, mirror) = bucket(&store);
    let feed = Feed::new(&table, &mirror);
    // A part and a bit.
    let register = feed.path("large.csv");
    portcullis(&["generate", "--records", "800000", "--seed", "1", "--out", &register]).exits(0);
    feed.centre(&["add", "--format", "csv", &register]).exits(0);
    feed.centre(&["publish"]).exits(0);
    let base = files(&store.file("national/targets")).pop().unwrap();
    assert!(fs::metadata(&base).unwrap().len() > 8 << 20);
    let name = base.file_name().unwrap().to_str().unwrap();
    let ours = feed.path(&format!("centre/repository/targets/{name}"));
    assert!(fs::read(&base).unwrap() == fs::read(ours).unwrap());
    fs::remove_file(store.file("national/metadata/timestamp.json")).unwrap();
    let again = feed.centre(&["push"]).exits(0).out;
    assert!(again.contains("s3://feeds/national: 1 files"), "{again}");
    // A file that is there in half is sent again.
    fs::write(&base, b"half").unwrap();
    assert!(feed.centre(&["push"]).exits(0).out.contains("1 files"));
    feed.follows("generation 1 is in force");
}

#[test]
fn a_site_follows_a_feed_through_a_web_server_that_takes_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::web(&folder.path().join("web"));
    let table = format!(
        "[[stores]]\nurl = \"{}/feeds/travel/national/\"\ncredentials = \"env:FEED_STORE\"\n",
        store.url()
    );
    let authority =
        store.url().replace("://", &format!("://{USER}:not%20a%20secret%3A%20%C3%A4%C3%B6%C3%BC@"));
    let feed = Feed::new(&table, &format!("mirrors = [\"{authority}/feeds/travel/national\"]"));
    feed.gather(&rows(0..500));
    feed.centre(&["publish"]).exits(0);
    feed.follows("generation 1 is in force");
    feed.gather(&rows(500..510));
    feed.centre(&["publish"]).exits(0);
    feed.follows("generation 2 is in force");
    feed.place.check("B0000505").exits(10);
    assert!(feed.centre(&["push"]).exits(0).out.contains("is as the folder is"));
}

#[test]
fn a_line_that_breaks_leaves_readers_with_what_they_had_and_the_next_push_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::s3(&folder.path().join("s3"));
    let (good, mirror) = bucket(&store);
    let feed = Feed::new(&good, &mirror);
    feed.gather(&rows(0..10));
    feed.centre(&["publish"]).exits(0);
    feed.follows("generation 1 is in force");
    let before = fs::read(store.file("national/metadata/timestamp.json")).unwrap();
    // Roots and timestamp go through, and of the files of the list the shorter ones.
    feed.stores(&table(&BadLine::to(&store, 20_000).url()));
    feed.gather(&rows(10..3000));
    let broken = feed.centre(&["publish"]).exits(1);
    assert!(broken.err.contains("cannot write targets/"), "{broken:#?}");
    assert_eq!(fs::read(store.file("national/metadata/timestamp.json")).unwrap(), before);
    feed.follows("nothing is new");
    let again = feed.centre(&["push"]).exits(1);
    assert!(again.err.contains("1 of 1 stores"), "{again:#?}");
    feed.stores(&good);
    feed.centre(&["push"]).exits(0);
    feed.follows("generation 2 is in force");
    feed.place.check("B0002999").exits(10);
}

#[test]
fn nothing_takes_the_place_of_a_newer_list_or_of_another_feed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::s3(&folder.path().join("s3"));
    let (table, mirror) = bucket(&store);
    let feed = Feed::new(&table, &mirror);
    feed.gather(&rows(0..10));
    feed.centre(&["publish"]).exits(0);
    let copied = Command::new("cp").args(["-a", &feed.path("centre"), &feed.path("old")]).status().unwrap();
    assert!(copied.success());
    feed.centre(&["heartbeat"]).exits(0);
    let newest = fs::read(store.file("national/metadata/timestamp.json")).unwrap();
    let old = |words: &[&str]| run(command(&[&["feed"], words, &["--dir", &feed.path("old")]].concat()));
    old(&["push"]).fails_saying("the store is ahead");
    // The same number, said by two.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    old(&["heartbeat"]).fails_saying("two folders publish this feed");
    let other = Feed::new(&table, &mirror);
    other.gather(&rows(0..10));
    other.centre(&["publish"]).fails_saying("the store has another feed");
    assert_eq!(fs::read(store.file("national/metadata/timestamp.json")).unwrap(), newest);
    feed.follows("generation 1 is in force");
}

#[test]
fn a_store_that_cannot_be_reached_is_told_and_keeps_no_other_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::s3(&folder.path().join("s3"));
    let (table, mirror) = bucket(&store);
    let dead = "[[stores]]\nurl = \"s3://feeds/dead\"\nendpoint = \"http://127.0.0.1:1\"\n";
    let feed = Feed::new(&format!("{dead}{table}"), &mirror);
    feed.gather(&rows(0..10));
    let run = feed.centre(&["publish"]).exits(1);
    assert!(run.err.contains("1 of 2 stores") && run.err.contains("s3://feeds/dead"), "{run:#?}");
    assert!(run.out.contains("sequence 1"), "what was published is told: {run:#?}");
    feed.follows("generation 1 is in force");
    feed.stores(&table);
    assert!(feed.centre(&["push"]).exits(0).out.contains("is as the folder is"));
    // Keys that are wrong, on both sides.
    let mut wrong = command(&["feed", "push", "--dir", &feed.path("centre")]);
    wrong.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", "another");
    let wrong: Run = wrong.output().unwrap().into();
    wrong.fails_saying("the store s3://feeds/national is as it was");
    let mut wrong = command(&["sync", "--config", &feed.path("site.toml")]);
    wrong.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", "another");
    let wrong: Run = wrong.output().unwrap().into();
    let wrong = wrong.fails_saying("HTTP status 403");
    assert!(!wrong.err.contains("Signature") && !wrong.err.contains(ACCESS_KEY), "{wrong:#?}");
}
