//! `portcullis audit collect`.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use portcullis::audit::{self, Act, Checkpoint, Collector, LogReader, NoteKey, Recorded};
use portcullis::ground::causes;
use portcullis::ground::storage::Storage;
use serde::Deserialize;

use super::audit_arguments::AuditCollect;
use super::audit_read::record;
use super::interrupt::Interrupt;
use super::usage::Usage;
use super::{audit::keys, progress, site};

const ENTRIES_AT_ONCE: u64 = 1000;
const PAGE_BYTES_MAX: u64 = 256 << 20;
const TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn run(arguments: &AuditCollect) -> anyhow::Result<ExitCode> {
    let storage = site::disk();
    let known = arguments.key.as_deref().map(|path| keys(&*storage, path)).transpose()?.unwrap_or_default();
    let source = Source::of(&storage, &arguments.from)?;
    let interrupt = Interrupt::watch()?;
    let (mut failed, mut open) = (false, BTreeMap::new());
    loop {
        let logs = source.logs(&*storage, &known, &arguments.log)?;
        if logs.is_empty() {
            println!("there is no log to collect from");
        }
        for (log, key) in &logs {
            // A copy that is open need not be read again to be gone on with; one that failed is.
            let kept = open.remove(log);
            match collect(&*storage, &source, &arguments.to, (log, key, kept), &interrupt) {
                _ if interrupt.asked() => bail!("stopped: what no checkpoint vouches for yet was given up"),
                Ok((told, collector)) => {
                    println!("{told}");
                    open.extend(collector.map(|collector| (log.clone(), collector)));
                }
                Err(error) if arguments.every.is_some() => eprintln!("{log}: {error:#}"),
                Err(error) => {
                    eprintln!("{log}: {error:#}");
                    failed = true;
                }
            }
        }
        let Some(seconds) = arguments.every else { break };
        for _ in 0..seconds.saturating_mul(10) {
            if interrupt.asked() {
                return Ok(ExitCode::SUCCESS);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Follows a log to its newest checkpoint.
fn collect(
    storage: &dyn Storage,
    source: &Source,
    to: &Path,
    (log, key, kept): (&str, &NoteKey, Option<Collector>),
    interrupt: &Interrupt,
) -> anyhow::Result<(String, Option<Collector>)> {
    let Some(note) = source.checkpoint(log)? else {
        return Ok((format!("{log}: has no checkpoint yet"), kept));
    };
    let mut collector = kept.map_or_else(|| Collector::open(storage, to, log, key), Ok)?;
    let Some(checkpoint) = collector.newer(&note)? else {
        return Ok((format!("{log}: {} entries, nothing new", collector.entries()), Some(collector)));
    };
    let bar = progress::count(checkpoint.size, "collecting");
    let fetched = fetch(source, &mut collector, log, &checkpoint, &|at| {
        bar.set_position(at);
        !interrupt.asked()
    });
    bar.finish_and_clear();
    if let Err(error) = fetched {
        collector.give_up()?;
        return Err(error);
    }
    collector.keep(&note)?;
    let told = format!("{log}: {} entries in {}", collector.entries(), collector.folder().display());
    Ok((told, Some(collector)))
}

fn fetch(
    source: &Source,
    collector: &mut Collector,
    log: &str,
    checkpoint: &Checkpoint,
    goes_on: &dyn Fn(u64) -> bool,
) -> anyhow::Result<()> {
    while collector.entries() < checkpoint.size {
        let (from, left) = (collector.entries(), checkpoint.size - collector.entries());
        let entries = source.entries(log, from, left.min(ENTRIES_AT_ONCE))?;
        if entries.is_empty() {
            bail!("the log has fewer entries than it has signed");
        }
        for (salt, body) in entries {
            collector.push(&salt, &body)?;
        }
        if !goes_on(collector.entries()) {
            bail!("stopped");
        }
    }
    Ok(())
}

/// Salt and body.
type Written = ([u8; 16], Vec<u8>);

/// Where logs are.
enum Source {
    /// The data directory of a site.
    Folder(PathBuf, LogReader),
    /// A service.
    Http(String, ureq::Agent),
}

#[derive(Deserialize)]
struct Line {
    entry_id: u64,
    salt: Option<String>,
    body: Option<String>,
}

impl Source {
    fn of(storage: &Arc<dyn Storage>, from: &str) -> anyhow::Result<Self> {
        let Some(authority) = from.strip_prefix("http://") else {
            let data = PathBuf::from(from);
            site::must_exist(&data)?;
            return Ok(Self::Folder(data.clone(), LogReader::new(storage.clone(), data)));
        };
        let authority = authority.trim_end_matches('/');
        let addresses = authority.to_socket_addrs();
        let is_loopback = addresses.is_ok_and(|mut all| all.all(|address| address.ip().is_loopback()));
        if !is_loopback {
            let rule = "--from takes http://ADDRESS:PORT of this machine, or a data directory: a service elsewhere is reached through a \
                        tunnel, such as ssh -L";
            return Err(Usage::because(rule).into());
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0);
        Ok(Self::Http(format!("http://{authority}/v1/audit"), config.build().new_agent()))
    }

    /// The logs to be collected, with their keys.
    fn logs(
        &self,
        storage: &dyn Storage,
        known: &[NoteKey],
        wanted: &[String],
    ) -> anyhow::Result<Vec<(String, NoteKey)>> {
        let id_of = |key: &NoteKey| key.name().strip_prefix("portcullis/").unwrap_or_default().to_owned();
        let mut logs: Vec<_> = known.iter().map(|key| (id_of(key), key.clone())).collect();
        match self {
            Self::Folder(data, _) if known.is_empty() => {
                for folder in audit::log_folders(storage, data)? {
                    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                    let key = folder.join("verify.key");
                    if !name.contains('.') && storage.open_read(&key).is_ok() {
                        logs.extend(keys(storage, &key)?.pop().map(|key| (name.to_owned(), key)));
                    }
                }
            }
            Self::Http(..) if known.is_empty() => {
                return Err(Usage::because("--key is needed: a service does not vouch for itself").into());
            }
            _ => {}
        }
        if let Some(unknown) = wanted.iter().find(|id| logs.iter().all(|(log, _)| log != *id)) {
            bail!("there is no log {unknown}, or no key of it");
        }
        logs.retain(|(log, _)| wanted.is_empty() || wanted.contains(log));
        Ok(logs)
    }

    fn checkpoint(&self, log: &str) -> anyhow::Result<Option<String>> {
        match self {
            Self::Folder(_, reader) => Ok(reader.checkpoint(log)?),
            Self::Http(base, agent) => {
                let (status, body) = get(agent, &format!("{base}/checkpoint?log={log}"))?;
                match status {
                    200 => Ok(Some(body)),
                    409 => Ok(None),
                    _ => bail!("the service answers {status} to who asks for the checkpoint"),
                }
            }
        }
    }

    fn entries(&self, log: &str, from: u64, count: u64) -> anyhow::Result<Vec<Written>> {
        let erased = |entry| {
            format!(
                "entry {entry} was erased before it was collected: this log cannot be collected any more, `portcullis backup` copies what is left"
            )
        };
        match self {
            Self::Folder(data, reader) => {
                record(data, Act::AuditExport, None, Some(&format!("{log}/{from}+{count}")), None)?;
                let written = |recorded: Recorded| match recorded {
                    Recorded::Whole(stored) => Ok((stored.salt, stored.body)),
                    Recorded::Erased(entry) => bail!(erased(entry.sequence)),
                };
                reader.entries(log, from, count)?.into_iter().map(written).collect()
            }
            Self::Http(base, agent) => {
                let url = format!("{base}/entries?log={log}&from={from}&count={count}");
                let (status, body) = get(agent, &url)?;
                if status != 200 {
                    bail!("the service answers {status} to who asks for entries from {from} on");
                }
                let written = |line: &str| {
                    let line: Line = serde_json::from_str(line).context("a line is no entry")?;
                    let (Some(salt), Some(body)) = (line.salt, line.body) else {
                        bail!(erased(line.entry_id))
                    };
                    let salt = BASE64.decode(salt)?.try_into().ok().context("a salt has another length")?;
                    Ok((salt, BASE64.decode(body)?))
                };
                body.lines().map(written).collect()
            }
        }
    }
}

fn get(agent: &ureq::Agent, url: &str) -> anyhow::Result<(u16, String)> {
    let told = |error: ureq::Error| anyhow::anyhow!("the service cannot be reached: {}", causes(&error));
    let response = agent.get(url).call().map_err(told)?;
    let status = response.status().as_u16();
    let mut body = String::new();
    response.into_body().into_reader().take(PAGE_BYTES_MAX).read_to_string(&mut body)?;
    Ok((status, body))
}
