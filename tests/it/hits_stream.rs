//! `GET /v1/hits` tells officers of hits while they are recorded, and `portcullis hits` shows them.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::support::command::{Place, portcullis, start};
use crate::support::serving::Serving;

struct Told {
    id: String,
    name: String,
    data: Value,
}

/// A stream that is read event by event.
struct Listening {
    status: u16,
    lines: BufReader<TcpStream>,
}

impl Listening {
    fn open(address: SocketAddr, query: &str, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(stream, "GET /v1/hits{query} HTTP/1.1\r\nHost: test\r\n{last}\r\n").unwrap();
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        Self { status: head.split(' ').nth(1).unwrap().parse().unwrap(), lines }
    }

    /// The next event; `None` where the stream ends. Lines of chunks, comments and the time to wait are passed over.
    fn next(&mut self) -> Option<Told> {
        let (mut id, mut name) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 || line.trim_end() == "0" {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", value)) => id = value.to_owned(),
                Some(("event", value)) => name = value.to_owned(),
                Some(("data", value)) => {
                    return Some(Told { id, name, data: serde_json::from_str(value).unwrap() });
                }
                _ => {}
            }
        }
    }

    fn hit(&mut self) -> Told {
        let told = self.next().expect("a hit is told");
        assert_eq!(told.name, "hit");
        told
    }

    fn position(&mut self) -> String {
        let told = self.next().expect("it begins with where it begins");
        assert_eq!((&*told.name, told.data), ("position", serde_json::json!({})));
        told.id
    }
}

const HIT: &str =
    r#"{"document":{"number":"L898902C3","issuing_state":"UTO"},"terminal":"gate-3","purpose":"border"}"#;
const MISS: &str = r#"{"document":{"number":"Y7","issuing_state":"UTO"}}"#;

fn check(serving: &Serving, body: &str) -> String {
    let reply = serving.post("/v1/checks", "application/json", body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["check_id"].as_str().unwrap().to_owned()
}

#[test]
fn hits_are_told_while_they_are_recorded_and_go_on_where_somebody_was() {
    let place = Place::with_site();
    let serving = Serving::start_with(&place, "site = 'north'\n");
    let before = check(&serving, HIT);
    let mut listening = Listening::open(serving.address, "", None);
    assert_eq!(listening.status, 200);
    let begun = listening.position();
    check(&serving, MISS);
    let hit = check(&serving, HIT);
    let told = listening.hit();
    assert_eq!(told.data["id"], hit);
    assert_eq!((&told.data["site"], &told.data["terminal"]), (&"north".into(), &"gate-3".into()));
    assert_eq!(
        (&told.data["purpose"], &told.data["categories"]),
        (&"border".into(), &serde_json::json!(["stolen"]))
    );
    assert_eq!(told.data["case"].as_str().map(str::len), Some(32));
    assert!(!told.data.to_string().contains("L898902C3"));
    // A command has a log of its own.
    let by_command = place.check("L898902C3").json()["check_id"].as_str().unwrap().to_owned();
    assert_eq!(listening.hit().data["id"], by_command);
    // Several lines of a manifest stand in one entry.
    let manifest = serving.post("/v1/manifests", "application/x-ndjson", &format!("{HIT}\n{MISS}\n{HIT}\n"));
    assert_eq!(manifest.status, 200, "{}", manifest.text());
    let lines = [listening.hit(), listening.hit()];
    let [first, second] = lines.each_ref().map(|told| told.data["id"].as_str().unwrap().to_owned());
    assert!(first.ends_with(".1") && second.ends_with(".3"), "{first} {second}");
    drop(listening);
    // Whoever comes back goes on: after the last event, in the midst of an entry once more, and from where he began.
    let told_after = |id: &str, count: usize| {
        let mut listening = Listening::open(serving.address, "", Some(id));
        listening.position();
        (0..count).map(|_| listening.hit().data["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(told_after(&lines[0].id, 2), [first.clone(), second.clone()]);
    let all = [hit, by_command, first, second];
    let mut again = told_after(&begun, 4);
    again.sort();
    let mut right = all.to_vec();
    right.sort();
    assert_eq!(again, right);
    let last = check(&serving, HIT);
    assert_eq!(told_after(&lines[1].id, 1), [last]);
    let mut from_start = Listening::open(serving.address, "?from=start", None);
    assert_eq!(from_start.position(), "");
    let mut ids: Vec<_> = (0..6).map(|_| from_start.hit().data["id"].clone()).collect();
    ids.retain(|id| *id == before);
    assert_eq!(ids.len(), 1);
    // That somebody listens is recorded.
    let entries = serving.get("/v1/audit/entries").text();
    assert!(entries.contains(&format!("hits after {begun}")), "{entries}");
    // The end of the service ends the streams, and is not held up by them.
    serving.log();
    assert!(from_start.next().is_none());
}

#[test]
fn what_is_no_position_of_this_site_is_refused() {
    let place = Place::with_site();
    let serving = Serving::start_with(&place, "streams-max = 1\n");
    for (query, last) in [("?from=yesterday", None), ("?since=start", None), ("", Some("17"))] {
        assert_eq!(Listening::open(serving.address, query, last).status, 400, "{query} {last:?}");
    }
    let log = check(&serving, MISS).rsplit_once('-').unwrap().0.to_owned();
    assert_eq!(Listening::open(serving.address, "", Some(&format!("{log}:999"))).status, 400);
    let mut listening = Listening::open(serving.address, "", None);
    listening.position();
    assert_eq!(Listening::open(serving.address, "", None).status, 503);
    drop(listening);
}

#[test]
fn a_service_for_carriers_tells_nobody_of_hits() {
    let place = Place::with_site();
    let serving = Serving::start_with(&place, "caller-class = 'carrier'\n");
    assert_eq!(Listening::open(serving.address, "", None).status, 403);
}

#[test]
fn a_command_shows_the_hits_of_a_site_from_anywhere_and_follows() {
    let place = Place::with_site();
    let ids = ["L898902C3", "Y7", "X1"].map(|number| place.check(number).json()["check_id"].clone());
    let hits = |more: &[&str]| portcullis(&[&["hits", "--data", &place.site()], more].concat());
    let shown = hits(&[]).exits(0);
    let lines = shown.lines();
    assert_eq!(lines.iter().map(|line| &line["id"]).collect::<Vec<_>>(), [&ids[0], &ids[2]]);
    assert!(!shown.out.contains("L898902C3") && lines[0].get("site").is_none());
    let position = lines[0]["position"].as_str().unwrap();
    assert_eq!(hits(&["--from", position]).exits(0).lines()[0]["id"], ids[2]);
    assert!(hits(&["--from", "now"]).exits(0).out.is_empty());
    hits(&["--from", "yesterday"]).exits(2);
    let (log, _) = position.split_once(':').unwrap();
    hits(&["--from", &format!("{log}:9999")]).fails_saying("has not got so far");
    let mut following = start(&["hits", "--data", &place.site(), "--from", position, "--follow"]);
    let mut out = BufReader::new(following.stdout.take().unwrap());
    let mut next = || {
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        serde_json::from_str::<Value>(&line).unwrap()["id"].clone()
    };
    assert_eq!(next(), ids[2]);
    let later = place.check("X1").json()["check_id"].clone();
    assert_eq!(next(), later);
    following.kill().unwrap();
    following.wait().unwrap();
}
