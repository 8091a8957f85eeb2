//! Registers as publishers have them: generated, imported, compared, refused, reported.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::Command;

use serde_json::Value;

use crate::support::command::{HEADER, Place, Run, hours_ago, portcullis, portcullis_reading, start};

const LOCAL: [&str; 4] = ["--feed", "local", "--format", "csv"];

/// Imports and gives the report that was written.
fn report(place: &Place, code: i32, arguments: &[&str]) -> (Run, Value) {
    let path = place.argument("report.json");
    let run = place.import(&[arguments, &["--report", &path]].concat()).exits(code);
    let report = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    fs::remove_file(path).unwrap();
    (run, report)
}

fn check(place: &Place, issuer: &str, number: &str) -> Value {
    let site = place.site();
    let run = portcullis_reading(
        &["check", "--data", &site, "--number", "-", "--issuer", issuer, "--json"],
        number,
    );
    run.json()
}

/// What `generate` says must be refused, by reason.
fn sown(run: &Run) -> BTreeMap<String, u64> {
    let lines = run.out.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(": "));
    lines.map(|(count, reason)| (reason.to_owned(), count.parse().unwrap())).collect()
}

#[test]
fn every_fault_that_is_sown_is_refused_for_its_reason_and_nothing_else_is() {
    let as_of = hours_ago(1);
    for (name, format, like) in [
        ("register.csv.zst", "csv", None),
        ("register.ndjson.gz", "ndjson", None),
        ("list_of_expired_passports.csv.bz2", "ru-mvd", Some("ru-mvd")),
        ("mvswantedpassport.json.gz", "ua-mvs", Some("ua-mvs")),
        ("neplatne.zip", "cz-mvcr", Some("cz-mvcr")),
    ] {
        let place = Place::new();
        let path = place.argument(name);
        let mut arguments = vec!["generate", "--records", "4000", "--dirty", "0.02", "--out", &path];
        if let Some(like) = like {
            arguments.extend(["--like", like]);
        }
        let sown = sown(&portcullis(&arguments).exits(0));
        assert!(sown.values().sum::<u64>() >= 40, "{name}: {sown:?}");
        let (run, report) =
            report(&place, 0, &["--feed", "local", "--format", format, "--as-of", &as_of, &path]);
        let rejected: BTreeMap<String, u64> =
            serde_json::from_value(report["rows"]["rejected_by_reason"].clone()).unwrap();
        assert_eq!(rejected, sown, "{name}");
        assert_eq!(run.accounting().read, 4000);
        for counts in ["by_state", "by_kind", "by_status", "by_year"] {
            let sum: u64 =
                report["notices"][counts].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
            assert_eq!(sum, report["rows"]["accepted"], "{name} {counts}");
        }
        let rejects = fs::read_to_string(place.path("site/imports/local.rejects.csv")).unwrap();
        assert_eq!(rejects.lines().count() as u64, 1 + sown.values().sum::<u64>());
    }
}

#[test]
fn publishers_lists_answer_for_their_documents() {
    let place = Place::new();
    let fixture = |name: &str| format!("{}/tests/registers/{name}", env!("CARGO_MANIFEST_DIR"));
    let as_of = hours_ago(1);
    for (feed, name) in [
        ("ru-mvd", "list_of_expired_passports.csv"),
        ("ua-mvs", "mvswantedpassport.json"),
        ("cz-mvcr", "OPs.csv"),
    ] {
        let any = ["--max-rejects", "1", "--as-of", &as_of];
        place.import(&[&["--feed", feed, "--format", feed, &fixture(name)], &any[..]].concat()).exits(0);
    }
    for (issuer, number, matched) in [
        ("RUS", "4509 123456", "exact"),
        ("UKR", "AV123456", "exact"),
        ("UKR", "AB123456", "alias"),
        ("UKR", "АВ123456", "alias"),
        ("CZE", "123456 AB12", "exact"),
        ("CZE", "AB12 123456", "alias"),
    ] {
        let answer = check(&place, issuer, number);
        assert_eq!(answer["verdict"], "hit", "{number}: {answer:#}");
        assert_eq!(answer["findings"][0]["match"], matched, "{number}");
    }
    assert_eq!(check(&place, "RUS", "4509123457")["verdict"], "no_hit");
    let feeds = check(&place, "RUS", "4509123457")["coverage"]["feeds"].clone();
    let counted: Vec<_> = feeds.as_array().unwrap().iter().map(|feed| feed["notices"].as_u64()).collect();
    assert_eq!(counted, [Some(2), Some(2), Some(4)], "a second spelling counts for nothing: {feeds:#}");
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let place = Place::with_site();
    let before = place.current();
    let rows = "X1,UTO,passport,stolen\nX2,UTO,passport,lost\nX3,UTO,passport,lost\n";
    let register = place.write("register.csv", format!("{HEADER}{rows}"));
    let dry = [&LOCAL[..], &["--dry-run", "--accept-shrink", &register]].concat();
    let (run, report) = report(&place, 0, &dry);
    assert!(run.out.contains("of 2 notices in force: 2 new, 1 changed, 1 gone"), "{}", run.out);
    assert!(run.out.contains("dry run: nothing was changed"), "{}", run.out);
    assert_eq!(report["outcome"], "dry_run");
    assert_eq!((&report["change"]["new"], &report["change"]["gone"]), (&2.into(), &1.into()));
    assert_eq!(place.current(), before);
    assert_eq!(place.segments().len(), 1, "what was built is gone");
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0);
    assert!(audit.out.contains("import 1"), "{}", audit.out);
}

#[test]
fn a_list_that_lost_too_much_is_refused_until_that_is_accepted() {
    let place = Place::new();
    let rows = |count: u64| (0..count).map(|at| format!("A{at:04},UTO,passport,lost\n")).collect::<String>();
    let import = |rows: String, more: &[&str]| {
        let register = place.write("register.csv", format!("{HEADER}{rows}"));
        place.import(&[&LOCAL[..], &[&register], more].concat())
    };
    import(rows(1000), &[]).exits(0);
    import(rows(990), &[]).exits(0);
    let refused = import(rows(980), &[]).exits(1);
    assert!(refused.err.contains("10 of the 990 notices in force"), "{}", refused.err);
    assert!(refused.err.contains("--accept-shrink"), "{}", refused.err);
    assert!(
        !refused.out.contains("in force:") || refused.out.contains("990 notices in force"),
        "{}",
        refused.out
    );
    assert_eq!(check(&place, "UTO", "A0985")["verdict"], "hit", "the list in force stays");
    import(rows(980), &["--max-shrink", "0.02"]).exits(0);
    // As many notices, and none of them the same.
    let others = rows(980).replace('A', "B");
    import(others.clone(), &[]).exits(1);
    import(others, &["--accept-shrink"]).exits(0);
    assert_eq!(place.segments().len(), 2, "two bases are kept, and what was refused is gone");
}

#[test]
fn a_list_that_lost_a_whole_state_is_refused_however_small() {
    let place = Place::new();
    let many: String = (0..500).map(|at| format!("A{at:04},UTO,passport,lost\n")).collect();
    let import = |rows: &str, more: &[&str]| {
        let register = place.write("register.csv", format!("{HEADER}{rows}"));
        report(
            &place,
            i32::from(more.is_empty() && !rows.contains("FRA")),
            &[&LOCAL[..], &[&register], more].concat(),
        )
    };
    import(&format!("{many}F1,FRA,passport,lost\n"), &[]);
    let (refused, report) = import(&many, &[]);
    assert!(refused.err.contains("nothing would be listed any more of FRA"), "{}", refused.err);
    assert_eq!((&report["outcome"], &report["change"]["states_gone"][0]), (&"refused".into(), &"FRA".into()));
    let (_, report) = import(&many, &["--accept-shrink"]);
    assert_eq!((&report["outcome"], &report["generation"]["number"]), (&"published".into(), &2.into()));
}

#[test]
fn the_same_list_of_the_same_time_is_not_published_twice() {
    let place = Place::new();
    let as_of = hours_ago(3);
    let register =
        place.write("register.csv", format!("{HEADER}A1,UTO,passport,lost\nA2,UTO,passport,lost\n"));
    let shuffled = place.write("again.csv", format!("{HEADER}A2,UTO,passport,lost\nA1,UTO,passport,lost\n"));
    let first = [&LOCAL[..], &["--as-of", &as_of, &register]].concat();
    place.import(&first).exits(0);
    let before = (place.current(), place.segments());
    for register in [&register, &shuffled] {
        let (run, report) = report(&place, 0, &[&LOCAL[..], &["--as-of", &as_of, register]].concat());
        assert!(run.out.contains("generation 1 stays in force"), "{}", run.out);
        assert_eq!(report["outcome"], "unchanged");
        assert_eq!((place.current(), place.segments()), before);
    }
    let later = hours_ago(2);
    let (_, report) = report(&place, 0, &[&LOCAL[..], &["--as-of", &later, &register]].concat());
    assert_eq!(report["outcome"], "published", "a later time makes the list fresh again");
}

#[test]
fn intervals_of_blanks_are_accounted_for_and_found() {
    let place = Place::new();
    let rows = "document_number,document_number_to,issuing_state,kind,status\nB000098,B000102,UTO,passport,stolen_blank\nB000100,,UTO,passport,stolen_blank\n";
    let register = place.write("register.csv", rows);
    let run = place.import(&[&LOCAL[..], &[&register]].concat()).exits(0);
    assert!(
        run.out.contains("read 2 + 4 in intervals = accepted 5 + duplicates 1 + rejected 0"),
        "{}",
        run.out
    );
    for (number, verdict) in
        [("B000098", "hit"), ("B000101", "hit"), ("B000102", "hit"), ("B000103", "no_hit")]
    {
        assert_eq!(check(&place, "UTO", number)["verdict"], verdict, "{number}");
    }
}

#[test]
fn an_import_that_is_interrupted_leaves_nothing_behind() {
    for signal in ["-INT", "-TERM"] {
        let place = Place::with_site();
        let before = (place.current(), place.segments());
        let (site, as_of) = (place.site(), hours_ago(0));
        let mut import =
            start(&["import", "--data", &site, "--feed", "slow", "--format", "csv", "--as-of", &as_of, "-"]);
        let mut pipe = import.stdin.take().unwrap();
        let rows: String = (0..200_000).map(|row| format!("S{row},UTO,passport,lost\n")).collect();
        pipe.write_all(format!("{HEADER}{rows}").as_bytes()).unwrap();
        Command::new("kill").args([signal, &import.id().to_string()]).status().unwrap();
        let more: String = (0..200_000).map(|row| format!("T{row},UTO,passport,lost\n")).collect();
        // It may have gone already.
        let _ = pipe.write_all(more.as_bytes());
        drop(pipe);
        let run =
            Run::from(import.wait_with_output().unwrap()).fails_saying("interrupted: nothing was changed");
        assert_eq!(run.out, "");
        assert_eq!((place.current(), place.segments()), before);
        let left: Vec<_> =
            fs::read_dir(place.path("site/imports")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.iter().all(|path| path.ends_with("local.rejects.csv")), "{left:?}");
    }
}

#[test]
fn a_mapping_is_asked_for_read_and_checked_before_anything_else() {
    let place = Place::new();
    let register = place.write("register.csv", "N\nA1\n");
    let mapped = ["--feed", "local", "--format", "mapped"];
    let missing = place.import(&[&mapped[..], &[&register]].concat()).exits(2);
    assert!(missing.err.contains("--mapping"), "{}", missing.err);
    let rest =
        "[issuing-state]\nconstant = 'UTO'\n[kind]\nconstant = 'passport'\n[status]\nconstant = 'lost'\n";
    let number = "[document-number]\nparts = [{ column = 'N' }]\n";
    let good = place.write("good.toml", format!("layout = 'csv'\n{number}{rest}"));
    let bad = place.write("bad.toml", format!("layout = 'csv'\ncolour = 'red'\n{number}{rest}"));
    let refused = place.import(&[&mapped[..], &["--mapping", &bad, &register]].concat()).exits(2);
    assert!(
        refused.err.contains("bad.toml") && refused.err.contains("unknown field `colour`"),
        "{}",
        refused.err
    );
    place.import(&[&LOCAL[..], &["--mapping", &good, &register]].concat()).exits(2);
    assert!(!place.path("site").exists(), "nothing was begun");
    place.import(&[&mapped[..], &["--mapping", &good, &register]].concat()).exits(0);
    assert_eq!(check(&place, "UTO", "A1")["verdict"], "hit");
}

#[test]
fn a_damaged_list_in_force_does_not_keep_its_feed_from_being_imported_again() {
    let place = Place::with_site();
    let [segment] = &place.segments()[..] else { panic!("one segment") };
    let mut bytes = fs::read(segment).unwrap();
    bytes[300] ^= 1;
    fs::write(segment, bytes).unwrap();
    let register =
        place.write("register.csv", format!("{HEADER}L898902C3,UTO,passport,stolen\nX1,UTO,passport,lost\n"));
    let run = place.import(&[&LOCAL[..], &[&register]].concat()).exits(0);
    assert!(run.out.contains("generation 2 is in force"), "{}", run.out);
    assert_eq!(check(&place, "UTO", "X1")["verdict"], "hit");
}
