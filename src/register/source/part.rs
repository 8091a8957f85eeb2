//! One text of a source, on its way through.

use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use encoding_rs::{Encoding, UTF_8};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};

use super::expansion::ExpandsTooFar;
use super::signature::{Signature, read_head, recognise};
use crate::register::{Compression, RegisterError};

/// A text in UTF-8 without its byte order mark; what cannot be decoded is U+FFFD.
pub(in crate::register) struct Part<'r> {
    label: Label,
    reader: DecodeReaderBytes<Box<dyn Read + 'r>, Vec<u8>>,
    transcoded: bool,
}

/// Where a text comes from: what errors and lists of rejects say.
#[derive(Clone)]
pub(super) struct Label {
    /// The file, and the member's name behind it if it is an archive.
    pub(super) path: PathBuf,
    /// The name of the text alone, without what its compression added.
    pub(super) name: String,
    pub(super) compression: Compression,
    pub(super) archive: bool,
    /// The device failed: a decoder's errors look the same.
    pub(super) broken: Arc<AtomicBool>,
}

impl<'r> Part<'r> {
    /// Looks at the first bytes of a text, which was `encoding` if it does not say otherwise itself.
    pub(super) fn begin(
        label: Label,
        mut plain: impl Read + 'r,
        encoding: Option<&'static Encoding>,
    ) -> Result<Self, RegisterError> {
        let head = read_head(&mut plain).map_err(|error| label.fault(error))?;
        if label.compression != Compression::Plain || label.archive {
            match recognise(&head) {
                Signature::Text(Compression::Plain) => {}
                _ => return Err(RegisterError::Nested { path: label.path }),
            }
        }
        let utf16 = matches!(head[..], [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
        let utf8 = head.starts_with(b"\xEF\xBB\xBF");
        let named = encoding.filter(|encoding| !utf8 && !utf16 && *encoding != UTF_8);
        let transcoded = utf16 || named.is_some();
        let whole: Box<dyn Read + 'r> = Box::new(Cursor::new(head).chain(plain));
        let reader = DecodeReaderBytesBuilder::new()
            .encoding(named)
            .utf8_passthru(true)
            .strip_bom(true)
            .build_with_buffer(whole, vec![0; 64 * 1024])
            .expect("the buffer is long enough");
        Ok(Self { label, reader, transcoded })
    }

    /// The file, and the member's name behind it if it is an archive.
    pub(in crate::register) fn path(&self) -> &PathBuf {
        &self.label.path
    }

    /// The name of the text alone, without what its compression added.
    pub(in crate::register) fn name(&self) -> &str {
        &self.label.name
    }

    /// True if the text was another encoding's: U+FFFD in it then stands for bytes that could not be decoded.
    pub(in crate::register) fn transcoded(&self) -> bool {
        self.transcoded
    }

    pub(in crate::register) fn reader(&mut self) -> &mut dyn Read {
        &mut self.reader
    }

    /// What a failed read of [`reader`](Self::reader) means.
    pub(in crate::register) fn fault(&self, source: io::Error) -> RegisterError {
        self.label.fault(source)
    }
}

impl Label {
    pub(super) fn fault(&self, source: io::Error) -> RegisterError {
        let path = self.path.clone();
        let archive = if self.archive { "zip" } else { self.compression.word() };
        if source.get_ref().is_some_and(|reason| reason.is::<ExpandsTooFar>()) {
            RegisterError::ExpandsTooFar { path, archive }
        } else if self.broken.load(Ordering::Relaxed)
            || (self.compression == Compression::Plain && !self.archive)
        {
            RegisterError::Read { path, source }
        } else {
            RegisterError::Damaged { path, archive, source }
        }
    }
}
