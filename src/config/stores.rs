//! The stores that hand a feed out: the tables `[[stores]]` of `feed.toml`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A store that hands a feed out, and how it is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StoreSettings {
    /// `s3://bucket/folder`, or the `https://` address of a folder to which files may be put.
    pub url: String,
    /// The address of the service that has the bucket, if it is not Amazon's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `env:NAME`: the variable with `user:password` for a web server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// Certificate authorities that vouch for the store, instead of the machine's; relative to the feed's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorities_file: Option<PathBuf>,
    /// The certificate with which the publisher says who it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The proxy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
}

impl StoreSettings {
    /// What is wrong with them, as far as it can be told without the store.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let credentials = self.credentials.as_deref().map(|text| text.strip_prefix("env:"));
        if !self.url.contains("://") {
            Some("url: expected s3://bucket/folder or https://feeds.example/national")
        } else if credentials.is_some_and(|name| name.is_none_or(str::is_empty)) {
            Some("credentials: expected env:NAME, the variable that has user:password")
        } else if self.certificate_file.is_some() != self.key_file.is_some() {
            Some("certificate-file and key-file: expected both or none")
        } else {
            None
        }
    }

    /// The variable of the environment that has the credentials.
    #[must_use]
    pub fn credentials_variable(&self) -> Option<&str> {
        self.credentials.as_deref()?.strip_prefix("env:")
    }
}
