//! Draws notices.

use jiff::civil::Date;

use super::chance::Chance;
use super::shape::Shape;
use super::states::STATES;
use crate::domain::{DocumentId, IssuingState, Kind, Notice, Reference, Status};

/// 2016-01-01 as a number of [`Notice::day_number`]; reports lie between it and [`DAYS`] later, before 2026-01-01.
const FIRST_DAY: i32 = 16_801;
const DAYS: u64 = 3653;

/// Lengths of runs of consecutive numbers.
const RUN_LEN_MIN: u64 = 50;
const RUN_LEN_MAX: u64 = 2000;
/// One record in so many is in a run.
const RUN_SHARE: u64 = 10;

/// Shares in a thousand, in the order of [`Kind::ALL`] and [`Status::ALL`]. A blank that was stolen alone is rare.
const KIND_SHARES: [u64; Kind::ALL.len()] = [780, 120, 30, 40, 12, 3, 5, 10];
const STATUS_SHARES: [u64; Status::ALL.len()] = [330, 550, 5, 80, 35];
const REVIEWED_SHARE: u64 = 900;
const REFERENCED_SHARE: u64 = 33;

/// A register in the making: `records` notices drawn by `seed`, in constant memory.
///
/// One record in ten is in a run of 50 to 2000 stolen blanks with consecutive numbers, one issuer, kind and day (none
/// if there are fewer than 500 records). The others are drawn one by one, and then one document may, rarely, be drawn
/// twice.
#[derive(Clone, Debug)]
pub struct Generator {
    chance: Chance,
    states: Vec<State>,
    state_sums: Vec<u64>,
    kind_sums: Vec<u64>,
    status_sums: Vec<u64>,
    left: u64,
    stretch: Stretch,
}

#[derive(Clone, Debug)]
struct State {
    state: IssuingState,
    shapes: Vec<Shape>,
}

/// Ten times as many records as a run has, with the run somewhere among them: so the share is kept all along.
#[derive(Clone, Debug, Default)]
struct Stretch {
    before: u64,
    run: u64,
    after: u64,
    blank: Option<Blank>,
}

/// The next blank of a run: `template` has its number already taken.
#[derive(Clone, Debug)]
struct Blank {
    template: Notice,
    state: usize,
    shape: usize,
    rank: u64,
}

impl Generator {
    /// A register of exactly `records` notices.
    #[must_use]
    pub fn new(seed: u64, records: u64) -> Self {
        let states = STATES.iter().map(|(code, patterns)| State {
            state: IssuingState::recognise(code).expect("the codes are those of the table of states").state,
            shapes: patterns.iter().map(|pattern| Shape::new(pattern)).collect(),
        });
        Self {
            chance: Chance::new(seed),
            states: states.collect(),
            // Zipf's law, a little flatter: the weight of rank r is 1 / (r + 1), in millionths.
            state_sums: sums((2..).map(|rank| 1_000_000 / rank).take(STATES.len())),
            kind_sums: sums(KIND_SHARES),
            status_sums: sums(STATUS_SHARES),
            left: records,
            stretch: Stretch::default(),
        }
    }

    fn begin_stretch(&mut self) {
        let len = (RUN_LEN_MIN + self.chance.below(RUN_LEN_MAX - RUN_LEN_MIN + 1)).min(self.left / RUN_SHARE);
        self.stretch = if len < RUN_LEN_MIN {
            Stretch { before: self.left, ..Stretch::default() }
        } else {
            let around = len * (RUN_SHARE - 1);
            let before = self.chance.below(around + 1);
            Stretch { before, run: len, after: around - before, blank: None }
        };
    }

    fn single(&mut self) -> Notice {
        let status = Status::ALL[self.chance.weighted(&self.status_sums)];
        let (state, shape) = self.state_and_shape();
        let rank = self.chance.below(self.states[state].shapes[shape].capacity());
        let mut notice = self.notice(state, shape, rank, status);
        if self.chance.below(1000) < REFERENCED_SHARE {
            let year = notice.reported_on.map_or(0, Date::year);
            let text =
                format!("{}/{year}/{:07}", notice.document.issuing_state, self.chance.below(10_000_000));
            notice.reference = Reference::parse(&text).ok();
        }
        notice
    }

    /// The next of a run of `len` blanks, of which `left` are still to come.
    fn blank(&mut self, left: u64) -> Notice {
        let blank = match self.stretch.blank.take() {
            Some(Blank { mut template, state, shape, rank }) => {
                let rank = rank + 1;
                template.document.number = self.states[state].shapes[shape].number(rank);
                Blank { template, state, shape, rank }
            }
            None => {
                let (state, shape) = self.state_and_shape();
                let rank = self.chance.below(self.states[state].shapes[shape].capacity() - left + 1);
                let template = self.notice(state, shape, rank, Status::StolenBlank);
                Blank { template, state, shape, rank }
            }
        };
        let notice = blank.template.clone();
        self.stretch.blank = Some(blank);
        notice
    }

    fn state_and_shape(&mut self) -> (usize, usize) {
        let state = self.chance.weighted(&self.state_sums);
        let shape = self.chance.below(self.states[state].shapes.len() as u64) as usize;
        (state, shape)
    }

    fn notice(&mut self, state: usize, shape: usize, rank: u64, status: Status) -> Notice {
        let kind = Kind::ALL[self.chance.weighted(&self.kind_sums)];
        let day = i32::try_from(self.chance.below(DAYS)).expect("ten years fit");
        let reported_on = Notice::day_from_number(FIRST_DAY + day);
        let reviewed = self.chance.below(1000) < REVIEWED_SHARE;
        let State { state, shapes } = &self.states[state];
        Notice {
            document: DocumentId { issuing_state: *state, number: shapes[shape].number(rank) },
            kind,
            status,
            reported_on,
            review_on: reported_on.filter(|_| reviewed).map(ten_years_after),
            reference: None,
            alias: false,
        }
    }
}

impl Iterator for Generator {
    type Item = Notice;

    fn next(&mut self) -> Option<Notice> {
        if self.left == 0 {
            return None;
        }
        if self.stretch.before + self.stretch.run + self.stretch.after == 0 {
            self.begin_stretch();
        }
        self.left -= 1;
        let stretch = &mut self.stretch;
        if stretch.before > 0 {
            stretch.before -= 1;
        } else if stretch.run > 0 {
            let left = stretch.run;
            stretch.run -= 1;
            return Some(self.blank(left));
        } else {
            stretch.after -= 1;
        }
        Some(self.single())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match usize::try_from(self.left) {
            Ok(left) => (left, Some(left)),
            Err(_) => (usize::MAX, None),
        }
    }
}

impl std::iter::FusedIterator for Generator {}

fn sums(weights: impl IntoIterator<Item = u64>) -> Vec<u64> {
    weights
        .into_iter()
        .scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

/// The same day ten years later; 29 February becomes the 28th where there is none.
fn ten_years_after(day: Date) -> Date {
    let year = day.year() + 10;
    Date::new(year, day.month(), day.day())
        .unwrap_or_else(|_| Date::new(year, day.month(), 28).expect("every month has 28 days"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_lie_in_the_ten_years_before_2026() {
        let day = |after| Notice::day_from_number(FIRST_DAY + after).unwrap();
        assert_eq!(day(0), jiff::civil::date(2016, 1, 1));
        assert_eq!(day(i32::try_from(DAYS).unwrap()), jiff::civil::date(2026, 1, 1));
    }

    #[test]
    fn shares_are_of_a_thousand() {
        assert_eq!(KIND_SHARES.iter().sum::<u64>(), 1000);
        assert_eq!(STATUS_SHARES.iter().sum::<u64>(), 1000);
    }

    #[test]
    fn a_leap_day_is_reviewed_on_a_day_that_exists() {
        assert_eq!(ten_years_after(jiff::civil::date(2016, 2, 29)), jiff::civil::date(2026, 2, 28));
    }

    #[test]
    fn every_shape_has_room_for_the_longest_run() {
        for state in Generator::new(1, 1).states {
            assert!(state.shapes.iter().all(|shape| shape.capacity() > RUN_LEN_MAX), "{:?}", state.state);
        }
    }
}
