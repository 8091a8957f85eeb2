//! How far an import is, as bars.

use indicatif::ProgressBar;
use portcullis::publishing::{Progress, Stage};

use super::interrupt::Interrupt;
use super::progress;

/// One bar a stage.
pub(super) struct Bars {
    stage: Option<Stage>,
    bar: ProgressBar,
    interrupt: Interrupt,
}

impl Bars {
    /// Bars that end when somebody interrupts the program.
    pub(super) fn watch() -> anyhow::Result<Self> {
        Ok(Self { stage: None, bar: ProgressBar::hidden(), interrupt: Interrupt::watch()? })
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bars {
    fn at(&mut self, stage: Stage, done: u64, total: Option<u64>) {
        if self.stage != Some(stage) {
            self.bar.finish_and_clear();
            self.stage = Some(stage);
            self.bar = match stage {
                Stage::Reading => progress::bytes(total, "reading"),
                Stage::Building => progress::count(total.unwrap_or_default(), "building"),
                Stage::Publishing => progress::count(1, "publishing"),
            };
        }
        self.bar.set_position(done);
    }

    fn stopped(&self) -> bool {
        self.interrupt.asked()
    }
}
