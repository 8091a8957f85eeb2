//! What names and files may not say.

use crate::places::names;
use crate::reading::{blank, hold, paths, rust, tokens};

#[test]
fn no_name_and_no_file_is_a_banned_word() {
    hold(rust("src").into_iter().chain(rust("tests")).collect(), |file| {
        let in_file_name = word_fault(&file.path).map(|fault| format!("{}: {fault}", file.path));
        let in_code = file.paths(&file.code, |path| path.split("::").find_map(word_fault));
        in_file_name.into_iter().chain(in_code).collect()
    });
}

#[test]
fn no_function_is_named_get_something() {
    hold(rust("src").into_iter().chain(rust("tests")).collect(), |file| file.tokens(getter_fault));
}

#[test]
fn no_lint_is_allowed_and_no_test_ignored() {
    hold(rust("src").into_iter().chain(rust("tests")).collect(), |file| file.tokens(attribute_fault));
}

#[test]
fn nothing_is_left_to_do() {
    hold(rust("src").into_iter().chain(rust("tests")).collect(), |file| {
        file.paths(&file.code, |path| {
            let left = ["todo!", "unimplemented!", "dbg!"].iter().any(|left| names(left, path));
            left.then(|| format!("`{path}`"))
        })
    });
}

/// A word of a name in `snake_case`, `CamelCase` or a path of files.
fn word_fault(name: &str) -> Option<String> {
    let mut spaced = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() || !letter.is_alphanumeric() {
            spaced.push(' ');
        }
        spaced.extend(letter.to_lowercase());
    }
    let banned = ["utils", "helper", "helpers", "manager", "managers"];
    let word = spaced.split(|letter: char| !letter.is_alphanumeric()).find(|word| banned.contains(word))?;
    Some(format!("`{word}` in `{name}` says nothing"))
}

fn getter_fault(tokens: &[(usize, &str)]) -> Option<String> {
    let [(_, "fn"), (_, name), ..] = tokens else { return None };
    name.starts_with("get_").then(|| format!("`{name}`: the name without `get_` says the same"))
}

fn attribute_fault(tokens: &[(usize, &str)]) -> Option<String> {
    let [(_, "#"), rest @ ..] = tokens else { return None };
    let rest = rest.strip_prefix(&[(rest.first()?.0, "!")]).unwrap_or(rest);
    let [(_, "["), inside @ ..] = rest else { return None };
    let words: Vec<_> = inside.iter().map(|(_, word)| *word).take_while(|word| *word != "]").collect();
    let direct = matches!(words.first(), Some(&("allow" | "ignore")));
    let conditional =
        words.first() == Some(&"cfg_attr") && words.iter().any(|word| matches!(*word, "allow" | "ignore"));
    (direct || conditional)
        .then(|| "`expect` with a reason instead of `allow`; mend or remove an ignored test".to_owned())
}

#[test]
fn self_test_of_words() {
    for bad in ["utils", "src/io/helpers.rs", "FeedManager", "test_helper", "JobManagers"] {
        assert!(word_fault(bad).is_some(), "{bad}");
    }
    for good in ["futures_util", "helped", "management", "src/index/mod.rs"] {
        assert!(word_fault(good).is_none(), "{good}");
    }
    let count = |code: &str, fault: fn(&[(usize, &str)]) -> Option<String>| {
        let code = blank(code);
        let tokens = tokens(&code);
        (0..tokens.len()).filter(|at| fault(&tokens[*at..]).is_some()).count()
    };
    assert_eq!(count("pub fn get_x() {} fn budget_get() {} fn get() {} \"fn get_y\"", getter_fault), 1);
    let attributes = "#[allow(dead_code)] #![allow(x)] #[ ignore = \"slow\"] #[cfg_attr(test, allow(x))]";
    assert_eq!(count(attributes, attribute_fault), 4);
    assert_eq!(
        count(
            "#[expect(x, reason = \"allow\")] // #[allow(x)]\n#[cfg(test)] fn ignore() {}",
            attribute_fault
        ),
        0
    );
    assert!(paths("todo!(); std::todo!()").iter().all(|(_, path)| names("todo!", path)));
}
