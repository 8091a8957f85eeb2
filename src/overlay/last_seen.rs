//! What somebody who follows the changes of alerts has seen last.

use std::fmt;
use std::str::FromStr;

use super::Store;
use crate::domain::alert::{NodeId, Origin};

/// The last revision that was seen, written `COUNTER-NODE`, or `COUNTER` by whoever does not know where it was made. 0 is before all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastSeen {
    /// Its counter.
    pub counter: u64,
    /// The store in which it was made.
    pub node: Option<NodeId>,
}

/// Why nobody can go on from what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LastSeenFault {
    /// There is no such revision.
    #[error(
        "the newest revision of the alerts here is {newest}: {seen} is of another site, or alerts were lost. Begin anew, after 0"
    )]
    Newer {
        /// What was seen.
        seen: LastSeen,
        /// The newest.
        newest: u64,
    },
    /// Another revision has its counter.
    #[error(
        "revision {} of the alerts here is not the one that was seen: it is of another site, or alerts were lost since. Begin anew, after 0",
        seen.counter
    )]
    Other {
        /// What was seen.
        seen: LastSeen,
    },
}

impl From<Origin> for LastSeen {
    fn from(origin: Origin) -> Self {
        Self { counter: origin.counter, node: Some(origin.node) }
    }
}

impl fmt::Display for LastSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.counter)?;
        self.node.map_or(Ok(()), |node| write!(f, "-{node}"))
    }
}

impl FromStr for LastSeen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a revision is written as its counter, or as COUNTER-NODE";
        let (counter, node) =
            text.split_once('-').map_or((text, None), |(counter, node)| (counter, Some(node)));
        let is_plain = counter.bytes().all(|byte| byte.is_ascii_digit());
        let counter = counter.parse().ok().filter(|_| is_plain).ok_or(wrong)?;
        let node = node.map(|node| NodeId::parse(node).ok_or(wrong)).transpose()?;
        Ok(Self { counter, node })
    }
}

impl LastSeen {
    /// Whether it is a revision that was made there.
    #[must_use]
    pub fn is(self, origin: Origin) -> bool {
        self.counter == origin.counter && self.node.is_none_or(|node| node == origin.node)
    }

    /// Fails if what a site's store has after this is not all that whoever has seen it does not know.
    ///
    /// # Errors
    /// [`LastSeenFault`].
    pub fn must_be_in(self, store: Option<&Store>) -> Result<(), LastSeenFault> {
        let newest = store.map_or(0, |store| store.head().counter);
        if self.counter > newest {
            return Err(LastSeenFault::Newer { seen: self, newest });
        }
        let there = store.and_then(|store| store.node_of(self.counter));
        let is_it = there.is_some_and(|there| self.node.is_none_or(|seen| seen == there));
        if !is_it && self.counter > 0 { Err(LastSeenFault::Other { seen: self }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_seen_is_read_as_it_is_written(counter in any::<u64>(), node in any::<Option<[u8; 8]>>()) {
            let seen = LastSeen { counter, node: node.map(NodeId) };
            prop_assert_eq!(seen.to_string().parse(), Ok(seen));
        }

        #[test]
        fn nothing_else_is_taken_for_it(text in "[0-9+]{0,3}-?[0-9a-fA-F]{0,17}") {
            if let Ok(seen) = text.parse::<LastSeen>() {
                let (counter, node) = text.split_once('-').unwrap_or((&text, ""));
                prop_assert_eq!(seen.counter.to_string(), counter.parse::<u64>().unwrap().to_string());
                prop_assert_eq!(seen.node.map(|node| node.to_string()).unwrap_or_default(), node);
            }
        }
    }
}
