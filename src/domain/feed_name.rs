//! The names of feeds.

/// A feed's name: 1 to 32 characters of `a-z0-9-`, the first a letter or a digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedName(Box<str>);

/// The text is no feed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a feed's name has 1 to 32 characters of a-z, 0-9 and -, and does not begin with -")]
pub struct FeedNameFault;

impl FeedName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`FeedNameFault`] if it breaks the rule.
    pub fn parse(text: &str) -> Result<Self, FeedNameFault> {
        let ok = (1..=32).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        ok.then(|| Self(text.into())).ok_or(FeedNameFault)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for FeedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
