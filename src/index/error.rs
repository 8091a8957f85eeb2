//! What can go wrong with segments, generations and their publication.

use std::io;
use std::path::PathBuf;

use crate::domain::{FeedName, SegmentRole};

/// Why a segment, a generation or a publication was refused.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The segment being built could not be written.
    #[error(
        "cannot write the segment being built: check the space and the permissions of the data directory"
    )]
    Write(#[source] io::Error),
    /// More notices, documents or sets than a segment can number.
    #[error("the list has more distinct entries than one segment can hold")]
    TooLarge,
    /// A delta that would hardly be smaller than a base.
    #[error("the later list changes more than {documents_max} documents: publish it as a base")]
    DeltaTooLarge {
        /// How many it may change.
        documents_max: u64,
    },
    /// A segment that is not what it should be to change a list.
    #[error("segment {at} of those that are to change the list is refused")]
    Amends {
        /// Its place among them, from 1.
        at: usize,
        /// Why.
        source: SegmentError,
    },
    /// What was found out of one list and is to be done with another.
    #[error("the list is not the one that the changes were made of: read it again, and make them again")]
    OtherList,
    /// Another process publishes.
    #[error("another process holds {}: wait until it has finished, or stop it", .0.display())]
    Locked(PathBuf),
    /// Generations without the pointer that says which is in force.
    #[error(
        "{} is missing although there are generations: the floors against rollback can't be known; restore the file, \
         or move the whole index folder away to begin anew",
        .0.display()
    )]
    CurrentMissing(PathBuf),
    /// The pointer or the generation it names can't be relied on.
    #[error(
        "{} can't be relied on ({what}): restore the index folder, or move all of it away to begin anew",
        path.display()
    )]
    Unreliable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Written by a newer version.
    #[error(
        "{} has format version {found} and this program reads up to {reads}: use a newer version of it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format version.
        found: u32,
        /// The newest that is read.
        reads: u32,
    },
    /// The next generation is not the one after the current.
    #[error(
        "generation {number} does not follow the one in force: read the current generation again and start from it"
    )]
    NotNext {
        /// The generation that was to be published.
        number: u64,
    },
    /// The next generation would let something older in again.
    #[error(
        "generation {number} lowers {what}: make it from the one in force, which keeps what guards against going back"
    )]
    Forgets {
        /// The generation that was to be published.
        number: u64,
        /// What is lower.
        what: &'static str,
    },
    /// The next generation would be refused when read again.
    #[error(
        "generation {number} is out of order or larger than may be read again: feeds and expected names ascend, each once"
    )]
    NotReadable {
        /// The generation that was to be published.
        number: u64,
    },
    /// A publication that is not newer than what was accepted before.
    #[error("feed {feed}: sequence {sequence} is not above {floor}, which was accepted before")]
    SequenceNotHigher {
        /// The feed.
        feed: FeedName,
        /// What was offered.
        sequence: u64,
        /// What was accepted before.
        floor: u64,
    },
    /// A publication whose as-of time lies before the accepted one.
    #[error("feed {feed}: as of {as_of} is earlier than {floor}, which was accepted before")]
    AsOfEarlier {
        /// The feed.
        feed: FeedName,
        /// What was offered.
        as_of: jiff::Timestamp,
        /// What was accepted before.
        floor: jiff::Timestamp,
    },
    /// A publication under another authority than the feed had before.
    #[error(
        "feed {0} was accepted under another authority before: a signed feed and an import of one's own can't share a name; choose another"
    )]
    AuthorityDiffers(FeedName),
    /// A feed whose files are its publisher's.
    #[error(
        "feed {0} is signed by its publisher, and nobody else can sign a folded base: its delta becomes part of the base when the publisher publishes the next one"
    )]
    SignedElsewhere(FeedName),
    /// No such feed in the generation in force.
    #[error("there is no feed {0} in the generation in force")]
    UnknownFeed(FeedName),
    /// The metadata kept with a feed has a name that no metadata file has.
    #[error(
        "feed {0}: a metadata file's name has 1 to 128 characters of A-Z, a-z, 0-9, - _ . and begins with none of these marks"
    )]
    MetadataName(FeedName),
    /// A generation with an id that is not its own.
    #[error("generation {number} and its id do not belong together: read the current generation again")]
    WrongId {
        /// The generation's number.
        number: u64,
    },
    /// The verified bulletins are not those of the generation.
    #[error("feed {0}: what was verified is not what generation and bulletins say together")]
    NotVerified(FeedName),
    /// Not exactly one base.
    #[error("feed {0}: a feed in force has exactly one base segment, and then one delta at most")]
    NoSingleBase(FeedName),
    /// A list whose keys are mixed with another seed than new files are.
    #[error("the list in force is in another order than this program writes: fetch or import it as a whole")]
    OtherSeed,
    /// A list that is being read is no longer what was opened.
    #[error(
        "a file of the list in force was damaged while it was read: check the disk, then fetch or import the feed again"
    )]
    Damaged,
    /// A file has another length than was recorded.
    #[error("{} has {found} bytes and not {expected}: fetch or import the feed again", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes it has.
        found: u64,
        /// Bytes it should have.
        expected: u64,
    },
    /// A segment was refused.
    #[error("segment {} is refused: fetch or import the feed again", path.display())]
    Segment {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SegmentError,
    },
    /// A segment that is sound in itself and not what the bulletin announced.
    #[error("segment {} is not what the bulletin of feed {feed} announces: {what} differs", path.display())]
    NotAnnounced {
        /// The file.
        path: PathBuf,
        /// The feed.
        feed: FeedName,
        /// What differs.
        what: &'static str,
    },
}

/// Why the bytes of a segment are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// Not even a header.
    #[error("it is too short to be a segment")]
    TooShort,
    /// Not a segment, or mangled in transfer.
    #[error("it does not begin like a segment")]
    Magic,
    /// Written for a newer reader.
    #[error("it has segment format {found} and this program reads up to {reads}: use a newer version of it")]
    Newer {
        /// Its format version.
        found: u32,
        /// The newest that is read.
        reads: u32,
    },
    /// Written before this reader's time.
    #[error(
        "it has segment format {found} and this program reads from {reads} on: fetch or import the feed again"
    )]
    Older {
        /// Its format version.
        found: u32,
        /// The oldest that is read.
        reads: u32,
    },
    /// A base where a delta belongs, or the other way round.
    #[error("it is not the {} that its list says", .expected.word())]
    Role {
        /// What it should be.
        expected: SegmentRole,
    },
    /// A delta of another list: of another base, or an increment out of its turn.
    #[error(
        "it changes another list than this one: it is of another base, or one before it is missing; fetch all of them again"
    )]
    Parent,
    /// A delta that takes the place of its base nearly.
    #[error(
        "it changes {documents} documents, and one that changes more than {most} is to be folded into its base"
    )]
    DeltaTooLarge {
        /// How many it changes.
        documents: u64,
        /// How many it may.
        most: u64,
    },
    /// The header does not agree with its checksum.
    #[error("its header is damaged")]
    HeaderChecksum,
    /// The header says what can't be.
    #[error("its header makes no sense: {0}")]
    Header(&'static str),
    /// Cut short or with something behind its end.
    #[error("it has {found} bytes and its header says {expected}")]
    Length {
        /// Bytes there are.
        found: u64,
        /// Bytes there should be.
        expected: u64,
    },
    /// A block does not agree with its checksum.
    #[error("block {block} of 2 MiB is damaged")]
    Block {
        /// Counted from 0.
        block: u64,
    },
    /// A section is sound by its checksum and says what can't be.
    #[error("its {section} make no sense at entry {at}: {what}")]
    Content {
        /// The section.
        section: &'static str,
        /// The entry, counted from 0.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// What is in it is not what its header sums up.
    #[error("its {0} do not agree with its notices")]
    Sums(&'static str),
    /// Reading it failed under way.
    #[error("it could not be read to its end: the file was cut short, or the disk fails")]
    Unreadable,
}

/// The bytes of an open segment are no longer what was checked: nothing that it says is to be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the segment was damaged after it was opened")]
pub struct Damaged;

impl From<Damaged> for IndexError {
    fn from(Damaged: Damaged) -> Self {
        Self::Damaged
    }
}

impl IndexError {
    /// For `map_err`: what was being done to which path.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}
