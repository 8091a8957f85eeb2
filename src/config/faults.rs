//! What is wrong with a file of settings.

use std::fmt;

/// Everything that is wrong with a file of settings; never empty.
///
/// Displayed with each fault on its own line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

/// One thing that is wrong with a file of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where: `service.bind`, or `line 3, column 7` where the file is no TOML.
    pub at: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl Faults {
    /// One fault alone.
    pub(super) fn of(fault: Fault) -> Self {
        Self(vec![fault])
    }

    /// Nothing to say if there is no fault.
    pub(super) fn check(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }

    /// The faults.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Faults {
    type Item = &'a Fault;
    type IntoIter = std::slice::Iter<'a, Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}

impl std::error::Error for Faults {}
