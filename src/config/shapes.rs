//! The shapes a setting's value may have, how each is read and how each is written.

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use toml::Value;

use crate::ground::web::{Address, AddressFault};

/// What a value must be like.
pub(super) trait Shape {
    /// What it means to the program.
    type Of;

    /// In words, such as `a whole number from 1 to 256`.
    fn expected(&self) -> String;

    /// Understands a value.
    fn read(&self, value: &Value) -> Result<Self::Of, Misfit>;

    /// The value that reads as `of`.
    fn write(&self, of: &Self::Of) -> Value;
}

/// Why a value was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It has not the shape.
    Shape,
    /// It has the shape and breaks a rule, which is said here.
    Rule(&'static str),
}

/// A whole number within bounds.
pub(super) struct Number(pub(super) RangeInclusive<usize>);

impl Shape for Number {
    type Of = usize;

    fn expected(&self) -> String {
        format!("a whole number from {} to {}", self.0.start(), self.0.end())
    }

    fn read(&self, value: &Value) -> Result<usize, Misfit> {
        let number = value.as_integer().and_then(|number| usize::try_from(number).ok());
        number.filter(|number| self.0.contains(number)).ok_or(Misfit::Shape)
    }

    fn write(&self, of: &usize) -> Value {
        Value::Integer(i64::try_from(*of).unwrap_or(i64::MAX))
    }
}

/// A number of days, or for good.
pub(super) struct Days;

const ALWAYS: &str = "always";
const DAYS: RangeInclusive<u32> = 1..=36_500;

impl Shape for Days {
    type Of = Option<u32>;

    fn expected(&self) -> String {
        format!("a number of days from {} to {}, or {ALWAYS:?}", DAYS.start(), DAYS.end())
    }

    fn read(&self, value: &Value) -> Result<Option<u32>, Misfit> {
        if value.as_str() == Some(ALWAYS) {
            return Ok(None);
        }
        let days = value.as_integer().and_then(|days| u32::try_from(days).ok());
        days.filter(|days| DAYS.contains(days)).map(Some).ok_or(Misfit::Shape)
    }

    fn write(&self, of: &Option<u32>) -> Value {
        of.map_or_else(|| Value::String(ALWAYS.to_owned()), |days| Value::Integer(days.into()))
    }
}

/// A length of time within bounds, in milliseconds.
pub(super) struct Span<T> {
    bounds_ms: RangeInclusive<u64>,
    of: PhantomData<fn() -> T>,
}

impl<T: Millis> Span<T> {
    pub(super) const fn new(bounds_ms: RangeInclusive<u64>) -> Self {
        Self { bounds_ms, of: PhantomData }
    }
}

impl<T: Millis> Shape for Span<T> {
    type Of = T;

    fn expected(&self) -> String {
        let (from, to) = (span_text(*self.bounds_ms.start()), span_text(*self.bounds_ms.end()));
        format!("a length of time from {from} to {to}, a number and one of d, h, m, s, ms")
    }

    fn read(&self, value: &Value) -> Result<T, Misfit> {
        let millis = value.as_str().and_then(parse_span);
        millis.filter(|millis| self.bounds_ms.contains(millis)).map(T::from_ms).ok_or(Misfit::Shape)
    }

    fn write(&self, of: &T) -> Value {
        Value::String(span_text(of.ms()))
    }
}

/// A length of time to the millisecond.
pub(super) trait Millis {
    fn from_ms(millis: u64) -> Self;
    fn ms(&self) -> u64;
}

impl Millis for Duration {
    fn from_ms(millis: u64) -> Self {
        Self::from_millis(millis)
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Millis for SignedDuration {
    fn from_ms(millis: u64) -> Self {
        Self::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    fn ms(&self) -> u64 {
        u64::try_from(self.as_millis().max(0)).unwrap_or(u64::MAX)
    }
}

const UNITS_MS: [(&str, u64); 5] =
    [("d", DAY_MS), ("h", HOUR_MS), ("m", MINUTE_MS), ("s", SECOND_MS), ("ms", 1)];

pub(super) const SECOND_MS: u64 = 1_000;
pub(super) const MINUTE_MS: u64 = 60 * SECOND_MS;
pub(super) const HOUR_MS: u64 = 60 * MINUTE_MS;
pub(super) const DAY_MS: u64 = 24 * HOUR_MS;

fn parse_span(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let (_, unit_ms) = UNITS_MS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*unit_ms)
}

/// In the largest unit that says it exactly; hours up to three days, because people say 72h.
pub(super) fn span_text(millis: u64) -> String {
    let exact = |unit_ms: u64| millis.is_multiple_of(unit_ms) && millis >= unit_ms;
    let (unit, unit_ms) = UNITS_MS
        .into_iter()
        .find(|(_, unit_ms)| exact(*unit_ms) && (*unit_ms < DAY_MS || millis > 3 * DAY_MS))
        .unwrap_or(("ms", 1));
    format!("{}{unit}", millis / unit_ms)
}

/// One of a few words.
pub(super) struct Words<T: 'static>(pub(super) &'static [(&'static str, T)]);

impl<T: Copy + PartialEq> Shape for Words<T> {
    type Of = T;

    fn expected(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        format!("one of {}", words.join(", "))
    }

    fn read(&self, value: &Value) -> Result<T, Misfit> {
        let found = self.0.iter().find(|(word, _)| value.as_str() == Some(word));
        found.map(|(_, of)| *of).ok_or(Misfit::Shape)
    }

    fn write(&self, of: &T) -> Value {
        let found = self.0.iter().find(|(_, known)| known == of);
        Value::String(found.expect("every value has its word").0.to_owned())
    }
}

/// An address of this machine that no other machine reaches, and a port; port 0 takes a free one.
pub(super) struct Loopback;

impl Shape for Loopback {
    type Of = SocketAddr;

    fn expected(&self) -> String {
        "a loopback address and a port".to_owned()
    }

    fn read(&self, value: &Value) -> Result<SocketAddr, Misfit> {
        let address: SocketAddr = value.as_str().and_then(|text| text.parse().ok()).ok_or(Misfit::Shape)?;
        if !address.ip().is_loopback() {
            return Err(Misfit::Rule(
                "until callers are authenticated the service listens on loopback only: put a proxy that \
                 authenticates in front, on this machine",
            ));
        }
        Ok(address)
    }

    fn write(&self, of: &SocketAddr) -> Value {
        Value::String(of.to_string())
    }
}

/// A folder. One that is not UTF-8 can be given on a command line and is written with U+FFFD in place of the rest.
pub(super) struct Folder;

impl Shape for Folder {
    type Of = PathBuf;

    fn expected(&self) -> String {
        "the path of a folder".to_owned()
    }

    fn read(&self, value: &Value) -> Result<PathBuf, Misfit> {
        let text = value.as_str().ok_or(Misfit::Shape)?;
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(Misfit::Shape);
        }
        Ok(PathBuf::from(text))
    }

    fn write(&self, of: &PathBuf) -> Value {
        Value::String(of.to_string_lossy().into_owned())
    }
}

/// Folders, and addresses of web servers.
pub(super) struct Elsewheres;

impl Shape for Elsewheres {
    type Of = Vec<String>;

    fn expected(&self) -> String {
        "a list of folders and https addresses".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Vec<String>, Misfit> {
        let plain = |text: &&str| !text.is_empty() && !text.chars().any(char::is_control);
        let place = |value: &Value| {
            let text = value.as_str().filter(plain).ok_or(Misfit::Shape)?;
            match Address::parse(text, false) {
                Ok(address) if address.authorization.is_some() => {
                    Err(Misfit::Rule("credentials go into the file that checkpoints-credentials-file names"))
                }
                Err(AddressFault::Url) if text.contains("://") => {
                    Err(Misfit::Rule("an address in it is none"))
                }
                Err(AddressFault::Plain) => {
                    Err(Misfit::Rule("only this machine is reached by http://, others by https://"))
                }
                _ => Ok(text.to_owned()),
            }
        };
        value.as_array().ok_or(Misfit::Shape)?.iter().map(place).collect()
    }

    fn write(&self, of: &Vec<String>) -> Value {
        Value::Array(of.iter().cloned().map(Value::String).collect())
    }
}

/// What a site is called, or nothing.
pub(super) struct SiteName;

const SITE_NAME_CHARS_MAX: usize = 64;

impl Shape for SiteName {
    type Of = Option<std::sync::Arc<str>>;

    fn expected(&self) -> String {
        format!("a name of at most {SITE_NAME_CHARS_MAX} characters, or an empty text")
    }

    fn read(&self, value: &Value) -> Result<Self::Of, Misfit> {
        let plain =
            |text: &&str| text.chars().count() <= SITE_NAME_CHARS_MAX && !text.chars().any(char::is_control);
        let text = value.as_str().filter(plain).ok_or(Misfit::Shape)?;
        Ok((!text.is_empty()).then(|| text.into()))
    }

    fn write(&self, of: &Self::Of) -> Value {
        Value::String(of.as_deref().unwrap_or_default().to_owned())
    }
}

/// The path of a file, or nothing.
pub(super) struct OptionalFile;

impl Shape for OptionalFile {
    type Of = Option<PathBuf>;

    fn expected(&self) -> String {
        "the path of a file, or an empty text".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Option<PathBuf>, Misfit> {
        let text = value.as_str().filter(|text| !text.chars().any(char::is_control)).ok_or(Misfit::Shape)?;
        Ok((!text.is_empty()).then(|| PathBuf::from(text)))
    }

    fn write(&self, of: &Option<PathBuf>) -> Value {
        Value::String(of.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_a_number_and_a_unit() {
        for (text, millis) in [
            ("24h", DAY_MS),
            ("90s", 90_000),
            ("15m", 900_000),
            ("3d", 3 * DAY_MS),
            ("0s", 0),
            ("250ms", 250),
        ] {
            assert_eq!(parse_span(text), Some(millis), "{text}");
        }
        let none = ["", "h", "24", "24 h", " 24h", "-1s", "+1s", "1.5h", "1h30m", "1H", "2w", "٣s"];
        for text in none.into_iter().chain(["99999999999999999999s", "18446744073709551615d"]) {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn a_length_of_time_is_written_in_the_largest_unit_that_says_it_exactly() {
        for text in ["24h", "72h", "4d", "36h", "90s", "15m", "1ms", "1500ms", "0ms"] {
            assert_eq!(span_text(parse_span(text).unwrap()), text);
        }
        assert_eq!(span_text(parse_span("3d").unwrap()), "72h");
    }
}
