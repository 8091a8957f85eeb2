//! Webhooks of a service: signed, at least once, in order, and never in the way of an answer.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp;

use crate::audit_samples::until;
use crate::support::command::{Place, command, portcullis};
use crate::support::receiver::{Delivery, Receiver, Says, ok};
use crate::support::serving::Serving;
use crate::support::web::Authority;

const KEY: [u8; 32] = [7; 32];
const HIT: &str = r#"{"document":{"number":"L898902C3","issuing_state":"UTO"},"terminal":"gate-3"}"#;

fn start(place: &Place, url: &str, more: &str) -> Serving {
    let secret = place.write("desk.secret", format!("whsec_{}\n", BASE64.encode(KEY)));
    let webhook = format!("[webhooks.desk]\nurl = '{url}'\nsecret-file = '{secret}'\ntimeout = '5s'\n{more}");
    let serving = Serving::start_with(place, &format!("site = 'north'\n{webhook}"));
    // What was recorded before its first start is not told.
    until("it has begun", || place.path("site/hits/desk.cursor").exists());
    serving
}

fn check(serving: &Serving) -> String {
    let reply = serving.post("/v1/checks", "application/json", HIT);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["check_id"].as_str().unwrap().to_owned()
}

/// As a receiver verifies it, with another library.
fn verify(delivery: &Delivery) {
    let said = ["webhook-id", "webhook-timestamp"].map(|name| delivery.header(name));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &KEY);
    let signature = delivery.header("webhook-signature").strip_prefix("v1,").unwrap();
    let signed = format!("{}.{}.{}", said[0], said[1], delivery.body);
    hmac::verify(&key, signed.as_bytes(), &BASE64.decode(signature).unwrap()).unwrap();
    let age = Timestamp::now().as_second() - said[1].parse::<i64>().unwrap();
    assert!((0..60).contains(&age), "{age}");
}

#[test]
fn each_hit_is_posted_signed_and_in_order_and_no_number_is_in_it() {
    let place = Place::with_site();
    let receiver = Receiver::start(ok());
    let serving = start(&place, &receiver.url(), "");
    let ids: Vec<_> = (0..3).map(|_| check(&serving)).collect();
    until("all are delivered", || receiver.ids().len() >= 3);
    assert_eq!(receiver.ids(), ids);
    for (delivery, id) in receiver.taken().iter().zip(&ids) {
        verify(delivery);
        assert!(delivery.head.starts_with("POST /hits?of=north HTTP/1.1\r\n"), "{}", delivery.head);
        assert_eq!(delivery.header("content-type"), "application/json");
        assert_eq!(delivery.header("webhook-id"), id);
        assert_eq!(
            (&delivery.event()["site"], &delivery.event()["terminal"]),
            (&"north".into(), &"gate-3".into())
        );
        assert!(!delivery.body.contains("L898902C3"));
    }
    until("metrics say so", || {
        let metrics = serving.get("/metrics").text();
        metrics.contains("portcullis_webhook_deliveries_total{outcome=\"delivered\",sink=\"desk\"} 3")
            && metrics.contains("portcullis_webhook_lag_seconds{sink=\"desk\"} 0")
    });
    assert!(!serving.log().contains("of=north"), "an address may have a secret in it");
}

#[test]
fn whoever_was_away_is_told_everything_and_meanwhile_the_service_says_so_once_and_answers() {
    let place = Place::with_site();
    let receiver = Receiver::start(Says::CutBefore);
    let serving = start(&place, &receiver.url(), "");
    let mut ids = vec![check(&serving)];
    until("it is told", || serving.get("/readyz").text().contains("webhook desk is not told of hits"));
    let ready = serving.get("/readyz");
    assert_eq!((ready.status, &ready.json()["degraded"]), (200, &true.into()));
    assert!(serving.get("/metrics").text().contains("portcullis_webhook_failing{sink=\"desk\"} 1"));
    ids.extend((0..4).map(|_| check(&serving)));
    assert!(receiver.ids().is_empty(), "half of one is none");
    receiver.says(ok());
    until("all are delivered", || receiver.ids().len() >= 5);
    assert_eq!(receiver.ids(), ids);
    until("it is well again", || serving.get("/readyz").json()["degraded"] == false);
    let log = serving.log();
    assert_eq!(log.matches("hits are not told").count(), 1, "{log}");
    assert_eq!(log.matches("hits are told again").count(), 1, "{log}");
}

#[test]
fn a_line_that_is_cut_before_the_answer_makes_a_repeat_with_the_same_id() {
    let place = Place::with_site();
    let receiver = Receiver::start(Says::CutAfter);
    let serving = start(&place, &receiver.url(), "");
    let ids = [check(&serving), check(&serving)];
    until("it was tried", || !receiver.ids().is_empty());
    receiver.says(ok());
    until("all are delivered", || receiver.ids().contains(&ids[1]));
    let mut taken = receiver.ids();
    assert!(taken.len() >= 3, "{taken:?}");
    taken.dedup();
    assert_eq!(taken, ids);
}

#[test]
fn a_service_that_is_killed_between_delivery_and_cursor_repeats_and_loses_nothing() {
    let place = Place::with_site();
    let receiver = Receiver::start(Says::Holds);
    let mut serving = start(&place, &receiver.url(), "");
    let ids = [check(&serving), check(&serving), check(&serving)];
    until("the first is there", || receiver.ids().len() == 1);
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    receiver.says(ok());
    let _serving = start(&place, &receiver.url(), "");
    until("all are delivered", || receiver.ids().len() >= 4);
    assert_eq!(receiver.ids(), [&ids[0], &ids[0], &ids[1], &ids[2]].map(Clone::clone));
}

#[test]
fn hits_that_were_not_told_when_a_site_was_backed_up_are_told_after_it_is_restored() {
    let place = Place::with_site();
    let receiver = Receiver::start(ok());
    let serving = start(&place, &receiver.url(), "");
    let mut ids = vec![check(&serving)];
    until("the first is delivered", || receiver.ids() == ids);
    receiver.says(Says::CutBefore);
    ids.extend((0..3).map(|_| check(&serving)));
    until("it is told", || serving.get("/readyz").text().contains("webhook desk is not told of hits"));
    serving.log();
    let by_command = place.check("L898902C3").exits(10).json();
    ids.push(by_command["check_id"].as_str().unwrap().to_owned());
    let (config, to) = (place.argument("portcullis.toml"), place.argument("backup"));
    portcullis(&["backup", "--config", &config, "--to", &to]).exits(0);
    std::fs::remove_dir_all(place.site()).unwrap();
    portcullis(&["restore", &to, "--data", &place.site()]).exits(0);
    receiver.says(ok());
    let serving = start(&place, &receiver.url(), "");
    until("all are delivered", || receiver.ids().len() >= 5);
    let mut told = receiver.ids();
    // Each log has an order of its own.
    told.sort();
    ids.sort();
    assert_eq!(told, ids, "each once: the first was known to be told");
    let log = serving.log();
    assert!(!log.contains("no cursor says") && !log.contains("not there any more"), "{log}");
}

#[test]
fn a_receiver_that_takes_its_time_keeps_no_answer_waiting() {
    let place = Place::with_site();
    let receiver = Receiver::start(Says::Holds);
    let serving = start(&place, &receiver.url(), "");
    let ids: Vec<_> = (0..50).map(|_| check(&serving)).collect();
    until("the first is there", || receiver.ids().len() == 1);
    assert!(serving.get("/metrics").text().contains("portcullis_webhook_lag_seconds{sink=\"desk\"}"));
    receiver.says(ok());
    until("all are delivered", || receiver.ids().len() >= 50);
    assert_eq!(receiver.ids(), ids);
}

#[test]
fn a_receiver_is_known_by_the_authorities_that_are_set_and_by_no_others() {
    let place = Place::with_site();
    let (authority, other) = (Authority::new(), Authority::new());
    let receiver = Receiver::start_with(Some(authority.server(None)), ok());
    let wrong = place.write("other.pem", other.pem());
    let serving = start(&place, &receiver.tls_url(), &format!("authorities-file = '{wrong}'\n"));
    let id = check(&serving);
    until("it is told", || serving.get("/readyz").text().contains("webhook desk is not told of hits"));
    assert!(receiver.ids().is_empty());
    serving.log();
    let right = place.write("ca.pem", authority.pem());
    let _serving = start(&place, &receiver.tls_url(), &format!("authorities-file = '{right}'\n"));
    until("it is delivered", || receiver.ids() == [id.clone()]);
}

#[test]
fn a_spoilt_cursor_degrades_the_service_and_keeps_no_answer_back() {
    let place = Place::with_site();
    let receiver = Receiver::start(ok());
    start(&place, &receiver.url(), "").log();
    let cursor = place.path("site/hits/desk.cursor");
    std::fs::write(&cursor, "portcullis-hits-cursor 1\nserve").unwrap();
    let serving = start(&place, &receiver.url(), "");
    check(&serving);
    let id = check(&serving);
    until("it is told", || serving.get("/readyz").text().contains("desk.cursor does not say"));
    assert_eq!(serving.get("/readyz").status, 200);
    assert!(receiver.ids().is_empty());
    assert_eq!(std::fs::read_to_string(&cursor).unwrap(), "portcullis-hits-cursor 1\nserve");
    // Somebody says where to go on.
    let hits = |more: &[&str]| portcullis(&[&["hits", "--data", &place.site()], more].concat());
    let position = hits(&[]).exits(0).lines()[0]["position"].as_str().unwrap().to_owned();
    let set = hits(&["--from", &position, "--webhook", "desk"]).exits(0);
    assert_eq!(set.out, format!("webhook desk goes on after {position}\n"));
    until("it goes on", || receiver.ids() == [id.clone()]);
    hits(&["--from", "now", "--webhook", "desk"]).fails_saying("stop it first");
    hits(&["--from", "now", "--webhook", "../desk"]).exits(2);
    let slip = hits(&["--from", "now", "--webhook", "dsek"]).exits(2);
    assert!(slip.err.contains("dsek") && !place.path("site/hits/dsek.lock").exists(), "{}", slip.err);
    assert_eq!(serving.log().matches("hits are not told").count(), 1);
}

#[test]
fn a_service_whose_webhook_cannot_be_used_does_not_start() {
    let place = Place::with_site();
    let serve = |webhook: &str| {
        let text = format!(
            "[data]\ndir = '{}'\n[service]\nbind = '127.0.0.1:0'\n[webhooks.desk]\n{webhook}",
            place.site()
        );
        let config = place.write("wrong.toml", text);
        let run: crate::support::command::Run =
            command(&["serve", "--config", &config]).output().unwrap().into();
        run.exits(1).err
    };
    let no_secret = place.write("no.secret", "hunter2-hunter2-hunter2-hunter2");
    let told = serve(&format!("url = 'https://desk.example/'\nsecret-file = '{no_secret}'\n"));
    assert!(told.contains("webhooks.desk") && told.contains("whsec_") && !told.contains("hunter2"), "{told}");
    let told = serve("url = 'http://desk.example/'\nsecret-file = 'x'\n");
    assert!(told.contains("only this machine is reached by http://"), "{told}");
    let told = serve("url = 'https://me:hunter2@desk.example/'\nsecret-file = 'x'\n");
    assert!(told.contains("no credentials") && !told.contains("hunter2"), "{told}");
    let told = serve("timeout = '5s'\n");
    assert!(
        told.contains("webhooks.desk.url: missing") && told.contains("webhooks.desk.secret-file: missing"),
        "{told}"
    );
}

#[test]
fn a_webhook_of_the_settings_is_told_from_where_somebody_says_also_before_its_first_start() {
    let place = Place::with_site();
    let config = place.write("p.toml", "[webhooks.desk]\nurl = 'https://desk.example/'\nsecret-file = 'x'\n");
    let hits = |from: &str| {
        let site = place.site();
        portcullis(&["hits", "--data", &site, "--config", &config, "--webhook", "desk", "--from", from])
    };
    assert_eq!(hits("start").exits(0).out, "webhook desk goes on after the start\n");
    std::fs::remove_dir_all(place.path("site/hits")).unwrap();
    std::fs::write(place.path("site/hits"), "no folder").unwrap();
    let refused = hits("start").exits(1);
    assert!(!refused.err.contains("stop it first"), "{}", refused.err);
    // Whatever is wrong is not that the site has not got so far.
    std::fs::rename(place.path("site/audit"), place.path("audit")).unwrap();
    std::fs::write(place.path("site/audit"), "no folder").unwrap();
    let refused = hits("start").exits(1);
    assert!(refused.err.contains("cannot list"), "{}", refused.err);
    assert!(!refused.err.contains("has not got so far"), "{}", refused.err);
}

#[test]
fn a_service_for_carriers_tells_nobody_how_a_webhook_for_officers_stands() {
    let place = Place::with_site();
    let (desk, gate) = (Receiver::start(Says::CutAfter), Receiver::start(Says::CutAfter));
    let secret = place.write("desk.secret", format!("whsec_{}\n", BASE64.encode(KEY)));
    let webhook = |name: &str, url: String, class: &str| {
        format!("[webhooks.{name}]\nurl = '{url}'\nsecret-file = '{secret}'\nclass = '{class}'\n")
    };
    let [desk_set, gate_set] =
        [webhook("desk", desk.url(), "officer"), webhook("gate", gate.url(), "carrier")];
    let serving = Serving::start_with(&place, &format!("caller-class = 'carrier'\n{desk_set}{gate_set}"));
    check(&serving);
    until("both were tried, and again", || desk.ids().len() > 1 && gate.ids().len() > 1);
    let told = [serving.get("/readyz").text(), serving.get("/metrics").text()];
    for told in &told {
        let is_of = |sink: &str| {
            told.contains(&format!("webhook {sink}")) || told.contains(&format!("sink=\"{sink}\""))
        };
        assert!(is_of("gate") && !is_of("desk"), "{told}");
    }
    let log = serving.log();
    assert_eq!(log.matches("hits are not told").count(), 2, "the log has both: {log}");
}

#[test]
fn a_new_webhook_is_told_all_that_was_answered_before_it_could_begin_and_a_lost_cursor_is_warned_of() {
    let place = Place::with_site();
    let receiver = Receiver::start(ok());
    std::fs::write(place.path("site/hits"), "no folder").unwrap();
    let secret = place.write("desk.secret", format!("whsec_{}\n", BASE64.encode(KEY)));
    let webhook = format!("[webhooks.desk]\nurl = '{}'\nsecret-file = '{secret}'\n", receiver.url());
    let serving = Serving::start_with(&place, &webhook);
    let id = check(&serving);
    until("it is told", || serving.get("/readyz").text().contains("webhook desk is not told of hits"));
    let ready = serving.get("/readyz");
    assert!(ready.text().contains("webhook desk cannot write down where it begins"), "{}", ready.text());
    assert_eq!(ready.status, 503, "what is answered now may be lost");
    std::fs::remove_file(place.path("site/hits")).unwrap();
    until("it is delivered", || receiver.ids() == [id.clone()]);
    assert_eq!(serving.get("/readyz").status, 200);
    let log = serving.log();
    assert!(log.lines().any(|line| line.contains("WARN") && line.contains("no cursor says")), "{log}");
}
