//! The real `portcullis sync`, killed, beside itself, and with one source of two broken.

use std::fs;
use std::time::Duration;

use crate::support::command::{HEADER, Place, Run, files, flip_a_byte, portcullis, start};

/// A site that follows two centres.
struct Border {
    place: Place,
}

const FEEDS: [&str; 2] = ["allies", "national"];

impl Border {
    fn new() -> Self {
        let border = Self { place: Place::new() };
        let mut settings = format!("[data]\ndir = {:?}\n", border.place.site());
        for feed in FEEDS {
            border.centre(feed, &["init", feed]).exits(0);
            let (root, mirror) = (border.path(feed, "metadata/1.root.json"), border.path(feed, ""));
            settings += &format!("[sources.{feed}]\nroot-file = {root:?}\nmirrors = [{mirror:?}]\n");
        }
        border.place.write("site.toml", settings);
        border
    }

    fn path(&self, feed: &str, below: &str) -> String {
        self.place.path(feed).join("repository").join(below).display().to_string()
    }

    fn centre(&self, feed: &str, arguments: &[&str]) -> Run {
        portcullis(&[&["feed"], arguments, &["--dir", &self.place.argument(feed)]].concat())
    }

    /// Lists numbers of a letter.
    fn publish(&self, feed: &str, letter: char, numbers: std::ops::Range<usize>) {
        let rows: String = numbers.map(|at| format!("{letter}{at:06},UTO,passport,lost\n")).collect();
        let register = self.place.write("register.csv", format!("{HEADER}{rows}"));
        self.centre(feed, &["add", "--format", "csv", &register]).exits(0);
        self.centre(feed, &["publish"]).exits(0);
    }

    fn sync(&self) -> Run {
        portcullis(&["sync", "--config", &self.place.argument("site.toml")])
    }

    fn verify(&self) {
        portcullis(&["inspect", "index", "--verify", "--data", &self.place.site()]).exits(0);
    }
}

#[test]
fn a_broken_source_keeps_no_other_from_coming_and_is_named() {
    let border = Border::new();
    border.publish("allies", 'A', 0..20);
    border.publish("national", 'N', 0..20);
    files(&border.place.path("allies/repository/targets")).iter().for_each(|path| flip_a_byte(path));
    let run = border.sync().exits(1);
    assert!(
        run.err.contains("feed allies") && run.out.contains("feed national: sequence 1"),
        "{}{}",
        run.out,
        run.err
    );
    border.place.check("N000001").exits(10);
}

#[test]
fn whenever_it_is_killed_the_list_before_or_the_next_is_in_force_and_the_next_run_ends_it() {
    let border = Border::new();
    border.publish("national", 'N', 0..20_000);
    border.publish("allies", 'A', 0..20);
    border.sync().exits(0);
    for round in 1..=12_u64 {
        border.publish("national", 'M', 0..round as usize * 500);
        let mut killed = start(&["sync", "--config", &border.place.argument("site.toml")]);
        let mut beside = start(&["sync", "--config", &border.place.argument("site.toml")]);
        std::thread::sleep(Duration::from_millis(round * 7));
        killed.kill().unwrap();
        killed.wait().unwrap();
        border.place.check("N000001").exits(10);
        border.place.check("A000001").exits(10);
        let beside = beside.wait().unwrap().code();
        assert!(matches!(beside, Some(0 | 1)), "{beside:?}");
        border.sync().exits(0);
        border.place.check(&format!("M{:06}", round * 500 - 1)).exits(10);
        border.verify();
    }
    let left = files(&border.place.path("site/sync"));
    assert!(
        left.iter().all(|path| path.ends_with("LOCK") || path.to_string_lossy().contains("/roots/")),
        "{left:?}"
    );
    assert!(fs::metadata(border.place.path("site/index/CURRENT")).is_ok());
}
