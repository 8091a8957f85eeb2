//! Writes settings: for people, and for the digest that stands beside a verdict.

use std::fmt::Write;

use sha2::{Digest as _, Sha256};

use super::layout::{Walk, walk, walk_policy};
use super::settings::Settings;
use super::shapes::Shape;
use crate::domain::mrz::Field;
use crate::domain::{Digest, FeedName};
use crate::screening::Policy;

/// The shipped file: the words that explain each key, and the defaults.
const ANNOTATED: &str = include_str!("../../config/portcullis.toml");

/// One key and its value.
struct Line {
    section: String,
    key: &'static str,
    value: String,
}

/// Every key and its value, in the order of the layout.
fn lines(settings: &Settings) -> Vec<Line> {
    let mut written = Written(Vec::new());
    walk(&mut written, &mut settings.clone());
    written.0
}

/// The annotated file with the values of `settings` in it, and a section for each feed that has rules of its own.
pub(super) fn annotated(settings: &Settings) -> String {
    let lines = lines(settings);
    let mut text = String::new();
    let mut section = "";
    for form in ANNOTATED.lines() {
        if let Some(name) = form.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = name;
        }
        let key = form.split(" = ").next().unwrap_or_default();
        match lines.iter().find(|line| line.section == section && line.key == key) {
            Some(Line { key, value, .. }) => text.push_str(&format!("{key} = {value}")),
            None => text.push_str(form),
        }
        text.push('\n');
    }
    let rules = settings.policy.feeds.keys().map(|feed| format!("feeds.{feed}"));
    let sources = settings.sources.keys().map(|feed| format!("sources.{feed}"));
    let webhooks = settings.webhooks.keys().map(|sink| format!("webhooks.{sink}"));
    for section in rules.chain(sources).chain(webhooks) {
        text.push_str(&format!("\n[{section}]\n"));
        for line in lines.iter().filter(|line| line.section == section) {
            text.push_str(&format!("{} = {}\n", line.key, line.value));
        }
    }
    text
}

/// Digests the settings that verdicts depend on. The text that is digested belongs to the audit log's meaning: a
/// change of its form is a new first line.
pub(super) fn policy_digest(policy: &Policy) -> Digest {
    let mut policy = policy.clone();
    policy.feeds.retain(|_, rules| *rules != policy.feed_defaults);
    let mut written = Written(Vec::new());
    walk_policy(&mut written, &mut policy);
    let mut text = String::from("portcullis verdict policy 2\n");
    for Line { section, key, value, .. } in written.0 {
        writeln!(text, "{section}.{key} = {value}").expect("a string takes every write");
    }
    for feed in &policy.expected {
        writeln!(text, "expected = {feed}").expect("a string takes every write");
    }
    // A composite digit vouches for the layout and for where a long number ends; other fields' deviations decide nothing.
    let decides = |field| matches!(field, Field::Number | Field::Composite);
    for known in policy.deviations.0.iter().filter(|known| decides(known.field)) {
        writeln!(text, "deviation = {}", known.canonical()).expect("a string takes every write");
    }
    Digest(Sha256::digest(text.as_bytes()).into())
}

struct Written(Vec<Line>);

impl Walk for Written {
    fn key<S: Shape>(&mut self, section: &str, key: &'static str, shape: &S, value: &mut S::Of) {
        self.0.push(Line { section: section.to_owned(), key, value: shape.write(value).to_string() });
    }

    fn feeds(&mut self, _: &str, known: Vec<FeedName>) -> Vec<FeedName> {
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section, key, and the line that the shipped file must have above the key.
    struct Explained(Vec<(String, &'static str, String)>);

    impl Walk for Explained {
        fn key<S: Shape>(&mut self, section: &str, key: &'static str, shape: &S, value: &mut S::Of) {
            let default = match key {
                "dir" => String::new(),
                _ => format!(" Default: {}.", shape.write(value)),
            };
            let explained = format!("# Expected: {}.{default}", shape.expected());
            self.0.push((section.to_owned(), key, explained));
        }

        fn feeds(&mut self, _: &str, known: Vec<FeedName>) -> Vec<FeedName> {
            known
        }
    }

    fn defaults() -> Settings {
        Settings::defaults_for("/var/lib/portcullis")
    }

    #[test]
    fn the_shipped_file_says_the_true_shape_bounds_and_default_above_each_key_that_is_read() {
        let mut explained = Explained(Vec::new());
        walk(&mut explained, &mut defaults());
        for (section, key, words) in explained.0 {
            let (_, part) = ANNOTATED.split_once(&format!("\n[{section}]\n")).expect(&section);
            let (before, _) = part.split_once(&format!("\n{key} = ")).expect(key);
            assert_eq!(before.lines().next_back(), Some(words.as_str()), "{section}.{key}");
        }
    }

    #[test]
    fn the_shipped_file_is_what_the_defaults_look_like() {
        assert_eq!(annotated(&defaults()), ANNOTATED);
    }

    #[test]
    fn the_example_of_a_feed_shows_every_key_that_a_feed_has() {
        let example: String = ANNOTATED
            .lines()
            .filter_map(|line| {
                line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' '))
            })
            .fold(ANNOTATED.to_owned(), |text, line| format!("{text}{line}\n"));
        let read = Settings::parse(&example).expect("the example is sound");
        let shown: Vec<_> = lines(&read).into_iter().filter(|line| line.section == "feeds.example").collect();
        assert_eq!(shown.len(), 3);
        let source = lines(&read).into_iter().filter(|line| line.section == "sources.example");
        let source: Vec<_> = source.collect();
        assert_eq!(source.len(), 15);
        let webhook = lines(&read).into_iter().filter(|line| line.section == "webhooks.example");
        let webhook: Vec<_> = webhook.collect();
        assert_eq!(webhook.len(), 5);
        for Line { key, value, .. } in shown.into_iter().chain(source).chain(webhook) {
            assert!(ANNOTATED.contains(&format!("\n#{key} = {value}\n")), "{key}");
        }
    }
}
