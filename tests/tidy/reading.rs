//! Reads a checkout: its files, their code without comments and strings, the paths that stand in it.

use std::path::PathBuf;

pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Comments and the contents of strings blanked.
    pub(crate) code: String,
    /// `code` without what is compiled for tests only.
    pub(crate) shipped: String,
}

impl File {
    /// What is wrong with the paths that stand in `code`, each with its line.
    pub(crate) fn paths(&self, code: &str, fault: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let faults = paths(code).into_iter().filter_map(|(line, path)| Some((line, fault(&path)?)));
        faults.map(|(line, fault)| format!("{}:{line}: {fault}", self.path)).collect()
    }

    /// What is wrong at each token, looking onward from it.
    pub(crate) fn tokens(&self, fault: impl Fn(&[(usize, &str)]) -> Option<String>) -> Vec<String> {
        let tokens = tokens(&self.code);
        let faults = (0..tokens.len()).filter_map(|at| Some((tokens[at].0, fault(&tokens[at..])?)));
        faults.map(|(line, fault)| format!("{}:{line}: {fault}", self.path)).collect()
    }
}

/// Fails with everything that breaks a rule, and if there was nothing to hold it against.
#[track_caller]
pub(crate) fn hold(files: Vec<File>, rule: impl Fn(&File) -> Vec<String>) {
    assert!(!files.is_empty(), "the rule was held against no file");
    let faults: Vec<_> = files.iter().flat_map(rule).collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

pub(crate) fn root() -> PathBuf {
    // As cargo says when it runs the tests: a binary from a shared target folder may have been built elsewhere.
    let told = ["TIDY_ROOT", "CARGO_MANIFEST_DIR"].into_iter().find_map(std::env::var_os);
    told.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

pub(crate) fn rust(under: &str) -> Vec<File> {
    let mut files = texts(&["rs"]);
    files.retain(|file| file.path.starts_with(&format!("{under}/")));
    let test_files: Vec<_> = files.iter().flat_map(|file| test_modules(&file.path, &file.code)).collect();
    for file in &mut files {
        let of_test = |module: &String| {
            file.path == format!("{module}.rs") || file.path.starts_with(&format!("{module}/"))
        };
        if test_files.iter().any(of_test) {
            file.shipped.clear();
        }
    }
    files
}

/// Markdown, and the comments of code.
pub(crate) fn documents() -> Vec<File> {
    let mut files = texts(&["md", "rs", "toml"]);
    for file in files.iter_mut().filter(|file| !file.path.ends_with(".md")) {
        let comments = file.text.lines().filter(|line| line.trim_start().starts_with(['/', '#']));
        file.text = comments.fold(String::new(), |text, line| text + line + "\n");
    }
    files
}

/// Files by what their names end in, wherever they stand; what is built and what is fetched is left out.
pub(crate) fn texts(ends: &[&str]) -> Vec<File> {
    let root = root();
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the project can be read") {
            let path = entry.expect("a folder of the project can be read").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !matches!(name, ".git" | "target" | "node_modules" | "corpus" | "proptest-regressions") {
                    folders.push(path);
                }
            } else if ends.iter().any(|end| name == *end || name.ends_with(&format!(".{end}"))) {
                let text = std::fs::read_to_string(&path).expect("a text of the project can be read");
                let path = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
                let code = if path.ends_with(".rs") { blank(&text) } else { String::new() };
                files.push(File { path, shipped: without_tests(&code), code, text });
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// Replaces comments and the contents of strings and characters by blanks; lines stay where they are.
pub(crate) fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let after_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let raw = rest.strip_prefix(b"br").or_else(|| rest.strip_prefix(b"r")).filter(|_| !after_word);
        let hashes = raw.map_or(0, |raw| raw.iter().take_while(|byte| **byte == b'#').count());
        let len = if rest.starts_with(b"//") {
            rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            block_comment_len(rest)
        } else if raw.is_some_and(|raw| raw.get(hashes) == Some(&b'"')) {
            let opening = rest.iter().position(|byte| *byte == b'"').unwrap_or(0) + 1;
            let end = [&b"\""[..], &vec![b'#'; hashes]].concat();
            let found = rest[opening..].windows(end.len()).position(|window| window == end);
            found.map_or(rest.len(), |found| opening + found + end.len())
        } else if rest[0] == b'"' {
            quoted_len(rest, b'"')
        } else if rest[0] == b'\'' && is_character(&text[at..]) {
            quoted_len(rest, b'\'')
        } else {
            at += 1;
            continue;
        };
        code[at..at + len].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at += len;
    }
    String::from_utf8(code).expect("whole characters were blanked")
}

fn block_comment_len(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted_len(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// A character, not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut letters = rest.chars().skip(1);
    letters.next() == Some('\\') || letters.next() == Some('\'')
}

/// Blanks every item under `#[cfg(test)]`, to its closing brace or its semicolon.
pub(crate) fn without_tests(code: &str) -> String {
    blank_items(code, "#[cfg(test)]")
}

pub(crate) fn outside_traits(code: &str) -> String {
    blank_items(code, "pub trait ")
}

fn blank_items(code: &str, opening: &str) -> String {
    let mut bytes = code.as_bytes().to_vec();
    for (start, _) in code.match_indices(opening) {
        let mut depth = 0;
        for byte in &mut bytes[start..] {
            match *byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            let last = depth <= 0 && matches!(*byte, b'}' | b';');
            if *byte != b'\n' {
                *byte = b' ';
            }
            if last {
                break;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The files, without their ending, of the modules that a file declares for tests only.
fn test_modules(path: &str, code: &str) -> Vec<String> {
    let folder = path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix("/lib.rs"));
    let folder = folder.unwrap_or_else(|| path.trim_end_matches(".rs"));
    let after = code.split("#[cfg(test)]").skip(1);
    let names = after.filter_map(|rest| rest.trim_start().strip_prefix("mod ")?.split_once(';'));
    let names = names.map(|(name, _)| name.trim()).filter(|name| !name.contains(['{', ' ']));
    names.map(|name| format!("{folder}/{name}")).collect()
}

/// Words, `::` and single marks, each with its line.
pub(crate) fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    for (line, text) in code.lines().enumerate() {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let len = if rest.starts_with("::") { 2 } else { word.max(first.len_utf8()) };
            let (token, after) = rest.split_at(len);
            tokens.push((line + 1, token));
            rest = after.trim_start();
        }
    }
    tokens
}

/// Every path as it is written, groups taken apart: `use a::{b, c::d};` has `a::b` and `a::c::d`. A macro's path ends
/// in `!`, a method's begins with `.`, and type arguments are left out.
pub(crate) fn paths(code: &str) -> Vec<(usize, String)> {
    let tokens = tokens(code);
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_word(tokens[at].1) {
            let prefix = if at > 0 && tokens[at - 1].1 == "." { "." } else { "" };
            at = read_path(&tokens, at, prefix, &mut paths);
        } else {
            at += 1;
        }
    }
    paths
}

/// Words before which a path that begins with `::` may stand.
const KEYWORDS: [&str; 14] = [
    "use", "in", "return", "mut", "dyn", "impl", "as", "else", "match", "if", "for", "move", "while", "break",
];

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn read_path(
    tokens: &[(usize, &str)],
    start: usize,
    prefix: &str,
    paths: &mut Vec<(usize, String)>,
) -> usize {
    let token = |at: usize| tokens.get(at).map_or("", |(_, token)| *token);
    let line = tokens[start].0;
    let mut path = format!("{prefix}{}", token(start));
    let mut at = start + 1;
    while token(at) == "::" && !KEYWORDS.contains(&token(start)) {
        match token(at + 1) {
            "{" => return read_group(tokens, at + 2, &path, paths),
            "<" => at = after_brackets(tokens, at + 1),
            next if is_word(next) || next == "*" => {
                path = format!("{path}::{next}");
                at += 2;
            }
            _ => break,
        }
    }
    if token(at) == "!" && token(at + 1) != "=" {
        path.push('!');
        at += 1;
    }
    paths.push((line, path));
    at
}

fn read_group(
    tokens: &[(usize, &str)],
    mut at: usize,
    path: &str,
    paths: &mut Vec<(usize, String)>,
) -> usize {
    while at < tokens.len() && tokens[at].1 != "}" {
        match tokens[at].1 {
            "as" => at += 2,
            token if is_word(token) || token == "*" => {
                at = read_path(tokens, at, &format!("{path}::"), paths)
            }
            _ => at += 1,
        }
    }
    at + 1
}

fn after_brackets(tokens: &[(usize, &str)], mut at: usize) -> usize {
    let mut depth = 0;
    while at < tokens.len() {
        match tokens[at].1 {
            "<" => depth += 1,
            ">" => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

#[test]
fn self_test_of_reading() {
    let blanked =
        blank("let a = \"b\\\"c\"; let d = r#\"e\"f\"#; 'g'; '\\''; x::<'h>(); /* i /* j */ k */ l // m");
    assert_eq!(blanked.split_whitespace().collect::<String>(), "leta=;letd=;;;x::<'h>();l");
    let all: Vec<_> =
        paths("use a::{self, b as c, d::{e, *}};\nf::<G>::h(.i(), j!(k != l))").into_iter().collect();
    let expected = ["use", "a::self", "a::b", "a::d::e", "a::d::*", "f::h", ".i", "j!", "k", "l"];
    assert_eq!(all.iter().map(|(_, path)| path.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(all[5].0, 2);
    assert_eq!(
        test_modules("src/a/mod.rs", "#[cfg(test)]\nmod testing;\nmod b;\n#[cfg(test)]\nmod c {}"),
        ["src/a/testing"]
    );
    assert_eq!(
        without_tests("a();\n#[cfg(test)]\nmod b { c { } }\nd();").split_whitespace().collect::<String>(),
        "a();d();"
    );
}
