//! What the key of a log vouches for besides the log.

use super::log_id::LogId;
use super::{AuditError, AuditLog, signing};

impl AuditLog {
    /// The signed note (C2SP `signed-note`) of a text that is no checkpoint: `what` it is goes before it, in words, which no checkpoint begins
    /// with. [`NoteKey::open`](super::NoteKey::open) gives both. Each line ends with a newline, and none is empty.
    ///
    /// # Errors
    /// Those of the file system, and [`AuditError::SigningKey`].
    pub fn attest(&self, what: &str, text: &str) -> Result<String, AuditError> {
        assert!(
            what.contains(' ') && !what.contains('\n'),
            "a checkpoint begins with a name, which has no blank"
        );
        let id = LogId::parse(self.log_id()).expect("a log has an id");
        let signer = signing::signer(&*self.storage, &self.folder, &id)?;
        Ok(signer.sign(&format!("{what}\n{text}")))
    }
}
