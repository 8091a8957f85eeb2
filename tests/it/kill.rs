//! `kill -9` on the real program, and the system calls that it really makes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use portcullis::audit::read_log;
use portcullis::domain::Kind;
use portcullis::ground::storage::Disk;
use portcullis::index::current;
use serde_json::{Value, json};

use crate::support::command::PROGRAM;
use crate::support::serving::Serving;
use crate::support::site::{notice, parse, publish};

/// One connection that is kept: asks, and waits for the answer.
fn ask(stream: &mut TcpStream, body: &str) -> Option<Value> {
    let head = format!(
        "POST /v1/checks HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut reply = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        reply.extend_from_slice(&buffer[..read]);
        let Some(at) = reply.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&reply[..at]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if reply.len() >= at + 4 + length.parse::<usize>().unwrap() {
            return Some(parse(&reply).json());
        }
    }
}

fn site() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    let listed = [notice("UTO", "L898902C3", Kind::Passport)];
    publish(data.path(), "local", &listed, SignedDuration::from_hours(1));
    data
}

fn question(number: usize) -> String {
    json!({"document": {"number": format!("K{number}"), "issuing_state": "UTO"}, "client_reference": format!("r-{number}x")})
        .to_string()
}

/// Entries of every log at a site, by client reference.
fn recorded(data: &Path) -> Vec<String> {
    let mut references = Vec::new();
    for entry in std::fs::read_dir(data.join("audit")).unwrap() {
        let folder = entry.unwrap().path();
        if folder.join("bodies").exists() {
            read_log(&Disk, &folder, &mut |recorded| {
                let entry = recorded.whole().expect("nothing was erased").entry;
                // A start refers to nothing that anybody asked.
                let reference = entry.client_reference.filter(|_| entry.act != "started");
                references.extend(reference.map(|text| text.to_string()))
            })
            .unwrap();
        }
    }
    references
}

#[test]
fn every_answer_that_was_given_before_a_kill_under_load_is_in_the_log() {
    let data = site();
    let mut owed = Vec::new();
    for round in 0..3_usize {
        let mut serving = Serving::start_under(&[], data.path(), data.path(), "text");
        let address = serving.address;
        let answered = Arc::new(Mutex::new(Vec::new()));
        let clients: Vec<_> = (0..8_usize)
            .map(|client| {
                let answered = answered.clone();
                std::thread::spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    for at in 0.. {
                        let number = round * 10_000_000 + client * 1_000_000 + at;
                        let Some(answer) = ask(&mut stream, &question(number)) else { return };
                        answered
                            .lock()
                            .unwrap()
                            .push(answer["client_reference"].as_str().unwrap().to_owned());
                    }
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300 + 200 * round as u64));
        serving.child.kill().unwrap();
        serving.child.wait().unwrap();
        clients.into_iter().for_each(|client| client.join().unwrap());
        owed.append(&mut answered.lock().unwrap());
        assert!(owed.len() > 20 * (round + 1), "the load was no load: {}", owed.len());
        let recorded = recorded(data.path());
        let known: std::collections::HashSet<_> = recorded.iter().collect();
        assert_eq!(known.len(), recorded.len(), "an entry is there twice");
        let lost: Vec<_> = owed.iter().filter(|reference| !known.contains(reference)).collect();
        assert!(lost.is_empty(), "answered and not recorded: {lost:?}");
    }
}

#[test]
fn a_kill_during_an_import_leaves_a_whole_generation_and_the_next_import_works() {
    let data = site();
    let register = data.path().join("register.csv");
    let generate = ["generate", "--records", "60000", "--seed", "5", "--out", register.to_str().unwrap()];
    assert!(Command::new(PROGRAM).args(generate).stdout(Stdio::null()).status().unwrap().success());
    let import = || {
        let mut command = Command::new(PROGRAM);
        command.args([
            "import",
            "--data",
            data.path().to_str().unwrap(),
            "--feed",
            "local",
            "--format",
            "csv",
            "--accept-shrink",
            "--as-of",
            // Later each time, for the same list of the same time would change nothing.
            &jiff::Timestamp::now().to_string(),
        ]);
        command.arg(&register).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let whole = Instant::now();
    assert!(import().status().unwrap().success());
    let whole = whole.elapsed();
    let mut last = current(&Disk, data.path()).unwrap().unwrap().1.number;
    for step in 0..12_u32 {
        let mut child = import().spawn().unwrap();
        std::thread::sleep(whole * step / 11);
        child.kill().unwrap();
        child.wait().unwrap();
        let found = current(&Disk, data.path()).unwrap().unwrap().1.number;
        assert!(found == last || found == last + 1, "generation {found} after {last}");
        last = found;
        let mut check = Command::new(PROGRAM)
            .args(["check", "--data", data.path().to_str().unwrap(), "--number", "-", "--issuer", "UTO"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        check.stdin.take().unwrap().write_all(b"QQQQQQQ1").unwrap();
        assert_eq!(check.wait().unwrap().code(), Some(0), "what is in force answers");
    }
    assert!(import().status().unwrap().success());
    let left: Vec<_> = std::fs::read_dir(data.path().join("index/segments"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(left.iter().all(|path| path.extension().is_some_and(|ending| ending == "segment")), "{left:?}");
    assert!(left.len() <= 3, "{left:?}");
}

#[test]
fn a_kill_during_a_fold_leaves_the_list_in_force_and_the_next_fold_works() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("site");
    let data = data.to_str().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let import = |seed: &str, more: &[&str]| {
        let register = folder.path().join(format!("{seed}.csv"));
        let register = register.to_str().unwrap();
        assert!(
            run(&["generate", "--records", "200000", "--seed", seed, "--out", register])
                .status()
                .unwrap()
                .success()
        );
        let arguments = ["import", "--data", data, "--feed", "local", "--format", "csv", "--accept-shrink"];
        assert!(run(&[&arguments, more, &[register]].concat()).status().unwrap().success());
    };
    import("1", &[]);
    import("2", &["--delta"]);
    let state = || {
        let shown =
            Command::new(PROGRAM).args(["inspect", "index", "--data", data, "--verify"]).output().unwrap();
        assert!(shown.status.success());
        let shown = String::from_utf8(shown.stdout).unwrap();
        let line = |begins: &str| {
            shown.lines().find(|line| line.trim_start().starts_with(begins)).unwrap().to_owned()
        };
        (line("state"), line("generation"), shown.contains("segment     delta"))
    };
    let before = state();
    assert!(before.2, "there is something to fold");
    // At a rate at which it takes seconds.
    let fold = ["fold", "--data", data, "--feed", "local", "--mib-per-second"];
    for millis in [50, 200, 600, 1200] {
        let mut child = run(&[&fold[..], &["2"]].concat()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(state(), before);
    }
    assert!(run(&[&fold[..], &["1000"]].concat()).status().unwrap().success());
    let after = state();
    assert_eq!((&after.0, after.2), (&before.0, false));
}

/// The number of system calls is the point, so a tracer counts them. It also makes each sync take as long as a slow
/// disk's, so that it does not depend on the machine how many clients wait for one.
#[test]
fn sixty_four_clients_share_their_syncs() {
    let data = site();
    let trace = data.path().join("trace");
    let slow = "inject=fdatasync:delay_exit=10000";
    let under = ["strace", "-f", "-qq", "-e", "trace=fdatasync", "-e", slow, "-o", trace.to_str().unwrap()];
    let mut serving = Serving::start_under(&under, data.path(), data.path(), "text");
    let address = serving.address;
    let go_on = Arc::new(AtomicBool::new(true));
    let each = 25;
    let clients: Vec<_> = (0..64_usize)
        .map(|client| {
            let go_on = go_on.clone();
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                for at in 0..each {
                    assert!(go_on.load(Ordering::Relaxed));
                    ask(&mut stream, &question(client * 1000 + at)).expect("an answer");
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    go_on.store(false, Ordering::Relaxed);
    let ended =
        Command::new("kill").args(["-TERM", &child_of(serving.child.id()).to_string()]).status().unwrap();
    assert!(ended.success());
    assert!(serving.child.wait().unwrap().success(), "the service ends in order");
    let syncs =
        std::fs::read_to_string(&trace).unwrap().lines().filter(|line| line.contains("fdatasync(")).count();
    let answers = 64 * each;
    assert_eq!(recorded(data.path()).len(), answers);
    assert!(syncs >= 1 && syncs * 8 <= answers, "{syncs} syncs for {answers} answers");
}

fn child_of(pid: u32) -> u32 {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.split_whitespace().next().expect("the tracer runs the service").parse().unwrap()
}
