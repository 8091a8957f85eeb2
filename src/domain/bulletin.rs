//! One publication of a feed.

use jiff::Timestamp;

use super::FeedName;
use super::hex::{read_hex, write_hex};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        read_hex(text).map(Self)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write_hex(f, &self.0)
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// What a feed published, and under whose authority it was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulletin {
    /// The feed.
    pub feed: FeedName,
    /// Rises with each publication, from 1.
    pub sequence: u64,
    /// The time as of which the publisher vouches for the list.
    pub as_of: Timestamp,
    /// Who vouches for it.
    pub authority: Authority,
    /// Its files: one base, then its delta if there is one.
    pub segments: Vec<SegmentRef>,
}

/// Under whose authority a bulletin was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The operator's own import at this site.
    Local,
    /// A publisher's signatures.
    Signed,
}

impl Authority {
    /// The word on the wire and in generation files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Signed => "signed",
        }
    }
}

/// One index file, named by its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRef {
    /// What it is for.
    pub role: SegmentRole,
    /// SHA-256 of the whole file; also its name.
    pub digest: Digest,
    /// Length in bytes.
    pub length: u64,
    /// Live notices in it.
    pub notices: u64,
}

/// What an index file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentRole {
    /// A whole list.
    Base,
    /// What changed since a base.
    Delta,
}

impl SegmentRole {
    /// The word in generation files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Delta => "delta",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_survives_its_text_and_nothing_else_is_a_digest() {
        let digest = Digest(std::array::from_fn(|at| at as u8 * 7));
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"G".repeat(64), &"A".repeat(64)] {
            assert_eq!(Digest::from_hex(text), None);
        }
    }
}
