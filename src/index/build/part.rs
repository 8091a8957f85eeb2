//! Notices of the documents whose mixed keys begin alike, in no order.

use std::sync::Mutex;

use crate::domain::{Notice, Reference};
use crate::index::IndexError;

use super::record::{Packed, RECORD_LEN, Record, encode, records};
use super::spill::{Extent, Spill, lock};

/// Notices as they came: in memory, and those of which there were too many, in pieces of a file.
#[derive(Debug, Default)]
pub(super) struct Part {
    plain: Vec<u8>,
    referenced: Vec<u8>,
    spilt_plain: Vec<Extent>,
    spilt_referenced: Vec<Extent>,
}

/// Everything that was said in a part, sorted by `h`.
pub(super) struct Sorted {
    /// Notices without a reference.
    pub(super) plain: Vec<Record>,
    /// Notices with one.
    pub(super) referenced: Vec<(Record, Reference)>,
}

impl Part {
    /// Adds a notice, and gives how many bytes it takes.
    #[inline]
    pub(super) fn push(&mut self, h: u64, notice: &Notice) -> usize {
        let record = encode((h, Packed::of(notice)));
        let Some(reference) = &notice.reference else {
            self.plain.extend_from_slice(&record);
            return RECORD_LEN;
        };
        let text = reference.as_str().as_bytes();
        self.referenced.extend_from_slice(&record);
        self.referenced.push(text.len() as u8);
        self.referenced.extend_from_slice(text);
        RECORD_LEN + 1 + text.len()
    }

    /// Moves what is in memory to a file, and gives how many bytes that were.
    pub(super) fn spill(&mut self, spill: &mut Spill) -> Result<usize, IndexError> {
        let held = self.plain.len() + self.referenced.len();
        for (bytes, spilt) in
            [(&mut self.plain, &mut self.spilt_plain), (&mut self.referenced, &mut self.spilt_referenced)]
        {
            if !bytes.is_empty() {
                // The room goes too: what comes next may be of the other sort.
                spilt.push(spill.append(&std::mem::take(bytes))?);
            }
        }
        Ok(held)
    }

    pub(super) fn sort(self, spill: Option<&Mutex<Spill>>) -> Result<Sorted, IndexError> {
        let whole = |mut bytes: Vec<u8>, spilt: &[Extent]| -> Result<Vec<u8>, IndexError> {
            for extent in spilt {
                spill.map_or(Ok(()), |spill| lock(spill).read(*extent, &mut bytes))?;
            }
            Ok(bytes)
        };
        let bytes = whole(self.plain, &self.spilt_plain)?;
        let mut plain: Vec<_> = records(&bytes).collect();
        drop(bytes);
        plain.sort_unstable_by_key(|(h, _)| *h);
        let bytes = whole(self.referenced, &self.spilt_referenced)?;
        let mut referenced = Vec::new();
        let mut rest = &bytes[..];
        while let Some((record, after)) = rest.split_at_checked(RECORD_LEN) {
            let (len, after) = after.split_first().expect("a record is followed by its reference");
            let (text, after) = after.split_at(usize::from(*len));
            let text = std::str::from_utf8(text).expect("it was written from a text");
            let reference = Reference::parse(text).expect("it was written from a reference");
            referenced.extend(records(record).map(|record| (record, reference.clone())));
            rest = after;
        }
        referenced.sort_unstable_by_key(|((h, _), _)| *h);
        Ok(Sorted { plain, referenced })
    }
}
