//! The rules for issuing alerts.

/// The rules for issuing alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertPolicy {
    /// For how many days an alert may hold; renewing it begins anew.
    pub days_max: usize,
    /// Whether a second issuer has to approve.
    pub four_eyes: bool,
    /// For how many hours an alert is in force at its own site before anybody has approved of it.
    pub unapproved_hours: usize,
}

impl Default for AlertPolicy {
    fn default() -> Self {
        Self { days_max: 366, four_eyes: false, unapproved_hours: 0 }
    }
}

impl AlertPolicy {
    /// As [`days_max`](Self::days_max).
    pub(super) fn days(&self) -> u32 {
        u32::try_from(self.days_max).unwrap_or(u32::MAX)
    }
}
