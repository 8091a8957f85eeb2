//! How the sinks of a service stand, for metrics and readiness.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::domain::alert::CallerClass;

/// How the sinks of a service stand, by name.
#[derive(Debug, Default)]
pub struct Sinks(Mutex<BTreeMap<Arc<str>, Sink>>);

/// Sinks by their names, for somebody who may know of them.
pub type KnownSinks = BTreeMap<Arc<str>, Sink>;

/// How one sink stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sink {
    /// What its receiver is.
    pub class: CallerClass,
    /// It is known for good where it began: whatever ends, it is told all that was answered since.
    pub begun: bool,
    /// Deliveries by what became of them.
    pub deliveries: BTreeMap<Outcome, u64>,
    /// The time of the hit that is being delivered; `None` if all are.
    pub waiting_since: Option<Timestamp>,
    /// Entries that were not looked at yet.
    pub behind: u64,
    /// Hits that were erased before they could be told.
    pub erased: u64,
    /// What keeps it.
    pub trouble: Option<Trouble>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The receiver has it.
    Delivered,
    /// The receiver does not take it, and nothing but its operator will change that.
    Refused,
    /// The receiver fails.
    Failed,
    /// Nobody answers.
    Unreachable,
}

/// What keeps a sink, which tries again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Deliveries fail, and how.
    Delivery(Outcome, String),
    /// A log cannot be read, or how far it was read is not known.
    Reading(String),
}

impl Outcome {
    /// Every outcome.
    pub const ALL: &[Self] = &[Self::Delivered, Self::Refused, Self::Failed, Self::Unreachable];

    /// The word in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unreachable => "unreachable",
        }
    }
}

impl Sinks {
    /// Every sink.
    #[must_use]
    pub fn all(&self) -> BTreeMap<Arc<str>, Sink> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Those of which callers of a class may know: how a sink for officers stands tells of hits that are withheld from others.
    #[must_use]
    pub fn known_to(&self, class: CallerClass) -> KnownSinks {
        let mut sinks = self.all();
        sinks.retain(|_, sink| class == CallerClass::Officer || sink.class != CallerClass::Officer);
        sinks
    }

    /// Those of which it is not known for good where they begin. That shows no hit to anybody.
    #[must_use]
    pub fn not_begun(&self) -> KnownSinks {
        let mut sinks = self.all();
        sinks.retain(|_, sink| !sink.begun);
        sinks
    }

    /// Notes that there is one, before it has begun.
    pub fn expect(&self, name: &Arc<str>, class: CallerClass) {
        self.note(name, |sink| sink.class = class);
    }

    /// Notes how one stands.
    pub(super) fn note<T>(&self, name: &Arc<str>, change: impl FnOnce(&mut Sink) -> T) -> T {
        let mut sinks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(sinks.entry(name.clone()).or_default())
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Delivery(Outcome::Refused, how) => {
                write!(
                    f,
                    "its receiver does not take them ({how}): see its address, its secret, and who runs it"
                )
            }
            Self::Delivery(_, how) => write!(f, "its receiver is away or fails ({how})"),
            Self::Reading(why) => f.write_str(why),
        }
    }
}
