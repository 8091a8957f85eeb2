//! Answers that leave at an even moment, so that the time they take does not tell what was withheld.
//!
//! Whoever may not be told of an alert gets the answer that there would be without it; but finding it takes longer, and so does recording
//! it. So an answer to him leaves a whole number of periods after his question was complete; many questions that are answered together have a
//! longer one. What takes longer than one period is seen less sharply, and no more than that.

use std::time::{Duration, Instant};

use actix_web::rt;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::domain::alert::CallerClass;
use crate::ground::alarm::alarm;
use crate::ground::clock::monotonic;

/// Several times as long as it takes to record most answers, also where many are asked for at once: an alert that is withheld then has
/// hardly any answer miss its moment.
const PERIOD: Duration = Duration::from_millis(4);
/// So many more questions that are answered together take a period more, also if each of them has something that is withheld.
const QUESTIONS_OF_A_PERIOD: usize = 32;

/// Does what `class` asked for with so many questions. Of callers from whom something may be withheld it is handed over at an even moment, and as having taken until
/// then, whatever became of it.
pub(super) async fn evenly<T>(
    class: CallerClass,
    questions: usize,
    work: impl Future<Output = T>,
) -> (T, Duration) {
    let asked_at = monotonic();
    // All that the work had in memory is given back when it is done, before the waiting.
    let done = work.await;
    if class == CallerClass::Officer {
        return (done, asked_at.elapsed());
    }
    let now = monotonic();
    let leaves_at = leaves_at(asked_at, now, period(questions));
    wait(leaves_at - now).await;
    (done, leaves_at - asked_at)
}

fn period(questions: usize) -> Duration {
    PERIOD * u32::try_from(1 + questions / QUESTIONS_OF_A_PERIOD).unwrap_or(u32::MAX)
}

/// The first whole number of periods after the asking at which the answer is there.
fn leaves_at(asked_at: Instant, done_at: Instant, period: Duration) -> Instant {
    let late = done_at.saturating_duration_since(asked_at + period);
    let periods = late.as_nanos().div_ceil(period.as_nanos());
    asked_at + period * u32::try_from(1 + periods).unwrap_or(u32::MAX)
}

async fn wait(length: Duration) {
    #[expect(deprecated, reason = "the descriptor is owned, and so is open for as long as it is registered")]
    let alarm = alarm(length).and_then(|alarm| AsyncFd::with_interest(alarm, Interest::READABLE));
    match alarm {
        Ok(alarm) => drop(alarm.readable().await),
        // Short of descriptors it is late, and tells a little.
        Err(_) => rt::time::sleep(length).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_leaves_a_whole_number_of_periods_after_it_was_asked_for() {
        let asked_at = Instant::now();
        let periods = |done_after: Duration| {
            let after = leaves_at(asked_at, asked_at + done_after, PERIOD) - asked_at;
            assert!(after >= done_after, "never before it is there");
            assert_eq!(after.as_nanos() % PERIOD.as_nanos(), 0);
            after.as_nanos() / PERIOD.as_nanos()
        };
        let moment = Duration::from_nanos(1);
        assert_eq!(periods(Duration::ZERO), 1);
        assert_eq!((periods(moment), periods(PERIOD - moment), periods(PERIOD)), (1, 1, 1));
        assert_eq!((periods(PERIOD + moment), periods(PERIOD * 7), periods(PERIOD * 7 + moment)), (2, 7, 8));
    }

    #[test]
    fn how_long_it_took_within_a_period_is_not_to_be_seen() {
        let asked_at = Instant::now();
        let leaves = |us| leaves_at(asked_at, asked_at + Duration::from_micros(us), period(1));
        assert!((0..=4000).all(|us| leaves(us) == leaves(127)));
        let leaves = |us| leaves_at(asked_at, asked_at + Duration::from_micros(us), period(256));
        assert!((0..=36_000).all(|us| leaves(us) == leaves(127)), "whatever share of them is withheld");
    }
}
