//! What a publisher signs of one publication: the member `bulletin` of TUF's `targets` role, format 1.
//!
//! The wire only gains optional members; whoever reads skips those it does not know. What it must know to serve a feed is
//! said by [`min_reader`](Publication::min_reader).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Terms;
use crate::domain::{Digest, FeedName, SegmentRef, SegmentRole};

/// One signed publication of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The version of this text.
    pub format: u32,
    /// The feed.
    #[serde(with = "feed_name")]
    pub feed: FeedName,
    /// TUF's version of the `targets` role.
    pub sequence: u64,
    /// The time as of which the list is complete; a heartbeat vouches for a later one.
    pub as_of: Timestamp,
    /// What the feed's bases descend from: 32 hexadecimal digits, the same as long as each can be folded from the one before.
    pub lineage: String,
    /// Of the mixer. All lineages have 0, so that lists of several feeds are asked, compared and folded in one order.
    pub seed: u64,
    /// SHA-256 of the `targets` metadata before, byte for byte as it was published.
    #[serde(default, with = "digest_or_none", skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// The base.
    pub base: File,
    /// What has changed since the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<File>,
    /// What each of the last publications changed in the one before, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub increments: Vec<Increment>,
    /// The bases before, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// What the whole list adds up to.
    pub list: Sums,
    /// What must be found, and what must not.
    pub canaries: Canaries,
    /// The oldest version of the segment's format whose readers understand the files.
    pub min_reader: u32,
    /// What the list may be used for.
    #[serde(default, skip_serializing_if = "Terms::is_empty")]
    pub terms: Terms,
}

/// One file among TUF's targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its name, without the digest that consistent snapshots put before it.
    pub name: String,
    /// The publication that it was made for.
    pub sequence: u64,
    /// The time as of which that one was complete.
    pub as_of: Timestamp,
    /// SHA-256.
    #[serde(with = "digest")]
    pub sha256: Digest,
    /// In bytes.
    pub length: u64,
    /// Live notices of the list that it makes.
    pub notices: u64,
    /// Σ xxh3-128 of the canonical bytes of that list's notices, mod 2^128: 32 hexadecimal digits.
    #[serde(with = "sum")]
    pub state_digest: u128,
}

/// What one publication changed in the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Increment {
    /// The sequence of the list that it changes. `file.sequence` is that of the list that it makes.
    pub from: u64,
    /// The delta.
    pub file: File,
}

/// A base before the one of this publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// The base, whose file may be gone.
    pub base: File,
    /// What it needs to become the base after it, by folding.
    pub closing: File,
}

/// What a list adds up to. Aliases are not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Live notices.
    pub notices: u64,
    /// As in [`File`].
    #[serde(with = "sum")]
    pub state_digest: u128,
    /// Live notices of each issuing state, by its code.
    pub states: BTreeMap<String, u64>,
    /// Live notices of each status, by its word.
    pub statuses: BTreeMap<String, u64>,
}

/// Documents that prove a list to be this one. They are specimens, nobody's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canaries {
    /// Listed.
    pub hit: Vec<Canary>,
    /// Not listed.
    pub miss: Vec<Canary>,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The issuing state's code.
    pub issuing_state: String,
    /// The number.
    pub document_number: String,
}

impl Publication {
    /// The version that is written, and the only one that is read.
    pub const FORMAT: u32 = 1;
    /// The member of the `targets` role that holds it.
    pub const MEMBER: &str = "bulletin";

    /// What stands in metadata that was accepted and is kept. Nothing is checked again: it is for telling what was.
    #[must_use]
    pub fn kept(metadata: &super::MetadataFiles) -> Option<Self> {
        let targets = metadata.get(super::metadata::TARGETS)?;
        let targets: serde_json::Value = serde_json::from_slice(targets).ok()?;
        serde_json::from_value(targets.get("signed")?.get(Self::MEMBER)?.clone()).ok()
    }

    /// The files of the list: the base, then the delta if there is one.
    pub fn files(&self) -> impl Iterator<Item = (&File, SegmentRole)> {
        let delta = self.delta.iter().map(|file| (file, SegmentRole::Delta));
        std::iter::once((&self.base, SegmentRole::Base)).chain(delta)
    }

    /// The same, as a generation names them.
    #[must_use]
    pub fn segments(&self) -> Vec<SegmentRef> {
        self.files().map(|(file, role)| file.segment(role)).collect()
    }

    /// Every file that can be fetched.
    pub fn targets(&self) -> impl Iterator<Item = &File> {
        let own = self.files().map(|(file, _)| file);
        let increments = self.increments.iter().map(|increment| &increment.file);
        own.chain(increments).chain(self.earlier.iter().map(|earlier| &earlier.closing))
    }

    /// What is wrong with it, if its members contradict one another.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let last = self.delta.as_ref().unwrap_or(&self.base);
        let same_list = (last.notices, last.state_digest) == (self.list.notices, self.list.state_digest);
        let ascend = self.increments.is_sorted_by(|a, b| a.file.sequence == b.from)
            && self.increments.iter().all(|increment| increment.from < increment.file.sequence);
        let ends = self.increments.last().is_none_or(|last| last.file.sequence == self.sequence);
        let chain = self.earlier.iter().zip(self.earlier.iter().skip(1).map(|next| &next.base));
        let last_of_chain = self.earlier.last().map(|earlier| (earlier, &self.base));
        let leads_on = |(earlier, next): (&Earlier, &File)| {
            (earlier.closing.sequence, earlier.closing.state_digest) == (next.sequence, next.state_digest)
                && earlier.base.sequence < next.sequence
        };
        let sum = self.list.states.values().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        match () {
            () if self.sequence == 0 => Some("its sequence is 0"),
            () if last.sequence != self.sequence || last.as_of != self.as_of => {
                Some("its files are not of this publication")
            }
            () if !same_list => Some("its list is not the one that its files make"),
            () if self.list.notices == 0 => Some("its list is empty"),
            () if sum != Some(self.list.notices) => Some("its counts by issuing state do not add up"),
            () if self.base.sequence > self.sequence => Some("its base is of a later publication"),
            () if !(ascend && ends) => Some("its increments do not follow one another"),
            () if !chain.chain(last_of_chain).all(leads_on) => {
                Some("its earlier bases do not lead to its base")
            }
            () if !self.targets().all(|file| is_flat(&file.name) && file.length > 0) => {
                Some("one of its files has a name or a length that no file has")
            }
            () => None,
        }
    }
}

impl File {
    /// As a generation names it.
    #[must_use]
    pub fn segment(&self, role: SegmentRole) -> SegmentRef {
        SegmentRef { role, digest: self.sha256, length: self.length, notices: self.notices }
    }

    /// Where it stands below the root of a repository.
    #[must_use]
    pub fn path(&self) -> String {
        format!("targets/{}.{}", self.sha256, self.name)
    }
}

/// Names that TUF's clients sort and join alike: `[a-z0-9._-]`, and not hidden.
#[must_use]
pub(super) fn is_flat(name: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    (1..=100).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(plain)
}

mod feed_name {
    use super::{Deserialize, Deserializer, FeedName, Serializer};
    use serde::de::Error;

    pub(super) fn serialize<S: Serializer>(name: &FeedName, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(name)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FeedName, D::Error> {
        FeedName::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

mod digest {
    use super::{Deserialize, Deserializer, Digest, Serializer};
    use serde::de::Error;

    pub(super) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(digest)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(from)?;
        Digest::from_hex(&text).ok_or_else(|| D::Error::custom("not 64 lower-case hexadecimal digits"))
    }
}

mod digest_or_none {
    use super::{Deserializer, Digest, Serializer, digest};

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(of: &Option<Digest>, to: S) -> Result<S::Ok, S::Error> {
        match of {
            Some(of) => digest::serialize(of, to),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Digest>, D::Error> {
        digest::deserialize(from).map(Some)
    }
}

mod sum {
    use super::{Deserialize, Deserializer, Serializer};
    use serde::de::Error;

    pub(super) fn serialize<S: Serializer>(sum: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{sum:032x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let text = String::deserialize(from)?;
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let sum = u128::from_str_radix(&text, 16).ok().filter(|_| is_hex);
        sum.ok_or_else(|| D::Error::custom("not 32 hexadecimal digits"))
    }
}

#[cfg(test)]
#[path = "publication_tests.rs"]
mod tests;
