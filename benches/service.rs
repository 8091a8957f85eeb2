//! What answering over HTTP costs: `cargo bench --bench service -- [--records N] [--seconds N] [--rounds N] [--json]`.
//!
//! `portcullis serve` on one core, a driver with 32 connections on another. The baseline is a server of the same kind that parses
//! the same JSON and answers the same bytes, without screening and without a log. What counts is answers for each second of
//! processor time that the server took, so that it matters little how fast the driver is; rounds alternate.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench is read on the terminal")]

#[path = "lookup/table.rs"]
mod table;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use portcullis::screening::CheckRequest;
use table::{Row, Table};

const PROGRAM: &str = env!("CARGO_BIN_EXE_portcullis");
const CONNECTIONS: usize = 32;
const TICKS_PER_SECOND: f64 = 100.0;

fn main() {
    if let Some(answer) = text("--baseline") {
        return baseline(std::fs::read(answer).expect("the answer is there").leak());
    }
    if text("--driver").is_none() {
        return drive_from_another_core();
    }
    let (records, rounds) = (number("--records", 1_000_000), number("--rounds", 3) as usize);
    let seconds = Duration::from_secs(number("--seconds", 5));
    let table = Table::new(std::env::args().any(|argument| argument == "--json"));
    table.note(&format!("{records} records, {rounds} alternating rounds of {} s each", seconds.as_secs()));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let register = folder.path().join("register.csv");
    let arguments = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let path = |path: &Path| path.display().to_string();
    let site = folder.path().join("site");
    run(&arguments(&[
        "generate",
        "--records",
        &records.to_string(),
        "--seed",
        "1",
        "--out",
        &path(&register),
    ]));
    run(&arguments(&[
        "import",
        "--data",
        &path(&site),
        "--feed",
        "local",
        "--format",
        "csv",
        &path(&register),
    ]));
    let answer = folder.path().join("answer");
    {
        let server = Server::serve(folder.path(), &site, "synced");
        std::fs::write(&answer, one(server.address)).expect("the answer can be kept");
    }
    let kinds = ["baseline", "synced", "written"];
    let mut rates = [const { Vec::new() }; 3];
    let mut latencies = [const { Vec::new() }; 3];
    let (mut sync_shares, mut answers_a_sync) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        for (at, kind) in kinds.iter().enumerate() {
            let server = match *kind {
                "baseline" => Server::baseline(folder.path(), &answer),
                durability => Server::serve(folder.path(), &site, durability),
            };
            drive(server.address, Duration::from_secs(1), None);
            let (before, synced_before) = (server.cpu_seconds(), server.syncs());
            let answered = drive(server.address, seconds, None);
            rates[at].push(answered.count as f64 / (server.cpu_seconds() - before));
            if *kind == "synced" {
                let (syncs, took) = server.syncs();
                sync_shares.push((took - synced_before.1) / seconds.as_secs_f64());
                answers_a_sync.push(answered.count as f64 / (syncs - synced_before.0));
            }
            let half = answered.count as f64 / seconds.as_secs_f64() / 2.0;
            latencies[at].push(drive(server.address, seconds, Some(half)).p99_ms);
        }
    }
    let [baseline, synced, written] = rates.map(|mut rates| median(&mut rates));
    let row = |name, value, unit, baseline, limit| table.row(&Row { name, value, unit, baseline, limit });
    let against = Some(("the baseline", baseline));
    row("answers a processor second", baseline, "1/s", None, None);
    row("  synced", synced, "1/s", against, None);
    row("  written", written, "1/s", against, None);
    table.note("  (synced: at least 0.60 x, written: at least 0.75 x)");
    row("time that a sync is under way, synced", 100.0 * median(&mut sync_shares), "%", None, None);
    row("  answers a sync", median(&mut answers_a_sync), "", None, None);
    let [_, synced, written] = latencies.map(|mut latencies| median(&mut latencies));
    row("p99 at half saturation, synced", synced, "ms", None, Some(4.0));
    row("p99 at half saturation, written", written, "ms", None, Some(4.0));
}

/// Runs this program again where servers are not: a driver that shares their core would be measured with them.
fn drive_from_another_core() {
    let this = std::env::current_exe().expect("this program has a path");
    let mut again = Command::new("taskset");
    again.args(["-c", "1-1023"]).arg(this).args(std::env::args().skip(1)).args(["--driver", "yes"]);
    assert!(again.status().expect("taskset is there").success(), "the driver failed");
}

/// A server on a core of its own.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn serve(folder: &Path, site: &Path, durability: &str) -> Self {
        let config = folder.join("portcullis.toml");
        let settings = format!(
            "[data]\ndir = {:?}\n[service]\nbind = \"127.0.0.1:0\"\nworkers = 1\n[audit]\ndurability = \"{durability}\"\n",
            site.display().to_string()
        );
        std::fs::write(&config, settings).expect("the settings can be written");
        Self::start(Command::new("taskset").args(["-c", "0", PROGRAM, "serve", "--config"]).arg(config))
    }

    fn baseline(_: &Path, answer: &Path) -> Self {
        let this = std::env::current_exe().expect("this program has a path");
        Self::start(Command::new("taskset").args(["-c", "0"]).arg(this).arg("--baseline").arg(answer))
    }

    fn start(command: &mut Command) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("taskset is there");
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut lines = said.lines().map_while(Result::ok);
        let address = lines.find_map(|line| line.split_once("listening on http://")?.1.trim().parse().ok());
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("it listens") }
    }

    fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = [11, 12].iter().map(|at| fields[*at].parse::<f64>().expect("a number")).sum();
        ticks / TICKS_PER_SECOND
    }
}

impl Server {
    /// How often the service has synced its log so far, and how many seconds that took; of the baseline, nothing.
    fn syncs(&self) -> (f64, f64) {
        let mut connection = Connection::open(self.address);
        let text = connection.get("/metrics").unwrap_or_default();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.map_or(0.0, |value| value.trim().parse().expect("a number"))
        };
        (value("portcullis_audit_syncs"), value("portcullis_audit_sync_seconds"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

struct Driven {
    count: u64,
    p99_ms: f64,
}

/// Asks for a while, as fast as answers come, or so many times a second in all.
fn drive(address: SocketAddr, duration: Duration, per_second: Option<f64>) -> Driven {
    let (asked, begun) = (AtomicU64::new(0), Instant::now());
    let pause = per_second.map(|rate| Duration::from_secs_f64(CONNECTIONS as f64 / rate));
    let mut times: Vec<f64> = std::thread::scope(|scope| {
        let connections = (0..CONNECTIONS).map(|at| {
            let asked = &asked;
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                let mut times = Vec::new();
                let mut due = begun + pause.unwrap_or_default().mul_f64(at as f64 / CONNECTIONS as f64);
                while begun.elapsed() < duration {
                    if let Some(pause) = pause {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        due += pause;
                    }
                    let asked_at = Instant::now();
                    connection.ask(asked.fetch_add(1, Ordering::Relaxed));
                    times.push(asked_at.elapsed().as_secs_f64() * 1e3);
                }
                times
            })
        });
        let connections: Vec<_> = connections.collect();
        connections
            .into_iter()
            .flat_map(|connection| connection.join().expect("it asks to the end"))
            .collect()
    });
    times.sort_by(f64::total_cmp);
    Driven { count: times.len() as u64, p99_ms: times[times.len() * 99 / 100] }
}

struct Connection {
    stream: BufReader<TcpStream>,
    answer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket has that");
        Self { stream: BufReader::new(stream), answer: Vec::new() }
    }

    fn ask(&mut self, number: u64) {
        let body = format!(
            r#"{{"document":{{"number":"Q{:07}","issuing_state":"UTO","kind":"passport"}},"client_reference":"gate-7:{number}"}}"#,
            number % 9_999_991
        );
        let head = "POST /v1/checks HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n";
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        assert!(self.exchange(&request), "the server answers");
    }

    fn get(&mut self, path: &str) -> Option<String> {
        let is_there = self.exchange(&format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n"));
        is_there.then(|| String::from_utf8_lossy(&self.answer).into_owned())
    }

    /// Whether the answer is 200.
    fn exchange(&mut self, request: &str) -> bool {
        self.stream.get_mut().write_all(request.as_bytes()).expect("the server reads");
        let mut is_ok = true;
        let (mut line, mut length) = (String::new(), 0);
        while line != "\r\n" {
            line.clear();
            self.stream.read_line(&mut line).expect("the server answers");
            let told = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            length = told.map_or(length, |(_, told)| told.trim().parse().expect("a length"));
            is_ok &= !line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.1 200");
        }
        self.answer.resize(length, 0);
        self.stream.read_exact(&mut self.answer).expect("the answer is whole");
        is_ok
    }
}

fn one(address: SocketAddr) -> Vec<u8> {
    let mut connection = Connection::open(address);
    connection.ask(1);
    connection.answer
}

/// Parses what is asked, and answers what it was given.
fn baseline(answer: &'static [u8]) {
    let answer = move |body: web::Bytes| {
        let _ = CheckRequest::parse(&body).map(std::hint::black_box);
        std::future::ready(HttpResponse::Ok().content_type("application/json").body(answer))
    };
    let serve = async {
        let server = HttpServer::new(move || App::new().route("/v1/checks", web::post().to(answer)))
            .workers(1)
            .bind(("127.0.0.1", 0))
            .expect("a port is free");
        eprintln!("listening on http://{}", server.addrs()[0]);
        server.run().await.expect("it serves");
    };
    actix_web::rt::System::new().block_on(serve);
}

fn run(arguments: &[String]) {
    let done = Command::new(PROGRAM).args(arguments).stdout(Stdio::null()).status();
    assert!(done.expect("the program is there").success(), "{arguments:?}");
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn text(name: &str) -> Option<PathBuf> {
    let arguments: Vec<_> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name)?;
    arguments.get(at + 1).map(PathBuf::from)
}

fn number(name: &str, default: u64) -> u64 {
    let given = text(name).map(|text| text.display().to_string().replace('_', ""));
    given.map_or(default, |text| text.parse().expect("a number"))
}
