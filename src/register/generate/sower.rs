//! A register in a form, with faults among its rows.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::chance::Chance;
use super::fault::{print, spoil};
use super::form::{Form, Style};
use super::{Generator, publisher};
use crate::register::RejectReason;

/// Writes synthetic rows of a form, the same for the same seed, of which a share has one fault each.
///
/// The first faults are of every class, one after the other; those behind them are drawn by chance. A row that is too
/// long is drawn rarely, because it is as long as thousands of others.
#[derive(Debug)]
pub struct Sower {
    form: Form,
    seed: u64,
    dirty_ppm: u64,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sown {
    /// All rows.
    pub rows: u64,
    /// Those that must be refused, by the reason.
    pub faults: BTreeMap<RejectReason, u64>,
}

/// One in so many drawn faults may be a row that is too long.
const LONG_ROWS_SHARE: u64 = 10_000;

impl Sower {
    /// `dirty` is the share of rows with a fault, 0 to 1, in steps of a millionth.
    #[must_use]
    pub fn new(form: Form, seed: u64, dirty: f64) -> Self {
        Self { form, seed, dirty_ppm: (dirty.clamp(0.0, 1.0) * 1e6) as u64 }
    }

    /// Writes a whole register of so many rows; `progress` is told how many are written. `out` should be buffered.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, rows: u64, out: &mut dyn Write, progress: &mut dyn FnMut(u64)) -> io::Result<Sown> {
        let form = self.form;
        let mut chance = Chance::new(self.seed ^ DIRT);
        let mut notices = Generator::new(self.seed, rows);
        let mut fields = vec![String::new(); form.names().len()];
        let (mut sown, mut row) = (Sown::default(), Vec::new());
        begin(form, out)?;
        for at in 0..rows {
            match form {
                Form::Csv | Form::Ndjson => {
                    let notice = notices.next().expect("there are as many notices as rows");
                    publisher::of_notice(&notice, &mut fields);
                }
                _ => publisher::draw(form, &mut chance, at, &mut fields),
            }
            row.clear();
            // The first row is sound: by its shape some formats tell one list from another.
            let dirty = chance.below(1_000_000) < self.dirty_ppm && at > 0;
            let fault = dirty.then(|| draw(form, &mut chance, &sown));
            if let Some(reason) = fault {
                spoil(form, reason, &mut fields);
                *sown.faults.entry(reason).or_default() += 1;
            }
            if matches!(form.style(), Style::Object { array: true }) && at > 0 {
                row.extend_from_slice(b",\n");
            }
            print(form, fault, &fields, &mut row);
            if !matches!(form.style(), Style::Object { array: true }) {
                row.push(b'\n');
            }
            out.write_all(&row)?;
            sown.rows += 1;
            if at.is_multiple_of(1 << 14) {
                progress(at);
            }
        }
        if matches!(form.style(), Style::Object { array: true }) {
            out.write_all(b"]\n")?;
        }
        Ok(sown)
    }
}

/// Faults are drawn by another chance than what they spoil.
const DIRT: u64 = 0xD1_27;

fn begin(form: Form, out: &mut dyn Write) -> io::Result<()> {
    match form.style() {
        Style::Csv { separator, header: true } => {
            writeln!(out, "{}", form.names().join(&separator.to_string()))
        }
        Style::Object { array: true } => out.write_all(b"["),
        Style::Csv { .. } | Style::Object { .. } => Ok(()),
    }
}

fn draw(form: Form, chance: &mut Chance, sown: &Sown) -> RejectReason {
    let faults = form.faults();
    if let Some(first) = faults.iter().find(|reason| !sown.faults.contains_key(reason)) {
        return *first;
    }
    let drawn = faults[chance.below(faults.len() as u64) as usize];
    let too_long = drawn == RejectReason::RowTooLong && chance.below(LONG_ROWS_SHARE) > 0;
    if too_long { RejectReason::NumberMissing } else { drawn }
}
