//! What the first bytes of a file say of it.

use std::io::{self, Read};

use crate::register::Compression;

/// As many bytes as the longest signature has.
const HEAD_LEN: u64 = 6;

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// A text, compressed or not.
    Text(Compression),
    /// A zip archive.
    Zip,
    /// An archive that is not read.
    Unread(&'static str),
}

/// The first bytes; fewer than the longest signature has only if the file has no more.
pub(super) fn read_head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_LEN as usize);
    reader.take(HEAD_LEN).read_to_end(&mut head)?;
    Ok(head)
}

/// Recognises a file.
pub(super) fn recognise(head: &[u8]) -> Signature {
    match head {
        [0x1F, 0x8B, ..] => Signature::Text(Compression::Gzip),
        // A frame, or a frame to skip, with which parallel compressors begin (RFC 8878, 3.1.1 and 3.1.2).
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => {
            Signature::Text(Compression::Zstd)
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Signature::Text(Compression::Bzip2),
        // A member, an archive without members, and one of several volumes (APPNOTE.TXT 4.3.7, 4.3.16, 8.5.4).
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Signature::Zip,
        [b'P', b'K', 7, 8, ..] => Signature::Unread("split zip"),
        [0xFD, b'7', b'z', b'X', b'Z', 0] => Signature::Unread("xz"),
        [b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C] => Signature::Unread("7z"),
        [b'R', b'a', b'r', b'!', ..] => Signature::Unread("rar"),
        _ => Signature::Text(Compression::Plain),
    }
}
