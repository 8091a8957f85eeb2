//! `portcullis audit`: verifying and proving. What reads entries is in `audit_read.rs`.

use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use portcullis::app;
use portcullis::audit::{self, Act, Examined, Expected, KeyId, NoteKey};
use portcullis::domain::Digest;
use portcullis::ground::causes;
use portcullis::ground::storage::{Storage, publish_file};

use super::audit_arguments::{AuditCheckProof, AuditDestroy, AuditProve, AuditVerify};
use super::audit_read::{record, record_key};
use super::usage::Usage;
use super::{progress, site};

const FILE_BYTES_MAX: u64 = 1 << 20;

pub(super) fn verify(arguments: &AuditVerify) -> anyhow::Result<ExitCode> {
    let storage = site::disk();
    let keys = arguments.key.as_deref().map(|path| keys(&*storage, path)).transpose()?.unwrap_or_default();
    let folders = match &arguments.data {
        Some(data) if arguments.logs.is_empty() => {
            site::must_exist(data)?;
            audit::log_folders(&*storage, data)?
        }
        _ => arguments.logs.clone(),
    };
    for to in &arguments.exported {
        if to.to_string_lossy().contains("://") {
            let rule = "--exported takes a folder: fetch <address>/<log id>/checkpoint into <folder>/<log id>/checkpoint first";
            return Err(Usage::because(rule).into());
        }
        if !to.is_dir() {
            bail!("there is no folder {}, so that nothing can be compared with what is in it", to.display());
        }
    }
    let expected = Expected { keys: &keys, exported_to: &arguments.exported };
    let (mut sound, mut out) = (true, std::io::stdout());
    for folder in &folders {
        let bar = progress::count(0, "verifying");
        let examined = audit::verify(&*storage, folder, expected, &mut |entry| {
            if entry % 4096 == 0 {
                bar.set_position(entry);
            }
        });
        bar.finish_and_clear();
        let examined = examined?;
        sound &= examined.faults.is_empty();
        if arguments.json {
            writeln!(out, "{}", json(&examined))?;
        } else {
            tell(&mut out, &examined)?;
        }
    }
    if folders.is_empty() {
        writeln!(out, "there is no log")?;
    }
    // Of a whole site: single logs are not all that export there.
    if arguments.logs.is_empty() {
        for id in audit::missing_logs(&*storage, &folders, &arguments.exported)? {
            sound = false;
            if arguments.json {
                let gone = serde_json::json!({ "log_id": id, "sound": false, "faults": ["the log is gone"] });
                writeln!(out, "{gone}")?;
            } else {
                writeln!(out, "{id}: NOT SOUND, the log is gone: it exported checkpoints")?;
            }
        }
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(super) fn keys(storage: &dyn Storage, path: &Path) -> anyhow::Result<Vec<NoteKey>> {
    let bytes =
        storage.read(path, FILE_BYTES_MAX).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let key = |line| {
        NoteKey::parse(line).ok_or_else(|| Usage::because(format_args!("{line:?} is no key of a log")))
    };
    Ok(lines.map(key).collect::<Result<_, _>>()?)
}

fn tell(out: &mut impl Write, examined: &Examined) -> io::Result<()> {
    let Examined { folder, entries, erased, checkpoints, newest, key, torn_bytes, faults, .. } = examined;
    let verdict = if faults.is_empty() { "sound" } else { "NOT SOUND" };
    writeln!(out, "{folder}: {verdict}, {entries} entries, {checkpoints} checkpoints")?;
    if *erased > 0 {
        writeln!(
            out,
            "  {erased} of them were erased when their time was over, as the log says: their hashes are sound"
        )?;
    }
    if let Some(newest) = newest {
        writeln!(out, "  vouched for: {} entries, as of {:.0}", newest.size, newest.time)?;
    }
    if let Some(key) = key {
        writeln!(out, "  key: {key}")?;
    }
    if *torn_bytes > 0 {
        writeln!(out, "  {torn_bytes} bytes after the last entry: being written, or left by a crash")?;
    }
    faults.iter().try_for_each(|fault| writeln!(out, "  {}", causes(fault)))
}

fn json(examined: &Examined) -> serde_json::Value {
    let newest = examined.newest.as_ref();
    serde_json::json!({
        "log_id": &*examined.log_id,
        "folder": examined.folder,
        "sound": examined.faults.is_empty(),
        "entries": examined.entries,
        "erased": examined.erased,
        "checkpoints": examined.checkpoints,
        "vouched_for": newest.map(|newest| newest.size),
        "as_of": newest.map(|newest| newest.time),
        "root": newest.map(|newest| Digest(newest.root).to_string()),
        "key": examined.key.as_ref().map(ToString::to_string),
        "torn_bytes": examined.torn_bytes,
        "faults": examined.faults.iter().map(|fault| causes(fault)).collect::<Vec<_>>(),
    })
}

pub(super) fn adopt(data: &Path) -> anyhow::Result<ExitCode> {
    site::must_exist(data)?;
    let adopted = audit::adopt(&*site::disk(), data)?;
    // Also where there is no log any more: whoever was interrupted begins anew.
    name_alerts(data);
    if adopted.is_empty() {
        println!("there is no log: nothing was changed");
        return Ok(ExitCode::SUCCESS);
    }
    let logs: Vec<_> = adopted.iter().map(|(id, _)| &**id).collect();
    record(data, Act::Adopted, None, Some(&logs.join(" ")), None)?;
    adopted.iter().for_each(|(id, folder)| println!("{id} is put aside as audit/{folder}"));
    println!("whoever writes next begins a new log; note its key, audit/<log id>/verify.key, elsewhere");
    Ok(ExitCode::SUCCESS)
}

fn name_alerts(data: &Path) {
    match app::name_alerts(&site::disk(), data) {
        Ok(Some(node)) => println!("the alerts go on under a new name, {node}"),
        Ok(None) => {}
        Err(fault) => {
            let fault = causes(&fault);
            eprintln!("portcullis: the alerts stay as they are, under the name that they had: {fault}");
        }
    }
}

pub(super) fn rotate_key(data: &Path) -> anyhow::Result<ExitCode> {
    site::must_exist(data)?;
    let (before, new) = audit::rotate_digest_key(&*site::disk(), data)?;
    record_key(data, Act::KeyRotated, new)?;
    println!(
        "digests are made with key {new} from the next start of each process on; {before} is held for searches"
    );
    Ok(ExitCode::SUCCESS)
}

pub(super) fn destroy_key(arguments: &AuditDestroy) -> anyhow::Result<ExitCode> {
    site::must_exist(&arguments.data)?;
    let key = KeyId::parse(&arguments.key)
        .ok_or_else(|| Usage::because(format_args!("{} is no key's id, such as 00c0ffee", arguments.key)))?;
    audit::destroy_digest_key(&*site::disk(), &arguments.data, key)?;
    record_key(&arguments.data, Act::KeyDestroyed, key)?;
    println!("key {key} is destroyed: nothing that was recorded with it can be found by a document any more");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn prove(arguments: &AuditProve) -> anyhow::Result<ExitCode> {
    let storage = site::disk();
    let (folder, entry) = entry(&*storage, &arguments.data, &arguments.entry)?;
    let proof = audit::prove(&*storage, &folder, entry)?;
    record(&arguments.data, Act::AuditProve, None, Some(&arguments.entry), None)?;
    match &arguments.out {
        None => print!("{proof}"),
        Some(path) => {
            publish_file(&*storage, path, proof.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
            println!("{}: the proof of {}", path.display(), arguments.entry);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The public key of one log, or that in a file.
pub(super) fn key(storage: &dyn Storage, text: &str) -> anyhow::Result<NoteKey> {
    if let Some(key) = NoteKey::parse(text) {
        return Ok(key);
    }
    let mut keys =
        keys(storage, Path::new(text)).context("--key is neither a log's key nor a file with one")?;
    let key = keys.pop().filter(|_| keys.is_empty());
    Ok(key.ok_or_else(|| Usage::because("--key must have one key"))?)
}

/// The folder of the log, and the place in it, of an entry as receipts name it.
pub(super) fn entry(storage: &dyn Storage, data: &Path, named: &str) -> anyhow::Result<(PathBuf, u64)> {
    let wrong = || Usage::because("the entry is named <log id>/<entry id>, such as serve-00c0ffee/17");
    let (log, entry) = named.split_once('/').ok_or_else(wrong)?;
    let entry = entry.parse().map_err(|_| wrong())?;
    site::must_exist(data)?;
    let mut folders = audit::log_folders(storage, data)?.into_iter();
    let folder = folders.find(|folder| folder.file_name().is_some_and(|name| name == log));
    Ok((folder.with_context(|| format!("{} has no log {log}", data.display()))?, entry))
}

pub(super) fn check_proof(arguments: &AuditCheckProof) -> anyhow::Result<ExitCode> {
    let storage = site::disk();
    let key = key(&*storage, &arguments.key)?;
    let leaf = arguments.leaf.as_deref().map(|text| {
        Digest::from_hex(text).ok_or_else(|| Usage::because("--leaf is not 64 hexadecimal digits"))
    });
    let leaf = leaf.transpose()?;
    let bytes = if arguments.proof == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        bytes
    } else {
        let cannot = || format!("cannot read {}", arguments.proof.display());
        storage.read(&arguments.proof, FILE_BYTES_MAX).with_context(cannot)?
    };
    let text = String::from_utf8_lossy(&bytes);
    let proved = audit::check_proof(&text, &key, leaf).context("it is not proved")?;
    let checkpoint = &proved.checkpoint;
    println!("proved: entry {} of {}, leaf {}", proved.entry_id, checkpoint.origin, proved.leaf);
    println!("vouched for with {} entries, as of {:.0}", checkpoint.size, checkpoint.time);
    let mut out = std::io::stdout().lock();
    match &proved.entry {
        Some(entry) => serde_json::to_writer_pretty(&mut out, entry)?,
        None => write!(out, "its body was destroyed")?,
    }
    writeln!(out)?;
    Ok(ExitCode::SUCCESS)
}
