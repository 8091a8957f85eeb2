//! What a log says in numbers.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::body::Entry;

/// What entries say, counted. Of what an entry does not say it is counted under `-`. The entry of a manifest's chunk is one act, and in
/// every other table as many as it has lines: how a carrier asks does not change how much it has asked.
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
        let asked = entry.asked().count() as u64;
        count(&mut self.acts, entry.act.clone().into_owned(), 1);
        count(&mut self.agreements, said(&entry.agreement), asked);
        count(&mut self.purposes, said(&entry.purpose), asked);
        count(&mut self.terminals, said(&entry.terminal), asked);
        for asked in entry.asked() {
            asked.verdict.into_iter().for_each(|verdict| count(&mut self.verdicts, verdict.to_owned(), 1));
            for reason in asked.reasons {
                count(&mut self.reasons, reason.clone().into_owned(), 1);
            }
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

fn count(table: &mut BTreeMap<String, u64>, of: String, how_many: u64) {
    *table.entry(of).or_default() += how_many;
}
