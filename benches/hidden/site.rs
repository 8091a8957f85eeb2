//! A site with alerts that carriers are not told of, and services of it.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use portcullis::alerting::AlertRequest;
use portcullis::domain::alert::{AlertId, Life};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Change, Store};

use crate::driver::{Connection, PROGRAM, Server, run};

/// Documents of both sorts, so that no one place in memory is what is measured.
const DOCUMENTS: u64 = 1024;

/// Documents in random order, each time the same.
pub(crate) struct Asked(pub(crate) u64);

impl Asked {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) % DOCUMENTS
    }

    pub(crate) fn next_without(&mut self) -> u64 {
        loop {
            let value = self.next();
            if !is_hidden(value) {
                return value;
            }
        }
    }
}

/// Half of the documents are in an alert that carriers are not told of; which half says nothing of their digits, of which some are looked up
/// as others too.
pub(crate) fn is_hidden(value: u64) -> bool {
    (value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33) & 1 == 1
}

pub(crate) fn number(value: u64) -> String {
    format!("C{:08}", value * 1_237)
}

pub(crate) fn body(value: u64) -> String {
    format!(r#"{{"document":{{"number":"{}","issuing_state":"UTO","kind":"passport"}}}}"#, number(value))
}

pub(crate) fn make(folder: &Path, site: &Path) {
    let register = folder.join("register.csv");
    std::fs::write(&register, "document_number,issuing_state,kind,status\nL898902C3,UTO,passport,stolen\n")
        .expect("a register is written");
    let path = |path: &Path| path.display().to_string();
    let import = ["import", "--feed", "local", "--format", "csv", "--data", &path(site), &path(&register)];
    run(&import.map(str::to_owned));
    let now = jiff::Timestamp::now();
    let change = |(at, class): (u64, &str)| {
        let json = format!(
            r#"{{"document":{{"issuing_state":"UTO","number":"{}"}},"category":"stolen","action":"notify_silently",
            "originator":{{"name":"Police","contact":"+999"}},"grade":{{"scheme":"admiralty","code":"B2"}},
            "handling":{{"classes":["{class}"]}},"valid":{{"to":"{}"}}}}"#,
            number(at),
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
    let hidden = (0..DOCUMENTS).filter(|at| is_hidden(*at)).map(|at| (at, "officer"));
    // Nobody asks about the last: it is what a carrier's coverage tells of.
    let changes = hidden.chain([(DOCUMENTS, "carrier")]).map(change);
    store.append(changes.collect()).expect("they are kept");
}

pub(crate) fn serve(folder: &Path, site: &Path, class: &str, workers: usize) -> Server {
    let config = folder.join("portcullis.toml");
    let settings = format!(
        "[data]\ndir = {:?}\n[service]\nbind = \"127.0.0.1:0\"\nworkers = {workers}\ncaller-class = \"{class}\"\n",
        site.display().to_string()
    );
    std::fs::write(&config, settings).expect("the settings can be written");
    let server = Server::start(Command::new(PROGRAM).args(["serve", "--config"]).arg(config));
    let coverage = Connection::open(server.address).get("/v1/coverage").expect("it says what is in force");
    let coverage: serde_json::Value = serde_json::from_str(&coverage).expect("coverage is JSON");
    assert!(coverage["alerts"]["revision"].as_u64() > Some(0), "the alerts are in force: {coverage}");
    server
}
