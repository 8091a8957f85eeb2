//! Where a reader of logs stands.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::journal::ENTRIES_MAX;
use super::log_id::LogId;

/// Where a reader of all logs of a site stands: of each log the next entry, which is the first of a log that it does not name.
///
/// As text, for cursors: `<log id>:<next>`, joined by commas, by log id. There is one way to write each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position(BTreeMap<Arc<str>, u64>);

impl Position {
    /// Reads what [`Display`](fmt::Display) wrote; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut position = Self::default();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (log, next) = part.split_once(':')?;
            let id = LogId::parse(log)?;
            position.set(id.text(), next.parse().ok().filter(|next| *next <= ENTRIES_MAX)?);
        }
        (position.to_string() == text).then_some(position)
    }

    /// The next entry of a log.
    #[must_use]
    pub fn next(&self, log: &str) -> u64 {
        self.0.get(log).copied().unwrap_or(0)
    }

    /// Of each log the later of two.
    #[must_use]
    pub fn later(&self, other: &Self) -> Self {
        let mut position = self.clone();
        for (log, next) in other.logs() {
            position.set(log, next.max(self.next(log)));
        }
        position
    }

    /// The logs that it names, each with its next entry.
    pub fn logs(&self) -> impl Iterator<Item = (&Arc<str>, u64)> {
        self.0.iter().map(|(log, next)| (log, *next))
    }

    /// The same, but for the next entry of a log.
    #[must_use]
    pub fn with(&self, log: &Arc<str>, next: u64) -> Self {
        let mut position = self.clone();
        position.set(log, next);
        position
    }

    pub(super) fn set(&mut self, log: &Arc<str>, next: u64) {
        match self.0.get_mut(log) {
            Some(there) => *there = next,
            // A log of which nothing was read is as one that is not there yet.
            None if next == 0 => {}
            None => drop(self.0.insert(log.clone(), next)),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (log, next)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            write!(f, "{comma}{log}:{next}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::Role;

    proptest! {
        #[test]
        fn a_position_is_read_back(logs: BTreeMap<u32, u32>, service: bool) {
            let mut position = Position::default();
            let role = if service { Role::Serve } else { Role::Cli };
            for (log, next) in &logs {
                position.set(LogId::new(role, *log).text(), u64::from(*next));
            }
            prop_assert_eq!(Position::parse(&position.to_string()), Some(position.clone()));
            for (log, next) in logs {
                prop_assert_eq!(position.next(LogId::new(role, log).as_str()), u64::from(next));
            }
        }

        #[test]
        fn there_is_one_way_to_write_it(text in "((serve|cli)-0000000[0-3]:[0-9]{1,3},?){0,3}") {
            if let Some(position) = Position::parse(&text) {
                prop_assert_eq!(position.to_string(), text);
            }
        }

        #[test]
        fn no_text_makes_reading_panic(text: String) {
            let _ = Position::parse(&text);
        }
    }

    #[test]
    fn what_is_no_position_is_refused() {
        assert_eq!(Position::parse(""), Some(Position::default()));
        assert!(Position::parse("cli-00000001:7,serve-00000000:281474976710656").is_some());
        for wrong in [
            ",",
            "cli-00000001",
            "cli-00000001:",
            "cli-00000001:0",
            "cli-00000001:07",
            "cli-00000001:+7",
            "cli-00000001:7,",
            "cli-00000001:7,cli-00000001:8",
            "serve-00000000:1,cli-00000001:7",
            "serve-00000000:281474976710657",
            "elsewhere:7",
        ] {
            assert_eq!(Position::parse(wrong), None, "{wrong}");
        }
    }
}
