//! What somebody can see to where the file system refuses something.

/// For what it refused while we were `doing` something: whoever only reads needs no room, and need not be allowed to write.
pub(super) fn see_that(doing: &str) -> &'static str {
    match doing.split(' ').next() {
        Some("open" | "read" | "list" | "measure") => "this account may read it, and that the disk is sound",
        _ => "this account may write it, and that the disk has room",
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use crate::audit::AuditError;

    #[test]
    fn whoever_cannot_read_is_told_what_reading_needs_and_whoever_cannot_write_what_writing_needs() {
        let told = |doing| {
            let error = AuditError::storage(doing, Path::new("log"))(io::ErrorKind::PermissionDenied.into());
            error.to_string()
        };
        for doing in ["open", "read", "read the tree in", "list", "measure"] {
            assert_eq!(
                told(doing),
                format!(
                    "cannot {doing} log: see that it exists, that this account may read it, and that the disk is sound"
                )
            );
        }
        for doing in ["create", "write", "write on in", "lock", "sync", "cut", "copy"] {
            assert_eq!(
                told(doing),
                format!(
                    "cannot {doing} log: see that it exists, that this account may write it, and that the disk has room"
                )
            );
        }
    }
}
