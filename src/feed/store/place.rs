//! The address of a store.

use ureq::http::uri::Uri;

use super::StoreError;
use crate::feed::mirror::HttpsError;
use crate::ground::web::is_loopback;

/// Where in which store a repository stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<'s> {
    /// A folder in a bucket, without slashes around it; empty for the bucket itself.
    Bucket { bucket: &'s str, folder: &'s str },
    /// A folder of a web server, whose address ends before the folder's name, which has no slashes around it.
    Web { server: &'s str, folder: &'s str },
}

impl<'s> Place<'s> {
    /// # Errors
    /// [`StoreError::Url`]; an address with credentials in it is none: they would stand in a file that is no secret.
    pub(super) fn parse(url: &'s str) -> Result<Self, StoreError> {
        if url.contains(['@', '?', '#', '%']) {
            return Err(StoreError::Url);
        }
        let Some(place) = url.strip_prefix("s3://") else {
            check_web(url)?;
            let host = url.find("://").map_or(0, |at| at + 3);
            let (server, folder) = url.split_at(url[host..].find('/').map_or(url.len(), |at| host + at));
            return Ok(Self::Web { server, folder: folder.trim_matches('/') });
        };
        let (bucket, folder) = place.split_once('/').unwrap_or((place, ""));
        let folder = folder.trim_end_matches('/');
        let plain = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        };
        let is_folder = folder.is_empty() || folder.split('/').all(|part| !part.is_empty() && plain(part));
        if bucket.is_empty() || !plain(bucket) || !is_folder {
            return Err(StoreError::Url);
        }
        Ok(Self::Bucket { bucket, folder })
    }
}

/// Whether TLS is used to reach it.
///
/// # Errors
/// [`StoreError::Url`] if it is no web address, and [`HttpsError::Plain`] for one without TLS on another machine.
pub(super) fn check_web(url: &str) -> Result<bool, StoreError> {
    let uri: Uri = url.parse().map_err(|_| StoreError::Url)?;
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(host)) if !host.is_empty() => Ok(true),
        (Some("http"), Some(host)) if is_loopback(host) => Ok(false),
        (Some("http"), Some(_)) => Err(HttpsError::Plain.into()),
        _ => Err(StoreError::Url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_and_web_folders_are_places() {
        let bucket = |bucket, folder| Place::Bucket { bucket, folder };
        let web = |server, folder| Place::Web { server, folder };
        for (url, place) in [
            ("s3://feeds", bucket("feeds", "")),
            ("s3://feeds/", bucket("feeds", "")),
            ("s3://feeds/national/", bucket("feeds", "national")),
            ("s3://my.feeds-1/a/b_c", bucket("my.feeds-1", "a/b_c")),
            ("https://feeds.example/national/", web("https://feeds.example", "national")),
            ("https://feeds.example", web("https://feeds.example", "")),
            ("http://127.0.0.1:8080/a/b", web("http://127.0.0.1:8080", "a/b")),
        ] {
            assert_eq!(Place::parse(url).unwrap(), place, "{url}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        for url in [
            "",
            "s3://",
            "s3:///national",
            "s3://feeds//national",
            "s3://feeds/a b",
            "s3://key:secret@feeds/national",
            "ftp://feeds.example/",
            "feeds/national",
            "https://user:password@feeds.example/",
            "https://feeds.example/?a=b",
        ] {
            assert!(matches!(Place::parse(url), Err(StoreError::Url)), "{url}");
        }
        let plain = Place::parse("http://feeds.example/national");
        assert!(matches!(plain, Err(StoreError::Https(HttpsError::Plain))));
    }
}
