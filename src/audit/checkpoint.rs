//! What a log says of itself at one time: how many entries it has, and the root of their tree (C2SP `tlog-checkpoint`).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp;

use super::note::{NoteKey, NoteSigner};
use super::tree::Hash;

/// A log at one time. Its text has a line each for the log, the size, the root, and an extension: the time of the newest entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose it is: `portcullis/<log id>`.
    pub origin: String,
    /// How many entries there were.
    pub size: u64,
    /// The root of their tree (RFC 6962, section 2.1).
    pub root: [u8; 32],
    /// The highest time of any entry.
    pub time: Timestamp,
}

/// Longer is no checkpoint of ours.
pub(super) const CHECKPOINT_BYTES_MAX: usize = 4096;
const TIME: &str = "time ";

impl Checkpoint {
    /// The origin of a log's checkpoints, which is also the name of its key.
    pub(super) fn origin(log_id: &str) -> String {
        format!("portcullis/{log_id}")
    }

    pub(super) fn new(log_id: &str, size: u64, root: Hash, time: Timestamp) -> Self {
        Self { origin: Self::origin(log_id), size, root, time }
    }

    pub(super) fn sign(&self, signer: &NoteSigner) -> String {
        let Self { origin, size, root, time } = self;
        signer.sign(&format!("{origin}\n{size}\n{}\n{TIME}{time:.6}\n", BASE64.encode(root)))
    }

    /// Reads a note that the key has signed.
    #[must_use]
    pub fn open(note: &str, key: &NoteKey) -> Option<Self> {
        let read = Self::read(key.open(note)?)?;
        (read.origin == key.name()).then_some(read)
    }

    /// Reads the text of a checkpoint, signed or not. Lines that a later version adds are passed over.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        let digits =
            size.bytes().all(|byte| byte.is_ascii_digit()) && !(size.len() > 1 && size.starts_with('0'));
        let size = size.parse().ok().filter(|_| digits)?;
        let root = BASE64.decode(root).ok()?.try_into().ok()?;
        let time = lines.next()?.strip_prefix(TIME)?.parse().ok()?;
        Some(Self { origin: origin.to_owned(), size, root, time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let time = Timestamp::from_microsecond(1_772_366_400_000_001).unwrap();
        Checkpoint::new("serve-00c0ffee", 17, [7; 32], time)
    }

    #[test]
    fn a_checkpoint_is_read_back_as_it_was_signed() {
        let (signer, _) = NoteSigner::generate(&checkpoint().origin).unwrap();
        let note = checkpoint().sign(&signer);
        assert!(note.len() < CHECKPOINT_BYTES_MAX);
        let text = "portcullis/serve-00c0ffee\n17\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\
                    time 2026-03-01T12:00:00.000001Z\n";
        assert!(note.starts_with(text), "{note}");
        assert_eq!(Checkpoint::open(&note, signer.key()), Some(checkpoint()));
        let (other, _) = NoteSigner::generate("portcullis/serve-00000001").unwrap();
        assert_eq!(Checkpoint::open(&checkpoint().sign(&other), other.key()), None, "it is another log's");
    }

    #[test]
    fn what_is_none_is_not_read() {
        for text in ["", "a\n", "a\n1\n", "a\n-1\nBw==\ntime 2026-03-01T12:00:00Z\n", "a\n01\n\n\n"] {
            assert_eq!(Checkpoint::read(text), None, "{text}");
        }
    }
}
