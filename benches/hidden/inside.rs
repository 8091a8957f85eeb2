//! What there is to hide: the answers as the service has them.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use portcullis::alerting::AlertPolicy;
use portcullis::app::open_screening;
use portcullis::audit::Role;
use portcullis::config::Settings;
use portcullis::domain::alert::CallerClass;
use portcullis::domain::{Durability, Verdict};
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::Disk;
use portcullis::screening::{CheckRequest, DocumentRequest, Question, Screening};

use crate::site::{Asked, is_hidden, number};
use crate::table::Table;
use crate::welch::Sorts;

const WARM_UP: u64 = 2_000;

pub(crate) fn measure(table: &Table, site: &Path, samples: u64) {
    for (name, durability) in [("written", Durability::Written), ("synced", Durability::Synced)] {
        let samples = if durability == Durability::Synced { samples / 20 } else { samples };
        let screening = open(site, durability);
        let mut asked = Asked(7);
        let (mut times, mut whole) = (Sorts::default(), Sorts::default());
        for sample in 0..(2 * samples + WARM_UP) {
            let value = asked.next();
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
                times.take(is_hidden(value), decided);
                whole.take(is_hidden(value), recorded);
            }
        }
        screening.close().expect("the log is closed");
        table.note(&format!("to be hidden, {name} entries"));
        times.report(table, "deciding", None);
        whole.report(table, "whole answer", None);
    }
}

fn question(value: u64) -> Question {
    let document = DocumentRequest {
        number: number(value),
        issuing_state: "UTO".to_owned(),
        kind: Some("passport".to_owned()),
    };
    let request = CheckRequest { document: Some(document), ..CheckRequest::default() };
    let mut question = request.into_question(&"bench".into()).expect("a question");
    question.asker.class = CallerClass::Carrier;
    question
}

fn open(site: &Path, durability: Durability) -> Screening {
    let mut settings = Settings::defaults_for(site);
    settings.audit.durability = durability;
    settings.alerts = AlertPolicy::default();
    let clock = Arc::new(Clock::new(SystemClock));
    open_screening(&settings, Arc::new(Disk), clock, Role::Cli).expect("it opens").0
}
