//! Checkpoints on a web server that somebody else wrote: what it keeps decides whether a log starts.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use portcullis::audit::{AuditError, Config};
use portcullis::ground::causes;
use portcullis::ground::storage::Disk;

use crate::audit_samples::{draft, open_as, record, until};
use crate::support::stores::{CutLine, PASSWORD, Store, USER};

/// To a server's folder, with what it takes to be let in there.
fn exporting(line: &CutLine, folder: &Path) -> Config {
    let credentials = folder.join("credentials");
    fs::write(&credentials, format!("{USER}:{PASSWORD}\n")).unwrap();
    Config {
        checkpoints_to: vec![line.web_url()],
        checkpoints_credentials: Some(credentials),
        checkpoint_every: Duration::from_millis(200),
        ..Config::default()
    }
}

fn copied(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

#[test]
fn a_log_that_was_put_back_is_refused_by_what_a_web_server_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::web(&folder.path().join("web"));
    let line = CutLine::to(&store);
    let data = folder.path().join("site");
    fs::create_dir(&data).unwrap();
    let (log, opened) = open_as(&Disk, &data, exporting(&line, folder.path())).unwrap();
    let kept =
        || fs::read_to_string(store.file(&format!("{}/checkpoint", opened.log_id))).unwrap_or_default();
    record(&log, &draft(0, 0)).unwrap();
    log.close().unwrap();
    assert!(kept().starts_with(&format!("portcullis/{}\n1\n", opened.log_id)), "{}", kept());
    copied(&data, &folder.path().join("old"));
    let (log, _) = open_as(&Disk, &data, exporting(&line, folder.path())).unwrap();
    record(&log, &draft(1, 0)).unwrap();
    log.close().unwrap();

    let old = folder.path().join("old");
    let refused = open_as(&Disk, &old, exporting(&line, folder.path())).unwrap_err();
    assert!(matches!(refused, AuditError::CutOff { size: 2, entries: 1, .. }), "{refused}");
    let told = causes(&refused).to_string();
    assert!(told.contains("127.0.0.1") && !told.contains(PASSWORD) && !told.contains('%'), "{told}");
    // A server that is away says nothing, and keeps nobody from starting.
    line.cut(true);
    let (log, _) = open_as(&Disk, &old, exporting(&line, folder.path())).unwrap();
    record(&log, &draft(7, 0)).unwrap();
    // But once it is back it is asked before it is told anything, and the log stops.
    line.cut(false);
    until("the log has stopped", || {
        let refused = record(&log, &draft(8, 0)).err();
        matches!(refused, Some(AuditError::CutOff { .. } | AuditError::Forked { .. }))
    });
    assert!(!log.writable());
    drop(log);
    assert!(kept().starts_with(&format!("portcullis/{}\n2\n", opened.log_id)), "{}", kept());
}

#[test]
fn a_server_that_is_away_keeps_no_answer_waiting_and_gets_the_newest_checkpoint_once_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::web(&folder.path().join("web"));
    let line = CutLine::to(&store);
    let (log, opened) = open_as(&Disk, folder.path(), exporting(&line, folder.path())).unwrap();
    let kept =
        || fs::read_to_string(store.file(&format!("{}/checkpoint", opened.log_id))).unwrap_or_default();
    let size = |entries| format!("portcullis/{}\n{entries}\n", opened.log_id);
    record(&log, &draft(0, 0)).unwrap();
    until("the first is there", || kept().starts_with(&size(1)));
    line.cut(true);
    for number in 1..5 {
        record(&log, &draft(number, 0)).unwrap();
        std::thread::sleep(Duration::from_millis(250));
    }
    assert!(log.writable() && kept().starts_with(&size(1)));
    line.cut(false);
    record(&log, &draft(5, 0)).unwrap();
    until("the newest is there", || kept().starts_with(&size(6)));
    log.close().unwrap();
}

#[test]
fn an_address_that_cannot_be_used_is_refused_without_showing_what_is_secret_in_it() {
    let data = tempfile::tempdir().unwrap();
    let open = |url: &str, authorities: Option<&Path>| {
        let checkpoints_authorities = authorities.map(Path::to_owned);
        let config =
            Config { checkpoints_to: vec![url.to_owned()], checkpoints_authorities, ..Config::default() };
        causes(&open_as(&Disk, data.path(), config).unwrap_err()).to_string()
    };
    let none = data.path().join("none.pem");
    fs::write(&none, "nothing").unwrap();
    for (url, authorities, said) in [
        ("http://u:hush@elsewhere.example/a", None, "https"),
        ("https://u:hush@127.0.0.1/a", None, "credentials"),
        ("ftp://u:hush@elsewhere.example/a", None, "not a URL"),
        ("https://elsewhere.example/a", Some(&*none), "certificates"),
        ("https://elsewhere.example/a", Some(&*data.path().join("gone.pem")), "gone.pem"),
    ] {
        let told = open(url, authorities);
        assert!(told.contains(said) && !told.contains("hush"), "{url}: {told}");
    }
}
