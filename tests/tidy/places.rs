//! What may be done where.

use crate::reading::{blank, hold, paths, rust, without_tests};

/// What may be named where. The first words are paths as they are written, `x::*` standing for any path below `x`.
const PLACES: [(&str, &[&str], &[&str]); 10] = [
    ("files are opened", FILES, &["src/ground/storage/"]),
    ("the time is read", CLOCKS, &["src/ground/clock.rs", "src/cli/"]),
    ("something is printed", PRINTS, &["src/main.rs", "src/cli/"]),
    ("the process ends", &["process::exit", "process::abort"], &["src/main.rs", "src/cli/"]),
    ("`anyhow` is used", &["anyhow", "anyhow::*", "anyhow!"], &["src/main.rs", "src/cli/"]),
    ("the environment is read", &["std::env", "std::env::*", "env::*"], &["src/main.rs", "src/cli/"]),
    ("randomness is drawn", &["getrandom", "getrandom::*"], &["src/audit/", "src/overlay/"]),
    ("a thing is declared verified", &["Verified::by_gate"], &["src/feed/"]),
    ("a thing is declared audited", &["Audited::by_gate"], &["src/audit/"]),
    ("a gate is passed", &["by_gate", ".by_gate"], &["src/domain/proof.rs", "src/feed/", "src/audit/"]),
];

/// The type `std::fs::File` may be named anywhere: storage hands it out.
const FILES: &[&str] = &[
    "std::fs",
    "std::fs::*",
    "fs::*",
    "File::open",
    "File::create",
    "File::create_new",
    "File::options",
    "OpenOptions",
    "DirBuilder",
    "tokio::fs",
    "tokio::fs::*",
    ".exists",
    ".try_exists",
    ".read_dir",
    ".canonicalize",
    ".symlink_metadata",
];
const CLOCKS: &[&str] = &["Timestamp::now", "Zoned::now", "SystemTime::now", "Instant::now"];
const PRINTS: &[&str] = &["println!", "eprintln!", "print!", "eprint!"];

#[test]
fn outside_tests_files_clocks_prints_exits_environment_randomness_and_gates_are_used_only_in_their_places() {
    hold(rust("src"), |file| file.paths(&file.shipped, |path| place_fault(&file.path, path)));
}

fn place_fault(file: &str, path: &str) -> Option<String> {
    let broken = PLACES.iter().find(|(_, what, at)| {
        what.iter().any(|what| names(what, path)) && !at.iter().any(|at| file.starts_with(at))
    });
    broken.map(|(doing, _, at)| format!("`{path}`: {doing} only in {}", at.join(", ")))
}

/// Whether a path is, ends in, or stands below what a rule names.
pub(crate) fn names(rule: &str, path: &str) -> bool {
    if path == "std::fs::File" {
        return false;
    }
    match rule.strip_suffix("::*") {
        Some(above) => path.strip_prefix(above).is_some_and(|rest| rest.starts_with("::")),
        None => path == rule || path.strip_suffix(rule).is_some_and(|before| before.ends_with("::")),
    }
}

#[test]
fn unsafe_is_written_only_in_one_file() {
    let files = rust("src").into_iter().chain(rust("tests"));
    hold(files.filter(|file| file.path != "src/ground/platform.rs").collect(), |file| {
        file.paths(&file.code, |path| (path == "unsafe").then(|| "`unsafe`".to_owned()))
    });
}

#[test]
fn the_vocabulary_names_no_wire_format_runtime_network_or_file() {
    hold(rust("src/domain"), |file| file.paths(&file.code, domain_fault));
}

fn domain_fault(path: &str) -> Option<String> {
    let segments: Vec<_> = path.split("::").map(|segment| segment.trim_end_matches('!')).collect();
    let crates = ["serde", "serde_json", "tokio", "actix_web", "tracing", "toml", "csv"];
    let outside = crates.contains(&segments[0])
        || (segments[0] == "std"
            && matches!(segments.get(1), Some(&("fs" | "net" | "io" | "thread" | "env" | "process"))));
    outside.then(|| format!("`{path}` has no place in the vocabulary"))
}

#[test]
fn self_test_of_places() {
    let broken = |code: &str| {
        let code = without_tests(&blank(code));
        let named = |path: &str| place_fault("src/index/x.rs", path).is_some();
        paths(&code).into_iter().map(|(_, path)| path).filter(|path| named(path)).collect::<Vec<_>>()
    };
    assert_eq!(broken("use std::{fs, io}; use std::fs::{self, File};"), ["std::fs", "std::fs::self"]);
    assert_eq!(broken("let f = std::fs::read(p); File::open(p); fs::write(p, b)").len(), 3);
    assert_eq!(broken("if path.exists() { File::create_new(path) }").len(), 2);
    assert_eq!(broken("use std::fs::OpenOptions; std::fs::File::open(p)").len(), 2);
    assert_eq!(
        broken("let t = jiff::Timestamp::now(); SystemTime::now(); std::time::Instant::now()").len(),
        3
    );
    assert_eq!(broken("println!(); std::process::exit(1); std::env::var(n); getrandom::fill(b)").len(), 4);
    assert_eq!(broken("Verified::by_gate(x); Audited::<T>::by_gate(x); <Audited<T>>::by_gate(x)").len(), 3);
    assert_eq!(broken("use anyhow::Result; anyhow::bail!(a)").len(), 2);
    assert_eq!(
        broken("use std::fs::File; let now = clock.now(); env!(X); // println!\n\"std::fs\""),
        [""; 0]
    );
    assert_eq!(broken("#[cfg(test)]\nmod tests { use std::fs; fn f() { println!() } }"), [""; 0]);
    assert_eq!(broken("#[cfg(test)]\nmod testing;\nfn f() { println!() }"), ["println!"]);
    assert_eq!(
        paths(&blank("unsafe { f() } // unsafe")).iter().filter(|(_, path)| path == "unsafe").count(),
        1
    );
    for (file, path) in [
        ("src/feed/verify.rs", "Verified::by_gate"),
        ("src/audit/pending.rs", "Audited::by_gate"),
        ("src/ground/storage/disk.rs", "std::fs::rename"),
        ("src/cli/check.rs", "println!"),
    ] {
        assert_eq!(place_fault(file, path), None);
        assert!(place_fault("src/index/x.rs", path).is_some());
    }
    assert!(place_fault("src/feed/verify.rs", "Audited::by_gate").is_some());
    assert!(place_fault("src/audit/pending.rs", "Verified::by_gate").is_some());
    assert!(domain_fault("serde::Serialize").is_some() && domain_fault("std::net::IpAddr").is_some());
    assert!(domain_fault("std::fmt").is_none() && domain_fault("derive").is_none());
}
