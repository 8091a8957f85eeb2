//! `portcullis alert search`.

use std::io::Write as _;
use std::process::ExitCode;

use portcullis::audit::{Act, Draft};
use portcullis::domain::Digest;
use portcullis::http::wire::RevisionBody;
use portcullis::overlay::Alerts;

use super::alert::on_record;
use super::alert_arguments::AlertSearch;
use super::{document, site};

pub(super) fn run(arguments: &AlertSearch) -> anyhow::Result<ExitCode> {
    let document = document::from_input(&arguments.document)?;
    site::must_exist(&arguments.data)?;
    let (log, clock, by) = site::open_log(&arguments.data)?;
    let now = clock.now().time;
    let draft = Draft::new(now, Act::AlertRead, by, Digest([0; 32]));
    let _ = log.submit(Draft { client_reference: Some("search".into()), ..draft }, ())?.wait()?;
    log.close()?;
    let mut alerts = Alerts::default();
    if let Some(store) = on_record(&arguments.data)? {
        alerts.follow(&store)?;
    }
    let mut found: Vec<_> =
        alerts.iter().filter(|revision| revision.statement.subject.concerns(&document)).collect();
    found.sort_unstable_by_key(|revision| revision.origin.counter);
    let mut out = std::io::stdout().lock();
    for revision in found {
        serde_json::to_writer(&mut out, &RevisionBody::of(revision, now))?;
        writeln!(out)?;
    }
    Ok(ExitCode::SUCCESS)
}
