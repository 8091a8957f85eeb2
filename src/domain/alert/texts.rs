//! Texts for people, within bounds.

use std::fmt;

/// One line of text: no control characters, none at its ends but what is printed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line(Box<str>);

/// A language, as RFC 5646 tags it, such as `en` or `sr-Latn`: language, script and region, in their usual cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageTag(Box<str>);

/// What the officer is to do, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The words; several lines are allowed.
    pub text: Box<str>,
    /// Their language.
    pub language: LanguageTag,
}

/// Why a text is refused. Never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// Empty, too long, or with a control character.
    #[error("a text here has 1 to {chars_max} characters and no control characters")]
    Line {
        /// The most characters.
        chars_max: usize,
    },
    /// No tag.
    #[error("a language is tagged by RFC 5646, such as en or sr-Latn")]
    Language,
}

impl Line {
    /// Reads a line of at most so many characters. Blanks at its ends are left out.
    ///
    /// # Errors
    /// [`TextFault::Line`].
    pub fn parse(text: &str, chars_max: usize) -> Result<Self, TextFault> {
        let text = text.trim();
        let fits =
            !text.is_empty() && text.chars().count() <= chars_max && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.into())) } else { Err(TextFault::Line { chars_max }) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LanguageTag {
    /// Reads a tag.
    ///
    /// # Errors
    /// [`TextFault::Language`].
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let mut parts = text.split('-');
        let all = |part: &str, is: fn(&u8) -> bool| part.as_bytes().iter().all(is);
        let language = parts.next().unwrap_or_default();
        let mut sound = (2..=3).contains(&language.len()) && all(language, u8::is_ascii_lowercase);
        let mut next = parts.next();
        if let Some(script) = next.filter(|part| part.len() == 4) {
            sound &= script.as_bytes()[0].is_ascii_uppercase() && all(&script[1..], u8::is_ascii_lowercase);
            next = parts.next();
        }
        if let Some(region) = next {
            sound &= (region.len() == 2 && all(region, u8::is_ascii_uppercase))
                || (region.len() == 3 && all(region, u8::is_ascii_digit));
        }
        if sound && parts.next().is_none() { Ok(Self(text.into())) } else { Err(TextFault::Language) }
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Instruction {
    /// The most characters.
    pub const CHARS_MAX: usize = 500;

    /// Reads an instruction.
    ///
    /// # Errors
    /// [`TextFault`].
    pub fn parse(text: &str, language: &str) -> Result<Self, TextFault> {
        let language = LanguageTag::parse(language)?;
        let text = text.trim();
        let plain = text.chars().all(|char| char == '\n' || !char.is_control());
        if text.is_empty() || text.chars().count() > Self::CHARS_MAX || !plain {
            return Err(TextFault::Line { chars_max: Self::CHARS_MAX });
        }
        Ok(Self { text: text.into(), language })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_within_its_bounds() {
        assert_eq!(Line::parse("  Police of Utopia ", 20).unwrap().as_str(), "Police of Utopia");
        assert!(Line::parse(&"ä".repeat(20), 20).is_ok());
        for wrong in ["", "  ", "a\nb", "a\u{7}", &"ä".repeat(21)] {
            assert_eq!(Line::parse(wrong, 20), Err(TextFault::Line { chars_max: 20 }), "{wrong:?}");
        }
    }

    #[test]
    fn a_language_has_a_tag_in_its_usual_case() {
        for tag in ["en", "fil", "sr-Latn", "pt-BR", "zh-Hant-TW", "es-419"] {
            assert_eq!(LanguageTag::parse(tag).unwrap().as_str(), tag);
        }
        for wrong in ["", "e", "EN", "english", "en-", "en-us", "sr-latn", "zh-TW-Hant", "en-US-x", "en_US"] {
            assert_eq!(LanguageTag::parse(wrong), Err(TextFault::Language), "{wrong}");
        }
    }

    #[test]
    fn an_instruction_may_have_several_lines() {
        assert_eq!(&*Instruction::parse("Keep it.\nCall us.\n", "en").unwrap().text, "Keep it.\nCall us.");
        for wrong in ["", "a\rb", &"x".repeat(501)] {
            assert!(Instruction::parse(wrong, "en").is_err(), "{wrong:?}");
        }
    }
}
