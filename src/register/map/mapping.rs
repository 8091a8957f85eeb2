//! What a publisher's rows mean.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::dates::DayPattern;
use super::number::NumberRule;
use super::words::WordRule;

/// Where every column comes from in the rows of one publisher.
#[derive(Clone, Debug)]
pub(in crate::register) struct Mapping {
    pub(in crate::register) layout: Layout,
    pub(in crate::register) encoding: Option<&'static Encoding>,
    /// The fields that are read; a [`Slot`] is a place in it.
    pub(in crate::register) fields: Vec<Field>,
    pub(super) listed: Option<(Slot, Box<str>)>,
    pub(super) number: NumberRule,
    pub(super) last_number: Option<Slot>,
    pub(super) issuing_state: WordRule,
    pub(super) kind: WordRule,
    pub(super) status: WordRule,
    pub(super) reported_on: Option<DayRule>,
    pub(super) review_on: Option<DayRule>,
    pub(super) reference: Option<Slot>,
}

/// How the rows of a text are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::register) enum Layout {
    /// Fields between separators, a row a line.
    Csv(Csv),
    /// One JSON object a line; members that no field names are refused if it is `strict`.
    Ndjson { strict: bool },
    /// One JSON array of objects.
    JsonArray,
    /// The Czech ministry's answers in XML.
    CzechAnswers,
}

/// A dialect of CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::register) struct Csv {
    pub(in crate::register) separator: u8,
    pub(in crate::register) quote: Option<u8>,
    /// Lines before the header, or before the first row if there is none.
    pub(in crate::register) skip_lines: usize,
    /// The first line names the fields; otherwise fields are known by their place.
    pub(in crate::register) header: bool,
    /// Fields that the header names and the mapping does not are refused.
    pub(in crate::register) strict: bool,
    /// How many fields a row has; with a header, as many as that.
    pub(in crate::register) count: Option<usize>,
}

/// A place among the fields that a mapping reads.
pub(in crate::register) type Slot = usize;

/// The most fields that a mapping reads.
pub(in crate::register) const SLOTS_MAX: usize = 16;

const _: () = assert!(SLOTS_MAX <= 32, "a member that was seen has a bit");

/// One field that a mapping reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::register) struct Field {
    pub(in crate::register) at: At,
    /// A text whose header does not name it is read all the same.
    pub(in crate::register) optional: bool,
}

/// Where a field is found in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::register) enum At {
    /// By its name in the header, or as a member.
    Name(Box<str>),
    /// By its place, from 0.
    Place(usize),
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Place(place) => write!(f, "{}", place + 1),
        }
    }
}

/// Where a day comes from.
#[derive(Clone, Debug)]
pub(super) struct DayRule {
    pub(super) slot: Slot,
    pub(super) pattern: DayPattern,
    /// A day that cannot be read is left out; the row is refused otherwise.
    pub(super) lenient: bool,
}

/// The fields of one row that a mapping reads; what is absent is empty.
#[derive(Debug, Default)]
pub(in crate::register) struct Raw<'a> {
    slots: [Cow<'a, str>; SLOTS_MAX],
}

impl<'a> Raw<'a> {
    pub(in crate::register) fn clear(&mut self, fields: usize) {
        self.slots[..fields].fill(Cow::Borrowed(""));
    }

    pub(in crate::register) fn set(&mut self, slot: Slot, text: Cow<'a, str>) {
        self.slots[slot] = text;
    }

    pub(in crate::register) fn text(&self, slot: Slot) -> &str {
        &self.slots[slot]
    }
}
