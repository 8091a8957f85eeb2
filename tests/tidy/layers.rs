//! Who may import whom.

use crate::reading::{blank, hold, paths, rust, tokens};

#[test]
fn every_module_imports_only_from_the_layers_below_it() {
    hold(rust("src"), |file| {
        let module = module_of(&file.path);
        file.paths(&file.code, |path| layer_fault(module, path))
    });
}

#[test]
fn every_module_has_a_layer() {
    hold(rust("src"), |file| {
        let module = module_of(&file.path);
        (rank(module).is_none())
            .then(|| format!("{}: no layer has a module `{module}`", file.path))
            .into_iter()
            .collect()
    });
}

#[test]
fn no_chain_of_super_climbs_out_of_its_module() {
    hold(rust("src"), |file| {
        let nesting = nesting(&file.code);
        let faults = paths(&file.code).into_iter().filter_map(|(line, path)| {
            let fault = super_fault(&file.path, nesting[line - 1], &path)?;
            Some(format!("{}:{line}: {fault}", file.path))
        });
        faults.collect()
    });
}

const LAYERS: [&[&str]; 6] = [
    &["domain"],
    &["ground"],
    &["register", "index", "feed", "overlay", "audit", "edifact", "jobs", "access"],
    &["publishing", "syncing", "screening", "alerting", "carrier", "bulk", "rescreening"],
    &["app", "config", "http"],
    &["main", "cli", "lib"],
];

const BIN: usize = LAYERS.len() - 1;

/// Imports within a layer, which are otherwise none.
const WITHIN: [(&str, &str); 5] =
    [("*", "screening"), ("config", "http"), ("app", "config"), ("app", "http"), ("main", "cli")];

fn rank(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn layer_fault(from: &str, path: &str) -> Option<String> {
    let mut segments = path.split("::");
    if !matches!(segments.next(), Some("crate" | "portcullis")) {
        return None;
    }
    let to = segments.next()?;
    if to == "*" {
        return Some(format!("`{path}` hides what is imported"));
    }
    let above = rank(from)?;
    let Some(below) = rank(to) else {
        return (above < BIN).then(|| format!("`{path}` is in no layer"));
    };
    let within = || WITHIN.iter().any(|(who, whom)| (*who == from || *who == "*") && *whom == to);
    let fine = from == to || below < above || (below == above && within());
    (!fine).then(|| format!("`{from}` must not import `{to}`"))
}

/// `nesting` is the number of modules opened in the file around the path.
fn super_fault(file: &str, nesting: usize, path: &str) -> Option<String> {
    let climbs = path.split("::").take_while(|segment| *segment == "super").count();
    let file = file.strip_prefix("src/").unwrap_or(file);
    let depth = file.strip_suffix("/mod.rs").unwrap_or(file).split('/').count() + nesting;
    (climbs >= depth).then(|| format!("`{path}` leaves the module: write `crate::`"))
}

/// For each line, how many modules that are opened in the file stand around its end.
fn nesting(code: &str) -> Vec<usize> {
    let mut open = Vec::new();
    let mut mod_ahead = false;
    let mut nesting = Vec::new();
    for line in code.lines() {
        for (_, token) in tokens(line) {
            match token {
                "mod" => mod_ahead = true,
                ";" => mod_ahead = false,
                "{" => open.push(std::mem::take(&mut mod_ahead)),
                "}" => drop(open.pop()),
                _ => {}
            }
        }
        nesting.push(open.iter().filter(|is_mod| **is_mod).count());
    }
    nesting
}

/// The first folder below `src`, or the file there.
fn module_of(file: &str) -> &str {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    inside.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

#[test]
fn self_test_of_layers() {
    let faults = |from: &str, code: &str| {
        paths(&blank(code)).iter().filter(|(_, path)| layer_fault(from, path).is_some()).count()
    };
    assert_eq!(faults("index", "use crate::feed::Sync;"), 1);
    assert_eq!(faults("index", "use crate::{domain::Digest, feed::{Sync, Other}};"), 2);
    assert_eq!(faults("index", "fn f() { crate::audit::record(); portcullis::http::serve() }"), 2);
    assert_eq!(faults("index", "use crate::{\n    ground,\n    *,\n};"), 1);
    assert_eq!(faults("index", "use ::portcullis::audit::Log; pub(in crate::audit) fn f() {}"), 2);
    assert_eq!(faults("index", "use crate::index::format; use crate::ground::storage; // crate::feed"), 0);
    assert_eq!(faults("index", "use crate::RootItem;"), 1);
    assert_eq!(faults("domain", "use crate::ground::clock;"), 1);
    assert_eq!(faults("ground", "use crate::domain::Digest;"), 0);
    assert_eq!(faults("bulk", "use crate::screening::Policy; use crate::audit::Log;"), 0);
    assert_eq!(faults("screening", "use crate::bulk::Limits;"), 1);
    assert_eq!(faults("http", "use crate::{app, config};"), 2);
    assert_eq!(faults("config", "use crate::{app, http};"), 1);
    assert_eq!(faults("app", "use crate::{config, http, cli};"), 1);
    assert_eq!(faults("cli", "use portcullis::{app, domain};"), 0);
    assert!(super_fault("src/index/mod.rs", 0, "super::feed").is_some());
    assert!(super_fault("src/ground/storage/disk.rs", 0, "super::super::super::feed").is_some());
    assert!(super_fault("src/ground/storage/disk.rs", 0, "super::super::clock").is_none());
    assert!(super_fault("src/index/format.rs", 0, "super::Segment").is_none());
    assert!(super_fault("src/index/format.rs", 0, "super::super::feed").is_some());
    assert!(super_fault("src/index/format.rs", 1, "super::super::Segment").is_none());
    assert_eq!(nesting("mod a;\nfn b() {\n}\nmod c {\nfn d() { }\n}"), [0, 0, 0, 1, 1, 0]);
    assert_eq!((module_of("src/a/b.rs"), module_of("src/main.rs"), rank("shed")), ("a", "main", None));
}
