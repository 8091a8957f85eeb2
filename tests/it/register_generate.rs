//! Synthetic registers: the same everywhere, with the shares they promise.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::{BTreeMap, HashSet};

use portcullis::domain::{Kind, Notice, Status};
use portcullis::register::generate::Generator;
use portcullis::register::{Format, write};
use xxhash_rust::xxh3::xxh3_64;

const GOLDEN: &str = include_str!("../golden/register-seed1.csv");

fn csv(notices: impl IntoIterator<Item = Notice>) -> String {
    let mut bytes = Vec::new();
    write(notices, Format::Csv, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn seed_1_gives_the_register_it_always_gave() {
    assert_eq!(csv(Generator::new(1, 20_000).take(20)), GOLDEN);
    assert_eq!(xxh3_64(csv(Generator::new(1, 20_000)).as_bytes()), 0xB6C5_A80F_4F4A_E8D0);
}

#[test]
fn a_seed_gives_one_register_and_another_seed_another() {
    let register = |seed| Generator::new(seed, 3000).collect::<Vec<_>>();
    assert_eq!(register(7), register(7));
    assert_ne!(register(7), register(8));
}

#[test]
fn a_register_has_as_many_records_as_asked_for() {
    for records in [0, 1, 499, 500, 501, 12_345] {
        let generator = Generator::new(5, records);
        assert_eq!(generator.size_hint().0 as u64, records);
        assert_eq!(generator.count() as u64, records);
    }
}

/// Lengths of the runs of stolen blanks: neighbours with one issuer, kind and day, and rising numbers of one length.
fn runs(notices: &[Notice]) -> Vec<usize> {
    let follows = |a: &Notice, b: &Notice| {
        let what = |notice: &Notice| {
            (notice.document.issuing_state, notice.kind, notice.status, notice.reported_on, notice.review_on)
        };
        let number = |notice: &Notice| notice.document.number;
        b.status == Status::StolenBlank
            && what(a) == what(b)
            && number(a).as_bytes().len() == number(b).as_bytes().len()
            && number(a) < number(b)
    };
    notices.chunk_by(follows).map(<[_]>::len).filter(|len| *len > 1).collect()
}

#[test]
fn one_record_in_ten_is_in_a_run_of_consecutive_blanks() {
    let notices: Vec<_> = Generator::new(42, 200_000).collect();
    let runs = runs(&notices);
    assert!(runs.iter().all(|len| (50..=2000).contains(len)), "{runs:?}");
    let share = runs.iter().sum::<usize>() * 1000 / notices.len();
    assert!((90..=110).contains(&share), "{share} of a thousand records are in runs");
}

#[test]
fn blanks_of_a_run_leave_no_number_out() {
    let notices: Vec<_> = Generator::new(42, 200_000)
        .filter(|notice| matches!(notice.document.issuing_state.code(), "RUS" | "GBR" | "MEX" | "IND"))
        .collect();
    let digits = |notice: &Notice| {
        let number = notice.document.number.as_str();
        number.trim_start_matches(|char: char| char.is_ascii_uppercase()).parse::<u64>().unwrap()
    };
    let mut steps = 0;
    for pair in notices.windows(2).filter(|pair| runs(pair) == [2]) {
        let carries = digits(&pair[0]) == 9_999_999;
        assert!(carries || digits(&pair[1]) == digits(&pair[0]) + 1);
        steps += 1;
    }
    assert!(steps > 1000, "{steps}");
}

#[test]
fn kinds_statuses_states_days_and_references_have_their_shares() {
    let notices: Vec<_> = Generator::new(42, 200_000).collect();
    let mut kinds = BTreeMap::new();
    let mut statuses = BTreeMap::new();
    let mut states = BTreeMap::new();
    for notice in &notices {
        *kinds.entry(notice.kind).or_insert(0) += 1;
        *statuses.entry(notice.status).or_insert(0) += 1;
        *states.entry(notice.document.issuing_state).or_insert(0) += 1;
    }
    assert_eq!((kinds.len(), statuses.len()), (Kind::ALL.len(), Status::ALL.len()));
    assert!(kinds[&Kind::Passport] > notices.len() / 2);
    assert_eq!(states.len(), 59, "every state of the table occurs");
    let most = states.values().max().unwrap();
    let least = states.values().min().unwrap();
    assert!(most > &(least * 10), "{most} and {least}: a few states have most records");
    let share = |which: &dyn Fn(&Notice) -> bool| {
        notices.iter().filter(|notice| which(notice)).count() * 1000 / notices.len()
    };
    assert!((25..=35).contains(&share(&|notice| notice.reference.is_some())));
    assert!((850..=950).contains(&share(&|notice| notice.review_on.is_some())));
    let days = jiff::civil::date(2016, 1, 1)..jiff::civil::date(2026, 1, 1);
    assert!(notices.iter().all(|notice| days.contains(&notice.reported_on.unwrap())));
    let years: HashSet<_> = notices.iter().map(|notice| notice.reported_on.unwrap().year()).collect();
    assert_eq!(years.len(), 10);
    let long = share(&|notice| notice.document.number.as_bytes().len() > 9);
    assert!((5..=40).contains(&long), "{long} of a thousand numbers are long");
    let documents: HashSet<_> = notices.iter().map(|notice| notice.document).collect();
    assert!(documents.len() + 200 > notices.len(), "documents rarely occur twice");
}
