//! The names of logs.

use std::sync::Arc;

/// Who writes a log. Logs are reused by processes of the same role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A command of the command line.
    Cli,
    /// The service.
    Serve,
}

impl Role {
    /// The word that log ids begin with.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Serve => "serve",
        }
    }
}

/// What the folder of a log is called after its id when a restore from a backup has put it aside.
pub const RESTORED_ENDING: &str = ".restored";

/// A log's id, which is its folder's name: `cli-` or `serve-` and 8 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogId {
    text: Arc<str>,
    role: Role,
}

impl LogId {
    /// The longest id, in bytes.
    pub(super) const LEN_MAX: usize = "serve-".len() + 8;

    pub(super) fn new(role: Role, random: u32) -> Self {
        Self { text: format!("{}-{random:08x}", role.word()).into(), role }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (word, digits) = text.split_once('-')?;
        let role = [Role::Cli, Role::Serve].into_iter().find(|role| role.word() == word)?;
        let ok = digits.len() == 8 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        ok.then(|| Self { text: text.into(), role })
    }

    /// Reads the id at the beginning of a folder's name, so that a log put aside as `<log id>.damaged` is
    /// still seen.
    pub(super) fn parse_put_aside(name: &str) -> Option<Self> {
        Self::parse(name.split_once('.').map_or(name, |(id, _)| id))
    }

    /// Reads the name of a folder that a restore from a backup has put aside.
    pub(super) fn parse_restored(name: &str) -> Option<Self> {
        Self::parse(name.strip_suffix(RESTORED_ENDING)?)
    }

    /// The folder's name of a log that a restore has put aside.
    pub(super) fn restored_name(&self) -> String {
        format!("{}{RESTORED_ENDING}", self.text)
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn text(&self) -> &Arc<str> {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_and_nothing_else_is_an_id() {
        for id in [LogId::new(Role::Cli, 7), LogId::new(Role::Serve, u32::MAX)] {
            assert!(id.as_str().len() <= LogId::LEN_MAX);
            assert_eq!(LogId::parse(id.as_str()), Some(id));
        }
        for text in
            ["keys", "cli-", "cli-0000000", "cli-000000000", "cli-0000000G", "cli-ABCDEF01", "tui-00000000"]
        {
            assert_eq!(LogId::parse(text), None, "{text}");
        }
        assert_eq!(LogId::parse("cli-00000007.damaged"), None);
        assert_eq!(LogId::parse_put_aside("cli-00000007.damaged"), Some(LogId::new(Role::Cli, 7)));
    }
}
