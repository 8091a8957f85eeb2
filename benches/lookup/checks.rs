//! Audited checks, one after the other, and how long each took.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use portcullis::audit::Role;
use portcullis::domain::{Digest, Durability};
use portcullis::ground::clock::{Clock, SystemClock};
use portcullis::ground::storage::Disk;
use portcullis::screening::{CheckRequest, DocumentRequest, Opening, Policy, Question, Screening};

/// A service's screening, at a site.
pub(crate) fn open(data_dir: &Path, durability: Durability) -> Screening {
    let opening = Opening {
        storage: Arc::new(Disk),
        data_dir: data_dir.to_owned(),
        policy: Policy::default(),
        settings_digest: Digest([0; 32]),
        audit: portcullis::audit::Config { durability, ..Default::default() },
        role: Role::Cli,
        clock: Arc::new(Clock::new(SystemClock)),
    };
    Screening::open(opening).expect("there is room for a log").0
}

/// One that no list has.
pub(crate) fn question() -> Question {
    let document = DocumentRequest {
        number: "X4444444".to_owned(),
        issuing_state: "UTO".to_owned(),
        kind: Some("passport".to_owned()),
    };
    let request = CheckRequest { document: Some(document), ..CheckRequest::default() };
    request.into_question(&"bench".into()).expect("a question")
}

/// How long audited checks took, one after the other, in milliseconds, a list for each second.
pub(crate) struct Checks(Vec<Vec<f64>>);

impl Checks {
    pub(crate) fn until(screening: &Screening, is_over: impl Fn(Instant) -> bool) -> Self {
        let question = question();
        let (begun, mut seconds) = (Instant::now(), Vec::new());
        while !is_over(begun) {
            let asked = Instant::now();
            let answer = screening.check(&question).and_then(|pending| pending.wait());
            drop(answer.expect("the log takes it"));
            // A check that takes more than a second belongs to all that it spans, and shows in the first.
            let second = asked.duration_since(begun).as_secs() as usize;
            seconds.resize_with(seconds.len().max(second + 1), Vec::new);
            seconds[second].push(asked.elapsed().as_secs_f64() * 1000.0);
        }
        Self(seconds)
    }

    /// Of each whole second.
    pub(crate) fn p99s(&self) -> Vec<f64> {
        let whole = &self.0[..self.0.len().saturating_sub(1).max(1)];
        whole.iter().map(|second| percentile(second, 0.99)).collect()
    }

    pub(crate) fn worst_p99(&self) -> f64 {
        self.p99s().into_iter().fold(0.0, f64::max)
    }

    pub(crate) fn longest(&self) -> f64 {
        self.0.iter().flatten().copied().fold(0.0, f64::max)
    }
}

fn percentile(times: &[f64], share: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default()
}
