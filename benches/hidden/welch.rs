//! Whether two samples differ, as dudect says (Reparaz, Balasch, Verbauwhede: Dude, is my code constant time?): what is above the 95th
//! percentile of both is left out, and Welch's t says how sure it is that the means differ. Above 4.5 they do, which says nothing of how
//! much.

use std::time::Duration;

use crate::table::{Row, Table};

/// The most that is no sign of a difference.
pub(crate) const T_MAX: f64 = 4.5;

/// Times in ns of answers without a hidden alert, and with one.
#[derive(Default)]
pub(crate) struct Sorts([Vec<f64>; 2]);

impl Sorts {
    pub(crate) fn take(&mut self, is_hidden: bool, time: Duration) {
        self.0[usize::from(is_hidden)].push(time.as_secs_f64() * 1e9);
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(all, more)| all.extend(more));
    }

    pub(crate) fn report(mut self, table: &Table, what: &str, t_max: Option<f64>) {
        self.0.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
        let [without, hidden] = &self.0;
        let at = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share) as usize];
        let row = |name: &str, value, unit, baseline, limit| {
            table.row(&Row { name, value, unit, baseline, limit });
        };
        for (name, share) in [("median", 0.5), ("p99", 0.99)] {
            let (value, base) = (at(hidden, share) / 1e3, at(without, share) / 1e3);
            row(&format!("{what}, {name}"), value, "us", Some(("without", base)), None);
            row("  added", (value - base) * 1e3, "ns", None, None);
        }
        let crop = at(without, 0.95).max(at(hidden, 0.95));
        let (hidden, without) = (moments(hidden, crop), moments(without, crop));
        row("  mean, added", hidden.1 - without.1, "ns", None, None);
        row("  Welch's t", welch(&hidden, &without).abs(), "", None, t_max);
    }
}

/// Count, mean and variance of what is not above a bound.
fn moments(times: &[f64], crop: f64) -> (f64, f64, f64) {
    let kept: Vec<f64> = times.iter().copied().filter(|time| *time <= crop).collect();
    let count = kept.len() as f64;
    let mean = kept.iter().sum::<f64>() / count;
    let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (count, mean, variance)
}

fn welch(one: &(f64, f64, f64), other: &(f64, f64, f64)) -> f64 {
    (one.1 - other.1) / (one.2 / one.0 + other.2 / other.0).sqrt()
}
