//! Who may be told of an alert.

use std::collections::BTreeSet;

use super::category::words;

words! {
    /// What a caller is.
    CallerClass {
        /// An officer of an authority, at a checkpoint or in an office.
        Officer = "officer",
        /// A carrier, at check-in.
        Carrier = "carrier",
    }
}

impl Default for CallerClass {
    /// Until callers are authenticated, whoever reaches a site is taken for whom it is there for.
    fn default() -> Self {
        Self::Officer
    }
}

/// The intended use of an alert: whoever is outside of it gets the answer that there would be without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// The callers who may be told; at least one.
    pub classes: BTreeSet<CallerClass>,
    /// The purposes for which they may be told; none stands for all.
    pub purposes: BTreeSet<Box<str>>,
    /// Others, by name, to whom it may be released besides.
    pub release_to: BTreeSet<Box<str>>,
}

impl Handling {
    /// Whether a caller may be told who asks for a purpose.
    #[must_use]
    pub fn allows(&self, class: CallerClass, purpose: Option<&str>) -> bool {
        let for_purpose =
            self.purposes.is_empty() || purpose.is_some_and(|purpose| self.purposes.contains(purpose));
        self.classes.contains(&class) && for_purpose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_be_told_is_a_matter_of_class_and_purpose() {
        let mut handling = Handling {
            classes: [CallerClass::Officer].into(),
            purposes: BTreeSet::new(),
            release_to: BTreeSet::new(),
        };
        assert!(handling.allows(CallerClass::Officer, None));
        assert!(!handling.allows(CallerClass::Carrier, None));
        handling.purposes = ["border".into()].into();
        assert!(handling.allows(CallerClass::Officer, Some("border")));
        assert!(!handling.allows(CallerClass::Officer, Some("visa")));
        assert!(!handling.allows(CallerClass::Officer, None), "no purpose is none of those");
    }
}
