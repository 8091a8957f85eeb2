//! Whether the time of an answer gives a hidden alert away: `cargo bench --bench hidden -- [--samples N] [--json]`.
//!
//! A carrier asks, in random order, for documents with an alert that is not for him and for documents without any, of one state and length,
//! and gets the same answer. Measured are the deciding, until the log has the entry, and the whole, until it is written. The two samples are
//! compared as by dudect (Reparaz, Balasch, Verbauwhede: Dude, is my code constant time?): what is above the 95th percentile of both is left
//! out, and Welch's t says how sure it is that the means differ. Above 4.5 they do, which says nothing of how much.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

#[path = "lookup/table.rs"]
mod table;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use portcullis::alerting::{AlertPolicy, AlertRequest};
use portcullis::app::open_screening;
use portcullis::audit::Role;
use portcullis::config::Settings;
use portcullis::domain::alert::{AlertId, CallerClass, Life};
use portcullis::domain::{Durability, Verdict};
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Change, Store};
use portcullis::screening::{CheckRequest, DocumentRequest, Question, Screening};
use table::{Row, Table};

/// Documents of both sorts, so that no one place in memory is what is measured.
const DOCUMENTS: u64 = 1024;
const WARM_UP: u64 = 2_000;

fn main() {
    let samples = number("--samples", 200_000);
    let table = Table::new(std::env::args().any(|argument| argument == "--json"));
    table.note(&format!("{samples} answers with a hidden alert and {samples} without any, in random order"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let site = folder.path().join("site");
    import(folder.path(), &site);
    issue(&site);
    for (name, durability) in [("written", Durability::Written), ("synced", Durability::Synced)] {
        let samples = if durability == Durability::Synced { samples / 20 } else { samples };
        let screening = open(&site, durability);
        let mut random = 7_u64;
        let mut times = [const { Vec::new() }; 2];
        let mut whole = [const { Vec::new() }; 2];
        for sample in 0..(2 * samples + WARM_UP) {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = (random >> 40) % DOCUMENTS;
            let question = question(value);
            let started = Instant::now();
            let pending = screening.check(&question).expect("the log takes it");
            let decided = started.elapsed();
            let answer = pending.wait().expect("it is recorded");
            let recorded = started.elapsed();
            assert!(
                matches!(answer.get().verdict, Verdict::NoHit(_)),
                "he is told nothing: {:?}",
                answer.get().reasons
            );
            if sample >= WARM_UP {
                let sort = usize::from(is_hidden(value));
                times[sort].push(decided.as_secs_f64() * 1e9);
                whole[sort].push(recorded.as_secs_f64() * 1e9);
            }
        }
        screening.close().expect("the log is closed");
        table.note(&format!("{name} entries"));
        report(&table, "deciding", times);
        report(&table, "whole answer", whole);
    }
}

/// Half of the documents are in an alert that carriers are not told of; which half says nothing of their digits, of which some are looked up
/// as others too.
fn is_hidden(value: u64) -> bool {
    (value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) & 1 == 1
}

fn question(value: u64) -> Question {
    let document = DocumentRequest {
        number: format!("C{:08}", value * 1_237),
        issuing_state: "UTO".to_owned(),
        kind: Some("passport".to_owned()),
    };
    let request = CheckRequest { document: Some(document), ..CheckRequest::default() };
    let mut question = request.into_question(&"bench".into()).expect("a question");
    question.asker.class = CallerClass::Carrier;
    question
}

fn import(folder: &Path, site: &Path) {
    let register = folder.join("register.csv");
    std::fs::write(&register, "document_number,issuing_state,kind,status\nL898902C3,UTO,passport,stolen\n")
        .expect("a register is written");
    let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_portcullis"));
    import.args(["import", "--feed", "local", "--format", "csv", "--data"]).arg(site).arg(&register);
    assert!(import.output().expect("it runs").status.success());
}

fn issue(site: &Path) {
    let now = jiff::Timestamp::now();
    let change = |at: u64| {
        let json = format!(
            r#"{{"document":{{"issuing_state":"UTO","number":"C{:08}"}},"category":"stolen","action":"notify_silently",
            "originator":{{"name":"Police","contact":"+999"}},"grade":{{"scheme":"admiralty","code":"B2"}},
            "handling":{{"classes":["officer"]}},"valid":{{"to":"{}"}}}}"#,
            at * 1_237,
            now + jiff::SignedDuration::from_hours(24),
        );
        let request = AlertRequest::parse(json.as_bytes()).expect("an alert");
        Change {
            alert: AlertId(u128::from(at).to_le_bytes()),
            number: 1,
            at: now,
            by: "bench".into(),
            issuer: "bench".into(),
            life: Life::Active,
            unapproved_until: None,
            statement: Arc::new(request.into_statement(now).expect("a sound one")),
        }
    };
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let mut store = Store::open_or_create(&storage, site).expect("a store");
    store.append((0..DOCUMENTS).filter(|at| is_hidden(*at)).map(change).collect()).expect("they are kept");
}

fn open(site: &Path, durability: Durability) -> Screening {
    let mut settings = Settings::defaults_for(site);
    settings.audit.durability = durability;
    settings.alerts = AlertPolicy::default();
    let clock = Arc::new(Clock::new(SystemClock));
    open_screening(&settings, Arc::new(Disk), clock, Role::Cli).expect("it opens").0
}

fn report(table: &Table, what: &str, mut times: [Vec<f64>; 2]) {
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let [without, hidden] = &times;
    let at = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let row = |name: &str, share| {
        let (value, base) = (at(hidden, share) / 1e3, at(without, share) / 1e3);
        table.row(&Row { name, value, unit: "us", baseline: Some(("without", base)), limit: None });
        table.row(&Row {
            name: "  added",
            value: (value - base) * 1e3,
            unit: "ns",
            baseline: None,
            limit: None,
        });
    };
    row(&format!("{what}, median"), 0.5);
    row(&format!("{what}, p99"), 0.99);
    let crop = at(without, 0.95).max(at(hidden, 0.95));
    let t = welch(&moments(hidden, crop), &moments(without, crop));
    table.row(&Row { name: &format!("{what}, Welch's t"), value: t, unit: "", baseline: None, limit: None });
}

/// Count, mean and variance of what is not above a bound.
fn moments(times: &[f64], crop: f64) -> (f64, f64, f64) {
    let kept: Vec<f64> = times.iter().copied().filter(|time| *time <= crop).collect();
    let count = kept.len() as f64;
    let mean = kept.iter().sum::<f64>() / count;
    let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (count, mean, variance)
}

fn welch(one: &(f64, f64, f64), other: &(f64, f64, f64)) -> f64 {
    (one.1 - other.1) / (one.2 / one.0 + other.2 / other.0).sqrt()
}

fn number(name: &str, default: u64) -> u64 {
    let arguments: Vec<_> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name);
    let text = at.and_then(|at| arguments.get(at + 1));
    text.map_or(default, |text| text.replace('_', "").parse().expect("a number"))
}
