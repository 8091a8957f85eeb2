//! Many alerts at once: every row is accounted for, and a crash leaves all or none, or whole chunks.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use portcullis::alerting::import::{
    Format, Import, ImportError, Imported, Mode, Observer, Outcome, Reject, Stage, Tally,
};
use portcullis::domain::alert::Life;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Alerts, Store};
use serde_json::{Value, json};

use crate::alert_desk::Office;
use crate::support::command::{Place, portcullis, portcullis_reading, start};
use crate::support::recording::Recording;
use crate::support::serving::Serving;
use crate::support::site::Reply;

fn alert(number: &str, key: Option<&str>) -> Value {
    let to = "2026-03-20T00:00:00Z";
    let mut alert = json!({
        "document": { "issuing_state": "UTO", "number": number },
        "category": "revoked",
        "action": "refer",
        "originator": { "name": "Registry", "contact": "+999" },
        "grade": { "scheme": "3x5x2", "code": "1AP" },
        "handling": { "classes": ["officer"] },
        "valid": { "to": to },
    });
    if let Some(key) = key {
        alert["idempotency_key"] = json!(key);
    }
    alert
}

/// So many alerts on different documents, each with a key.
fn ndjson(count: usize) -> String {
    (0..count).map(|at| alert(&format!("P{at:06}"), Some(&format!("key-{at}"))).to_string() + "\n").collect()
}

/// The same as of now, for commands.
fn in_days(text: &str, days: i64) -> String {
    let to = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    text.replace("2026-03-20T00:00:00Z", &to.to_string())
}

#[derive(Default)]
struct Seen(Vec<Reject>);

impl Observer for Seen {
    fn rejected(&mut self, reject: &Reject) -> Result<(), ImportError> {
        self.0.push(reject.clone());
        Ok(())
    }

    fn at(&mut self, _: Stage, _: u64, _: Option<u64>) {}
}

fn importing(mode: Mode) -> Import {
    Import {
        by: "one".into(),
        key: None,
        format: None,
        mode,
        dry_run: false,
        bytes_max: u64::MAX,
        chunk_rows: 10,
    }
}

fn import(office: &Office, mode: Mode, text: &str) -> (Imported, Vec<Reject>) {
    let mut seen = Seen::default();
    let imported = importing(mode).run(text.as_bytes(), &mut office.desk(Alerts::default()), &mut seen);
    (imported, seen.0)
}

fn sums(tally: &Tally) -> [u64; 5] {
    [tally.read, tally.issued, tally.before, tally.rejected_total(), tally.held_back()]
}

#[test]
fn every_row_is_accounted_for_and_a_fault_holds_all_of_them_back_or_itself_alone() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    let rows = [
        alert("P1", Some("a")).to_string(),
        alert("P2", Some("b")).to_string(),
        "nonsense".to_owned(),
        alert("P1", Some("a")).to_string(),
        alert("P9", Some("a")).to_string(),
        alert("P3", None).to_string().replace("2026-03-20", "2020-01-01"),
        alert("P4", None).to_string(),
    ];
    let text = rows.join("\n");
    let (imported, rejects) = import(&office, Mode::AllOrNothing, &text);
    assert_eq!(imported.outcome.unwrap(), Outcome::Refused);
    assert_eq!(sums(&imported.tally), [7, 0, 1, 3, 3]);
    let mut named: Vec<_> = rejects.iter().map(|reject| (reject.line, reject.reason.word())).collect();
    named.sort_unstable();
    let expected = [(3, "malformed_row"), (5, "idempotency_key_reused"), (6, "alert_refused")];
    assert_eq!(named, expected);
    assert!(rejects.iter().all(|reject| !reject.rule.contains("P9") && !reject.rule.is_empty()));
    assert_eq!(office.kept().len(), 0);

    let rehearsal = Import { dry_run: true, ..importing(Mode::PerRow) };
    let mut desk = office.desk(Alerts::default());
    let imported = rehearsal.run(text.as_bytes(), &mut desk, &mut Seen::default());
    assert_eq!(sums(&imported.tally), [7, 0, 1, 3, 3]);
    assert_eq!(office.kept().len(), 0);
    let (imported, _) = import(&office, Mode::PerRow, &text);
    assert_eq!(imported.outcome.unwrap(), Outcome::Issued);
    assert_eq!(sums(&imported.tally), [7, 3, 1, 3, 0]);
    assert_eq!(office.kept().len(), 3);
    let (imported, _) = import(&office, Mode::PerRow, &text);
    assert_eq!(sums(&imported.tally), [7, 1, 3, 3, 0], "whoever has no key is issued again");

    let little = Import { bytes_max: 100, ..importing(Mode::AllOrNothing) };
    let mut desk = office.desk(Alerts::default());
    let imported = little.run(text.as_bytes(), &mut desk, &mut Seen::default());
    assert!(matches!(imported.outcome, Err(ImportError::TooLarge { bytes_max: 100 })));
    let csv = Import { format: Some(Format::Csv), ..importing(Mode::PerRow) };
    let imported = csv.run(text.as_bytes(), &mut desk, &mut Seen::default());
    assert!(matches!(imported.outcome, Err(ImportError::Header)));
}

#[test]
fn a_rehearsal_at_a_site_without_alerts_leaves_none() {
    let data = tempfile::tempdir().unwrap();
    let office = Office::at(Arc::new(Disk), data.path());
    let rehearsal = Import { dry_run: true, ..importing(Mode::AllOrNothing) };
    let text =
        [alert("P1", Some("a")), alert("P1", Some("a")), alert("P2", Some("a"))].map(|row| row.to_string());
    let mut desk = office.desk(Alerts::default());
    let imported = rehearsal.run(text.join("\n").as_bytes(), &mut desk, &mut Seen::default());
    assert_eq!(sums(&imported.tally), [3, 0, 1, 1, 1]);
    assert!(!data.path().join("alerts").exists());
}

/// Imports on a storage that is cut off at many moments, and imports again on what is left. Gives how many alerts were left.
fn crashes(mode: Mode, every: usize) -> BTreeSet<usize> {
    const COUNT: usize = 25;
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let office = Office::at(Arc::new(disk.clone()), root.path());
    let first = alert("Q1", None).to_string();
    import(&office, Mode::PerRow, &first).0.outcome.unwrap();
    let before = disk.operations();
    let text = ndjson(COUNT);
    let (imported, _) = import(&office, mode, &text);
    assert_eq!(imported.tally.issued, COUNT as u64);
    let whole = disk.operations();
    let wanted = |at: usize| at > before && (at.is_multiple_of(every) || at == whole);
    let (mut left, mut images) = (BTreeSet::new(), 0);
    disk.crash_images_at(11, wanted, |image| {
        left.insert(kept(image.root()).len() - 1);
        images += 1;
        if images % 20 != 0 {
            return;
        }
        let office = Office::at(Arc::new(Disk), image.root());
        let (imported, _) = import(&office, mode, &text);
        assert_eq!(imported.tally.issued + imported.tally.before, COUNT as u64, "{image:?}");
        let kept = office.kept();
        let alerts: BTreeSet<_> = kept.iter().map(|revision| revision.alert).collect();
        assert_eq!((kept.len(), alerts.len()), (COUNT + 1, COUNT + 1), "each once: {image:?}");
        assert!(kept.iter().all(|revision| revision.life == Life::Active));
    });
    assert!(images > 50, "{images} images of {whole} operations");
    left
}

#[test]
fn a_crash_in_the_middle_of_all_or_nothing_leaves_all_or_none() {
    assert_eq!(crashes(Mode::AllOrNothing, 29), [0, 25].into());
}

#[test]
fn a_crash_in_the_middle_of_row_by_row_leaves_whole_chunks() {
    let left = crashes(Mode::PerRow, 37);
    assert!(left.is_subset(&[0, 10, 20, 25].into()) && left.len() > 2, "{left:?}");
}

fn kept(data: &Path) -> Vec<u64> {
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let mut counters = Vec::new();
    if let Some(store) = Store::open(&storage, data).unwrap() {
        store.each_after(0, &mut |revision| counters.push(revision.origin.counter)).unwrap();
    }
    counters
}

#[test]
fn a_command_that_is_killed_while_it_imports_is_completed_by_the_next() {
    let place = Place::with_site();
    let site = place.path("site");
    let file = place.write("alerts.ndjson", in_days(&ndjson(5000), 30));
    let import = |mode: &str| {
        vec!["alert".into(), "import".into(), file.clone(), mode.into(), "--data".into(), place.site()]
    };
    let per_row: Vec<String> = import("--per-row");
    let mut child = start(&per_row.iter().map(String::as_str).collect::<Vec<_>>());
    while Store::newest(&Disk, &site).unwrap() < 1000 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = kept(&site).len();
    assert!(left.is_multiple_of(1000) && left < 5000, "{left}");
    let all: Vec<String> = import("--all-or-nothing");
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    let mut child = start(&all);
    std::thread::sleep(std::time::Duration::from_millis(300));
    child.kill().unwrap();
    child.wait().unwrap();
    let found = kept(&site).len();
    assert!(found == left || found == 5000, "all or none of the rest: {found} after {left}");
    let run = portcullis(&all).exits(0);
    let expected = format!("read 5000 = issued {} + issued before {found} + rejected 0", 5000 - found);
    assert!(run.out.contains(&expected), "{}", run.out);
    assert_eq!(kept(&site).len(), 5000);
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
}

const CSV: &str = "\
number,from,to,issuing_state,category,action,instruction,language,originator,contact,grade_scheme,grade_code,classes,purposes,valid_to,idempotency_key
Q7654321,,,UTO,stolen,seize,\"Keep it, call us.\",en,Police,+999,admiralty,B2,officer,,2026-03-20T00:00:00Z,k1
,C01X00010,C01X00099,UTO,stolen_blank,refer,,,Police,+999,admiralty,B2,officer carrier,border visa,2026-03-20T00:00:00Z,k2
Q7654322,,,XXXX,stolen,refer,,,Police,+999,admiralty,B2,officer,,2026-03-20T00:00:00Z,k3
";

#[test]
fn an_import_of_csv_is_found_by_checks_and_in_the_log_and_its_rejects_have_no_numbers() {
    let place = Place::with_site();
    let site = place.site();
    let csv = in_days(CSV, 30);
    let rejects = place.argument("refused.csv");
    let import = |more: &[&str]| {
        let words = ["alert", "import", "-", "--data", &site, "--rejects", &rejects];
        portcullis_reading(&[&words, more].concat(), &csv)
    };
    let run = import(&[]);
    run.fails_saying("nothing was issued");
    let listed = std::fs::read_to_string(&rejects).unwrap();
    assert!(
        listed.starts_with("line,reason,rule\n4,invalid_field,") && !listed.contains("Q7654322"),
        "{listed}"
    );
    assert!(import(&["--dry-run", "--per-row"]).exits(0).out.contains("held back 2"));
    let run = import(&["--per-row", "--format", "csv"]).exits(0);
    let expected =
        "read 3 = issued 2 + issued before 0 + rejected 1 + held back 0\n  rejected 1: invalid_field\n";
    assert!(run.out.contains(expected), "{}", run.out);
    let expected = "read 3 = issued 0 + issued before 2 + rejected 1 + held back 0";
    assert!(import(&["--per-row"]).exits(0).out.contains(expected));
    let ask = ["check", "--data", &site, "--number", "-", "--issuer", "UTO", "--json"];
    let answer = portcullis_reading(&ask, "Q7654321").json();
    assert_eq!(answer["findings"][0]["instruction"]["text"], "Keep it, call us.");
    let find = ["audit", "find", "--document", "-", "--data", &site];
    assert!(portcullis_reading(&find, "UTO Q7654321").exits(0).out.contains("alert_issued"));
    // What became of the rows is told although the list of the refused cannot have its name.
    let folder = place.argument("folder");
    std::fs::create_dir_all(place.path("folder/in/the/way")).unwrap();
    let words = ["alert", "import", "-", "--data", &site, "--per-row", "--rejects", &folder];
    let run = portcullis_reading(&words, &csv);
    assert!(run.out.starts_with("read 3 = issued"), "{run:?}");
    run.fails_saying("cannot write");
    portcullis_reading(&["alert", "import", "-", "--data", &site], "a,b\n")
        .fails_saying("header cannot be used");
}

#[test]
fn an_import_over_http_is_in_force_at_once_and_tells_what_it_refused() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let import = |query: &str, media_type: &str, text: &str| {
        serving.post(&format!("/v1/alerts/import{query}"), media_type, text)
    };
    let (csv, rows) = (in_days(CSV, 30), in_days(&ndjson(1500), 30));
    let refused = import("", "text/csv", &csv);
    assert_eq!((refused.status, &refused.json()["code"]), (422, &"import_refused".into()));
    let import_of = |value: &Value| {
        ["outcome", "read", "issued", "issued_before", "rejected", "held_back"]
            .map(|name| value[name].clone())
    };
    let expected = [json!("refused"), json!(3), json!(0), json!(0), json!(1), json!(2)];
    assert_eq!(import_of(&refused.json()["import"]), expected);
    let reject = refused.json()["import"]["rejects"][0].clone();
    assert_eq!((&reject["line"], &reject["reason"]), (&json!(4), &json!("invalid_field")));
    assert!(!refused.text().contains("Q7654322"));
    let rehearsal = import("?mode=per_row&dry_run=true", "text/csv", &csv);
    assert_eq!((rehearsal.status, &rehearsal.json()["held_back"]), (200, &json!(2)));
    let done = import("?mode=per_row", "text/csv", &csv);
    let expected = [json!("issued"), json!(3), json!(2), json!(0), json!(1), json!(0)];
    assert_eq!((done.status, import_of(&done.json())), (200, expected));
    let ask = |number: &str| {
        let body = json!({ "document": { "number": number, "issuing_state": "UTO" } });
        serving.post("/v1/checks", "application/json", &body.to_string()).json()["verdict"].clone()
    };
    assert_eq!(ask("Q7654321"), "hit");
    let done = import("?mode=all_or_nothing", "application/x-ndjson", &rows);
    assert_eq!((done.status, &done.json()["issued"]), (200, &json!(1500)));
    assert_eq!((ask("P000000"), ask("P001499")), (json!("hit"), json!("hit")));
    let again = import("?mode=per_row", "application/x-ndjson", &rows);
    assert_eq!(again.json()["issued_before"], 1500);
    assert_eq!(import("?mode=some", "text/csv", &csv).status, 400);
    assert_eq!(import("", "application/json", &csv).status, 415);
    let header = import("", "text/csv", "a,b\n1,2\n");
    assert_eq!((header.status, &header.json()["code"]), (400, &"invalid_field".into()));
    assert_eq!(serving.get("/v1/alerts/import").status, 405);
    let log = serving.log();
    assert!(!log.contains("Q765432") && !log.contains("P00000"), "{log}");
}

#[test]
fn an_import_that_is_told_twice_by_one_key_issues_nothing_twice() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let row = in_days(&(alert("S1", None).to_string() + "\n"), 30);
    let row = |number: &str| row.replace("S1", number);
    let own = in_days(&(alert("S2", Some("own")).to_string() + "\n"), 30);
    let import = |query: &str, key: &str, text: &str| {
        let media_type = format!("application/x-ndjson\r\nIdempotency-Key: {key}");
        serving.post(&format!("/v1/alerts/import{query}"), &media_type, text)
    };
    let done = |reply: Reply| {
        assert_eq!(reply.status, 200, "{}", reply.text());
        ["read", "issued", "issued_before"].map(|name| reply.json()[name].as_u64().unwrap())
    };
    // The longest key has room for its lines.
    let longest = "k".repeat(64);
    for (key, query) in [("batch-7", ""), (&*longest, "?mode=per_row")] {
        // Two rows that say the same are two alerts, as without a key.
        let text = [&*row("S1"), &row("S1"), &own].concat();
        let before = u64::from(key == longest);
        assert_eq!(done(import(query, key, &text)), [3, 3 - before, before], "the row's own key goes first");
        assert_eq!(done(import(query, key, &text)), [3, 0, 3]);
        assert_eq!(done(import("?dry_run=true", key, &text)), [3, 0, 3]);
    }
    let other = import("", "batch-7", &[row("S1"), row("S3")].concat());
    let reject = other.json()["import"]["rejects"][0].clone();
    assert_eq!((other.status, &other.json()["code"]), (422, &"import_refused".into()));
    assert_eq!((&reject["line"], &reject["reason"]), (&json!(2), &json!("idempotency_key_reused")));
    // A key of one's own is none of those that an import makes.
    for key in ["batch-7", "batch-71", "batch-7 1", "batch-7\t1"] {
        let media_type = format!("application/json\r\nIdempotency-Key: {key}");
        let issued = serving.post("/v1/alerts", &media_type, &row("S4"));
        assert_eq!(issued.status, 201, "{}", issued.text());
    }
    for wrong in ["", &"k".repeat(65), "ключ"] {
        let refused = import("", wrong, &row("S5"));
        assert_eq!((refused.status, &refused.json()["code"]), (400, &"invalid_field".into()), "{wrong}");
        assert!(refused.text().contains("an Idempotency-Key has 1 to 64"), "{}", refused.text());
    }
    serving.log();
}

#[test]
fn a_command_imports_once_by_one_key() {
    let place = Place::with_site();
    let (site, text) = (place.site(), in_days(&alert("S1", None).to_string(), 30));
    let words = ["alert", "import", "-", "--data", &site, "--idempotency-key", "batch-7"];
    assert!(portcullis_reading(&words, &text).exits(0).out.contains("issued 1 + issued before 0"));
    assert!(portcullis_reading(&words, &text).exits(0).out.contains("issued 0 + issued before 1"));
}

#[test]
fn an_import_by_a_command_is_taken_up_by_the_service_beside_it() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let file = place.write("alerts.ndjson", in_days(&ndjson(3000), 30));
    portcullis(&["alert", "import", &file, "--data", &place.site()]).exits(0);
    let ask = || {
        let body = json!({ "document": { "number": "P002999", "issuing_state": "UTO" } });
        serving.post("/v1/checks", "application/json", &body.to_string()).json()
    };
    let taken_up = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        ask()["verdict"] == "hit"
    });
    assert!(taken_up);
    assert_eq!(ask()["coverage"]["alerts"]["revision"], 3000);
    serving.log();
}

#[test]
fn an_import_whose_client_sends_a_byte_now_and_then_is_given_up_and_says_what_was_issued() {
    let place = Place::with_site();
    let serving = Serving::start_with(&place, "import-stall-timeout = '1s'\n");
    let text = in_days(&ndjson(1500), 30);
    for (mode, issued) in [("all_or_nothing", 0), ("per_row", 1000)] {
        let mut connection = std::net::TcpStream::connect(serving.address).unwrap();
        let head = format!(
            "POST /v1/alerts/import?mode={mode} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
            text.len() + 1000
        );
        connection.write_all(&[head.as_bytes(), text.as_bytes()].concat()).unwrap();
        let mut drip = connection.try_clone().unwrap();
        let begun = std::time::Instant::now();
        std::thread::spawn(move || {
            while drip.write_all(b" ").is_ok() {
                std::thread::sleep(std::time::Duration::from_millis(200));
            }
        });
        let (mut said, mut read) = (Vec::new(), [0; 4096]);
        // The connection need not be closed yet.
        while !said.ends_with(b"}") {
            let count = std::io::Read::read(&mut connection, &mut read).unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&said));
            said.extend_from_slice(&read[..count]);
        }
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
        let problem: Value = serde_json::from_str(said.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(
            (&problem["code"], &problem["import"]["issued"]),
            (&json!("import_too_slow"), &json!(issued))
        );
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
        assert_eq!(Store::newest(&Disk, &place.path("site")).unwrap(), issued, "{mode}");
        let next = serving.post("/v1/alerts/import", "text/csv", CSV.lines().next().unwrap());
        assert_eq!(next.status, 200, "whoever comes next has the place at once");
    }
    serving.log();
}

#[test]
fn an_import_whose_client_goes_away_issues_nothing_or_whole_chunks() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    let text = in_days(&ndjson(1500), 30);
    for (mode, expected) in [("all_or_nothing", 0), ("per_row", 1000)] {
        let mut connection = std::net::TcpStream::connect(serving.address).unwrap();
        let head = format!(
            "POST /v1/alerts/import?mode={mode} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n",
            text.len() + 1
        );
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(text.as_bytes()).unwrap();
        let newest = || Store::newest(&Disk, &place.path("site")).unwrap();
        for _ in 0..100 {
            if newest() >= expected {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        drop(connection);
        // Whoever comes next has the place once the other has ended.
        let next = (0..100).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            let reply = serving.post("/v1/alerts/import", "text/csv", CSV.lines().next().unwrap());
            (reply.status != 503).then_some(reply)
        });
        assert_eq!(next.unwrap().status, 200);
        assert_eq!(newest(), expected, "{mode}");
    }
    serving.log();
}
