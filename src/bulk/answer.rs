//! Questions to recorded answers.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::AuditError;
use crate::domain::{Answer, Audited, Verdict};
use crate::screening::{Question, Screening};

use super::manifest::{Line, LineFault};

const TURN: Duration = Duration::from_millis(5);
const TURNS_MAX: u32 = 1000;

/// What became of a line.
#[derive(Debug)]
pub struct Outcome {
    /// The line, from 1; a CSV header counts.
    pub line: u64,
    /// The answer, or why nothing could be asked.
    pub answer: Result<Audited<Answer>, LineFault>,
}

/// Answers lines in order: all of them on one snapshot and at one time, recorded together before any is returned. The log
/// knows the manifest by the name that [`Screening::name_manifest`] gave it.
///
/// # Errors
/// [`AuditError`] if they could not be recorded: then none of them has an answer.
pub fn answer_lines(
    screening: &Screening,
    manifest: &Arc<str>,
    lines: Vec<Line>,
) -> Result<Vec<Outcome>, AuditError> {
    let questions: Vec<_> = lines
        .iter()
        .filter_map(|line| line.question.as_ref().ok().map(|question| (line.number, question)))
        .collect();
    let mut answers = check(screening, manifest, &questions)?.into_iter();
    let outcome = |line: Line| Outcome {
        line: line.number,
        answer: line.question.map(|_| answers.next().expect("each question has an answer")),
    };
    Ok(lines.into_iter().map(outcome).collect())
}

/// A manifest waits for its turn where a single check would be refused: nobody stands before a screen.
fn check(
    screening: &Screening,
    manifest: &Arc<str>,
    questions: &[(u64, &Question)],
) -> Result<Vec<Audited<Answer>>, AuditError> {
    if questions.is_empty() {
        return Ok(Vec::new());
    }
    for _ in 0..TURNS_MAX {
        match screening.check_lines(manifest, questions) {
            Err(AuditError::Overloaded { .. }) => std::thread::sleep(TURN),
            answered => return answered,
        }
    }
    screening.check_lines(manifest, questions)
}

/// Counts that add up: `lines = hit + no_hit + inconclusive + failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Lines that asked something.
    pub lines: u64,
    /// Answered with a hit.
    pub hit: u64,
    /// Answered with a provable no hit.
    pub no_hit: u64,
    /// Answered inconclusively.
    pub inconclusive: u64,
    /// Not answered, for the line is broken.
    pub failed: u64,
}

impl Summary {
    /// Counts an outcome.
    pub fn add(&mut self, outcome: &Outcome) {
        self.lines += 1;
        let counter = match outcome.answer.as_ref().map(|audited| &audited.get().verdict) {
            Ok(Verdict::Hit(_)) => &mut self.hit,
            Ok(Verdict::NoHit(_)) => &mut self.no_hit,
            Ok(Verdict::Inconclusive(_)) => &mut self.inconclusive,
            Err(_) => &mut self.failed,
        };
        *counter += 1;
    }

    /// Holds the sum.
    ///
    /// # Panics
    /// If the counts do not add up, which is a defect of this program: an incomplete summary must not be printed.
    pub fn assert_adds_up(&self) {
        assert_eq!(
            self.lines,
            self.hit + self.no_hit + self.inconclusive + self.failed,
            "every line has one outcome"
        );
    }
}
