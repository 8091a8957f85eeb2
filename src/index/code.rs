//! What stands under a document.

/// What stands under a document: in version 3 of the format a number above 0, in version 2 the number of a set and 1 more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// Its set is in the details.
    Detailed,
    /// Only in a delta: there is no set any more.
    Gone,
    /// The number of its set in the dictionary.
    Set(u32),
}

impl Code {
    /// Its number in a file of this version.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Detailed => 1,
            Self::Gone => 2,
            Self::Set(set) => set + Self::SETS_FROM,
        }
    }

    #[inline]
    pub(super) fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Detailed,
            2 => Self::Gone,
            number => Self::Set(number - Self::SETS_FROM),
        }
    }

    const SETS_FROM: u32 = 3;

    /// The most sets that have a number.
    pub(super) const SETS_MAX: u64 = (u32::MAX - Self::SETS_FROM) as u64;
}
