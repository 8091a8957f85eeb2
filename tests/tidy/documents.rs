//! What documents say is there.

use std::collections::BTreeSet;
use std::path::Path;

use crate::reading::{documents, hold, root, texts};

#[test]
fn every_relative_link_and_every_path_in_backticks_leads_somewhere() {
    let root = root();
    hold(documents(), |file| {
        let mut faults = Vec::new();
        for path in mentioned_paths(&file.text) {
            if !root.join(&path).exists() {
                faults.push(format!("{}: `{path}` is not there", file.path));
            }
        }
        if file.path.ends_with(".md") {
            let folder = root.join(&file.path).parent().map(Path::to_owned).unwrap_or_default();
            let dead =
                links(&file.text).into_iter().filter(|link| !leads_somewhere(link, &folder, &file.text));
            faults.extend(dead.map(|link| format!("{}: the link to {link} is dead", file.path)));
        }
        faults
    });
}

#[test]
fn no_file_names_a_folder_of_the_machine_it_was_written_on() {
    hold(texts(&["md", "rs", "toml", "sh", "yml", "json", "run"]), |file| {
        let lines = file.text.lines().enumerate();
        lines
            .filter_map(|(at, line)| Some(format!("{}:{}: {}", file.path, at + 1, machine_path(line)?)))
            .collect()
    });
}

/// Words in backticks that begin like a path of this project, without a line number; patterns are left out.
fn mentioned_paths(text: &str) -> BTreeSet<String> {
    let spans = text.split('`').skip(1).step_by(2);
    let words = spans.flat_map(str::split_whitespace);
    let words = words.filter(|word| ["src/", "tests/", "config/"].iter().any(|top| word.starts_with(top)));
    let plain = |word: &&str| !word.contains(['*', '<', '{', '…', '$']) && !word.contains("...");
    words
        .filter(plain)
        .map(|word| word.split([':', '#', ',', ';']).next().unwrap_or(word).to_owned())
        .collect()
}

fn links(text: &str) -> Vec<&str> {
    let prose = text.split("](").skip(1);
    let targets = prose.filter_map(|rest| rest.split([')', ' ', '\n']).next());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

fn leads_somewhere(link: &str, folder: &Path, text: &str) -> bool {
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let there =
        if path.is_empty() { Some(text.to_owned()) } else { std::fs::read_to_string(folder.join(path)).ok() };
    match (there, anchor) {
        (Some(text), Some(anchor)) => {
            text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == anchor)
        }
        (None, None) => folder.join(path).is_dir(),
        (there, _) => there.is_some(),
    }
}

fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn machine_path(line: &str) -> Option<String> {
    let starts = line.match_indices('/').filter(|(at, _)| {
        let before = line[..*at].chars().next_back();
        before.is_none_or(|before| !(before.is_alphanumeric() || "./~$}*_-".contains(before)))
    });
    let firsts = starts.filter_map(|(at, _)| line[at + 1..].split(|c: char| !c.is_alphanumeric()).next());
    let first = firsts.into_iter().find(|first| matches!(*first, "work" | "root" | "tmp" | "home"))?;
    Some(format!("a path under `/{first}` stands on one machine only"))
}

#[test]
fn self_test_of_documents() {
    let text = "See `src/nowhere.rs` and `cargo x --config config/none.toml`, `src/*.rs`.\n```sh\ncat tests/x:3\n```\n";
    assert_eq!(
        mentioned_paths(text).into_iter().collect::<Vec<_>>(),
        ["config/none.toml", "src/nowhere.rs", "tests/x"]
    );
    let text =
        "# A b: *c*\n[a](gone.md) [b](https://x/y) [c](#a-b-c) [d](#nothing) [e](Cargo.toml \"t\") [f](src)";
    let dead: Vec<_> = links(text).into_iter().filter(|link| !leads_somewhere(link, &root(), text)).collect();
    assert_eq!(dead, ["gone.md", "#nothing"]);
    for top in ["work", "root", "tmp", "home"] {
        for line in
            [format!("cd /{top}/x"), format!("`/{top}`"), format!("DIR=/{top}/a"), format!("\"/{top}\"")]
        {
            assert!(machine_path(&line).is_some(), "{line}");
        }
        assert!(machine_path(&format!("a/{top}/b ./{top} $X/{top} /{top}ers")).is_none(), "{top}");
    }
}
