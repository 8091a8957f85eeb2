//! The rules that the service of a site goes by, kept for commands that are told none: what needs two there is done by no one alone here.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::alerting::{AlertPolicy, CasePolicy};
use crate::config::Settings;
use crate::ground::storage::{Storage, publish_file};

/// Under the data directory.
const RULES: &str = "rules.json";
const FORMAT: u32 = 1;
const RULES_BYTES_MAX: u64 = 4096;

/// The rules for acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteRules {
    /// For issuing alerts.
    pub alerts: AlertPolicy,
    /// For outcomes of cases.
    pub cases: CasePolicy,
    /// For how many days hits are kept, after which nobody is cleared; `None` is for good.
    pub hits_days: Option<u32>,
}

/// Why it is not known by which rules a site goes.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The file system refused something.
    #[error("cannot {doing} {}: see that this account may use it and that the disk has room", path.display())]
    Storage {
        /// What we were doing, to be followed by the path.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// A newer program wrote it.
    #[error("{} has format version {found}: it needs a newer program, this one reads {FORMAT}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// It is not what a service wrote.
    #[error(
        "{} has no rules that this program reads: name the settings of the service with --config; its next start writes the file anew",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    format: u32,
    alerts: KeptAlerts,
    cases: KeptCases,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptAlerts {
    days_max: usize,
    four_eyes: bool,
    unapproved_hours: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptCases {
    four_eyes: bool,
    cleared_days_max: usize,
    hits_days: Option<u32>,
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl SiteRules {
    /// Those of settings.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let hits_days = settings.retention.hits_days;
        Self { alerts: settings.alerts, cases: settings.cases, hits_days }
    }

    /// Keeps them for commands.
    ///
    /// # Errors
    /// [`RulesError::Storage`].
    pub fn keep(&self, storage: &dyn Storage, data_dir: &Path) -> Result<(), RulesError> {
        match Self::kept(storage, data_dir) {
            Ok(kept) if kept == Some(*self) => return Ok(()),
            Err(newer @ RulesError::Newer { .. }) => return Err(newer),
            _ => {}
        }
        let AlertPolicy { days_max, four_eyes, unapproved_hours } = self.alerts;
        let alerts = KeptAlerts { days_max, four_eyes, unapproved_hours };
        let CasePolicy { four_eyes, cleared_days_max } = self.cases;
        let kept = Kept {
            format: FORMAT,
            alerts,
            cases: KeptCases { four_eyes, cleared_days_max, hits_days: self.hits_days },
        };
        let (path, text) = (data_dir.join(RULES), serde_json::to_vec(&kept).expect("plain fields"));
        let failed = |source| RulesError::Storage { doing: "write", path: path.clone(), source };
        publish_file(storage, &path, &text).map_err(failed)
    }

    /// Those that a service of the site has kept at its newest start; `None` if none ever started.
    ///
    /// # Errors
    /// [`RulesError`].
    pub fn kept(storage: &dyn Storage, data_dir: &Path) -> Result<Option<Self>, RulesError> {
        let path = data_dir.join(RULES);
        let bytes = match storage.read(&path, RULES_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(RulesError::Storage { doing: "read", path, source }),
        };
        if let Ok(Version { format: found @ 2.. }) = serde_json::from_slice(&bytes) {
            return Err(RulesError::Newer { path, found });
        }
        let kept = serde_json::from_slice::<Kept>(&bytes).ok().filter(|kept| kept.format == FORMAT);
        let Kept { alerts, cases, .. } = kept.ok_or(RulesError::Unreadable { path })?;
        let KeptAlerts { days_max, four_eyes, unapproved_hours } = alerts;
        let alerts = AlertPolicy { days_max, four_eyes, unapproved_hours };
        let KeptCases { four_eyes, cleared_days_max, hits_days } = cases;
        Ok(Some(Self { alerts, cases: CasePolicy { four_eyes, cleared_days_max }, hits_days }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::storage::Disk;

    #[test]
    fn rules_are_read_as_they_are_kept_and_what_is_spoilt_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let rules = SiteRules {
            alerts: AlertPolicy { days_max: 30, four_eyes: true, unapproved_hours: 4 },
            cases: CasePolicy { four_eyes: true, cleared_days_max: 7 },
            hits_days: Some(90),
        };
        let kept = || SiteRules::kept(&Disk, data.path());
        assert_eq!(kept().unwrap(), None);
        rules.keep(&Disk, data.path()).unwrap();
        assert_eq!(kept().unwrap(), Some(rules));
        let path = data.path().join(RULES);
        let golden = r#"{"format":1,"alerts":{"days_max":30,"four_eyes":true,"unapproved_hours":4},"cases":{"four_eyes":true,"cleared_days_max":7,"hits_days":90}}"#;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), golden);
        std::fs::write(&path, golden.replace("\"format\":1", "\"format\":2,\"more\":1")).unwrap();
        assert!(matches!(kept(), Err(RulesError::Newer { found: 2, .. })));
        assert!(
            matches!(rules.keep(&Disk, data.path()), Err(RulesError::Newer { .. })),
            "it is not written over"
        );
        for spoilt in ["", "{}", &golden[..40], &golden.replace("\"format\":1", "\"format\":0")] {
            std::fs::write(&path, spoilt).unwrap();
            assert!(matches!(kept(), Err(RulesError::Unreadable { .. })), "{spoilt}");
        }
        rules.keep(&Disk, data.path()).unwrap();
        assert_eq!(kept().unwrap(), Some(rules));
    }
}
