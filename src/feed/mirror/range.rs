//! `Content-Range`, by which a server says what it sends (RFC 9110, section 14.4).

/// What a server says of the part that it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentRange {
    /// The first byte of the part; none in an answer that says that there is no such part.
    pub(super) first: Option<u64>,
    /// How long the whole file is, if the server knows.
    pub(super) length: Option<u64>,
}

impl ContentRange {
    /// `None` for anything that is not `bytes <first>-<last>/<length>`, with `*` for what is not known.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let (part, length) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
        let length = if length == "*" { None } else { Some(number(length)?) };
        if part == "*" {
            return length.is_some().then_some(Self { first: None, length });
        }
        let (first, last) = part.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let sound = first <= last && length.is_none_or(|length| last < length);
        sound.then_some(Self { first: Some(first), length })
    }
}

/// Digits only: `parse` would take a sign.
fn number(digits: &str) -> Option<u64> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_make_sense_are_read() {
        let parsed = |value| ContentRange::parse(value).unwrap();
        assert_eq!(parsed("bytes 5-9/10"), ContentRange { first: Some(5), length: Some(10) });
        assert_eq!(parsed(" bytes 0-0/*"), ContentRange { first: Some(0), length: None });
        assert_eq!(parsed("bytes */10"), ContentRange { first: None, length: Some(10) });
    }

    #[test]
    fn ranges_that_make_none_are_not() {
        for bad in [
            "",
            "bytes",
            "bytes 5-9",
            "bytes 5-9/9",
            "bytes 9-5/10",
            "bytes +5-9/10",
            "bytes -9/10",
            "bytes 5-/10",
            "bytes */*",
            "items 5-9/10",
            "bytes 5-99999999999999999999/*",
        ] {
            assert_eq!(ContentRange::parse(bad), None, "{bad}");
        }
    }
}
