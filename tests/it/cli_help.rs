//! `--help` teaches every command with an example.

use crate::support::command::portcullis;

const COMMANDS: [&[&str]; 26] = [
    &["demo"],
    &["generate"],
    &["import"],
    &["check"],
    &["manifest"],
    &["hits"],
    &["alert", "import"],
    &["alert", "expire"],
    &["feed", "init"],
    &["feed", "add"],
    &["feed", "withdraw"],
    &["feed", "purge"],
    &["feed", "publish"],
    &["feed", "heartbeat"],
    &["feed", "rotate-key"],
    &["feed", "sign-root"],
    &["feed", "reproduce"],
    &["feed", "mirror"],
    &["feed", "forget"],
    &["sync"],
    &["fold"],
    &["rollback"],
    &["serve"],
    &["inspect", "index"],
    &["inspect", "audit"],
    &["inspect", "config"],
];

#[test]
fn every_command_has_help_with_an_example_of_itself() {
    for command in COMMANDS {
        let help = portcullis(&[command, &["--help"]].concat()).exits(0);
        let (_, examples) =
            help.out.split_once("Example").unwrap_or_else(|| panic!("no example for {command:?}"));
        let example = format!("portcullis {} ", command.join(" "));
        assert!(examples.contains(&example), "{example:?} is not in {examples}");
        assert_eq!(help.err, "");
    }
}

#[test]
fn the_first_help_names_every_command_and_the_first_steps() {
    for arguments in [&["--help"][..], &["help"]] {
        let help = portcullis(arguments).exits(0).out;
        for command in COMMANDS {
            assert!(help.contains(&format!("  {} ", command[0])), "{} is not in {help}", command[0]);
        }
        assert!(help.contains("portcullis demo"), "{help}");
    }
    assert!(portcullis(&["--version"]).exits(0).out.starts_with("portcullis "));
}

/// What stands on a command line is seen by every user of the machine: help leads people to the pipe.
#[test]
fn where_numbers_are_given_standard_input_comes_first() {
    let help = portcullis(&["check", "--help"]).exits(0).out;
    let (_, examples) = help.split_once("Examples:").unwrap();
    let first = examples.trim_start().lines().next().unwrap();
    assert!(first.contains("| portcullis check") && first.contains("--number -"), "{first}");
    assert!(!help.contains("--number L"), "no example puts a number on the command line: {help}");
    let help = portcullis(&["manifest", "--help"]).exits(0).out;
    let (_, examples) = help.split_once("Examples:").unwrap();
    let first = examples.trim_start().lines().next().unwrap();
    assert!(first.contains(" - <"), "{first}");
    let help = portcullis(&["--help"]).exits(0).out;
    assert!(help.contains("| portcullis check") && !help.contains("--number L"), "{help}");
}

#[test]
fn exit_codes_are_told_where_there_are_more_than_two() {
    // Long lines are broken.
    let help = |command: &str| {
        let words: Vec<_> = command.split(' ').chain(["--help"]).collect();
        portcullis(&words).exits(0).out.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (command, told) in [
        ("check", "0 no hit, 10 hit, 11 inconclusive, 1 failed"),
        ("manifest", "0 every line was answered, 1 otherwise"),
        (
            "alert import",
            "0 imported, also if rows were rejected --per-row; 1 nothing was issued, or not everything",
        ),
    ] {
        assert!(help(command).contains(told), "{command}");
    }
}
