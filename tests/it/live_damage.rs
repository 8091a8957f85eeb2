//! Files of the generation in force are spoiled while the service answers. It stays up, and it never clears by mistake.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use portcullis::app::open_screening;
use portcullis::audit::Role;
use portcullis::config::Settings;
use portcullis::domain::{Kind, Notice, Verdict};
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::Disk;
use portcullis::screening::{CheckRequest, Screening};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::command::{files, flip_a_byte, portcullis_reading};
use crate::support::site::{Running, notice, publish};

/// Several pages of them, so that a file can be cut short in the middle of what is asked about.
const LISTED: u32 = 20_000;
const ASKING: usize = 4;

fn number(of: u32) -> String {
    format!("N{of:07}")
}

fn site() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let notices: Vec<Notice> = (0..LISTED).map(|of| notice("UTO", &number(of), Kind::Passport)).collect();
    publish(data.path(), "local", &notices, SignedDuration::from_hours(1));
    data
}

fn segment(data: &TempDir) -> std::path::PathBuf {
    files(&data.path().join("index/segments")).remove(0)
}

fn cut(path: &Path, length: u64) {
    File::options().write(true).open(path).unwrap().set_len(length).unwrap();
}

fn question(number: &str) -> Value {
    json!({ "document": { "number": number, "issuing_state": "UTO", "kind": "passport" } })
}

fn is_damaged(answer: &Value) -> bool {
    answer["reasons"].as_array().unwrap().iter().any(|reason| reason["code"] == "index_damaged")
}

/// Asks about listed documents from several sides until told to stop; damage is done meanwhile. Gives the answers that
/// were begun after it was done.
fn under_load(service: &Running, damage: impl FnOnce()) -> Vec<Value> {
    let (done, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKING)
            .map(|asker| {
                let (done, stop) = (&done, &stop);
                scope.spawn(move || {
                    let mut after = Vec::new();
                    for at in 0.. {
                        if stop.load(Ordering::SeqCst) {
                            break;
                        }
                        let begun_after = done.load(Ordering::SeqCst);
                        let of = (at * 7919 + asker as u32) % LISTED;
                        let answer = service.check(&question(&number(of)));
                        assert_ne!(answer["verdict"], "no_hit", "a listed document is never cleared");
                        assert!(begun_after || answer["verdict"] == "hit" || is_damaged(&answer), "{answer}");
                        if begun_after {
                            after.push(answer);
                        }
                    }
                    after
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        damage();
        done.store(true, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(700));
        stop.store(true, Ordering::SeqCst);
        let after: Vec<_> = askers.into_iter().flat_map(|asker| asker.join().unwrap()).collect();
        assert!(!after.is_empty(), "nothing was asked after the damage");
        after
    })
}

/// Damage was seen: the service lives, is not ready, and clears nothing.
fn holds_back(service: &Running) {
    let answer = service.check(&question("Q7654321"));
    assert_eq!((&answer["verdict"], is_damaged(&answer)), (&json!("inconclusive"), true), "{answer}");
    assert_eq!(service.get("/livez").status, 200);
    let readiness = service.get("/readyz");
    assert_eq!((readiness.status, &readiness.json()["ready"]), (503, &json!(false)));
    assert!(readiness.text().contains("is damaged"), "{}", readiness.text());
}

#[test]
fn a_segment_that_is_cut_to_nothing_turns_answers_inconclusive() {
    let data = site();
    let service = Running::start(Settings::defaults_for(data.path()));
    assert_eq!(service.check(&question("Q7654321"))["verdict"], "no_hit");
    let after = under_load(&service, || cut(&segment(&data), 0));
    for answer in &after {
        assert_eq!((&answer["verdict"], is_damaged(answer)), (&json!("inconclusive"), true), "{answer}");
    }
    holds_back(&service);
}

#[test]
fn a_segment_that_is_cut_in_the_middle_clears_nothing_that_it_listed() {
    let data = site();
    let service = Running::start(Settings::defaults_for(data.path()));
    let path = segment(&data);
    let half = fs::metadata(&path).unwrap().len() / 2;
    let after = under_load(&service, || cut(&path, half));
    assert!(after.iter().any(is_damaged), "the damage shows itself");
    holds_back(&service);
}

#[test]
fn a_hole_in_a_segment_clears_nothing_that_it_listed() {
    let data = site();
    let service = Running::start(Settings::defaults_for(data.path()));
    let file = File::options().write(true).open(segment(&data)).unwrap();
    let whole = file.metadata().unwrap().len();
    let after = under_load(&service, || {
        let flags = rustix::fs::FallocateFlags::PUNCH_HOLE | rustix::fs::FallocateFlags::KEEP_SIZE;
        // The pages of most lines, and nothing of the head.
        rustix::fs::fallocate(&file, flags, 4096, whole / 2).unwrap();
    });
    assert_eq!(file.metadata().unwrap().len(), whole, "its length tells nothing");
    assert!(after.iter().any(is_damaged), "the damage shows itself");
    holds_back(&service);
}

#[test]
fn a_new_import_heals_a_service_with_a_damaged_segment() {
    let data = site();
    let service = Running::start(Settings::defaults_for(data.path()));
    cut(&segment(&data), 0);
    holds_back(&service);
    publish(data.path(), "local", &[notice("UTO", "L898902C3", Kind::Passport)], SignedDuration::ZERO);
    let until = Instant::now() + Duration::from_secs(20);
    while service.check(&question("L898902C3"))["verdict"] != "hit" {
        assert!(Instant::now() < until, "the new generation is not in force");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(service.check(&question("Q7654321"))["verdict"], "no_hit");
    assert_eq!(service.get("/readyz").status, 200);
}

#[test]
fn a_segment_that_is_unlinked_is_answered_from_as_long_as_the_service_runs() {
    let data = site();
    let service = Running::start(Settings::defaults_for(data.path()));
    let after = under_load(&service, || fs::remove_file(segment(&data)).unwrap());
    for answer in &after {
        assert_eq!((&answer["verdict"], &answer["reasons"]), (&json!("hit"), &json!([])));
    }
    assert_eq!(service.check(&question("Q7654321"))["verdict"], "no_hit");
    assert_eq!(service.get("/readyz").status, 200);
    // Whoever opens the site anew has no list.
    let data = data.path().to_str().unwrap();
    let run = portcullis_reading(&["check", "--data", data, "--number", "-", "--issuer", "UTO"], number(7));
    assert!(run.exits(11).out.contains("generation_unreadable"));
}

/// The service scrubs once a minute; here it is done at once, through the same door.
#[test]
fn a_flipped_byte_is_found_by_the_scrub_and_clears_nothing_from_then_on() {
    let data = site();
    let screening = screening(&data);
    assert!(screening.site().in_force().snapshot.as_ref().unwrap().scrub().is_ok());
    assert!(matches!(ask(&screening, "Q7654321"), (Verdict::NoHit(_), false)));
    let (stop, scrubbed) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKING)
            .map(|_| {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        let after = scrubbed.load(Ordering::SeqCst);
                        let (verdict, damaged) = ask(&screening, "Q7654321");
                        assert!(
                            !after || (damaged && matches!(verdict, Verdict::Inconclusive(_))),
                            "{verdict:?}"
                        );
                    }
                })
            })
            .collect();
        flip_a_byte(&segment(&data));
        let fault = screening.site().in_force().snapshot.as_ref().unwrap().scrub().unwrap_err();
        scrubbed.store(true, Ordering::SeqCst);
        assert!(fault.to_string().contains(segment(&data).to_str().unwrap()), "{fault}");
        std::thread::sleep(Duration::from_millis(100));
        stop.store(true, Ordering::SeqCst);
        askers.into_iter().for_each(|asker| asker.join().unwrap());
    });
    assert!(screening.site().in_force().is_damaged());
    assert!(!screening.site().reopen(), "what is still damaged is not put in force");
    flip_a_byte(&segment(&data));
    assert!(
        matches!(ask(&screening, "Q7654321"), (Verdict::Inconclusive(_), true)),
        "nothing vouches for it yet"
    );
    assert!(screening.site().reopen(), "it is verified as at the start");
    assert!(matches!(ask(&screening, "Q7654321"), (Verdict::NoHit(_), false)));
    assert!(!screening.site().reopen(), "there is nothing to heal");
    screening.close().unwrap();
}

/// A cut within the last page raises no signal, and what is left of a set may still be read: of a date, say, the first bytes.
#[test]
fn a_file_cut_by_any_few_bytes_clears_nothing_from_the_very_next_question_on() {
    let data = tempfile::tempdir().unwrap();
    let listed = Notice {
        review_on: Some(jiff::civil::date(2100, 1, 1)),
        ..notice("UTO", &number(1), Kind::Passport)
    };
    publish(data.path(), "local", &[listed], SignedDuration::from_hours(1));
    let whole = fs::read(segment(&data)).unwrap();
    for length in (1..whole.len() as u64).rev().take(120) {
        let screening = screening(&data);
        assert!(matches!(ask(&screening, &number(1)), (Verdict::Hit(_), false)));
        cut(&segment(&data), length);
        for of in [1, 2] {
            let (verdict, damaged) = ask(&screening, &number(of));
            assert!(damaged && !matches!(verdict, Verdict::NoHit(_)), "cut to {length}: {verdict:?}");
        }
        screening.close().unwrap();
        fs::write(segment(&data), &whole).unwrap();
    }
}

fn screening(data: &TempDir) -> Screening {
    let settings = Settings::defaults_for(data.path());
    let clock = Arc::new(Clock::new(SystemClock));
    open_screening(&settings, Arc::new(Disk), clock, Role::Serve).unwrap().0
}

/// The verdict, and whether damage was given as a reason.
fn ask(screening: &Screening, number: &str) -> (Verdict, bool) {
    let request = CheckRequest::parse(question(number).to_string().as_bytes()).unwrap();
    let question = request.into_question(&"test".into()).unwrap();
    let audited = screening.check(&question).unwrap().wait().unwrap();
    let answer = audited.get();
    let damaged = answer.reasons.iter().any(|reason| reason.code.word() == "index_damaged");
    (answer.verdict.clone(), damaged)
}
