//! A document's number, put together from the parts that a publisher keeps apart.

use super::mapping::{Raw, Slot};
use crate::domain::{DocumentNumber, NumberFault, look_alike, transliterate};
use crate::register::RejectReason;

/// How a number is made of a row's fields.
#[derive(Clone, Debug)]
pub(super) struct NumberRule {
    pub(super) parts: Vec<Part>,
    pub(super) transliterate: bool,
    pub(super) alias: Option<Alias>,
}

/// One part of a number.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) slot: Slot,
    /// It has exactly so many digits and nothing else.
    pub(super) digits: Option<usize>,
    /// Zeros are put before it until it has so many characters: an export took them for a number's.
    pub(super) pad: Option<usize>,
    /// It may be empty; the number is missing otherwise.
    pub(super) optional: bool,
}

/// The other spelling under which a number is listed as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alias {
    /// In the Latin letters that its Cyrillic ones are printed like.
    LookAlike,
    /// With its parts in the opposite order.
    PartsReversed,
}

/// Where texts are put together, so that no row allocates.
#[derive(Debug, Default)]
pub(in crate::register) struct Scratch {
    whole: String,
    latin: String,
}

impl NumberRule {
    /// The number, and its other spelling if that is another number.
    pub(super) fn numbers(
        &self,
        raw: &Raw<'_>,
        scratch: &mut Scratch,
    ) -> Result<(DocumentNumber, Option<DocumentNumber>), RejectReason> {
        if let ([Part { slot, digits: None, pad: None, .. }], false, None) =
            (self.parts.as_slice(), self.transliterate, self.alias)
        {
            return Ok((parse(raw.text(*slot))?, None));
        }
        assemble(self.parts.iter(), raw, &mut scratch.whole)?;
        let number = if self.transliterate {
            scratch.latin.clear();
            transliterate(&scratch.whole, &mut scratch.latin);
            parse(&scratch.latin)?
        } else {
            parse(&scratch.whole)?
        };
        let alias = match self.alias {
            None => None,
            Some(Alias::LookAlike) if scratch.whole.is_ascii() => None,
            Some(Alias::LookAlike) => {
                look_alike(&scratch.whole).and_then(|text| DocumentNumber::parse(&text).ok())
            }
            Some(Alias::PartsReversed) => {
                assemble(self.parts.iter().rev(), raw, &mut scratch.whole)?;
                DocumentNumber::parse(&scratch.whole).ok()
            }
        };
        Ok((number, alias.filter(|alias| *alias != number)))
    }
}

fn assemble<'a>(
    parts: impl Iterator<Item = &'a Part>,
    raw: &Raw<'_>,
    whole: &mut String,
) -> Result<(), RejectReason> {
    whole.clear();
    for part in parts {
        let text = raw.text(part.slot).trim_ascii();
        if text.is_empty() {
            if part.optional {
                continue;
            }
            return Err(RejectReason::NumberMissing);
        }
        if part.digits.is_some_and(|len| text.len() != len || !text.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(RejectReason::NumberShape);
        }
        let zeros = part.pad.unwrap_or_default().saturating_sub(text.len());
        whole.extend(std::iter::repeat_n('0', zeros));
        whole.push_str(text);
    }
    Ok(())
}

pub(super) fn parse(text: &str) -> Result<DocumentNumber, RejectReason> {
    DocumentNumber::parse(text).map_err(|fault| match fault {
        NumberFault::Empty => RejectReason::NumberMissing,
        NumberFault::Character { .. } => RejectReason::NumberCharacter,
        NumberFault::TooLong => RejectReason::NumberTooLong,
    })
}
