//! What a log says in numbers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::body::Entry;

/// Entries counted by what they say. Of what an entry does not say it is counted under `-`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Entries.
    pub entries: u64,
    /// The lowest and the highest time of any.
    pub times: Option<(Timestamp, Timestamp)>,
    /// By what was done.
    pub acts: BTreeMap<String, u64>,
    /// By the agreement under which it was done.
    pub agreements: BTreeMap<String, u64>,
    /// By the purpose that was named.
    pub purposes: BTreeMap<String, u64>,
    /// By the terminal.
    pub terminals: BTreeMap<String, u64>,
    /// Answers by verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Everything that was in doubt, by its code, and feed.
    pub reasons: BTreeMap<String, u64>,
}

impl Report {
    /// Counts an entry.
    pub fn add(&mut self, entry: &Entry<'_>) {
        self.entries += 1;
        let (from, to) = self.times.unwrap_or((entry.time, entry.time));
        self.times = Some((from.min(entry.time), to.max(entry.time)));
        let said = |text: &Option<_>| text.as_deref().unwrap_or("-").to_owned();
        count(&mut self.acts, entry.act.clone().into_owned());
        count(&mut self.agreements, said(&entry.agreement));
        count(&mut self.purposes, said(&entry.purpose));
        count(&mut self.terminals, said(&entry.terminal));
        if let Some(verdict) = &entry.verdict {
            count(&mut self.verdicts, verdict.clone().into_owned());
        }
        for reason in &entry.reasons {
            count(&mut self.reasons, reason.clone().into_owned());
        }
    }

    /// The tables by name, in the order in which people read them.
    #[must_use]
    pub fn tables(&self) -> [(&'static str, &BTreeMap<String, u64>); 6] {
        [
            ("act", &self.acts),
            ("agreement", &self.agreements),
            ("purpose", &self.purposes),
            ("terminal", &self.terminals),
            ("verdict", &self.verdicts),
            ("reason", &self.reasons),
        ]
    }
}

fn count(table: &mut BTreeMap<String, u64>, of: String) {
    *table.entry(of).or_default() += 1;
}
