//! The rounds and their medians.

use std::time::Instant;

use crate::data::{Asked, Questions};
use crate::engine::Engine;
use crate::roster::Contender;

/// Nanoseconds a question, as medians.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) single_miss: f64,
    pub(crate) single_hit: f64,
    pub(crate) batch_miss: f64,
}

impl Figures {
    fn of_round(engine: &mut dyn Engine, questions: &Questions) -> Self {
        Self {
            single_miss: timed(&questions.misses, |asked| engine.ask_singly(asked)),
            single_hit: timed(&questions.hits, |asked| engine.ask_singly(asked)),
            batch_miss: timed(&questions.misses, |asked| engine.ask_in_groups(asked)),
        }
    }

    fn medians(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(rounds.iter().map(figure).collect());
        Self {
            single_miss: of(|round| round.single_miss),
            single_hit: of(|round| round.single_hit),
            batch_miss: of(|round| round.batch_miss),
        }
    }
}

/// Asks every engine once a round, after a round that warms.
pub(crate) fn alternate(contenders: &mut [Contender], questions: &Questions, rounds: u64) {
    let mut measured = vec![Vec::new(); contenders.len()];
    for round in 0..=rounds {
        for (contender, measured) in contenders.iter_mut().zip(&mut measured) {
            let figures = Figures::of_round(contender.engine.as_mut(), questions);
            if round > 0 {
                measured.push(figures);
            }
        }
    }
    for (contender, measured) in contenders.iter_mut().zip(&measured) {
        contender.figures = Figures::medians(measured);
    }
}

fn timed(asked: &Asked, ask: impl FnOnce(&Asked) -> usize) -> f64 {
    let started = Instant::now();
    std::hint::black_box(ask(asked));
    started.elapsed().as_nanos() as f64 / asked.keys.len() as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
