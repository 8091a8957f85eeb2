//! `POST /v1/manifests`: streams that do not wait for one another, cut in either direction.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use portcullis::audit::read_log;
use portcullis::ground::storage::Disk;
use serde_json::{Value, json};

use crate::support::site::{Running, parse};

const NDJSON: &str = "application/x-ndjson";

fn line(number: &str) -> String {
    format!("{}\n", json!({"document": {"number": number, "issuing_state": "UTO"}}))
}

fn head(media_type: &str, length: Option<usize>) -> String {
    let length = match length {
        Some(length) => format!("Content-Length: {length}"),
        None => "Transfer-Encoding: chunked".to_owned(),
    };
    format!(
        "POST /v1/manifests HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: {media_type}\r\n{length}\r\n\r\n"
    )
}

#[test]
fn one_answer_a_line_in_order_and_a_summary_that_adds_up() {
    let service = Running::with_specimen();
    let manifest = format!("{}{}nonsense\n\n{}", line("L898902C3"), line("X2"), line("--"));
    let lines = service.post("/v1/manifests", NDJSON, manifest.as_bytes()).lines();
    let answered: Vec<_> = lines
        .iter()
        .map(|line| (line["line"].as_u64(), line["verdict"].as_str(), line["error"]["code"].as_str()))
        .collect();
    assert_eq!(
        answered,
        [
            (Some(1), Some("hit"), None),
            (Some(2), Some("no_hit"), None),
            (Some(3), None, Some("invalid_json")),
            (Some(4), None, Some("line_empty")),
            (Some(5), Some("inconclusive"), None),
            (None, None, None),
        ]
    );
    let summary =
        json!({"lines": 5, "hit": 1, "no_hit": 1, "inconclusive": 1, "failed": 2, "complete": true});
    assert_eq!(lines[5]["summary"], summary);
    // The hit has an entry of its own, for it is kept for another time.
    let entries: Vec<_> = lines.iter().filter_map(|line| line["audit"]["entry_id"].as_u64()).collect();
    assert_eq!(entries, [1, 0, 0]);
    let log = lines[0]["audit"]["log_id"].as_str().unwrap();
    let checks: Vec<_> = lines.iter().filter_map(|line| line["check_id"].as_str()).collect();
    assert_eq!(checks, [format!("{log}-1.1"), format!("{log}-0.2"), format!("{log}-0.5")]);
}

#[test]
fn the_log_tells_the_lines_of_two_manifests_apart() {
    let service = Running::with_specimen();
    for _ in 0..2 {
        service.post("/v1/manifests", NDJSON, format!("{}{}", line("X2"), line("X3")).as_bytes());
    }
    let mut entries = Vec::new();
    let folder = service.log_folder();
    read_log(&Disk, &folder, &mut |recorded| {
        let entry = recorded.whole().expect("nothing was erased").entry;
        let lines: Vec<_> = entry.asked().map(|asked| asked.line).collect();
        entries.extend(entry.manifest.as_ref().map(|name| (name.to_string(), lines)))
    })
    .unwrap();
    let [(one, lines_of_one), (other, lines_of_other)] = &entries[..] else { panic!("{entries:?}") };
    assert_ne!(one, other);
    assert_eq!((&lines_of_one[..], lines_of_one), (&[Some(1), Some(2)][..], lines_of_other));
}

/// Long references, several terminals and some hits: a chunk of several entries, of which each receipt names the right one.
#[test]
fn the_receipt_of_a_line_names_the_entry_that_has_it() {
    let service = Running::with_specimen();
    let line = |at: usize| {
        let number = if at.is_multiple_of(7) { "L898902C3".to_owned() } else { format!("X{at:05}") };
        json!({
            "document": { "number": number, "issuing_state": "UTO" },
            "client_reference": format!("{:x<60}", format!("r-{at}.")),
            "terminal": format!("gate-{}", at % 3),
        })
    };
    let manifest: String = (1..=1500).map(|at| format!("{}\n", line(at))).collect();
    let mut answers = service.post("/v1/manifests", NDJSON, manifest.as_bytes()).lines();
    assert_eq!(answers.pop().unwrap()["summary"]["lines"], 1500);
    let mut entries = std::collections::BTreeMap::new();
    read_log(&Disk, &service.log_folder(), &mut |recorded| {
        let entry = recorded.whole().expect("nothing was erased").entry;
        entries.insert(entry.sequence, entry);
    })
    .unwrap();
    for (at, answer) in (1..).zip(&answers) {
        let entry = &entries[&answer["audit"]["entry_id"].as_u64().unwrap()];
        let said = entry.lines.iter().find(|line| line.line == at).expect("the entry has the line");
        assert_eq!(said.client_reference.as_deref(), answer["client_reference"].as_str());
        assert_eq!(Some(&*said.verdict), answer["verdict"].as_str());
        assert_eq!(entry.terminal.as_deref(), Some(&*format!("gate-{}", at % 3)));
        assert_eq!(entry.verdict.as_deref(), Some("hit").filter(|_| at.is_multiple_of(7)));
    }
    let lines: usize = entries.values().map(|entry| entry.lines.len()).sum();
    assert!(lines == 1500 && entries.len() < 60, "{lines} in {}", entries.len());
}

#[test]
fn csv_is_answered_by_physical_line() {
    let service = Running::with_specimen();
    let manifest =
        "issuing_state,document_number,kind,client_reference\nUTO,L898902C3,passport,row-a\nUTO,X2,,\n";
    let lines = service.post("/v1/manifests", "text/csv; charset=utf-8", manifest.as_bytes()).lines();
    assert_eq!(
        (lines[0]["line"].as_u64(), lines[0]["verdict"].as_str(), lines[0]["client_reference"].as_str()),
        (Some(2), Some("hit"), Some("row-a"))
    );
    assert_eq!((lines[1]["line"].as_u64(), lines[1]["verdict"].as_str()), (Some(3), Some("no_hit")));
    assert_eq!(lines[2]["summary"]["lines"], 2);
}

#[test]
fn an_empty_manifest_has_a_summary_of_nothing() {
    let service = Running::with_specimen();
    let lines = service.post("/v1/manifests", NDJSON, b"").lines();
    assert_eq!(
        lines,
        [
            json!({"summary": {"lines": 0, "hit": 0, "no_hit": 0, "inconclusive": 0, "failed": 0, "complete": true}})
        ]
    );
}

#[test]
fn a_client_that_writes_everything_before_it_reads_does_not_deadlock() {
    let service = Running::with_specimen();
    // Answers to this many lines are far more than sockets hold.
    let lines = 20_000;
    let manifest = line("X2").repeat(lines);
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(head(NDJSON, Some(manifest.len())).as_bytes()).unwrap();
    stream.write_all(manifest.as_bytes()).expect("the service goes on reading");
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let answers = parse(&reply).lines();
    assert_eq!(answers.len(), lines + 1);
    assert_eq!(answers[lines]["summary"]["lines"], lines);
}

#[test]
fn a_client_that_waits_for_each_answer_gets_it_before_it_sends_the_next_line() {
    let service = Running::with_specimen();
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(head(NDJSON, None).as_bytes()).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    for number in ["L898902C3", "X2", "X3"] {
        let line = line(number);
        stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).unwrap();
        let mut reply = String::new();
        while !reply.contains("verdict") {
            reply.clear();
            assert!(replies.read_line(&mut reply).expect("an answer before the next line") > 0);
        }
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut rest = String::new();
    replies.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\"complete\":true"), "{rest}");
}

#[test]
fn a_manifest_cut_off_in_the_middle_gets_no_summary() {
    let service = Running::with_specimen();
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let manifest = line("X2").repeat(10);
    stream.write_all(head(NDJSON, Some(manifest.len() + 100)).as_bytes()).unwrap();
    stream.write_all(manifest.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    assert!(!String::from_utf8_lossy(&reply).contains("summary"));
    assert_eq!(service.get("/livez").status, 200);
}

#[test]
fn a_client_that_goes_away_frees_its_place() {
    let service = Running::with_specimen();
    let manifest = line("X2").repeat(50_000);
    for _ in 0..6 {
        let mut stream = TcpStream::connect(service.address).unwrap();
        stream.write_all(head(NDJSON, Some(manifest.len())).as_bytes()).unwrap();
        stream.write_all(&manifest.as_bytes()[..manifest.len() / 4]).unwrap();
        drop(stream);
    }
    let until = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let reply = service.post("/v1/manifests", NDJSON, line("L898902C3").as_bytes());
        if reply.status == 200 {
            assert_eq!(reply.lines()[0]["verdict"], "hit");
            return;
        }
        assert_eq!(reply.json()["code"], "manifests_busy");
        assert!(std::time::Instant::now() < until, "places are not freed");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_backlog_over_its_limit_ends_with_an_error_and_no_summary() {
    let data = tempfile::tempdir().unwrap();
    let mut settings = portcullis::config::Settings::defaults_for(data.path());
    settings.manifests.backlog_bytes_max = 64 << 10;
    let service = Running::start(settings);
    let manifest = line("X2").repeat(200_000);
    let mut stream = TcpStream::connect(service.address).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(head(NDJSON, Some(manifest.len())).as_bytes()).unwrap();
    let mut reader = stream.try_clone().unwrap();
    let _ = stream.write_all(manifest.as_bytes());
    let mut reply = Vec::new();
    let _ = reader.read_to_end(&mut reply);
    let text = String::from_utf8_lossy(&reply);
    assert!(!text.contains("\"complete\":true"), "the summary claims what was not checked");
    assert_eq!(service.get("/livez").status, 200);
}

#[test]
fn a_line_over_the_limit_is_answered_with_an_error_and_stepped_over() {
    let service = Running::with_specimen();
    let manifest = format!("{}\n{}", "x".repeat(20_000), line("L898902C3"));
    let lines: Vec<Value> = service.post("/v1/manifests", NDJSON, manifest.as_bytes()).lines();
    assert_eq!(lines[0]["error"]["code"], "line_too_long");
    assert_eq!((lines[1]["line"].as_u64(), lines[1]["verdict"].as_str()), (Some(2), Some("hit")));
}
