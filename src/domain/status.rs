//! Why a document is listed.

/// The statuses that INTERPOL's SLTD names. The numbers are part of the segment format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Status {
    /// Stolen from its bearer.
    Stolen = 1,
    /// Lost by its bearer.
    Lost = 2,
    /// Stolen before it was issued: it has no lawful bearer.
    StolenBlank = 3,
    /// Withdrawn by its issuer.
    Revoked = 4,
    /// Not valid for another or an unstated reason.
    Invalid = 5,
}

impl Status {
    /// Every status, by number.
    pub const ALL: [Self; 5] = [Self::Stolen, Self::Lost, Self::StolenBlank, Self::Revoked, Self::Invalid];

    /// The word on the wire and in registers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Stolen => "stolen",
            Self::Lost => "lost",
            Self::StolenBlank => "stolen_blank",
            Self::Revoked => "revoked",
            Self::Invalid => "invalid",
        }
    }

    /// The status with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// The status with this number in the segment format.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|status| *status as u8 == number)
    }
}
