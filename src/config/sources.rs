//! Where feeds come from: the sections `[sources.NAME]`.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use toml::Value;

use super::layout::Walk;
use super::shapes::{DAY_MS, Misfit, Number, OptionalFile, SECOND_MS, Shape, Span};
use crate::syncing::Activation;

/// Where a feed comes from, and what this site asks of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSettings {
    /// The file with the root that the site was set up with.
    pub root_file: Option<PathBuf>,
    /// Addresses or folders that have the feed, in the order in which they are asked.
    pub mirrors: Vec<String>,
    /// How often they are asked.
    pub every: Duration,
    /// When a list that has come is put in force.
    pub activation: Activation,
    /// No publication with a lower sequence is accepted.
    pub sequence_min: usize,
    /// The greatest share of the notices in force that may be gone, of 1.
    pub shrink_max: f64,
    /// MiB written in a second while a base is folded.
    pub fold_mib_per_second: usize,
    /// Bytes a second that a download may take; 0 is all there are.
    pub bytes_per_second_max: usize,
    /// Bytes a second below which a mirror is given up.
    pub bytes_per_second_min: usize,
    /// Certificate authorities that vouch for mirrors, instead of the operating system's.
    pub authorities_file: Option<PathBuf>,
    /// The certificate with which this site says who it is.
    pub certificate_file: Option<PathBuf>,
    /// The key of that certificate.
    pub key_file: Option<PathBuf>,
    /// The proxy.
    pub proxy: Option<PathBuf>,
    /// The address of the service that has the buckets among the mirrors, if it is not Amazon's.
    pub s3_endpoint: Option<PathBuf>,
    /// Its region.
    pub s3_region: Option<PathBuf>,
}

impl Default for SourceSettings {
    fn default() -> Self {
        Self {
            root_file: None,
            mirrors: Vec::new(),
            every: Duration::from_secs(600),
            activation: Activation::AtOnce,
            sequence_min: 0,
            shrink_max: 0.01,
            fold_mib_per_second: 200,
            bytes_per_second_max: 0,
            bytes_per_second_min: 1024,
            authorities_file: None,
            certificate_file: None,
            key_file: None,
            proxy: None,
            s3_endpoint: None,
            s3_region: None,
        }
    }
}

const EVERY: Span<Duration> = Span::new(SECOND_MS..=7 * DAY_MS);
const RATE: RangeInclusive<usize> = 0..=1 << 40;
const SEQUENCE: RangeInclusive<usize> = 0..=i64::MAX as usize;

pub(super) fn walk_source(walk: &mut impl Walk, section: &str, source: &mut SourceSettings) {
    walk.key(section, "root-file", &OptionalFile, &mut source.root_file);
    walk.key(section, "mirrors", &Texts, &mut source.mirrors);
    walk.key(section, "every", &EVERY, &mut source.every);
    walk.key(section, "activation", &When, &mut source.activation);
    walk.key(section, "sequence-min", &Number(SEQUENCE), &mut source.sequence_min);
    walk.key(section, "shrink-max", &Share, &mut source.shrink_max);
    walk.key(section, "fold-mib-per-second", &Number(1..=10_000), &mut source.fold_mib_per_second);
    walk.key(section, "bytes-per-second-max", &Number(RATE), &mut source.bytes_per_second_max);
    walk.key(section, "bytes-per-second-min", &Number(RATE), &mut source.bytes_per_second_min);
    walk.key(section, "authorities-file", &OptionalFile, &mut source.authorities_file);
    walk.key(section, "certificate-file", &OptionalFile, &mut source.certificate_file);
    walk.key(section, "key-file", &OptionalFile, &mut source.key_file);
    walk.key(section, "proxy", &OptionalFile, &mut source.proxy);
    walk.key(section, "s3-endpoint", &OptionalFile, &mut source.s3_endpoint);
    walk.key(section, "s3-region", &OptionalFile, &mut source.s3_region);
}

/// Some texts.
struct Texts;

impl Shape for Texts {
    type Of = Vec<String>;

    fn expected(&self) -> String {
        "a list of https addresses, s3 buckets and folders".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Vec<String>, Misfit> {
        let plain = |text: &&str| !text.is_empty() && !text.chars().any(char::is_control);
        let text = |value: &Value| value.as_str().filter(plain).map(str::to_owned);
        value.as_array().and_then(|values| values.iter().map(text).collect()).ok_or(Misfit::Shape)
    }

    fn write(&self, of: &Vec<String>) -> Value {
        Value::Array(of.iter().cloned().map(Value::String).collect())
    }
}

/// When a list that has come is put in force.
struct When;

impl Shape for When {
    type Of = Activation;

    fn expected(&self) -> String {
        "\"at_once\", \"on_command\", or \"at HH:MM\", a time of day in UTC".to_owned()
    }

    fn read(&self, value: &Value) -> Result<Activation, Misfit> {
        match value.as_str() {
            Some("at_once") => Ok(Activation::AtOnce),
            Some("on_command") => Ok(Activation::OnCommand),
            Some(text) => {
                text.strip_prefix("at ").and_then(minute_of_day).map(Activation::At).ok_or(Misfit::Shape)
            }
            None => Err(Misfit::Shape),
        }
    }

    fn write(&self, of: &Activation) -> Value {
        Value::String(match of {
            Activation::AtOnce => "at_once".to_owned(),
            Activation::OnCommand => "on_command".to_owned(),
            Activation::At(minute) => format!("at {:02}:{:02}", minute / 60, minute % 60),
        })
    }
}

fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5)?;
    let two = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
    let (hour, minute): (u16, u16) = (two(hour)?, two(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// A share of 1.
struct Share;

impl Shape for Share {
    type Of = f64;

    fn expected(&self) -> String {
        "a share from 0.0 to 1.0".to_owned()
    }

    fn read(&self, value: &Value) -> Result<f64, Misfit> {
        value.as_float().filter(|share| (0.0..=1.0).contains(share)).ok_or(Misfit::Shape)
    }

    fn write(&self, of: &f64) -> Value {
        Value::Float(*of)
    }
}
