//! Who is told of hits: the sections `[webhooks.NAME]`.

use std::path::PathBuf;
use std::time::Duration;

use toml::Value;

use super::layout::{CALLER_CLASS, Walk};
use super::shapes::{MINUTE_MS, Misfit, OptionalFile, SECOND_MS, Shape, Span};
use crate::domain::alert::CallerClass;
use crate::ground::web::{Address, AddressFault};

/// Who is told of hits, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// The receiver's address.
    pub url: String,
    /// The file with what is shared with it.
    pub secret_file: Option<PathBuf>,
    /// What the receiver is.
    pub class: CallerClass,
    /// How long it may take to take a hit.
    pub timeout: Duration,
    /// Certificate authorities that vouch for it, instead of the operating system's.
    pub authorities_file: Option<PathBuf>,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            secret_file: None,
            class: CallerClass::Officer,
            timeout: Duration::from_secs(10),
            authorities_file: None,
        }
    }
}

const TIMEOUT: Span<Duration> = Span::new(SECOND_MS..=MINUTE_MS);

pub(super) fn walk_webhook(walk: &mut impl Walk, section: &str, webhook: &mut WebhookSettings) {
    walk.key(section, "url", &Receiver, &mut webhook.url);
    walk.key(section, "secret-file", &OptionalFile, &mut webhook.secret_file);
    walk.key(section, "class", &CALLER_CLASS, &mut webhook.class);
    walk.key(section, "timeout", &TIMEOUT, &mut webhook.timeout);
    walk.key(section, "authorities-file", &OptionalFile, &mut webhook.authorities_file);
}

/// The address of a receiver.
struct Receiver;

impl Shape for Receiver {
    type Of = String;

    fn expected(&self) -> String {
        "an https address".to_owned()
    }

    fn read(&self, value: &Value) -> Result<String, Misfit> {
        let text = value.as_str().ok_or(Misfit::Shape)?;
        match Address::parse(text, false) {
            Ok(address) if address.authorization.is_some() => Err(Misfit::Rule(
                "an address has no credentials in it: a receiver knows this site by its signature",
            )),
            Ok(_) => Ok(text.to_owned()),
            Err(AddressFault::Plain) => {
                Err(Misfit::Rule("only this machine is reached by http://, others by https://"))
            }
            // What was given may have a secret in it, and is not shown.
            Err(AddressFault::Url) => {
                Err(Misfit::Rule("expected an https address, such as https://host.example/hits"))
            }
        }
    }

    fn write(&self, of: &String) -> Value {
        Value::String(of.clone())
    }
}
