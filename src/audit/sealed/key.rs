//! The keys that seal: one for each class and month, in the folder of what they seal. Whoever destroys one has erased what it sealed,
//! wherever there are copies of that without the key.

use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use jiff::civil::Date;
use zeroize::Zeroizing;

use super::{RetentionClass, SealedName, State, sealed_folder};
use crate::audit::AuditError;
use crate::domain::Digest;
use crate::ground::storage::{Storage, publish_file};

const FILE_TAG: &str = "portcullis-sealing-key 1";
const FILE_BYTES_MAX: u64 = 256;

/// A key, by its name: `<class>-<year>-<month>.key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audit) struct KeyName {
    pub(in crate::audit) class: RetentionClass,
    /// The first day of the month.
    month: Date,
}

impl KeyName {
    /// That of a sealed file.
    pub(super) fn of(name: SealedName) -> Self {
        Self { class: name.class, month: name.day.first_of_month() }
    }

    /// Those of a log.
    pub(in crate::audit) fn list(storage: &dyn Storage, log: &Path) -> Result<Vec<Self>, AuditError> {
        let folder = sealed_folder(log);
        let names = storage.list(&folder).map_err(AuditError::storage("list", &folder))?;
        Ok(names.iter().filter_map(|path| Self::parse(path.file_name()?.to_str()?)).collect())
    }

    fn parse(name: &str) -> Option<Self> {
        let (class, month) = name.strip_suffix(".key")?.split_once('-')?;
        let found = Self { class: RetentionClass::parse(class)?, month: format!("{month}-01").parse().ok()? };
        (found.file_name() == name).then_some(found)
    }

    pub(in crate::audit) fn path(self, log: &Path) -> PathBuf {
        sealed_folder(log).join(self.file_name())
    }

    fn file_name(self) -> String {
        format!("{}-{:04}-{:02}.key", self.class.word(), self.month.year(), self.month.month())
    }

    /// Whether a file is sealed with it.
    pub(in crate::audit) fn seals(self, name: SealedName) -> bool {
        self == Self::of(name)
    }

    /// The last day of its month.
    pub(in crate::audit) fn last_day(self) -> Date {
        self.month.last_of_month()
    }

    /// Destroys the key; one that is gone is destroyed. The folder is to be synced then.
    pub(in crate::audit) fn destroy(self, storage: &dyn Storage, log: &Path) -> Result<(), AuditError> {
        let path = self.path(log);
        match storage.remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(AuditError::storage("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }
}

/// Reads a key, which is there.
pub(super) fn existing(storage: &dyn Storage, path: &Path) -> Result<LessSafeKey, AuditError> {
    let unusable = || AuditError::SealingKey { path: path.to_owned() };
    let bytes = match storage.read(path, FILE_BYTES_MAX) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(unusable()),
        Err(error) => return Err(AuditError::storage("read", path)(error)),
    };
    let digits = std::str::from_utf8(&bytes).ok().and_then(|text| {
        text.strip_suffix('\n')?.strip_prefix(FILE_TAG)?.strip_prefix(' ').and_then(Digest::from_hex)
    });
    let key = Zeroizing::new(digits.ok_or_else(unusable)?.0);
    UnboundKey::new(&AES_256_GCM, &*key).map(LessSafeKey::new).map_err(|_| unusable())
}

/// Reads the key of a file that is to be sealed, or makes it: not in place of one that is lost, with which others are sealed.
pub(super) fn existing_or_new(
    storage: &dyn Storage,
    log: &Path,
    name: SealedName,
) -> Result<LessSafeKey, AuditError> {
    let key = KeyName::of(name);
    let path = &key.path(log);
    if storage.open_read(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        let names = SealedName::list(storage, log)?;
        let others = names.iter().filter(|other| other.first != name.first && other.state == State::Sealed);
        if others.into_iter().any(|other| key.seals(*other)) {
            return Err(AuditError::SealingKey { path: path.clone() });
        }
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).map_err(AuditError::Random)?;
        let text = Zeroizing::new(format!("{FILE_TAG} {}\n", Digest(*key)));
        publish_file(storage, path, text.as_bytes()).map_err(AuditError::storage("write", path))?;
    }
    existing(storage, path)
}
