//! `portcullis audit replay`: an answer of before is given again, or is not.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use portcullis::audit::{self, Act, Digester, Entry, GenerationMark};
use portcullis::config::Settings;
use portcullis::domain::{FeedName, GenerationId};
use portcullis::ground::storage::Storage;
use portcullis::index::{self, Generation};
use portcullis::overlay::{Alerts, Store, Table};
use portcullis::publishing::{Rebuild, Rebuilt, rebuild};
use portcullis::screening::{CheckRequest, Difference, Question, Replay, Replayed};

use super::audit::{entry, key, keys};
use super::audit_arguments::AuditReplay;
use super::audit_read::record;
use super::bars::Bars;
use super::registers::adapter;
use super::site;
use super::usage::Usage;

const QUESTION_BYTES_MAX: u64 = 1 << 20;
const MEMORY_BYTES_MAX: u64 = 512 << 20;

pub(super) fn run(arguments: &AuditReplay) -> anyhow::Result<ExitCode> {
    let storage = site::disk();
    let entry = proved(&*storage, arguments)?;
    let asked = entry.asked().find(|asked| arguments.line.is_none() || asked.line == arguments.line);
    let asked = asked.with_context(|| format!("{} has no such line", arguments.entry))?;
    if asked.verdict.is_none() {
        bail!("{} is an act ({}), and answers nothing", arguments.entry, entry.act);
    }
    if entry.lines.len() > 1 && arguments.line.is_none() {
        return Err(Usage::because("the entry has several lines of a manifest: name one with --line").into());
    }
    let line = arguments.line.map_or(String::new(), |line| format!(".{line}"));
    let named = format!("{}{line}", arguments.entry);
    record(&arguments.data, Act::AuditReplay, arguments.purpose.as_deref(), Some(&named), None)?;
    if asked.digests.is_empty() {
        bail!(
            "{named} names no document, for its number was not understood: no question can be held against it"
        );
    }
    let question = question(&*storage, &arguments.question)?;
    let settings = settings(arguments, &entry)?;
    let digester = digester(&*storage, &arguments.data, &entry)?;
    let rebuilt = entry.generation.map(|mark| generation(arguments, mark)).transpose()?;
    let built = rebuilt.as_ref().map_or(0, |rebuilt| rebuilt.built.len());
    let replay = Replay {
        entry: &entry,
        asked,
        alerts: alerts(arguments, &entry)?,
        snapshot: rebuilt.map(|rebuilt| rebuilt.snapshot),
        policy: settings.policy.clone(),
        settings_digest: settings.digest(),
        digester,
    };
    tell(&named, entry.generation, built, &replay.ask(&question))
}

fn tell(
    entry: &str,
    generation: Option<GenerationMark>,
    built: usize,
    replayed: &Replayed,
) -> anyhow::Result<ExitCode> {
    let Replayed { answer, differences, on_trust } = replayed;
    if differences.iter().any(|difference| difference.member == "digests") {
        bail!("the question is about another document than {entry}, or is put in another way");
    }
    let mut out = std::io::stdout().lock();
    let of = generation.map_or("no generation".to_owned(), |mark| format!("generation {}", mark.number));
    let verdict = answer.verdict.word();
    let files = if built == 0 { String::new() } else { format!(", {built} files of it built again") };
    if !on_trust.is_empty() {
        let codes: Vec<_> = on_trust.iter().map(|code| code.word()).collect();
        writeln!(out, "taken from the entry, for no list tells it: {}", codes.join(", "))?;
    }
    if differences.is_empty() {
        writeln!(out, "{entry}: the answer was right: {verdict}, by {of}{files}")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{entry}: NOT REPRODUCED: {verdict}, by {of}{files}")?;
    for Difference { member, then, now } in differences {
        writeln!(out, "  {member}: then {then:?}, now {now:?}")?;
    }
    Ok(ExitCode::FAILURE)
}

/// The entry, which the log has signed.
fn proved(storage: &dyn Storage, arguments: &AuditReplay) -> anyhow::Result<Entry<'static>> {
    let (folder, place) = entry(storage, &arguments.data, &arguments.entry)?;
    let proof = audit::prove(storage, &folder, place)?;
    let key = match &arguments.key {
        Some(text) => key(storage, text)?,
        None => keys(storage, &folder.join("verify.key"))?.pop().context("the log has no public key")?,
    };
    let proved = audit::check_proof(&proof, &key, None);
    let proved = proved.with_context(|| format!("{} is not proved", arguments.entry))?;
    proved.entry.with_context(|| format!("{} was erased when its time was over", arguments.entry))
}

fn question(storage: &dyn Storage, path: &Path) -> anyhow::Result<Question> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().take(QUESTION_BYTES_MAX).read_to_end(&mut bytes)?;
        bytes
    } else {
        let cannot = || format!("cannot read {}", path.display());
        storage.read(path, QUESTION_BYTES_MAX).with_context(cannot)?
    };
    let principal = site::principal()?;
    let question = CheckRequest::parse(&bytes).and_then(|request| request.into_question(&principal));
    Ok(question.map_err(Usage::because)?)
}

/// The settings of then: by others the answer would be another one, and say nothing of it.
fn settings(arguments: &AuditReplay, entry: &Entry<'_>) -> anyhow::Result<Settings> {
    let settings = site::settings_for(&arguments.data, arguments.config.as_deref())?;
    if settings.digest().0[..16] != entry.settings_digest_start {
        bail!(
            "the rules of verdicts in these settings are not those of then: give the settings of then with --config (a backup has them)"
        );
    }
    Ok(settings)
}

fn digester(storage: &dyn Storage, data: &Path, entry: &Entry<'_>) -> anyhow::Result<Digester> {
    let wanted = entry.key_id.context("the entry has no digests: it answers no question")?;
    let held = Digester::held(storage, data)?.into_iter().find(|digester| digester.key_id() == wanted);
    held.with_context(|| {
        format!(
            "the digest key {wanted} is not held any more: nobody can tell which document the entry is about"
        )
    })
}

/// The alerts that an entry was decided on: the store has every revision.
fn alerts(arguments: &AuditReplay, entry: &Entry<'_>) -> anyhow::Result<Table> {
    let Some(revision) = entry.alert_revision else { return Ok(Table::default()) };
    let store = Store::open(&site::disk(), &arguments.data)?;
    let store = store.context("the entry was decided on alerts, and this site has none any more")?;
    Ok(Table::of(&Alerts::as_of(&store, revision)?))
}

/// The generation that an entry names, of what is left of it and of what is given.
fn generation(arguments: &AuditReplay, mark: GenerationMark) -> anyhow::Result<Rebuilt> {
    let storage = site::disk();
    let data = &arguments.data;
    let mut known: Vec<(Generation, GenerationId)> = Vec::new();
    for path in &arguments.generation {
        known.push(index::generation_at(&*storage, path)?);
    }
    // Given ones are enough, whatever has become of the site since.
    known.extend(index::kept(&*storage, data).unwrap_or_default());
    let wanted = known.iter().find(|(_, id)| GenerationMark::from(*id) == mark);
    let wanted = wanted.map(|(generation, _)| generation.clone()).with_context(|| {
        format!(
            "generation {} is not kept any more, or is another one than the entry names: give its file with --generation",
            mark.number
        )
    })?;
    let known: Vec<_> = known.into_iter().map(|(generation, _)| generation).collect();
    let mut registers = BTreeMap::<FeedName, Vec<PathBuf>>::new();
    for given in &arguments.register {
        let (feed, path) =
            given.split_once('=').ok_or_else(|| Usage::because("--register takes FEED=FILE"))?;
        registers.entry(FeedName::parse(feed).map_err(Usage::because)?).or_default().push(path.into());
    }
    let mut folders = arguments.segments.clone();
    folders.push(data.join("index").join("segments"));
    let scratch = data.join("replay");
    let rebuilding = Rebuild {
        storage: storage.clone(),
        scratch: &scratch,
        folders: &folders,
        registers,
        adapter: adapter(arguments.format, arguments.mapping.as_deref(), &*storage)?,
        known: &known,
        memory_bytes_max: MEMORY_BYTES_MAX,
    };
    let mut bars = Bars::watch()?;
    let rebuilt = rebuild(rebuilding, &wanted, &mut bars);
    bars.finish();
    Ok(rebuilt?)
}
