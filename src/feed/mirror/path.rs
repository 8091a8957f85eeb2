//! The names that a repository may have.

use super::MirrorError;

const NAME_LEN_MAX: usize = 200;

/// # Errors
/// [`MirrorError::Path`] for anything that is not a flat name in one of the two folders: it could lead out of them.
pub(super) fn check(path: &str) -> Result<(), MirrorError> {
    let name = ["metadata/", "targets/"].iter().find_map(|folder| path.strip_prefix(folder));
    let flat = |name: &str| {
        (1..=NAME_LEN_MAX).contains(&name.len())
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    if name.is_some_and(flat) { Ok(()) } else { Err(MirrorError::Path { path: path.into() }) }
}

/// Whether this is `metadata/<n>.root.json`.
pub(super) fn is_root(path: &str) -> bool {
    let version = path.strip_prefix("metadata/").and_then(|name| name.strip_suffix(".root.json"));
    version.is_some_and(|version| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_flat_names_in_the_two_folders_are_files_of_a_repository() {
        for good in
            ["metadata/timestamp.json", "metadata/7.root.json", "targets/00ff.base-7_x.seg", "targets/a"]
        {
            assert!(check(good).is_ok(), "{good}");
        }
        let long = format!("targets/{}", "a".repeat(NAME_LEN_MAX + 1));
        for bad in [
            "",
            "timestamp.json",
            "metadata",
            "metadata/",
            "metadata/.",
            "metadata/..",
            "metadata/.hidden",
            "metadata/../targets/a",
            "metadata/a/b",
            "/metadata/a",
            "targets//a",
            "targets/a b",
            "targets/a%2fb",
            "targets/a?b",
            "targets/a\\b",
            "targets/a\0",
            "targets/a\r\nHost: b",
            "targets/ä",
            "elsewhere/a",
            &long,
        ] {
            assert!(matches!(check(bad), Err(MirrorError::Path { .. })), "{bad:?}");
        }
    }

    #[test]
    fn only_roots_with_a_version_are_roots() {
        assert!(is_root("metadata/1.root.json") && is_root("metadata/203.root.json"));
        for other in [
            "metadata/root.json",
            "metadata/.root.json",
            "metadata/a1.root.json",
            "targets/1.root.json",
            "metadata/1.snapshot.json",
        ] {
            assert!(!is_root(other), "{other}");
        }
    }
}
