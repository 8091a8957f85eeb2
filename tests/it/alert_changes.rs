//! Changes of alerts are told in order, each once, while they happen and to whoever was away.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use portcullis::alerting::AlertRequest;
use portcullis::domain::alert::{AlertId, Life, Statement};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Change, Store};
use serde_json::{Value, json};

use crate::support::alert::{alert, in_days, issue};
use crate::support::command::{Place, json_lines, portcullis, start};
use crate::support::serving::Serving;

/// A reader of events.
struct Reader(BufReader<TcpStream>);

#[derive(Debug, PartialEq)]
struct Event {
    id: u64,
    name: String,
    data: Value,
}

impl Reader {
    fn open(serving: &Serving, path: &str, header: &str) -> Self {
        let mut stream = TcpStream::connect(serving.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\n{header}\r\n").unwrap();
        Self(BufReader::new(stream))
    }

    /// The status, once the head is here.
    fn status(&mut self) -> u16 {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
        }
        status
    }

    /// A line of the body, without the marks of chunks; `None` once it has ended.
    fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 || line == "0\r\n" {
                return None;
            }
            // Chunks end their lines with both characters, events with one.
            if !line.ends_with("\r\n") {
                return Some(line.trim_end_matches('\n').to_owned());
            }
        }
    }

    /// The next event as a browser takes it (WHATWG HTML, section 9.2.6).
    fn next(&mut self) -> Option<Event> {
        let (mut id, mut name, mut data) = (None, String::new(), Vec::new());
        loop {
            let line = self.line()?;
            match line.split_once(": ").unwrap_or((&line, "")) {
                ("id", value) => id = value.split('-').next().and_then(|counter| counter.parse().ok()),
                ("event", value) => name = value.to_owned(),
                ("data", value) => data.push(value.to_owned()),
                ("", "") if !data.is_empty() => break,
                _ => {}
            }
        }
        Some(Event { id: id?, name, data: serde_json::from_str(&data.join("\n")).unwrap() })
    }
}

fn post(serving: &Serving, path: &str, body: &Value) -> Value {
    let reply = serving.post(path, "application/json", &body.to_string());
    assert!(reply.status < 300, "{}", reply.text());
    reply.json()
}

#[test]
fn each_change_is_an_event_while_it_happens_and_a_reader_goes_on_where_he_was() {
    let place = Place::with_site();
    let first = issue(&place, &alert("Q1"));
    let serving = Serving::start(&place, "text");
    let mut reader = Reader::open(&serving, "/v1/alerts/changes", "");
    assert_eq!(reader.status(), 200);
    let event = reader.next().unwrap();
    assert_eq!((event.id, &*event.name, &event.data["change"]), (1, "change", &"issued".into()));
    assert_eq!(event.data["alert"]["alert_id"], json!(first));
    let mut milder = alert("Q1");
    milder["category"] = "lost".into();
    post(&serving, &format!("/v1/alerts/{first}/amend"), &milder);
    post(&serving, &format!("/v1/alerts/{first}/renew"), &json!({ "to": in_days(90) }));
    let second = post(&serving, "/v1/alerts", &alert("Q2"))["alert_id"].as_str().unwrap().to_owned();
    portcullis(&["alert", "withdraw", &second, "--data", &place.site()]).exits(0);
    let told: Vec<_> = (0..4).map(|_| reader.next().unwrap()).collect();
    let kinds = |told: &[Event]| -> Vec<(u64, String)> {
        told.iter().map(|event| (event.id, event.data["change"].as_str().unwrap().to_owned())).collect()
    };
    let expected = [(2, "amended"), (3, "renewed"), (4, "issued"), (5, "withdrawn")];
    assert_eq!(kinds(&told), expected.map(|(id, kind)| (id, kind.to_owned())));
    assert!(told.iter().all(|event| !event.data.to_string().contains("Q1")), "no number is told");
    drop(reader);
    let mut again = Reader::open(&serving, "/v1/alerts/changes?after=1", "Last-Event-ID: 3\r\n");
    assert_eq!(again.status(), 200);
    assert_eq!(kinds(&[again.next().unwrap(), again.next().unwrap()]), kinds(&told[2..]));
    // The command says the same, and the reading is on record.
    let lines = portcullis(&["alert", "changes", "--data", &place.site(), "--after", "1"]).exits(0).lines();
    let without_standing = |value: &Value| (value["change"].clone(), value["alert"]["origin"].clone());
    assert_eq!(
        lines.iter().map(without_standing).collect::<Vec<_>>(),
        told.iter().map(|event| without_standing(&event.data)).collect::<Vec<_>>()
    );
    let before = Instant::now();
    serving.log();
    assert!(again.next().is_none(), "the stream ends with the service");
    assert!(
        before.elapsed() < Duration::from_secs(8),
        "and does not hold it up until the end of its patience"
    );
    let out = place.argument("out.ndjson");
    portcullis(&["audit", "export", "--data", &place.site(), "--out", &out]).exits(0);
    let mut read: Vec<_> = json_lines(&std::fs::read_to_string(out).unwrap())
        .iter()
        .filter(|line| line["entry"]["act"] == "alert_read")
        .map(|line| line["entry"]["client_reference"].as_str().unwrap().to_owned())
        .collect();
    read.sort_unstable();
    assert_eq!(read, ["changes after 0", "changes after 1", "changes after 3"]);
}

#[test]
fn nobody_goes_on_from_a_revision_that_is_not_the_one_here() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    issue(&place, &alert("Q2"));
    let serving = Serving::start(&place, "text");
    let path = "/v1/alerts/changes";
    let (mut id, mut reader) = (String::new(), Reader::open(&serving, path, ""));
    while !id.starts_with("id: 1-") {
        id = reader.line().unwrap();
    }
    let node = id.strip_prefix("id: 1-").unwrap();
    let (own, other) = (format!("1-{node}"), format!("1-{}", "0".repeat(16)));
    assert_eq!(Reader::open(&serving, path, &format!("Last-Event-ID: {own}\r\n")).next().unwrap().id, 2);
    assert_eq!(Reader::open(&serving, &format!("{path}?after={own}"), "").next().unwrap().id, 2);
    assert_eq!(Reader::open(&serving, path, &format!("Last-Event-ID: {other}\r\n")).status(), 410);
    let (lost, wrong) = ((410, "changes_lost"), (400, "invalid_query"));
    for (query, code, why) in [
        (format!("?after={other}"), lost, "is not the one that was seen"),
        ("?after=3".to_owned(), lost, "the newest revision of the alerts here is 2"),
        ("?after=x".to_owned(), wrong, "the id of an event, or the counter"),
    ] {
        let refused = serving.get(&format!("{path}{query}"));
        assert_eq!((refused.status, refused.json()["code"].as_str().unwrap()), code, "{query}");
        assert!(refused.text().contains(why), "{}", refused.text());
    }
    let changes = |after: &str| portcullis(&["alert", "changes", "--data", &place.site(), "--after", after]);
    assert_eq!(changes(&own).exits(0).lines().len(), 1);
    changes(&other).fails_saying("is not the one that was seen");
    changes("3").fails_saying("the newest revision of the alerts here is 2");
    assert!(changes("x").exits(2).err.contains("COUNTER-NODE"));
    serving.log();
}

/// Revisions of one alert, which is issued and then renewed, all made at once.
fn renewals(place: &Place, count: u32) {
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let request = AlertRequest::parse(alert("Q1").to_string().as_bytes()).unwrap();
    let statement = request.into_statement(Timestamp::now()).unwrap();
    let change = |number: u32| Change {
        alert: AlertId([7; 16]),
        number,
        at: Timestamp::now(),
        by: "one".into(),
        issuer: "one".into(),
        life: Life::Active,
        unapproved_until: None,
        statement: Arc::new(Statement {
            to: statement.to + SignedDuration::from_hours(i64::from(number)),
            ..statement.clone()
        }),
    };
    let mut store = Store::open_or_create(&storage, &place.path("site")).unwrap();
    store.append((1..=count).map(change).collect()).unwrap();
}

#[test]
fn whoever_was_away_for_long_gets_every_change_all_the_same() {
    let place = Place::with_site();
    // More than is remembered beside the store.
    renewals(&place, 2000);
    let serving = Serving::start(&place, "text");
    let mut reader = Reader::open(&serving, "/v1/alerts/changes", "");
    assert_eq!(reader.status(), 200);
    for id in 1..=2000 {
        let event = reader.next().unwrap();
        let kind = if id == 1 { "issued" } else { "renewed" };
        assert_eq!((event.id, &event.data["change"]), (id, &kind.into()));
    }
    post(&serving, "/v1/alerts", &alert("Q2"));
    assert_eq!(reader.next().unwrap().id, 2001);
    serving.log();
}

#[test]
fn streams_have_places_and_are_for_officers_and_for_this_site() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    let serving = Serving::start_with(&place, "streams-max = 2\n");
    let mut streams = [0, 1].map(|_| Reader::open(&serving, "/v1/alerts/changes", ""));
    assert!(streams.iter_mut().all(|reader| reader.status() == 200 && reader.next().is_some()));
    let refused = serving.get("/v1/alerts/changes");
    assert_eq!((refused.status, &refused.json()["code"]), (503, &"streams_busy".into()));
    let [gone, _kept] = streams;
    drop(gone);
    let is_free = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        Reader::open(&serving, "/v1/alerts/changes", "").status() == 200
    });
    assert!(is_free, "a place is free again once a comment finds nobody");
    for (path, header) in [("/v1/alerts/changes?after=x", ""), ("/v1/alerts/changes", "Last-Event-ID: x\r\n")]
    {
        assert_eq!(Reader::open(&serving, path, header).status(), 400);
    }
    let ahead = || {
        std::thread::sleep(Duration::from_millis(100));
        Some(serving.get("/v1/alerts/changes?after=7")).filter(|reply| reply.status != 503)
    };
    let ahead = (0..300).find_map(|_| ahead()).expect("a place is free again");
    assert!(ahead.status == 410 && ahead.text().contains("newest revision"), "{}", ahead.text());
    serving.log();
    let serving = Serving::start_with(&place, "caller-class = 'carrier'\n");
    assert_eq!(serving.get("/v1/alerts/changes").status, 403);
    serving.log();
}

#[test]
fn the_command_follows_what_others_do() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    let mut child = start(&["alert", "changes", "--data", &place.site(), "--follow"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("\"change\":\"issued\""));
    issue(&place, &alert("Q2"));
    let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(line["alert"]["origin"]["counter"], 2);
    child.kill().unwrap();
    child.wait().unwrap();
    portcullis(&["alert", "changes", "--data", &place.site(), "--after", "9"]).fails_saying("another site");
}

#[test]
fn a_stream_of_a_store_under_a_new_name_waits_for_what_is_issued() {
    let place = Place::with_site();
    issue(&place, &alert("Q1"));
    portcullis(&["adopt", "--data", &place.site()]).exits(0);
    let serving = Serving::start_with(&place, "streams-max = 1\n");
    let mut reader = Reader::open(&serving, "/v1/alerts/changes", "");
    assert_eq!((reader.status(), reader.next().unwrap().id), (200, 1));
    drop(reader);
    let mut again = (0..300).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let mut reader = Reader::open(&serving, "/v1/alerts/changes?after=1", "");
        (reader.status() == 200).then_some(reader)
    });
    let reader = again.as_mut().expect("it was seen that nobody listens");
    post(&serving, "/v1/alerts", &alert("Q2"));
    assert_eq!(reader.next().unwrap().id, 1_000_000_001);
    serving.log();
}
