//! Names of commands and flags are a contract: more may come, none may go.

use std::collections::BTreeSet;

use crate::support::command::portcullis;

const COMMANDS: [(&[&str], &[&str]); 35] = [
    (&["demo"], &["--data", "--once", "--port", "--records"]),
    (&["generate"], &["--dirty", "--like", "--out", "--records", "--seed"]),
    (
        &["import"],
        &[
            "--accept-shrink",
            "--as-of",
            "--data",
            "--delta",
            "--dry-run",
            "--feed",
            "--format",
            "--mapping",
            "--max-rejects",
            "--max-shrink",
            "--memory-max-mib",
            "--rejects",
            "--report",
        ],
    ),
    (&["check"], &["--config", "--data", "--issuer", "--json", "--kind", "--mrz", "--number", "--purpose"]),
    (&["manifest"], &["--config", "--data", "--out", "--purpose"]),
    (&["hits"], &["--config", "--data", "--follow", "--from", "--purpose", "--webhook"]),
    (&["alert", "issue"], &["--config", "--data", "--draft", "--idempotency-key"]),
    (
        &["alert", "import"],
        &[
            "--all-or-nothing",
            "--config",
            "--data",
            "--dry-run",
            "--format",
            "--idempotency-key",
            "--per-row",
            "--rejects",
        ],
    ),
    (&["alert", "submit"], &["--config", "--data", "--revision"]),
    (&["alert", "search"], &["--data", "--document"]),
    (&["alert", "expire"], &["--data", "--clock-checked"]),
    (&["feed", "forget"], &["--data"]),
    (&["fold"], &["--data", "--feed", "--mib-per-second"]),
    (&["rollback"], &["--data", "--to"]),
    (&["serve"], &["--config"]),
    (&["adopt"], &["--data"]),
    (&["backup"], &["--config", "--to"]),
    (&["restore"], &["--data"]),
    (&["audit", "verify"], &["--data", "--exported", "--json", "--key"]),
    (&["audit", "prove"], &["--data", "--out"]),
    (&["audit", "check-proof"], &["--key", "--leaf"]),
    (&["audit", "export"], &["--data", "--from", "--log", "--out", "--purpose", "--to"]),
    (&["audit", "find"], &["--data", "--document", "--from", "--json", "--log", "--purpose", "--to"]),
    (&["audit", "report"], &["--data", "--from", "--json", "--log", "--purpose", "--suppress-below", "--to"]),
    (&["audit", "collect"], &["--every", "--from", "--key", "--log", "--to"]),
    (&["audit", "erase"], &["--config", "--dry-run"]),
    (&["audit", "rotate-digest-key"], &["--data"]),
    (&["audit", "destroy-digest-key"], &["--data"]),
    (&["case", "list"], &["--all", "--data", "--json"]),
    (&["case", "show"], &["--data"]),
    (
        &["case", "outcome"],
        &[
            "--answered-at",
            "--asked-at",
            "--config",
            "--contact",
            "--data",
            "--grade-after",
            "--outcomes",
            "--until",
        ],
    ),
    (&["case", "statistics"], &["--data", "--json"]),
    (&["inspect", "index"], &["--data", "--verify"]),
    (&["inspect", "audit"], &["--data"]),
    (&["inspect", "config"], &["--config"]),
];

#[test]
fn commands_and_flags_are_what_they_were() {
    for (command, flags) in COMMANDS {
        let help = portcullis(&[command, &["--help"]].concat()).exits(0).out;
        let options = help.split_once("Options:").unwrap_or_else(|| panic!("{command:?} has options")).1;
        let options = options.split("\n\n").next().unwrap();
        let words = options.lines().flat_map(str::split_whitespace);
        let known: BTreeSet<_> = words
            .filter(|word| word.starts_with("--") && *word != "--help")
            .map(|word| word.trim_matches(','))
            .collect();
        let expected: BTreeSet<_> = flags.iter().copied().collect();
        assert_eq!(known, expected, "{command:?}");
    }
}
