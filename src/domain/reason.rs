//! Why a verdict is what it is, in codes that are a contract.

use super::FeedName;

/// One reason. Those that stand in the way of `no_hit` make an answer inconclusive; others accompany any verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What is the matter.
    pub code: ReasonCode,
    /// The feed it concerns, where it concerns one.
    pub feed: Option<FeedName>,
}

impl Reason {
    /// A reason that concerns no feed in particular.
    #[must_use]
    pub fn new(code: ReasonCode) -> Self {
        Self { code, feed: None }
    }

    /// A reason that concerns one feed.
    #[must_use]
    pub fn of_feed(code: ReasonCode, feed: &FeedName) -> Self {
        Self { code, feed: Some(feed.clone()) }
    }
}

/// What whoever asked can do about a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Scan the document again.
    Rescan,
    /// Type number and issuing state from the document's face.
    TypeNumber,
    /// Ask again later: the list is not what it should be, and its operator has to act.
    Retry,
    /// Send the traveller to a second line of control.
    Refer,
    /// Nothing; it is said so that it is known.
    None,
}

impl Remedy {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rescan => "rescan",
            Self::TypeNumber => "type_number",
            Self::Retry => "retry",
            Self::Refer => "refer",
            Self::None => "none",
        }
    }
}

macro_rules! reason_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal, $remedy:ident;)+) => {
        /// The codes of reasons. On the wire the enumeration is open: later revisions add codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ReasonCode { $($(#[doc = $doc])+ $name,)+ }

        impl ReasonCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word on the wire and in the audit log.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What can be done about it.
            #[must_use]
            pub fn remedy(self) -> Remedy {
                match self { $(Self::$name => Remedy::$remedy,)+ }
            }
        }
    };
}

reason_codes! {
    /// This site has no generation in force: nothing was ever imported or synced.
    NoGeneration = "no_generation", Retry;
    /// The generation that is to be in force could not be verified and opened, or is older than the one before.
    GenerationUnreadable = "generation_unreadable", Retry;
    /// A file of the generation failed while it was in use.
    IndexDamaged = "index_damaged", Retry;
    /// The system clock runs more than ten minutes behind the latest time this site has seen.
    Clock = "clock", Retry;
    /// The alerts of this site cannot be read.
    AlertsUnreadable = "alerts_unreadable", Retry;
    /// No feed is expected, so that no `no_hit` could mean anything.
    NothingExpected = "nothing_expected", Retry;
    /// A feed that a `no_hit` needs is not in the generation.
    FeedMissing = "feed_missing", Retry;
    /// A feed that a `no_hit` needs holds no notice at all.
    FeedEmpty = "feed_empty", Retry;
    /// A feed is as old as its `warn-after` or older.
    FeedAgeing = "feed_ageing", None;
    /// A feed is as old as its `stale-after` or older.
    FeedStale = "feed_stale", Retry;
    /// A feed lists no document of this issuing state.
    IssuerNotReported = "issuer_not_reported", None;
    /// The oldest feed is older than the caller's `max_data_age_s`.
    DataTooOld = "data_too_old", Retry;
    /// A feed's sequence is below the caller's `min_sequences`, or it is not in the generation.
    SequenceTooLow = "sequence_too_low", Retry;
    /// The issuing state is not one that we know.
    IssuerUnknown = "issuer_unknown", TypeNumber;
    /// A document with this number is listed for a look-alike reading of the unknown issuing state.
    IssuerReadingListed = "issuer_reading_listed", Refer;
    /// A document with this number is listed for the state of the holder's nationality.
    NationalityListed = "nationality_listed", Refer;
    /// The holder's nationality on a visa could not be read, so the passport that its number may be was not asked.
    NationalityUnknown = "nationality_unknown", Rescan;
    /// The check digit of the document number is wrong: at least one of its characters was misread or misprinted.
    NumberCheckDigitWrong = "number_check_digit_wrong", Rescan;
    /// There is no document number, or it has characters that no document number has.
    NumberUnreadable = "number_unreadable", TypeNumber;
    /// The machine-readable zone could not be understood.
    MrzUnreadable = "mrz_unreadable", Rescan;
    /// The zone or the list may have cut this number: a longer or shorter one that begins alike is listed.
    NumberTruncatedListed = "number_truncated_listed", Refer;
    /// A document is listed under the number with, or without, what was typed in front of it.
    NumberReadingListed = "number_reading_listed", Refer;
    /// The document is listed as another kind than it was presented as, and policy does not call that a hit.
    KindDiffers = "kind_differs", Refer;
}
