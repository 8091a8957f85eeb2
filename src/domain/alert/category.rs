//! Why there is an alert, and what is to be done.

macro_rules! words {
    ($(#[doc = $of:literal])+ $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $of])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $doc])+ $variant,)+ }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word on the wire and in the store.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The one with this word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}
pub(in crate::domain) use words;

words! {
    /// Why there is an alert.
    Category {
        /// The document was lost.
        Lost = "lost",
        /// The document was stolen.
        Stolen = "stolen",
        /// The document was stolen before it was made out to anybody.
        StolenBlank = "stolen_blank",
        /// The document was declared invalid.
        Revoked = "revoked",
        /// Documents with these numbers are counterfeits.
        CounterfeitSeries = "counterfeit_series",
        /// Somebody else uses the document than its holder.
        ImpostorUse = "impostor_use",
        /// Whoever carries the document is wanted. For officers only.
        BearerWanted = "bearer_wanted",
    }
}

words! {
    /// What whoever finds the document is to do.
    Action {
        /// Send its bearer to a second line.
        Refer = "refer",
        /// Keep the document.
        Seize = "seize",
        /// Call the originator before anything else.
        ContactOriginator = "contact_originator",
        /// Let the originator know, and let nothing be noticed.
        NotifySilently = "notify_silently",
    }
}

impl Category {
    /// Whether an alert of it says nothing of any person, and may be released to others than it was made for.
    #[must_use]
    pub fn is_impersonal(self) -> bool {
        matches!(self, Self::StolenBlank | Self::CounterfeitSeries)
    }

    /// Whether only officers may be told.
    #[must_use]
    pub fn is_for_officers_only(self) -> bool {
        self == Self::BearerWanted
    }
}
