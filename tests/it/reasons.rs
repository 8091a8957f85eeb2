//! Every code that an answer can carry is reached over real HTTP.
//!
//! A new code does not compile here until somebody says how it is reached.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, civil::date};
use portcullis::config::{Settings, parse_deviations};
use portcullis::domain::{AdvisoryCode, FeedName, Kind, Notice, ReasonCode};
use portcullis::ground::clock::Clock;
use portcullis::ground::storage::Disk;
use portcullis::index::{Generation, Publisher};
use portcullis::screening::{IssuerNotReported, KindDiffers};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::command::flip_a_byte;
use crate::support::site::{Running, SPECIMEN, Standing, feed, notice, publish, publish_through};

const DEVIATION: &str = "
    format-version = 1
    [[deviation]]
    issuing-state = 'UTO'
    format = 'TD3'
    field = 'number'
    numbers = ['L898000C0', 'L898999C9']
    prints = '6'
    source = 'a test'
";

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How to make a site answer with a code.
struct Scene {
    data: TempDir,
    settings: Settings,
    clock: Option<Standing>,
    /// Done once the service runs.
    then: fn(&Path),
    question: Value,
}

impl Scene {
    /// A site without anything, asked about the specimen.
    fn empty() -> Self {
        let data = tempfile::tempdir().unwrap();
        let settings = Settings::defaults_for(data.path());
        Self { data, settings, clock: None, then: |_| {}, question: json!({ "mrz": SPECIMEN }) }
    }

    /// A site whose feed `local` lists these, so old.
    fn listing(notices: &[Notice], age: SignedDuration) -> Self {
        let scene = Self::empty();
        publish(scene.data.path(), "local", notices, age);
        scene
    }

    /// A site that has a list of Utopia without the specimen.
    fn clean() -> Self {
        Self::listing(&[notice("UTO", "ACDEF7", Kind::Passport)], HOUR)
    }

    /// A site that lists a passport, beside another one of Utopia.
    fn with(state: &str, number: &str) -> Self {
        Self::listing(&[notice(state, number, Kind::Passport), notice("UTO", "ACDEF7", Kind::Passport)], HOUR)
    }

    fn asked(mut self, question: Value) -> Self {
        self.question = question;
        self
    }

    fn asked_for(self, number: &str, state: &str) -> Self {
        self.asked(json!({ "document": { "number": number, "issuing_state": state, "kind": "passport" } }))
    }

    fn answer(self) -> Value {
        let Self { data, settings, clock, then, question } = self;
        let clock = clock.map_or_else(|| Clock::new(portcullis::ground::clock::SystemClock), Clock::new);
        let service = Running::start_with(settings, Arc::new(Disk), Arc::new(clock));
        then(data.path());
        service.check(&question)
    }
}

/// Publishes the generation after the one in force, changed.
fn publish_changed(data_dir: &Path, change: impl FnOnce(&mut Generation)) {
    let publisher = Publisher::lock(Arc::new(Disk), data_dir).unwrap();
    let (generation, id) = publisher.current().unwrap().unwrap();
    let mut next = Generation { number: generation.number + 1, previous: Some(id), ..generation };
    change(&mut next);
    publisher.publish(&next).unwrap();
}

fn segment(data_dir: &Path) -> std::path::PathBuf {
    crate::support::command::files(&data_dir.join("index/segments")).remove(0)
}

fn cut_to_nothing(data_dir: &Path) {
    std::fs::File::options().write(true).open(segment(data_dir)).unwrap().set_len(0).unwrap();
}

/// The specimen with other characters in its lower line.
fn zone_with(was: &str, is: &str) -> Value {
    let (upper, lower) = SPECIMEN.split_once('\n').unwrap();
    assert_eq!(lower.matches(was).count(), 1);
    json!({ "mrz": format!("{upper}\n{}", lower.replace(was, is)) })
}

/// A scene whose answer has the code among its reasons, and the verdict in it.
fn reach(code: ReasonCode) -> (&'static str, Scene) {
    let inconclusive = |scene| ("inconclusive", scene);
    match code {
        ReasonCode::NoGeneration => inconclusive(Scene::empty()),
        ReasonCode::GenerationUnreadable => {
            let scene = Scene::clean();
            flip_a_byte(&segment(scene.data.path()));
            inconclusive(scene)
        }
        ReasonCode::IndexDamaged => {
            inconclusive(Scene { then: cut_to_nothing, ..Scene::with("UTO", "L898902C3") })
        }
        ReasonCode::AlertsUnreadable => {
            let scene = Scene::clean();
            std::fs::create_dir(scene.data.path().join("alerts")).unwrap();
            std::fs::write(scene.data.path().join("alerts/REVISION"), "1\n").unwrap();
            std::fs::write(scene.data.path().join("alerts/alerts.redb"), "spoilt").unwrap();
            inconclusive(scene)
        }
        ReasonCode::Clock => {
            let scene = Scene::empty();
            let as_of = Timestamp::now();
            let listed = [notice("UTO", "ACDEF7", Kind::Passport)];
            publish_through(Arc::new(Disk), scene.data.path(), "local", &listed, as_of);
            let clock = Some(Standing(as_of - SignedDuration::from_mins(11)));
            inconclusive(Scene { clock, ..scene })
        }
        ReasonCode::NothingExpected => {
            let scene = Scene::clean();
            publish_changed(scene.data.path(), |next| next.expected.clear());
            inconclusive(scene)
        }
        ReasonCode::FeedMissing => {
            let scene = Scene::clean();
            publish_changed(scene.data.path(), |next| next.expected.insert(0, feed("interpol")));
            inconclusive(scene)
        }
        ReasonCode::FeedEmpty => inconclusive(Scene::listing(&[], HOUR)),
        ReasonCode::FeedAgeing => {
            ("no_hit", Scene::listing(&[notice("UTO", "ACDEF7", Kind::Passport)], HOUR * 25))
        }
        ReasonCode::FeedStale => {
            inconclusive(Scene::listing(&[notice("UTO", "ACDEF7", Kind::Passport)], HOUR * 73))
        }
        ReasonCode::IssuerNotReported => {
            ("no_hit", Scene::listing(&[notice("FRA", "12AB34567", Kind::Passport)], HOUR))
        }
        ReasonCode::DataTooOld => {
            inconclusive(Scene::clean().asked(json!({ "mrz": SPECIMEN, "max_data_age_s": 3000 })))
        }
        ReasonCode::SequenceTooLow => {
            inconclusive(Scene::clean().asked(json!({ "mrz": SPECIMEN, "min_sequences": { "local": 2 } })))
        }
        ReasonCode::IssuerUnknown => inconclusive(Scene::clean().asked_for("L898902C3", "QQQ")),
        ReasonCode::IssuerReadingListed => {
            inconclusive(Scene::with("UTO", "L898902C3").asked_for("L898902C3", "UTQ"))
        }
        ReasonCode::NationalityListed => {
            inconclusive(Scene::with("FRA", "L898902C3").asked(zone_with("UTO", "FRA")))
        }
        ReasonCode::NationalityUnknown => {
            let zone =
                "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36QQQ6908061F9406236ZE184226B<<<<<<<";
            inconclusive(Scene::clean().asked(json!({ "mrz": zone })))
        }
        ReasonCode::NumberCheckDigitWrong => {
            inconclusive(Scene::clean().asked(zone_with("898902", "898903")))
        }
        ReasonCode::NumberUnreadable => inconclusive(Scene::clean().asked_for("--", "UTO")),
        ReasonCode::MrzUnreadable => inconclusive(Scene::clean().asked(json!({ "mrz": "nonsense" }))),
        ReasonCode::NumberTruncatedListed => {
            inconclusive(Scene::with("UTO", "L898902C3").asked_for("L898902C345", "UTO"))
        }
        ReasonCode::NumberReadingListed => {
            inconclusive(Scene::with("UTO", "898902345").asked_for("NO 898902345", "UTO"))
        }
        ReasonCode::KindDiffers => {
            let mut scene = Scene::listing(&[notice("UTO", "L898902C3", Kind::Visa)], HOUR);
            scene.settings.policy.kind_differs = KindDiffers::Inconclusive;
            inconclusive(scene)
        }
    }
}

/// A site whose answer is a `no_hit` with this advisory.
fn provoke(code: AdvisoryCode) -> Scene {
    match code {
        AdvisoryCode::IssuerCodeMended => Scene::clean().asked_for("L898902C3", "UT0"),
        AdvisoryCode::IssuerMerged => Scene::with("GBR", "ACDEF7").asked_for("123456789", "GBO"),
        AdvisoryCode::CheckDigitWrong => Scene::clean().asked(zone_with("7408122", "7408123")),
        AdvisoryCode::DocumentCodeOdd => {
            Scene::clean().asked(json!({ "mrz": SPECIMEN.replacen("P<", "PX", 1) }))
        }
        AdvisoryCode::NumberLookalikeListed => Scene::with("UTO", "L8989O2C3").asked_for("L898902C3", "UTO"),
        AdvisoryCode::IssuerLookalikeListed => {
            let listed =
                [notice("MLT", "L898902C3", Kind::Passport), notice("MLI", "ACDEF7", Kind::Passport)];
            Scene::listing(&listed, HOUR).asked_for("L898902C3", "MLI")
        }
        AdvisoryCode::LookalikesIncomplete => Scene::clean().asked_for("0011225566880", "UTO"),
        AdvisoryCode::KnownDeviation => {
            let mut scene = Scene::clean().asked(zone_with("8989", "8980"));
            scene.settings.policy.deviations = parse_deviations(DEVIATION).unwrap();
            scene
        }
        AdvisoryCode::HomoglyphsRead => Scene::clean().asked_for("L898902С3", "UTO"),
        AdvisoryCode::NoticeLapsed => {
            let lapsed =
                Notice { review_on: Some(date(2024, 5, 6)), ..notice("UTO", "L898902C3", Kind::Passport) };
            Scene::listing(&[lapsed], HOUR)
        }
    }
}

fn words<'a>(items: &'a Value, part: &str) -> Vec<&'a str> {
    items.as_array().unwrap().iter().map(|item| item[part].as_str().unwrap()).collect()
}

#[test]
fn every_reason_is_reached_with_its_remedy() {
    for code in ReasonCode::ALL {
        let (verdict, scene) = reach(*code);
        let answer = scene.answer();
        let reason =
            answer["reasons"].as_array().unwrap().iter().find(|reason| reason["code"] == code.word());
        let reason = reason.unwrap_or_else(|| panic!("{} is not among {}", code.word(), answer["reasons"]));
        assert_eq!((&answer["verdict"], &reason["remedy"]), (&json!(verdict), &json!(code.remedy().word())));
        assert_eq!(answer["findings"], json!([]), "{}", code.word());
        let feed = match code {
            ReasonCode::FeedMissing => Some("interpol"),
            ReasonCode::FeedEmpty
            | ReasonCode::FeedAgeing
            | ReasonCode::FeedStale
            | ReasonCode::IssuerNotReported
            | ReasonCode::DataTooOld
            | ReasonCode::SequenceTooLow
            | ReasonCode::KindDiffers => Some("local"),
            _ => None,
        };
        assert_eq!(reason["feed"].as_str(), feed, "{}", code.word());
    }
}

#[test]
fn every_advisory_is_reached_with_its_severity_and_decides_nothing() {
    for code in AdvisoryCode::ALL {
        let answer = provoke(code).answer();
        let advisory =
            answer["advisories"].as_array().unwrap().iter().find(|item| item["code"] == code.word());
        let advisory =
            advisory.unwrap_or_else(|| panic!("{} is not among {}", code.word(), answer["advisories"]));
        assert_eq!(advisory["severity"], code.severity().word());
        assert_eq!(answer["verdict"], "no_hit", "{}", code.word());
    }
}

#[test]
fn a_hit_stands_beside_every_doubt_about_the_lists() {
    let listed = [notice("UTO", "L898902C3", Kind::Passport)];
    let stale = Scene::listing(&listed, HOUR * 73);
    publish_changed(stale.data.path(), |next| next.expected.insert(0, feed("interpol")));
    let question = json!({ "mrz": SPECIMEN, "max_data_age_s": 1, "min_sequences": { "elsewhere": 1 } });
    let answer = stale.asked(question).answer();
    assert_eq!(answer["verdict"], "hit");
    let codes = words(&answer["reasons"], "code");
    assert_eq!(codes, ["feed_missing", "feed_stale", "data_too_old", "sequence_too_low"]);
    assert_eq!(answer["coverage"]["complete"], false);
}

#[test]
fn what_is_only_said_by_default_is_inconclusive_where_policy_wants_it() {
    let mut scene = reach(ReasonCode::IssuerNotReported).1;
    let local: FeedName = feed("local");
    let mut policy = scene.settings.policy.feed_defaults.clone();
    policy.issuer_not_reported = IssuerNotReported::Inconclusive;
    scene.settings.policy.feeds.insert(local, policy);
    let answer = scene.answer();
    assert_eq!(
        (&answer["verdict"], words(&answer["reasons"], "code")),
        (&json!("inconclusive"), vec!["issuer_not_reported"])
    );
    let scene = Scene::listing(&[notice("UTO", "L898902C3", Kind::Visa)], HOUR);
    let answer = scene.answer();
    assert_eq!(
        (&answer["verdict"], &answer["findings"][0]["match"]),
        (&json!("hit"), &json!("kind_differs"))
    );
}

#[test]
fn ages_are_judged_by_the_policy_of_each_feed() {
    let mut scene = Scene::clean();
    publish(scene.data.path(), "other", &[notice("UTO", "ACDEF8", Kind::Passport)], HOUR * 2);
    let mut strict = scene.settings.policy.feed_defaults.clone();
    (strict.warn_after, strict.stale_after) = (HOUR, SignedDuration::from_mins(90));
    scene.settings.policy.feeds.insert(feed("other"), strict);
    let answer = scene.answer();
    assert_eq!(answer["reasons"], json!([{ "code": "feed_stale", "feed": "other", "remedy": "retry" }]));
    assert_eq!(words(&answer["coverage"]["feeds"], "freshness"), ["fresh", "stale"]);
}

#[test]
fn a_clock_that_is_a_little_late_is_held_at_the_highest_time_seen() {
    let scene = Scene::empty();
    let as_of = Timestamp::now();
    publish_through(
        Arc::new(Disk),
        scene.data.path(),
        "local",
        &[notice("UTO", "ACDEF7", Kind::Passport)],
        as_of,
    );
    let clock = Some(Standing(as_of - SignedDuration::from_mins(9)));
    let answer = Scene { clock, ..scene }.answer();
    assert_eq!((&answer["verdict"], &answer["reasons"]), (&json!("no_hit"), &json!([])));
    let decided: Timestamp = answer["decided_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(decided.as_microsecond(), as_of.as_microsecond());
}
