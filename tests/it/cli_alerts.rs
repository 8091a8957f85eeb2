//! `portcullis alert`: what we know ourselves stands in answers beside what lists say.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::command::{Place, Run, flip_a_byte, portcullis, portcullis_reading};
use crate::support::serving::Serving;

/// An alert on a document of Utopia, for officers, until long after these tests.
fn alert(number: &str) -> Value {
    json!({
        "document": { "issuing_state": "UTO", "number": number },
        "category": "stolen",
        "action": "seize",
        "instruction": { "text": "Keep it.\nCall us.", "language": "en" },
        "originator": { "name": "Police of Utopia", "contact": "+999 1234", "reference": "A-17" },
        "grade": { "scheme": "admiralty", "code": "B2" },
        "handling": { "classes": ["officer"] },
        "valid": { "to": in_days(30) },
    })
}

fn in_days(days: i64) -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days)).to_string()
}

fn issue(place: &Place, alert: &Value, more: &[&str]) -> Run {
    let site = place.site();
    portcullis_reading(&[&["alert", "issue", "--data", &site, "-"], more].concat(), alert.to_string())
}

fn name_of(run: &Run) -> String {
    run.out.split_whitespace().nth(1).expect("alert NAME issued").to_owned()
}

fn issued(place: &Place, alert: &Value, more: &[&str]) -> String {
    name_of(&issue(place, alert, more).exits(0))
}

fn act(place: &Place, words: &[&str], more: &[&str]) -> Run {
    let site = place.site();
    portcullis(&[&["alert"], words, &["--data", &site], more].concat())
}

fn checked(place: &Place, number: &str, more: &[&str]) -> Value {
    let site = place.site();
    let arguments = ["check", "--data", &site, "--number", "-", "--issuer", "UTO", "--json"];
    portcullis_reading(&[&arguments, more].concat(), number).json()
}

#[test]
fn an_alert_is_a_finding_until_it_is_withdrawn_and_every_act_is_on_record() {
    let place = Place::with_site();
    assert_eq!(checked(&place, "Q7654321", &[])["verdict"], "no_hit");
    let name = issued(&place, &alert("Q7654321"), &[]);
    let answer = checked(&place, "Q7654321", &[]);
    let finding = &answer["findings"][0];
    assert_eq!(
        (&answer["verdict"], &finding["type"], &finding["match"]),
        (&"hit".into(), &"alert".into(), &"exact".into())
    );
    assert_eq!((&finding["alert_id"], &finding["revision"]), (&json!(name), &json!(1)));
    assert_eq!((&finding["category"], &finding["action"]), (&"stolen".into(), &"seize".into()));
    assert_eq!(finding["instruction"], json!({ "text": "Keep it.\nCall us.", "language": "en" }));
    assert_eq!(finding["grade"], json!({ "scheme": "admiralty", "code": "B2", "confidence": "high" }));
    assert_eq!((&finding["contact"], &finding["unapproved"]), (&"+999 1234".into(), &json!(false)));
    assert_eq!(answer["coverage"]["alerts"]["revision"], 1);
    let ask = ["check", "--data", &place.site(), "--number", "-", "--issuer", "UTO"];
    let shown = portcullis_reading(&ask, "Q7654321").exits(10).out;
    assert!(
        shown.contains("alert: stolen, seize (match: exact)") && shown.contains("    Call us."),
        "{shown}"
    );
    // A number that may be read as that one is a candidate, and no hit.
    let near = checked(&place, "Q76S4321", &[]);
    assert_eq!((&near["verdict"], &near["candidates"][0]["type"]), (&"no_hit".into(), &"alert".into()));
    assert_eq!(near["candidates"][0]["document"]["number"], "Q7654321");

    act(&place, &["renew", &name, "--to", &in_days(60)], &["--revision", "1"]).exits(0);
    act(&place, &["renew", &name, "--to", &in_days(90)], &["--revision", "1"]).fails_saying("has revision 2");
    act(&place, &["withdraw", &name], &[]).exits(0);
    act(&place, &["withdraw", &name], &[]).fails_saying("withdrawn, for good");
    assert_eq!(checked(&place, "Q7654321", &[])["verdict"], "no_hit");
    assert_eq!(act(&place, &["list"], &[]).exits(0).out, "");
    assert!(act(&place, &["list", "--all"], &[]).exits(0).out.contains("withdrawn"));
    let history = act(&place, &["show", &name], &[]).exits(0).lines();
    let states: Vec<_> =
        history.iter().map(|one| (one["revision"].as_u64(), one["state"].as_str())).collect();
    let expected = [(1, "active"), (2, "active"), (3, "withdrawn")];
    assert_eq!(states, expected.map(|(number, state)| (Some(number), Some(state))));
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
    for word in ["alert_issued 1", "alert_renewed 1", "alert_withdrawn 1"] {
        assert!(audit.contains(word), "{word}: {audit}");
    }
    let find = ["audit", "find", "--document", "-", "--data", &place.site()];
    let found = portcullis_reading(&find, "UTO Q7654321").exits(0).out;
    assert!(found.contains("alert_issued") && found.contains("  hit  "), "{found}");
}

#[test]
fn stolen_blanks_are_an_interval_and_what_overlaps_is_found_whole() {
    let place = Place::with_site();
    let interval = |interval: Value, category: &str| {
        let mut alert = alert("X");
        alert.as_object_mut().unwrap().remove("document");
        alert["interval"] = interval;
        alert["category"] = category.into();
        alert
    };
    let blanks = json!({ "issuing_state": "UTO", "from": "C01X00010", "to": "C01X00099" });
    let series = json!({ "issuing_state": "UTO", "prefix": "C01X0005", "length": 9 });
    issued(&place, &interval(blanks, "stolen_blank"), &[]);
    issued(&place, &interval(series, "counterfeit_series"), &[]);
    issued(&place, &alert("C01X00055"), &[]);
    let categories = |number: &str| {
        let answer = checked(&place, number, &[]);
        let findings = answer["findings"].as_array().unwrap();
        let mut words: Vec<_> =
            findings.iter().map(|one| one["category"].as_str().unwrap().to_owned()).collect();
        words.sort();
        words.join(" ")
    };
    for (number, expected) in [
        ("C01X00009", ""),
        ("C01X00010", "stolen_blank"),
        ("C01X00050", "counterfeit_series stolen_blank"),
        ("C01X00055", "counterfeit_series stolen stolen_blank"),
        ("C01X0005Q", "counterfeit_series stolen_blank"),
        ("C01X00099", "stolen_blank"),
        ("C01X00100", ""),
        ("C01X0010", ""),
    ] {
        assert_eq!(categories(number), expected, "{number}");
    }
}

#[test]
fn whoever_an_alert_is_not_for_gets_the_answer_without_it_and_the_log_has_both() {
    let place = Place::with_site();
    let mut wanted = alert("Q7654321");
    wanted["category"] = "bearer_wanted".into();
    wanted["handling"]["purposes"] = json!(["border"]);
    issued(&place, &wanted, &[]);
    let carrier = "caller-class = 'carrier'\n";
    let ask = |config: Option<&str>, purpose: Option<&str>, number: &str| {
        let config = config.unwrap_or_default();
        let serving = Serving::start_with(&place, config);
        let body = json!({
            "document": { "number": number, "issuing_state": "UTO" },
            "purpose": purpose,
        });
        let answer = serving.post("/v1/checks", "application/json", &body.to_string()).json();
        serving.log();
        answer
    };
    assert_eq!(ask(None, Some("border"), "Q7654321")["verdict"], "hit");
    for (config, purpose) in [(None, Some("visa")), (None, None), (Some(carrier), Some("border"))] {
        let hidden = ask(config, purpose, "Q7654321");
        let nothing = ask(config, purpose, "Q7654999");
        assert_eq!((&hidden["verdict"], &nothing["verdict"]), (&"no_hit".into(), &"no_hit".into()));
        let shape = |answer: &Value| {
            let mut answer = answer.clone();
            for member in ["check_id", "decided_at", "audit", "document"] {
                answer.as_object_mut().unwrap().remove(member);
            }
            answer["coverage"]["feeds"][0]["age_s"] = json!(0);
            answer
        };
        assert_eq!(shape(&hidden), shape(&nothing));
    }
    let out = place.argument("out.ndjson");
    portcullis(&["audit", "export", "--data", &place.site(), "--out", &out]).exits(0);
    let lines = crate::support::command::json_lines(&fs::read_to_string(out).unwrap());
    let both: Vec<_> = lines.iter().filter(|line| line["entry"]["unrestricted_verdict"] == "hit").collect();
    assert_eq!(both.len(), 3);
    for line in both {
        assert_eq!(
            (&line["entry"]["verdict"], line["entry"]["withheld"].as_array().unwrap().len()),
            (&"no_hit".into(), 1)
        );
    }
    portcullis(&["audit", "verify", "--data", &place.site()]).exits(0);
}

#[test]
fn what_would_have_been_in_doubt_is_withheld_too_and_the_entry_says_so() {
    let place = Place::with_site();
    let mut hidden = alert("Q76543210");
    hidden["handling"]["purposes"] = json!(["border"]);
    issued(&place, &hidden, &[]);
    // A list may have cut the number after nine characters; of the other one, two characters look alike.
    let (cut, lookalike) = ("Q765432109", "Q76543Z10");
    let ask = |number: &str| checked(&place, number, &[]);
    for number in [cut, lookalike] {
        let answer = ask(number);
        assert_eq!((&answer["verdict"], &answer["candidates"]), (&json!("no_hit"), &json!([])), "{number}");
        assert_eq!(answer["advisories"], ask("Q11111111")["advisories"], "{number}");
    }
    let out = place.argument("out.ndjson");
    portcullis(&["audit", "export", "--data", &place.site(), "--out", &out]).exits(0);
    let lines = crate::support::command::json_lines(&fs::read_to_string(out).unwrap());
    let with = |member: &str| lines.iter().filter(|line| !line["entry"][member].is_null()).count();
    assert_eq!(with("listed"), 1, "the digest of the other stands among the readings that were asked about");
    assert_eq!(with("unrestricted_verdict"), 1);
    let doubted = lines.iter().find(|line| !line["entry"]["unrestricted_verdict"].is_null()).unwrap();
    assert_eq!(doubted["entry"]["unrestricted_verdict"], "inconclusive");
}

#[test]
fn with_four_eyes_an_alert_waits_and_by_policy_is_in_force_meanwhile() {
    let place = Place::with_site();
    let strict = place.write("strict.toml", "[alerts]\nfour-eyes = 'on'\n");
    let lenient = place.write("lenient.toml", "[alerts]\nfour-eyes = 'on'\nunapproved-hours = 4\n");
    let waiting = issued(&place, &alert("Q1"), &["--config", &strict]);
    assert_eq!(checked(&place, "Q1", &[])["verdict"], "no_hit");
    act(&place, &["approve", &waiting], &["--config", &strict]).fails_saying("somebody else has to approve");
    issued(&place, &alert("Q2"), &["--config", &lenient]);
    let answer = checked(&place, "Q2", &[]);
    assert_eq!((&answer["verdict"], &answer["findings"][0]["unapproved"]), (&"hit".into(), &json!(true)));
    assert!(act(&place, &["list"], &[]).exits(0).out.contains("in force, unapproved"));
    let active = issued(&place, &alert("Q3"), &[]);
    // What was approved of stays in force while a change of it waits, and the change takes its place by policy.
    let mut milder = alert("Q3");
    milder["category"] = "lost".into();
    let milder = place.write("milder.json", milder.to_string());
    act(&place, &["amend", &active, &milder], &["--config", &strict]).exits(0);
    assert_eq!(checked(&place, "Q3", &[])["findings"][0]["category"], "stolen");
    // So it is in the list of what is in force, and found by the number that is.
    let in_force = act(&place, &["list"], &[]).exits(0).out;
    let listed: Vec<_> = in_force.lines().filter(|line| line.starts_with(&active)).collect();
    assert!(listed.len() == 1 && listed[0].contains("active  in force  stolen"), "{in_force}");
    let all = act(&place, &["list", "--all"], &[]).exits(0).out;
    assert!(all.lines().any(|line| line.starts_with(&active) && line.contains("pending")), "{all}");
    act(&place, &["renew", &active, "--to", &in_days(60)], &["--config", &strict])
        .fails_saying("somebody else");
    let active = issued(&place, &alert("Q4"), &[]);
    act(&place, &["amend", &active, &milder], &["--config", &lenient]).exits(0);
    let answer = checked(&place, "Q3", &[]);
    let findings = answer["findings"].as_array().unwrap();
    let said: Vec<_> =
        findings.iter().map(|one| (one["category"].as_str(), one["unapproved"].as_bool())).collect();
    assert!(
        said.contains(&(Some("stolen"), Some(false))) && said.contains(&(Some("lost"), Some(true))),
        "{said:?}"
    );
    let active = issued(&place, &alert("Q5"), &[]);
    act(&place, &["approve", &active], &[]).fails_saying("does not wait for approval");
}

#[test]
fn what_is_no_alert_is_refused_field_by_field() {
    let place = Place::with_site();
    let refused = |change: &dyn Fn(&mut Value), said: &[&str]| {
        let mut alert = alert("Q1");
        change(&mut alert);
        let run = issue(&place, &alert, &[]);
        assert_ne!(run.code, 0, "{alert}");
        for said in said {
            assert!(run.err.contains(said) && !run.err.contains("Q1"), "{said}: {}", run.err);
        }
    };
    refused(&|alert| alert["category"] = "theft".into(), &["category: one of lost, stolen"]);
    refused(
        &|alert| {
            alert["grade"]["code"] = "Z9".into();
            alert["valid"]["to"] = "tomorrow".into();
        },
        &["grade.code", "valid.to: a time"],
    );
    refused(
        &|alert| alert["interval"] = json!({ "issuing_state": "UTO" }),
        &["either a document or an interval"],
    );
    refused(&|alert| alert["colour"] = "red".into(), &["not an alert in JSON"]);
    refused(&|alert| alert["valid"]["to"] = in_days(-1).into(), &["in the past"]);
    refused(&|alert| alert["valid"]["to"] = in_days(400).into(), &["at most 366 days"]);
    refused(&|alert| alert["handling"]["classes"] = json!([]), &["nobody"]);
    refused(&|alert| alert["handling"]["release_to"] = json!(["partner"]), &["say nothing of a person"]);
    refused(
        &|alert| {
            alert["category"] = "bearer_wanted".into();
            alert["handling"]["classes"] = json!(["officer", "carrier"]);
        },
        &["officers only"],
    );
    assert!(
        !place.path("site/alerts").exists() || act(&place, &["list", "--all"], &[]).exits(0).out.is_empty()
    );
}

#[test]
fn an_alert_on_a_number_that_a_zone_or_a_list_has_cut_takes_the_clear_answer_away() {
    let place = Place::with_site();
    issued(&place, &alert("Q12345678AB"), &[]);
    let mut blanks = alert("X");
    blanks.as_object_mut().unwrap().remove("document");
    blanks["interval"] = json!({ "issuing_state": "UTO", "from": "R1234567800", "to": "R1234567899" });
    issued(&place, &blanks, &[]);
    issued(&place, &alert("S12345678"), &[]);
    let zone = |number: &str| {
        let digit = |text: &str| {
            let value = |byte: u8| match byte {
                b'0'..=b'9' => u32::from(byte - b'0'),
                b'A'..=b'Z' => u32::from(byte - b'A') + 10,
                _ => 0,
            };
            text.bytes()
                .zip([7, 3, 1].into_iter().cycle())
                .map(|(byte, weight)| value(byte) * weight)
                .sum::<u32>()
                % 10
        };
        let number = format!("{number}{}", digit(number));
        let composite = digit(&format!("{number}74081221204159ZE184226B<<<<<1"));
        let upper = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
        format!("{upper}\n{number}UTO7408122F1204159ZE184226B<<<<<1{composite}")
    };
    let site = place.site();
    for number in ["Q12345678", "R12345678"] {
        let path = place.write("zone.txt", zone(number));
        let answer = portcullis(&["check", "--data", &site, "--mrz", &path, "--json"]).json();
        assert_eq!(answer["verdict"], "inconclusive", "{answer}");
        assert_eq!(answer["reasons"][0]["code"], "number_truncated_listed", "{answer}");
    }
    let answer = checked(&place, "S12345678XY", &[]);
    assert_eq!(
        (&answer["verdict"], &answer["candidates"][0]["type"]),
        (&"inconclusive".into(), &"alert".into())
    );
}

#[test]
fn the_same_key_issues_one_alert_and_is_not_taken_for_another() {
    let place = Place::with_site();
    let key = ["--idempotency-key", "case-7"];
    let wish = alert("Q1");
    let first = issued(&place, &wish, &key);
    let again = issue(&place, &wish, &key).exits(0);
    assert!(again.out.contains("issued before with this key"), "{}", again.out);
    assert_eq!(name_of(&again), first);
    issue(&place, &alert("Q2"), &key).fails_saying("used for another alert");
    assert_ne!(issued(&place, &alert("Q1"), &[]), first);
}

#[test]
fn a_store_that_is_damaged_takes_every_clear_answer_away_and_is_named() {
    for spoil in ["key", "alerts.redb"] {
        let place = Place::with_site();
        issued(&place, &alert("Q1"), &[]);
        let path = place.path("site/alerts").join(spoil);
        match spoil {
            "key" => fs::remove_file(&path).unwrap(),
            _ => fs::write(&path, "spoilt").unwrap(),
        }
        let answer = checked(&place, "X2", &[]);
        assert_eq!(
            (&answer["verdict"], &answer["reasons"][0]["code"]),
            (&"inconclusive".into(), &"alerts_unreadable".into())
        );
        assert_eq!(checked(&place, "L898902C3", &[])["verdict"], "hit", "what lists say is still found");
        let run = issue(&place, &alert("Q2"), &[]);
        assert!(run.code != 0 && run.err.contains(spoil), "{}", run.err);
    }
    let place = Place::with_site();
    issued(&place, &alert("Q1"), &[]);
    for gone in ["key", "alerts.redb"] {
        fs::remove_file(place.path("site/alerts").join(gone)).unwrap();
    }
    assert_eq!(checked(&place, "X2", &[])["verdict"], "inconclusive", "what was there is missed");
    assert_ne!(issue(&place, &alert("Q2"), &[]).code, 0, "and none is made in its place");
    let place = Place::with_site();
    issued(&place, &alert("Q1"), &[]);
    flip_a_byte(&place.path("site/alerts/key"));
    assert_eq!(checked(&place, "X2", &[])["verdict"], "inconclusive");
}

#[test]
fn while_somebody_holds_the_store_for_long_a_check_waits_and_a_service_begins_and_is_not_ready() {
    [true, false].into_iter().for_each(somebody_holds_the_store);
}

fn somebody_holds_the_store(newest_is_told: bool) {
    let place = Place::with_site();
    issued(&place, &alert("Q1"), &[]);
    if !newest_is_told {
        // The logs know of it all the same.
        fs::remove_file(place.path("site/alerts/REVISION")).unwrap();
    }
    let lock = fs::File::options().write(true).open(place.path("site/alerts/LOCK")).unwrap();
    lock.lock().unwrap();
    let place = &place;
    thread::scope(|scope| {
        let checked = ["Q1", "X2"].map(|number| scope.spawn(move || checked(place, number, &[])));
        let serving = Serving::start(place, "text");
        let ready = serving.get("/readyz");
        assert!(ready.status == 503 && ready.text().contains("alerts"), "{}", ready.text());
        assert!(checked.iter().all(|checked| !checked.is_finished()));
        lock.unlock().unwrap();
        let verdicts = checked.map(|checked| checked.join().unwrap()["verdict"].clone());
        assert_eq!(verdicts, ["hit", "no_hit"]);
        let is_ready = || serving.get("/readyz").status == 200;
        assert!((0..200).any(|_| is_ready() || {
            thread::sleep(Duration::from_millis(100));
            false
        }));
    });
}

#[test]
fn a_command_that_is_told_no_rules_goes_by_those_of_the_service() {
    let place = Place::with_site();
    let built_in = issue(&place, &alert("Q1"), &[]).exits(0);
    assert!(built_in.out.contains("active") && built_in.err.contains("built-in rules"), "{built_in:?}");
    Serving::start_with(&place, "[alerts]\nfour-eyes = 'on'\n").log();
    let of_service = issue(&place, &alert("Q2"), &[]).exits(0);
    assert!(of_service.out.contains("pending") && !of_service.err.contains("built-in"), "{of_service:?}");
    let own = place.write("own.toml", format!("[data]\ndir = {:?}\n", place.site()));
    assert!(issue(&place, &alert("Q3"), &["--config", &own]).exits(0).out.contains("active"));
    fs::write(place.path("site/rules.json"), "spoilt").unwrap();
    issue(&place, &alert("Q4"), &[]).fails_saying("name the settings of the service with --config");
    Serving::start(&place, "text").log();
    assert!(issue(&place, &alert("Q4"), &[]).exits(0).out.contains("active"), "its rules are others now");
    Serving::start_with(&place, "[alerts]\nfour-eyes = 'on'\n").log();
    Serving::start_with(&place, "caller-class = 'carrier'\n").log();
    let of_officers = issue(&place, &alert("Q5"), &[]).exits(0);
    assert!(of_officers.out.contains("pending"), "those of carriers make no rules: {of_officers:?}");
}

#[test]
fn a_service_that_finds_a_record_damaged_is_not_ready_and_adds_nothing_to_it() {
    [false, true].into_iter().for_each(finds_a_record_damaged);
}

fn finds_a_record_damaged(found_in_history: bool) {
    let place = Place::with_site();
    issued(&place, &alert("Q1"), &[]);
    let name = issued(&place, &alert("DAMAGED01"), &[]);
    for days in [20, 25] {
        let to = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        act(&place, &["renew", &name, "--to", &to.to_string()], &[]).exits(0);
    }
    issued(&place, &alert("Q2"), &[]);
    let serving = Serving::start(&place, "text");
    let ask = |number: &str| {
        let body = json!({ "document": { "number": number, "issuing_state": "UTO" } });
        serving.post("/v1/checks", "application/json", &body.to_string()).json()
    };
    assert_eq!((&ask("X2")["verdict"], serving.get("/readyz").status), (&"no_hit".into(), 200));
    if found_in_history {
        assert_eq!(serving.get("/v1/alerts").status, 200);
    }
    let pages = place.path("site/alerts/alerts.redb");
    let mut bytes = fs::read(&pages).unwrap();
    let spots: Vec<_> = bytes.windows(9).enumerate().filter(|(_, part)| *part == b"DAMAGED01").collect();
    let spots: Vec<_> = spots.into_iter().map(|(at, _)| at).collect();
    assert!(!spots.is_empty());
    spots.into_iter().for_each(|at| bytes[at] ^= 1);
    fs::write(&pages, bytes).unwrap();
    let named = serving.get("/v1/alerts").status;
    assert_eq!(if found_in_history { 200 } else { 503 }, named, "what is known already is not read anew");
    if found_in_history {
        assert_eq!(serving.get(&format!("/v1/alerts/{name}")).status, 503);
    }
    let is_told = || ask("X2")["reasons"][0]["code"] == "alerts_unreadable";
    assert!((0..100).any(|_| is_told() || {
        thread::sleep(Duration::from_millis(100));
        false
    }));
    let ready = serving.get("/readyz");
    assert!(ready.status == 503 && ready.text().contains("alerts"), "{}", ready.text());
    assert_eq!(ask("DAMAGED01")["verdict"], "hit", "what is known is still found");
    let (one, many) = (("/v1/alerts", "application/json"), ("/v1/alerts/import", "application/x-ndjson"));
    for (path, kind) in [one, many] {
        let refused = serving.post(path, kind, &alert("Q3").to_string());
        assert_eq!((refused.status, &refused.json()["code"]), (503, &"alerts_unavailable".into()), "{path}");
    }
    thread::sleep(Duration::from_secs(3));
    assert!(is_told(), "nothing is forgotten because nobody asks");
    let log = serving.log();
    assert!(log.contains("is not as it was written") && log.contains("portcullis alert restore"), "{log}");
}

#[test]
fn no_text_of_an_alert_has_the_number_that_it_is_about() {
    let place = Place::with_site();
    for (field, text) in
        [("name", "Owner of LEAK 00077"), ("contact", "call leak00077"), ("reference", "A-LEAK-00077")]
    {
        let mut telling = alert("LEAK00077");
        telling["originator"][field] = text.into();
        let run = issue(&place, &telling, &[]);
        assert!(
            run.code != 0 && run.err.contains(&format!("originator.{field}: must not have")),
            "{}",
            run.err
        );
        assert!(!run.err.contains("00077"), "{}", run.err);
    }
    let mut telling = alert("LEAK00077");
    telling["instruction"] = json!({ "text": "Seize LEAK00077 now.", "language": "en" });
    assert!(issue(&place, &telling, &[]).err.contains("instruction: must not have"));
    telling["instruction"] = json!({ "text": "Seize it now.", "language": "en" });
    issued(&place, &telling, &[]);
    let mut blanks = alert("Q1");
    blanks.as_object_mut().unwrap().remove("document");
    blanks["interval"] = json!({ "issuing_state": "UTO", "prefix": "C01X", "length": 9 });
    blanks["originator"]["name"] = "Police, c01x00042 was seen".into();
    assert!(issue(&place, &blanks, &[]).err.contains("originator.name: must not have"));
    blanks["originator"]["name"] = "Police of C01X".into();
    issued(&place, &blanks, &[]);
    let mut digits = alert("71234");
    digits["originator"]["contact"] = "+44 20 7123 4567".into();
    issued(&place, &digits, &[]);
}

#[test]
fn a_service_and_several_commands_issue_beside_one_another_and_nothing_is_lost() {
    let place = Place::with_site();
    let serving = Serving::start(&place, "text");
    thread::scope(|scope| {
        for at in 0..4 {
            let place = &place;
            scope.spawn(move || {
                for number in 0..5 {
                    issued(place, &alert(&format!("Q{at}00{number}")), &[]);
                }
            });
        }
    });
    assert_eq!(act(&place, &["list", "--json"], &[]).exits(0).lines().len(), 20);
    let ask = |number: &str| {
        let body = json!({ "document": { "number": number, "issuing_state": "UTO" } });
        serving.post("/v1/checks", "application/json", &body.to_string()).json()
    };
    let taken_up = (0..100).any(|_| {
        thread::sleep(std::time::Duration::from_millis(100));
        ask("Q3004")["verdict"] == "hit"
    });
    assert!(taken_up);
    assert_eq!(ask("Q0000")["findings"][0]["type"], "alert");
    serving.log();
}

#[test]
fn a_backup_has_the_alerts_and_a_restored_site_goes_on_with_them() {
    let place = Place::with_site();
    let name = issued(&place, &alert("Q1"), &[]);
    let (backup, restored) = (place.argument("backup"), place.argument("restored"));
    let config = place.write("site.toml", format!("[data]\ndir = {:?}\n", place.site()));
    portcullis(&["backup", "--config", &config, "--to", &backup]).exits(0);
    issued(&place, &alert("Q2"), &[]);
    portcullis(&["restore", &backup, "--data", &restored]).exits(0);
    let listed = portcullis(&["alert", "list", "--data", &restored, "--json"]).exits(0).lines();
    assert_eq!(listed.iter().map(|one| one["alert_id"].as_str().unwrap()).collect::<Vec<_>>(), [&*name]);
    portcullis(&["alert", "withdraw", &name, "--data", &restored]).exits(0);
    let check = ["check", "--data", &restored, "--number", "-", "--issuer", "UTO", "--json"];
    let answer = portcullis_reading(&check, "Q1").json();
    assert_eq!(
        answer["coverage"]["alerts"]["revision"], 1_000_000_001,
        "it is no revision of the site of before"
    );
}

#[test]
fn an_answer_of_before_is_given_again_by_the_alerts_of_then() {
    let place = Place::with_site();
    let named = |answer: &Value| {
        let audit = &answer["audit"];
        format!("{}/{}", audit["log_id"].as_str().unwrap(), audit["entry_id"])
    };
    let before = named(&checked(&place, "Q1", &[]));
    let id = issued(&place, &alert("Q1"), &[]);
    let with = named(&checked(&place, "Q1", &[]));
    act(&place, &["withdraw", &id], &[]).exits(0);
    let after = named(&checked(&place, "Q1", &[]));
    for (entry, verdict) in [(&before, "no_hit"), (&with, "hit"), (&after, "no_hit")] {
        let question = json!({ "document": { "number": "Q1", "issuing_state": "UTO" } }).to_string();
        let arguments = ["audit", "replay", entry, "--data", &place.site(), "--question", "-"];
        let out = portcullis_reading(&arguments, question).exits(0).out;
        assert!(out.contains(&format!("the answer was right: {verdict}")), "{out}");
    }
}

#[test]
fn drafts_and_expiry_without_a_service() {
    let place = Place::with_site();
    let run = issue(&place, &alert("Q1"), &["--draft"]).exits(0);
    assert!(run.out.contains("drafted: revision 1, drafted"), "{}", run.out);
    let name = name_of(&run);
    assert_eq!(checked(&place, "Q1", &[])["verdict"], "no_hit");
    act(&place, &["approve", &name], &[]).fails_saying("submit it first");
    let run = act(&place, &["submit", &name], &["--revision", "1"]).exits(0);
    assert!(run.err.contains("without --config this is done by the built-in rules"), "{run:?}");
    assert_eq!(checked(&place, "Q1", &[])["verdict"], "hit");
    assert_eq!(act(&place, &["expire"], &[]).exits(0).out, "0 alerts have expired\n");
    let mut short = alert("Q2");
    let to = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    short["valid"]["to"] = to.to_string().into();
    let name = issued(&place, &short, &[]);
    while jiff::Timestamp::now() < to {
        thread::sleep(std::time::Duration::from_millis(100));
    }
    let run = act(&place, &["expire"], &[]).exits(0);
    assert!(
        run.out == "0 alerts have expired\n" && run.err.contains("1 are over by this clock alone"),
        "{run:?}"
    );
    assert_eq!(act(&place, &["expire"], &["--clock-checked"]).exits(0).out, "1 alerts have expired\n");
    act(&place, &["withdraw", &name], &[]).fails_saying("has expired: renew it");
    act(&place, &["renew", &name, "--to", &in_days(1)], &[]).exits(0);
    assert_eq!(checked(&place, "Q2", &[])["verdict"], "hit");
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
    assert!(audit.contains("alert_expired 1") && audit.contains("alert_submitted 1"), "{audit}");
}

#[test]
fn an_alert_for_some_purposes_is_told_to_whoever_names_one_of_them() {
    let place = Place::with_site();
    let mut some = alert("Q1");
    some["handling"]["purposes"] = json!(["border", "visa"]);
    issued(&place, &some, &[]);
    assert_eq!(checked(&place, "Q1", &[])["verdict"], "no_hit");
    assert_eq!(checked(&place, "Q1", &["--purpose", "tax"])["verdict"], "no_hit");
    assert_eq!(checked(&place, "Q1", &["--purpose", "visa"])["verdict"], "hit");
    let line = |purpose: &str| {
        format!("{{\"document\":{{\"number\":\"Q1\",\"issuing_state\":\"UTO\"}}{purpose}}}\n")
    };
    let lines = format!("{}{}", line(""), line(",\"purpose\":\"tax\""));
    let manifest = |more: &[&str]| {
        portcullis_reading(&[&["manifest", "-", "--data", &place.site()], more].concat(), &lines)
    };
    let verdicts = |run: Run| -> Vec<_> {
        run.lines().iter().take(2).map(|line| line["verdict"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(verdicts(manifest(&[]).exits(0)), ["no_hit", "no_hit"]);
    assert_eq!(
        verdicts(manifest(&["--purpose", "border"]).exits(0)),
        ["hit", "no_hit"],
        "a line's own goes before"
    );
    manifest(&["--purpose", "L898902C3"]).exits(2);
    let entered = portcullis(&["audit", "report", "--data", &place.site(), "--json"]).exits(0).json();
    assert_eq!(entered["purpose"]["visa"], 1, "{entered}");
}

#[test]
fn a_search_finds_what_concerns_a_document_and_names_it_nowhere() {
    let place = Place::with_site();
    let name = issued(&place, &alert("Q1"), &[]);
    issued(&place, &alert("Q2"), &[]);
    let search = |text: &str| {
        portcullis_reading(&["alert", "search", "--document", "-", "--data", &place.site()], text)
    };
    let found = search("UTO q-1").exits(0).json();
    assert_eq!((&found["alert_id"], &found["document"]), (&json!(name), &json!("Q1")));
    assert_eq!(search("UTO Q3").exits(0).out, "");
    search("UTO").exits(2);
    portcullis(&["alert", "search", "--document", "UTO Q1", "--data", &place.site()]).exits(2);
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
    assert!(audit.contains("alert_read 2"), "{audit}");
    act(&place, &["list"], &[]).exits(0);
    act(&place, &["show", &name], &[]).exits(0);
    let audit = portcullis(&["inspect", "audit", "--data", &place.site()]).exits(0).out;
    assert!(audit.contains("alert_read 4"), "each reading is on record: {audit}");
}
