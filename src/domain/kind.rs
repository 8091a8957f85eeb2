//! What sort of document it is.

/// The kinds of document that notices and questions speak of. The numbers are part of the segment format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Kind {
    /// Passports of every sort: ordinary, diplomatic, service, emergency.
    Passport = 1,
    /// National identity cards, also internal passports.
    IdentityCard = 2,
    /// Visas, stickers or sheets.
    Visa = 3,
    /// Residence permits.
    ResidencePermit = 4,
    /// Travel documents under the 1951 and 1954 conventions.
    RefugeeTravelDocument = 5,
    /// Laissez-passer of international organisations.
    LaissezPasser = 6,
    /// Seafarers' and crew members' documents.
    SeafarerDocument = 7,
    /// Anything else.
    Other = 8,
}

impl Kind {
    /// Every kind, by number.
    pub const ALL: [Self; 8] = [
        Self::Passport,
        Self::IdentityCard,
        Self::Visa,
        Self::ResidencePermit,
        Self::RefugeeTravelDocument,
        Self::LaissezPasser,
        Self::SeafarerDocument,
        Self::Other,
    ];

    /// The word on the wire, in registers and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passport => "passport",
            Self::IdentityCard => "identity_card",
            Self::Visa => "visa",
            Self::ResidencePermit => "residence_permit",
            Self::RefugeeTravelDocument => "refugee_travel_document",
            Self::LaissezPasser => "laissez_passer",
            Self::SeafarerDocument => "seafarer_document",
            Self::Other => "other",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The kind with this number in the segment format.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}
