//! What holds for every question and every site.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::super::question::{Input, Presented};
use super::world::*;
use crate::domain::*;

proptest! {
    #[test]
    fn no_hit_never_stands_without_a_complete_coverage_a_known_issuer_and_a_sound_number(
        number in "[0-9A-Z<]{9}", digit in "[0-9<]", state in "(UTO|FRA|UT0|QQQ|D<<)", age_h in 0_i64..100,
        has_generation: bool, feed_is_there: bool, is_empty: bool, expects_it: bool,
    ) {
        let mut world = clean();
        world.age = SignedDuration::from_hours(age_h);
        world.has_generation = has_generation;
        if !feed_is_there { world.feeds.clear(); }
        if is_empty { world.notices.clear(); }
        if !expects_it { world.expected.clear(); }
        let zone = format!("{}\n{number}{digit}UTO7408122F1204159ZE184226B<<<<<10", UPPER.replace("UTO", &state));
        let said = world.says(&asked(Presented::Mrz(zone.into())));
        if let Verdict::NoHit(_) = said.verdict {
            prop_assert!(has_generation && feed_is_there && !is_empty && expects_it && age_h < 72);
            prop_assert!(said.understood.issuing_state.is_some() && state != "QQQ");
            prop_assert_eq!(said.understood.number_assurance, Some(NumberAssurance::CheckDigit));
        }
        if let Verdict::Inconclusive(reasons) = &said.verdict {
            prop_assert!(!reasons.is_empty());
        }
    }

    #[test]
    fn a_finding_is_a_hit_whatever_else_is_in_doubt(age_h in 0_i64..200, extra_feed: bool, input in 0_usize..4) {
        let mut world = world(&[listed("UTO", "L898902C3", Kind::Passport)]);
        world.age = SignedDuration::from_hours(age_h);
        if extra_feed { world.expected.push(feed("interpol")); }
        let mut question = scanned(LOWER);
        question.input = Some(Input::ALL[input]);
        prop_assert_eq!(world.says(&question).verdict.word(), "hit");
    }
}
