//! What answering over HTTP costs: `cargo bench --bench service -- [--records N] [--seconds N] [--rounds N] [--json]`.
//!
//! `portcullis serve` on one core, a driver with 32 connections on another. The baseline is a server of the same kind that parses
//! the same JSON and answers the same bytes, without screening and without a log. What counts is answers for each second of
//! processor time that the server took, so that it matters little how fast the driver is; rounds alternate.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench is read on the terminal")]

#[path = "driver/mod.rs"]
mod driver;
#[path = "lookup/table.rs"]
mod table;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use driver::{Connection, PROGRAM, Server, drive, median, number, run, text};
use portcullis::screening::CheckRequest;
use table::{Row, Table};

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
            let _ = drive(server.address, CONNECTIONS, Duration::from_secs(1), None);
            let (before, synced_before) = (server.cpu_seconds(), server.syncs());
            let answered = drive(server.address, CONNECTIONS, seconds, None);
            rates[at].push(answered.count() as f64 / (server.cpu_seconds() - before));
            if *kind == "synced" {
                let (syncs, took) = server.syncs();
                sync_shares.push((took - synced_before.1) / seconds.as_secs_f64());
                answers_a_sync.push(answered.count() as f64 / (syncs - synced_before.0));
            }
            let half = answered.count() as f64 / seconds.as_secs_f64() / 2.0;
            latencies[at].push(drive(server.address, CONNECTIONS, seconds, Some(half)).p99_ms());
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

/// Servers on a core of their own.
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
